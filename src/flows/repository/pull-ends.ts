import { branchRef } from '../../core/branch-ref.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { STOP_REFS } from '../../core/stop/stop.ts'
import { decidingRef, deployedAmong } from './deployed-branches.ts'
import { fetchHead } from './history.ts'
import type { RepositoryContext } from './repository-context.ts'

/** Both ends of an open pull request, as they are now in Git. */
export interface PullEnds {
  /** The pull request with its head in Git, which may be newer than the API's answer a moment ago. */
  readonly pull: PullRequest
  /** The deployed branch that it is judged for: its own base, unless nothing deploys that. */
  readonly judgedFor: string
  /** The head of that branch. */
  readonly base: Sha
  /** All refs that were fetched together, including the stops. */
  readonly refs: ReadonlyMap<string, Sha>
}

/** Undefined if one of the branches is gone. */
export async function fetchEnds(
  context: Pick<RepositoryContext, 'mirror' | 'repo'>,
  pull: PullRequest,
): Promise<PullEnds | undefined> {
  const baseRef = branchRef(pull.base.ref)
  const headRef = pull.head.isFork ? `refs/pull/${pull.number}/head` : branchRef(pull.head.ref)
  const refs = await context.mirror.fetch([...new Set([baseRef, headRef, decidingRef(context), STOP_REFS])])
  const head = refs.get(headRef)
  const judged = await judgedBase(context, pull.base.ref, refs)
  return !refs.has(baseRef) || head === undefined || judged === undefined
    ? undefined
    : { ...judged, refs, pull: pullAt(pull, head) }
}

/**
 * The branch that a merge into `base` is judged for. If nothing deploys a base, it must not turn a commit green that is also
 * judged for a deployed branch.
 */
export async function judgedBase(
  context: Pick<RepositoryContext, 'mirror' | 'repo'>,
  base: string,
  refs: ReadonlyMap<string, Sha>,
): Promise<Pick<PullEnds, 'judgedFor' | 'base'> | undefined> {
  const deployed = await deployedAmong(context, refs)
  const judgedFor = deployed.homeOf(base) ?? context.repo.defaultBranch
  const sha = refs.get(branchRef(judgedFor)) ?? (await fetchHead(context, judgedFor))
  return sha === undefined ? undefined : { judgedFor, base: sha }
}

/** The same pull request at another head. */
export function pullAt(pull: PullRequest, sha: Sha): PullRequest {
  return { ...pull, head: { ...pull.head, sha } }
}

/** The same with another head, which must have been fetched. */
export function withHead<At extends { readonly pull: PullRequest }>(at: At, sha: Sha): At {
  return { ...at, pull: pullAt(at.pull, sha) }
}

/** Whether it merges into a branch that nothing deploys. */
export function isStacked({
  pull,
  judgedFor,
}: Pick<PullEnds, 'judgedFor'> & { readonly pull: Pick<PullRequest, 'base'> }): boolean {
  return pull.base.ref !== judgedFor
}
