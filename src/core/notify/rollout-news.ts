import type { RolloutState } from '../watch/rollout-state.ts'

/** The event for a change of a rollout's state, if there is one. Undefined means no rollout. */
export function newsBetween(
  before: RolloutState | undefined,
  after: RolloutState | undefined,
): 'started' | 'finished' | 'rolled-back' | 'waiting' | undefined {
  if (before === after) return undefined
  if (after === undefined) return before === 'finishing' ? 'finished' : before === 'by-hand' ? undefined : 'rolled-back'
  if (after === 'stuck') return 'waiting'
  return before === undefined && after === 'stepping' ? 'started' : undefined
}
