/** Whether a share that is committed to a branch would be the one that merges: not where the base branch has moved the rollout since. */
import { conflictProblem } from '../../../core/problem/merge.ts'
import { problemRefusal } from '../../../core/refusal/unreadable.ts'
import { isStep } from '../../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import { filesToRead } from '../../../core/rollout/read-target.ts'
import { standingOf } from '../../../core/rollout/standing.ts'
import { type Target, targetName } from '../../../core/rollout/target.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { readTargetAt } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo' | 'botLogin'>

/** What merging the branch would give. */
export type MergedChange = Awaited<ReturnType<RepositoryContext['mirror']['merge']>>

/** Why a target's share cannot be set on a branch. Perch makes steps again when their base moves, so nothing is said of them. */
export async function behindBase(
  context: Needs,
  { pull, head, merged }: { readonly pull: PullRequest; readonly head: Sha; readonly merged: MergedChange },
  target: Target,
): Promise<Refusal | undefined> {
  if (isStep(pull, context.botLogin)) return undefined
  const files = new Set(filesToRead(target))
  if ('conflicts' in merged) {
    const conflicts = merged.conflicts.filter((file) => files.has(file))
    return conflicts.length === 0 ? undefined : problemRefusal(conflictProblem(conflicts))
  }
  const brought = await context.mirror.changed(head, merged.tree)
  if (!brought.some((file) => files.has(file))) return undefined
  const then = await readTargetAt(context, merged.tree, target)
  if (then !== undefined && standingOf(then).share === standingOf(target).share) return undefined
  return { code: 'branch-behind', name: targetName(target), base: pull.base.ref }
}
