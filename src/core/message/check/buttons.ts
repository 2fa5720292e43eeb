import type { ButtonName } from '../../command/buttons.ts'
import type { Review } from '../../gate/review.ts'
import type { CheckAction } from '../../rollout/facts.ts'

/** GitHub shows at most three; a label has at most 20 characters, a description 40 (REST docs, checks). */
const ACTIONS = {
  retry: { label: 'Check again', description: 'Runs both checks again' },
  hold: { label: 'Hold', description: 'Stops this rollout where it is' },
  resume: { label: 'Resume', description: 'Lets this rollout continue' },
  abort: { label: 'Roll back', description: 'Opens the rollback pull request' },
} as const satisfies Record<ButtonName, Omit<CheckAction, 'identifier'>>

/** The buttons of `canary/gate`, on a pull request that moves traffic. A step of a rollout has more of them. */
export function buttonsFor(review: Review, isStep: boolean): readonly CheckAction[] {
  if (review.changes.length === 0) return []
  const isHeld = review.changes.some(({ verdicts }) => verdicts.some(({ reason }) => reason.code === 'held'))
  const names: readonly ButtonName[] = isStep ? ['retry', isHeld ? 'resume' : 'hold', 'abort'] : ['retry']
  return names.map((identifier) => ({ ...ACTIONS[identifier], identifier }))
}
