import { isStep, isStepOf, kindOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { DirectMove, IntendedChange } from '../rollout/intend.ts'
import { standingOf } from '../rollout/standing.ts'
import { targetName } from '../rollout/target.ts'
import type { Refusal } from '../refusal/refusal.ts'

type Change = Pick<IntendedChange<DirectMove>, 'target' | 'moves'>

/**
 * Why a command may not change a step that Perch opened. Perch would not propose the changed step, and would replace it at the next
 * look at the rollout. Undefined for every other pull request.
 */
export function stepObjection(
  { target, moves }: Change,
  { pull, botLogin }: { readonly pull: PullRequest; readonly botLogin: string },
): Refusal | undefined {
  if (!isStep(pull, botLogin)) return undefined
  const other = moves.find((one) => !isStepOf(one.target, pull, botLogin))
  if (other !== undefined) return { code: 'not-of-step', why: 'other-rollout', name: targetName(other.target) }
  if (hasGoal(moves)) return undefined
  const name = targetName(target)
  const kind = kindOf(pull.head.ref, standingOf(target).phase)
  if (kind === 'switch') return { code: 'not-of-step', why: 'switches', name }
  if (kind === 'finish-version') return { code: 'not-of-step', why: 'finishes', name }
  if (kind !== 'share') return { code: 'not-of-step', why: 'goes-back', name }
  const back = moves.flatMap(({ move }) => (move.kind === 'share' && move.to === move.from ? [move.to] : []))
  const [share] = back
  // A step with the share of the base branch would change nothing.
  return share === undefined || back.length < moves.length ? undefined : { code: 'step-undone', name, share }
}

/** Whether a head already has the wanted share or version. */
export function hasGoal(moves: Change['moves']): boolean {
  return moves.every(({ target, move }) => {
    const standing = standingOf(target)
    if (move.kind === 'switch') return standing.share === 0 && target.route.names.blueGreen?.active.name === move.to
    return move.kind === 'share' && standing.share === move.to
  })
}
