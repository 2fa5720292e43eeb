import type { Outcome } from '../core/message/answer.ts'
import type { Standing } from '../core/rollout/standing.ts'
import { planOf, targetName } from '../core/rollout/target.ts'

/** What a rollout's plan is, where there is just one that can be meant. */
export function planOutcome(standings: readonly Standing[]): Outcome {
  const [standing, ...others] = standings
  if (standing === undefined) return { code: 'refused', refusal: { code: 'no-rollout' } }
  if (others.length > 0) {
    const choices = standings.map(({ target }) => `${target.service} --env ${target.environment}`)
    return { code: 'refused', refusal: { code: 'ambiguous', choices } }
  }
  const { target, share } = standing
  return { code: 'plan', name: targetName(target), plan: planOf(target), share }
}
