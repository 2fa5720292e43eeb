import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { STOP_REFS } from '../../core/stop/stop.ts'
import { decidingRef, deployedAmong } from './deployed-branches.ts'
import type { RepositoryContext } from './repository-context.ts'

/** Both ends of an open pull request, as Git has them now. */
export interface PullEnds {
  /** The pull request with the head that Git has, which may be newer than what the API said a moment ago. */
  readonly pull: PullRequest
  /** The deployed branch that it is judged for: its own base, unless nothing deploys that. */
  readonly judgedFor: string
  /** The head of that branch. */
  readonly base: Sha
  /** All refs that were fetched with them, the stops too. */
  readonly refs: ReadonlyMap<string, Sha>
}

/** Undefined where one of the branches is gone. */
export async function fetchEnds(
  context: Pick<RepositoryContext, 'mirror' | 'repo'>,
  pull: PullRequest,
): Promise<PullEnds | undefined> {
  const baseRef = `refs/heads/${pull.base.ref}`
  const headRef = pull.head.isFork ? `refs/pull/${pull.number}/head` : `refs/heads/${pull.head.ref}`
  const refs = await context.mirror.fetch([...new Set([baseRef, headRef, decidingRef(context), STOP_REFS])])
  const head = refs.get(headRef)
  const judged = await judgedBase(context, pull.base.ref, refs)
  return !refs.has(baseRef) || head === undefined || judged === undefined
    ? undefined
    : { ...judged, refs, pull: { ...pull, head: { ...pull.head, sha: head } } }
}

/** The branch that a merge into `base` is judged for. A base that nothing deploys must not make a commit green for one that is. */
export async function judgedBase(
  context: Pick<RepositoryContext, 'mirror' | 'repo'>,
  base: string,
  refs: ReadonlyMap<string, Sha>,
): Promise<Pick<PullEnds, 'judgedFor' | 'base'> | undefined> {
  const deployed = await deployedAmong(context, refs)
  const judgedFor = deployed.homeOf(base) ?? context.repo.defaultBranch
  const ref = `refs/heads/${judgedFor}`
  const sha = refs.get(ref) ?? (await context.mirror.fetch([ref])).get(ref)
  return sha === undefined ? undefined : { judgedFor, base: sha }
}

/** The same pull request with another head, which must have been fetched. */
export function withHead(ends: PullEnds, sha: Sha): PullEnds {
  return { ...ends, pull: { ...ends.pull, head: { ...ends.pull.head, sha } } }
}

/** Whether it merges into a branch that nothing deploys. */
export function isStacked({
  pull,
  judgedFor,
}: Pick<PullEnds, 'judgedFor'> & { readonly pull: Pick<PullRequest, 'base'> }): boolean {
  return pull.base.ref !== judgedFor
}
