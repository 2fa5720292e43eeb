import type { ReviewedChange } from '../core/gate/review.ts'
import { isStep } from '../core/rollout/branch.ts'
import type { PullRequest } from '../core/rollout/facts.ts'
import type { Desk } from './desk.ts'
import { jobOf } from './work.ts'

/** How soon to try again when GitHub's own rules (another check, a review) do not allow the merge yet. */
const RETRY_MS = 15_000

/** Merges a green pull request of Perch's own where the config says so, and only at the head that was reviewed. */
export async function mergeWhenAllowed(
  desk: Desk,
  pull: PullRequest,
  changes: readonly ReviewedChange[],
): Promise<void> {
  if (!isStep(pull, desk.botLogin) || pull.draft || changes.length === 0 || !changes.every(isAllowed)) return
  const { repo, installation } = desk
  const outcome = await desk.pulls.merge(pull.number, pull.head.sha)
  desk.log.info({ pull: pull.number, outcome }, 'merge')
  if (outcome === 'merged') {
    await desk.jobs.enqueue(jobOf({ type: 'advance', installation, repo, base: pull.base.ref }))
    return
  }
  const later = desk.clock.now() + RETRY_MS
  const timing = { notBefore: later, id: `merge:${pull.head.sha}:${Math.floor(later / RETRY_MS)}` }
  await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, force: true }, timing))
}

function isAllowed({ target, from, to, version, finishes }: ReviewedChange): boolean {
  const { autoMerge } = target.settings
  const isRollback = to < from && version === undefined && !finishes
  return autoMerge === 'always' || (autoMerge === 'rollback' && isRollback)
}
