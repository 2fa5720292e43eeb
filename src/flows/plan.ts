import type { Scope } from '../core/command/commands.ts'
import type { Outcome } from '../core/message/answer.ts'
import type { Standing } from '../core/rollout/standing.ts'
import { planOf, targetName } from '../core/rollout/target.ts'

/** What a rollout's plan is, where there is just one that can be meant. */
export function planOutcome(
  standings: readonly Standing[],
  { service, environment }: Pick<Scope, 'service' | 'environment'>,
): Outcome {
  const meant = standings.filter(
    ({ target }) =>
      (service === undefined || target.service === service) &&
      (environment === undefined || target.environment === environment || target.environments.includes(environment)),
  )
  const [standing, ...others] = meant
  if (standing === undefined) return { code: 'refused', refusal: { code: 'no-rollout' } }
  if (others.length > 0) {
    const choices = meant.map(({ target }) => `${target.service} --env ${target.environment}`)
    return { code: 'refused', refusal: { code: 'ambiguous', choices } }
  }
  const { target, share } = standing
  return { code: 'plan', name: targetName(target), plan: planOf(target), share }
}
