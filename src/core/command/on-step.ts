import { isStep, isStepOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { DirectMove, IntendedChange } from '../rollout/intend.ts'
import { standingOf, sureShare } from '../rollout/standing.ts'
import { targetName } from '../rollout/target.ts'
import type { Refusal } from '../refusal/refusal.ts'

type Change = Pick<IntendedChange<DirectMove>, 'target' | 'moves'>

/**
 * Why a command may not change a step that Perch opened: it would make it a change that Perch does not propose, which Perch plans again
 * as soon as it looks at the rollout. Undefined for every other pull request.
 */
export function stepObjection(
  { target, moves }: Change,
  { pull, botLogin }: { readonly pull: PullRequest; readonly botLogin: string },
): Refusal | undefined {
  if (!isStep(pull, botLogin)) return undefined
  const other = moves.find((one) => !isStepOf(one.target, pull, botLogin))
  if (other !== undefined) return { code: 'not-of-step', why: 'other-rollout', name: targetName(other.target) }
  if (hasShare(moves)) return undefined
  const name = targetName(target)
  const last = pull.head.ref.split('/').at(-1)
  if (last === '0' || last === 'finish')
    return { code: 'not-of-step', why: last === '0' ? 'goes-back' : 'finishes', name }
  return undoneShare(moves, name)
}

/** Whether a head has the wanted share already. */
export function hasShare(moves: Change['moves']): boolean {
  return moves.every(({ target, move }) => move.kind === 'share' && standingOf(target).share === move.to)
}

/** Nothing would be left of a step that is set back to what the base branch has. */
function undoneShare(moves: Change['moves'], name: string): Refusal | undefined {
  const back = moves.flatMap(({ target, move }) =>
    move.kind === 'share' && move.to === move.from ? [{ share: move.to, now: sureShare(standingOf(target)) }] : [],
  )
  const changed = back.find(({ share, now }) => share !== now)
  return back.length < moves.length || changed === undefined
    ? undefined
    : { code: 'step-undone', name, share: changed.share }
}
