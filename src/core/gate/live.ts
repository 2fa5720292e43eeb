import type { CommitStatus } from '../rollout/facts.ts'

/** What is known about whether a step has been applied. Times are epoch milliseconds. */
export type Liveness =
  | { readonly state: 'live'; readonly since: number; readonly by: 'status'; readonly context: string }
  | { readonly state: 'live'; readonly since: number; readonly by: 'timer' }
  | { readonly state: 'not-yet'; readonly waitsFor: 'status'; readonly pattern: string }
  | { readonly state: 'not-yet'; readonly waitsFor: 'timer'; readonly until: number }
  | { readonly state: 'failed'; readonly context: string; readonly description: string }

/** The statuses of one commit that carries the step, newest first. */
export interface Evidence {
  readonly statuses: readonly CommitStatus[]
}

/** GitHub and Git give whole seconds: what they date to one may have happened at its end. A wait must not be too short. */
const SECOND_MS = 1_000

/**
 * Whether a step is live, by commit statuses. `commits` hold the step's commit and its descendants with the same weights,
 * newest first: Flux and Argo CD report on whichever commit they found at the branch's head. The newest commit that says
 * anything speaks: a failure there voids earlier successes. Live since the oldest success of the unbroken run.
 */
export function liveByStatus(commits: readonly Evidence[], pattern: string): Liveness {
  const matches = matcher(pattern)
  let since: { time: number; context: string } | undefined
  for (const { statuses } of commits) {
    for (const status of statuses) {
      if (!matches(status.context) || status.state === 'pending') continue
      if (status.state === 'success') since = { time: status.createdAt + SECOND_MS, context: status.context }
      else if (since === undefined) return { state: 'failed', context: status.context, description: status.description }
      else return { state: 'live', since: since.time, by: 'status', context: since.context }
    }
  }
  return since === undefined
    ? { state: 'not-yet', waitsFor: 'status', pattern }
    : { state: 'live', since: since.time, by: 'status', context: since.context }
}

/** The weak fallback: nothing reports, so time since the commit landed has to do. */
export function liveByTimer(landedAt: number, afterMs: number, now: number): Liveness {
  const until = landedAt + SECOND_MS + afterMs
  return now >= until ? { state: 'live', since: until, by: 'timer' } : { state: 'not-yet', waitsFor: 'timer', until }
}

/** A pattern in which `*` stands for any characters, as a predicate over the whole text. */
export function matcher(pattern: string): (text: string) => boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')
  const regex = new RegExp(`^${source}$`, 's')
  return (text) => regex.test(text)
}
