import type { Sha } from '../../core/rollout/facts.ts'

/** What a check run says of a Canary of Flagger. It holds no merge. `conclusion` undefined: Flagger is still at it. */
export interface CanaryCheck {
  /** One for each rollout. */
  readonly name: string
  readonly conclusion: 'success' | 'failure' | 'neutral' | undefined
  /** Plain text. */
  readonly title: string
  /** Markdown. */
  readonly summary: string
}

/** The check runs of this App that show what Flagger tells. */
export interface CanaryChecks {
  /** The newest of that name on a commit. */
  find(sha: Sha, name: string): Promise<{ readonly id: number; readonly isOver: boolean } | undefined>
  /** Answers with its id. */
  create(sha: Sha, check: CanaryCheck): Promise<number>
  update(id: number, check: CanaryCheck): Promise<void>
}
