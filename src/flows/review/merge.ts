import { isHeldBack } from '../../core/gate/gate.ts'
import { mergesItself, type ReviewedChange } from '../../core/gate/review.ts'
import { MERGE_MARKER, STEP_MARKER } from '../../core/marker/comment.ts'
import { changedStepNotice, mergeNotice } from '../../core/message/comment/notice.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import { recallPulls, type ReviewMemory } from '../memory/pull-memory.ts'
import { mergeability } from '../repository/step-ownership.ts'
import { hasMissed } from './rivals.ts'

/** How soon to try again if GitHub's own rules (another check, a review) do not allow the merge yet. */
const RETRY_MS = 15_000

/** How soon to try again if Perch may not merge at all until someone changes that. */
const FORBIDDEN_MS = 5 * 60_000

/** Merges a green pull request of Perch's own if the config says so, and only at the reviewed head. */
export async function mergeWhenAllowed(
  context: RepositoryContext,
  { pull, base, seen }: { readonly pull: PullRequest; readonly base: Sha; readonly seen: ReviewMemory },
  changes: readonly ReviewedChange[],
): Promise<void> {
  if (!isStep(pull, context.botLogin) || pull.draft || changes.length === 0 || !changes.every(mergesItself)) return
  // A green pull request may contain someone else's work.
  const whose = await mergeability(context, pull, base)
  if (whose === 'changed') await sayOnce(context, pull.number, { marker: STEP_MARKER, body: changedStepNotice() })
  if (whose !== 'ours') return
  if (await hasUnknownRival(context, { pull, seen }, changes)) {
    context.log.info({ pull: pull.number }, 'a merge waits until the older pull requests have been looked at')
    return tryAgain(context, pull, RETRY_MS)
  }
  const tried = await orRefusal(() => context.pulls.merge(pull.number, pull.head.sha))
  const outcome = tried.ok ? tried.value : 'forbidden'
  if (!tried.ok) {
    const body = mergeNotice(tried.error, pull.assignees)
    await sayOnce(context, pull.number, { marker: MERGE_MARKER, body })
  }
  context.log.info({ pull: pull.number, outcome }, 'merge')
  if (outcome === 'merged') {
    await context.ask.advance(pull.base.ref, { code: 'merged', head: pull.head.sha })
    return
  }
  await tryAgain(context, pull, tried.ok ? RETRY_MS : FORBIDDEN_MS)
}

async function tryAgain(
  context: Pick<RepositoryContext, 'ask' | 'clock'>,
  { number, head }: PullRequest,
  pauseMs: number,
): Promise<void> {
  const due = context.clock.now() + pauseMs
  await context.ask.review(number, { code: 'merge-refused', head: head.sha, due })
}

/**
 * If two pull requests move one route, the older one goes first. After a loss of memory, it is unknown what the older ones
 * move, and one of them may have been reviewed only after this one was judged.
 */
async function hasUnknownRival(
  context: Pick<RepositoryContext, 'pulls' | 'memo' | 'repo'>,
  { pull, seen }: { readonly pull: PullRequest; readonly seen: ReviewMemory },
  changes: readonly ReviewedChange[],
): Promise<boolean> {
  const isHeld = ({ version, widened = [], ...shares }: ReviewedChange): boolean =>
    isHeldBack({ ...shares, widens: widened.length > 0, promotes: version?.role === 'stable' })
  if (!changes.some(isHeld)) return false
  const known = await recallPulls(context)
  const older = (await context.pulls.allOpen()).filter(({ number }) => number < pull.number)
  return older.some(({ number, draft, base }) => {
    if (base.ref !== pull.base.ref || draft) return false
    const other = known.get(number)
    return (
      other === undefined || other.digest === '' || hasMissed({ number: pull.number, seen }, { number, seen: other })
    )
  })
}
