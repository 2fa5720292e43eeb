import type { Scope } from '../../../core/command/arguments.ts'
import { planOf, type Target, targetName } from '../../../core/rollout/target.ts'
import { ambiguous } from '../../../core/rollout/resolve.ts'
import { type Outcome, refused } from '../../../core/command/outcome.ts'

export interface PlannedRollout {
  readonly target: Target
  /** The share on the base branch. */
  readonly share: number | 'unknown'
  /** The share that an open pull request sets. */
  readonly proposed?: number
}

/** The plan of a rollout, if only one rollout can be meant. */
export function planOutcome(
  rollouts: readonly PlannedRollout[],
  { service, environment }: Pick<Scope, 'service' | 'environment'>,
): Outcome {
  const meant = rollouts.filter(
    ({ target }) =>
      (service === undefined || target.service === service) &&
      (environment === undefined || target.environment === environment || target.environments.includes(environment)),
  )
  const [rollout, ...others] = meant
  if (rollout === undefined) return refused({ code: 'no-rollout' })
  if (others.length > 0) return refused(ambiguous(meant.map(({ target }) => target)))
  const { target, share, proposed } = rollout
  const { blueGreen } = target.route.names
  if (blueGreen !== undefined)
    return refused({ code: 'is-blue-green', name: targetName(target), idle: blueGreen.idle.name })
  return { code: 'plan', name: targetName(target), plan: planOf(target), share, proposed }
}
