import type { Restraints } from '../../core/gate/restraint.ts'
import { isAtLeast, type Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { Surroundings } from './restraints.ts'
import { isPlainMerge } from '../repository/step-ownership.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'branches' | 'pulls' | 'people'>

interface ApprovalContext {
  readonly base: Sha
  readonly head: Sha
  readonly around: Pick<Surroundings, 'pull'>
}

/** Counts approvals of the head commit, from people with write access who have not contributed to it. */
export async function approvalsOf(
  context: Needs,
  { base, head, around }: ApprovalContext,
  wanted: number,
): Promise<Restraints['approvals']> {
  if (wanted === 0 || around.pull === undefined) return undefined
  const { number, author, branch, hasSay } = around.pull
  if (!hasSay) return { wanted, has: 0 }
  const others = (await context.pulls.approvers(number, head)).filter((login) => login !== author)
  const makers = others.length === 0 ? new Set<string>() : await makersOf(context, { base, head }, branch)
  if (makers === undefined) return { wanted, has: 0 }
  let has = 0
  for (const login of others) {
    if (makers.has(login) || has >= wanted) continue
    if (isAtLeast(await context.people.permission(login), 'write')) has += 1
  }
  return { wanted, has }
}

/**
 * The people who wrote or pushed something on a head. An author's address alone proves nothing, so GitHub's record of pushes
 * counts too. A merge that adds nothing ("Update branch") makes nobody an author. Undefined if GitHub does not list all commits,
 * because the author of a missing one must not approve it.
 */
async function makersOf(
  context: Needs,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  branch: string | undefined,
): Promise<ReadonlySet<string> | undefined> {
  const commits = await context.branches.makers(base, head)
  if (commits === undefined) return undefined
  const pushes = branch === undefined ? [] : ((await context.branches.pushes(branch)) ?? [])
  const makers = new Set<string>()
  for (const commit of commits) {
    if (await isPlainMerge(context, commit)) continue
    if (commit.author !== undefined) makers.add(commit.author)
    for (const { login } of pushes.filter((push) => push.head === commit.sha)) makers.add(login)
  }
  return makers
}
