import { earliest } from '../gate/live.ts'
import type { OpenStep, RolloutFacts } from '../rollout/transition.ts'

/** The state of a rollout for monitoring. A route without canary traffic is not a rollout. */
export const ROLLOUT_STATES = [
  'stepping',
  'finishing',
  'rolling-back',
  /** A share that somebody set without Perch. */
  'by-hand',
  /** A person closed its step. It continues when somebody asks for it. */
  'stopped',
  /** Perch cannot take the next step. */
  'stuck',
  'unreadable',
] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** The facts on which the state of a rollout depends. */
export type StateFacts = Pick<RolloutFacts, 'standing' | 'stoppedByHand'> & {
  readonly open: readonly Pick<OpenStep, 'kind'>[]
}

/** Undefined if there is no rollout, or none that Perch moves. */
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

/** When the first open step was opened, or undefined without an open step. Perch opens a step when the previous one is merged. */
export function openSince({ open }: Pick<RolloutFacts, 'open'>): number | undefined {
  return earliest(open.map(({ pull }) => pull.createdAt))
}
