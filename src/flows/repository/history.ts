import { branchRef } from '../../core/branch-ref.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from './repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror'>

/** A base branch, and the commit that it points to. */
export interface BaseHead {
  readonly ref: string
  readonly sha: Sha
}

/** The commit before another one along first parents; undefined for the first one. */
export async function commitBefore({ mirror }: Needs, sha: Sha): Promise<Sha | undefined> {
  const [, parent] = await mirror.landings(sha, 'all', 2)
  return parent?.sha
}

/** The paths that a merge of `head` into `base` changes. If it fails: those that are in conflict. */
export async function changedByMerge({ mirror }: Needs, base: Sha, head: Sha): Promise<readonly string[]> {
  const merged = await mirror.merge(base, head)
  return 'tree' in merged ? mirror.changed(base, merged.tree) : merged.conflicts
}

/** The head of a branch, as it is now; undefined if there is no such branch. */
export async function fetchHead({ mirror }: Needs, branch: string): Promise<Sha | undefined> {
  const ref = branchRef(branch)
  return (await mirror.fetch([ref])).get(ref)
}
