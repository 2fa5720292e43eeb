/** Remembers the branches of steps whose pull request Perch has not opened yet. */
import { type BaseHead, fetchHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isAllOurs } from '../repository/step-ownership.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** Called before anything is created on GitHub, so that leftovers of an interrupted try are known. */
export async function rememberUnopened(context: Needs, base: string, branch: string): Promise<void> {
  await context.memo.set(prefixOf(context, base) + branch, true)
}

export async function forgetUnopened(context: Needs, base: string, branch: string): Promise<void> {
  await context.memo.forget(prefixOf(context, base) + branch)
}

/**
 * Removes the branches whose pull request was never opened, because the rollout went another way before the next try. If memory
 * was lost, the branch stays, and the next step with that name starts on it.
 */
export async function removeUnopened(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'pulls' | 'branches' | 'botLogin'>,
  base: BaseHead,
): Promise<void> {
  const prefix = prefixOf(context, base.ref)
  for (const key of (await context.memo.entries(prefix)).keys()) {
    const branch = key.slice(prefix.length)
    const head = await fetchHead(context, branch)
    const isOurs = head !== undefined && (await isAllOurs(context, { base: base.sha, head }))
    // The pull request may have been opened, and even merged, before the process ended. A pull request of an earlier step has
    // another head.
    const pulls = isOurs ? await context.pulls.from(branch) : []
    const isUsed = pulls.some((pull) => pull.state === 'open' || pull.head.sha === head)
    if (isOurs && !isUsed) await context.branches.remove(branch)
    await context.memo.forget(key)
  }
}

function prefixOf({ repo }: Pick<RepositoryContext, 'repo'>, base: string): string {
  return `unopened:${repo.id}:${base}:`
}
