import type { OpenStep, RolloutFacts } from '../rollout/transition.ts'

/** The state of a rollout for monitoring. A route without canary traffic is not a rollout. */
export const ROLLOUT_STATES = [
  'stepping',
  'finishing',
  'rolling-back',
  /** A share that somebody set without Perch. */
  'by-hand',
  /** A person closed its step. It continues when somebody says so. */
  'stopped',
  /** Perch cannot do what comes next. */
  'stuck',
  'unreadable',
] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** The facts on which the state of a rollout depends. */
export type StateFacts = Pick<RolloutFacts, 'standing' | 'stoppedByHand'> & {
  readonly open: readonly Pick<OpenStep, 'kind'>[]
}

/** Undefined: no rollout, or none that Perch moves. */
export function rolloutState(
  { standing, open, stoppedByHand }: StateFacts,
  isStuck: boolean,
): RolloutState | undefined {
  if (standing.phase === 'idle' || standing.phase === 'owned') return undefined
  if (standing.phase === 'unreadable') return 'unreadable'
  if (open.some(({ kind }) => kind === 'rollback')) return 'rolling-back'
  if (isStuck) return 'stuck'
  if (stoppedByHand) return 'stopped'
  if (standing.phase === 'by-hand' || standing.phase === 'stepping') return standing.phase
  return 'finishing'
}

/** Since when it is so, as far as pull requests tell: a step is opened when the one before it is merged. */
export function openSince({ open }: Pick<RolloutFacts, 'open'>): number | undefined {
  return open.length === 0 ? undefined : Math.min(...open.map(({ pull }) => pull.createdAt))
}
