import { offerKey } from '../../core/arrival/start-command.ts'
import { offeredVersions } from '../../core/gate/review.ts'
import { commitReports, mergeReports } from '../../core/message/check/commit-checks.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { reportsDigest } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { groundsOf } from '../measure/grounds.ts'
import { compareMerge, stackedOn } from '../judgement/judge-merge.ts'
import { rememberPull, type ReviewMemory } from '../memory/pull-memory.ts'

/**
 * Whether a pull request has the same verdict on the commit that its base moved to. Reads only Git, so that in a busy repository
 * a merge costs no request for each of the other pull requests.
 */
export async function isUnmoved(
  context: RepositoryContext,
  { pull, moved }: { readonly pull: number; readonly moved: { readonly branch: string; readonly head: Sha } },
  seen: ReviewMemory | undefined,
): Promise<boolean> {
  if (seen === undefined || seen.digest === '') return false
  if (seen.judgedFor !== moved.branch || seen.base === moved.head) return true
  if (seen.peers.length !== 1 || !(await isSame(context, { pull, base: moved.head }, seen))) return false
  await rememberPull(context, pull, { ...seen, base: moved.head })
  return true
}

async function isSame(
  context: RepositoryContext,
  { pull, base }: { readonly pull: number; readonly base: Sha },
  seen: ReviewMemory,
): Promise<boolean> {
  const { head, into, judgedFor, digest, grounds } = seen
  try {
    // No API server is asked. If an API server has a say, the result differs from the remembered one, and the full review asks
    // it.
    const found = await compareMerge(context, { base, head, ...stackedOn(into, judgedFor) })
    if (seen.traffic)
      return grounds !== '' && (await groundsOf(context, { ref: judgedFor, sha: base }, found)) === grounds
    // Our comment shows more than the checks do, unless it only asks about a new version. Whether a change is allowed, only
    // GitHub can tell.
    if ((seen.commented && seen.offer === '') || found.differences.length > 0) return false
    if (offerKey(offeredVersions(found.review)) !== seen.offer) return false
    const merge = mergeReports(found.review, { pull, base: into, judgedFor, isStep: false, comment: undefined })
    return reportsDigest(context, commitReports([merge])) === digest
  } catch (error) {
    // Also if the mirror lacks the commits. The full review fetches them, or has the same error.
    context.log.debug({ pull, err: error }, 'the base moved: a local look was not enough')
    return false
  }
}
