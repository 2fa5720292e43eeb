import type { Sha } from '../../core/rollout/facts.ts'

/**
 * What a check run says about a Canary of Flagger. It never blocks a merge. `conclusion` is undefined while Flagger is still
 * working.
 */
export interface CanaryCheck {
  /** A different name for each rollout. */
  readonly name: string
  readonly conclusion: 'success' | 'failure' | 'neutral' | undefined
  /** Plain text. */
  readonly title: string
  /** Markdown. */
  readonly summary: string
}

/** This App's check runs that show Flagger's events. */
export interface CanaryChecks {
  /** The newest check run of that name on a commit. */
  find(sha: Sha, name: string): Promise<{ readonly id: number; readonly isOver: boolean } | undefined>
  /** Returns the id of the check run. */
  create(sha: Sha, check: CanaryCheck): Promise<number>
  update(id: number, check: CanaryCheck): Promise<void>
}
