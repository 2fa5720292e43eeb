import { commitReports, mergeReports } from '../../core/message/check/commit-checks.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { reportsDigest } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { compareMerge } from '../judgement/judge-merge.ts'
import { rememberPull, type ReviewMemory } from '../repository/memory.ts'

/**
 * Whether a pull request that changes no traffic says the same on the commit to which its base moved. Git alone is asked, so
 * that in a busy repository a merge costs no request for each of the others.
 */
export async function isUnmoved(
  context: RepositoryContext,
  { pull, moved }: { readonly pull: number; readonly moved: { readonly branch: string; readonly head: Sha } },
  seen: ReviewMemory | undefined,
): Promise<boolean> {
  if (seen === undefined || seen.head === '' || seen.digest === '') return false
  if (seen.judgedFor !== moved.branch || seen.base === moved.head) return true
  // Our comment shows more than the checks do.
  if (seen.traffic || seen.commented || seen.peers.length !== 1) return false
  if ((await digestOn(context, { pull, base: moved.head }, seen)) !== seen.digest) return false
  await rememberPull(context, pull, { ...seen, base: moved.head })
  return true
}

/** What its checks would say; undefined where Git alone cannot tell. */
async function digestOn(
  context: RepositoryContext,
  { pull, base }: { readonly pull: number; readonly base: Sha },
  seen: ReviewMemory,
): Promise<string | undefined> {
  const { head, into, judgedFor } = seen
  try {
    const stackedOn = into === judgedFor ? {} : { stackedOn: { base: into, judgedFor } }
    const { review, differences } = await compareMerge(context, { base, head, ...stackedOn })
    // Whether a change may be made only GitHub can tell: then the pull request is reviewed as a whole.
    if (differences.length > 0) return undefined
    return reportsDigest(context, commitReports([mergeReports(review, { pull, base: into, judgedFor, isStep: false })]))
  } catch (error) {
    // Also where the mirror does not have the commits: the whole review fetches them, or meets the same error.
    context.log.debug({ pull, err: error }, 'the base moved: a local look was not enough')
    return undefined
  }
}
