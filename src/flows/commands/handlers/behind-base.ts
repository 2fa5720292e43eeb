/** Whether a share that is committed to a branch would be the one after the merge. It would not if the base branch has moved the rollout since. */
import type { Config } from '../../../core/config/schema.ts'
import { sameData } from '../../../core/manifest/data.ts'
import { limitTo } from '../../../core/owner/limit.ts'
import { conflictProblem } from '../../../core/problem/merge.ts'
import { problemRefusal } from '../../../core/refusal/unreadable.ts'
import { isStep } from '../../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import type { DirectMove, LimitMove } from '../../../core/rollout/intend.ts'
import { filesToRead } from '../../../core/rollout/read-target.ts'
import { standingOf } from '../../../core/rollout/standing.ts'
import { sameRollouts, type Target, targetName } from '../../../core/rollout/target.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { loadRendered } from '../../judgement/rendered-targets.ts'
import { readTargetAt } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo' | 'botLogin'>

/** A change of a rollout that a command requests. */
interface BranchChange {
  readonly target: Target
  readonly move: DirectMove
  readonly config: Config
}

/** The result of merging the branch. */
export type MergedChange = Awaited<ReturnType<RepositoryContext['mirror']['merge']>>

/** Why a target's share cannot be set on a branch. Never for steps, because Perch remakes them when their base moves. */
export async function behindBase(
  context: Needs,
  { pull, head, merged }: { readonly pull: PullRequest; readonly head: Sha; readonly merged: MergedChange },
  { target, move, config }: BranchChange,
): Promise<Refusal | undefined> {
  if (isStep(pull, context.botLogin)) return undefined
  const files = new Set(filesToRead(target))
  if ('conflicts' in merged) {
    const conflicts = merged.conflicts.filter((file) => files.has(file))
    return conflicts.length === 0 ? undefined : problemRefusal(conflictProblem(conflicts))
  }
  const brought = await context.mirror.changed(head, merged.tree)
  if (!brought.some((file) => files.has(file))) return undefined
  const isSame =
    move.kind === 'limit'
      ? await hasSameLimit(context, merged.tree, { target, move, config })
      : await hasSameShare(context, merged.tree, target)
  if (isSame) return undefined
  const what = move.kind === 'limit' ? 'limit' : 'weights'
  return { code: 'branch-behind', name: targetName(target), base: pull.base.ref, what }
}

async function hasSameShare(context: Needs, tree: Sha, target: Target): Promise<boolean> {
  const then = await readTargetAt(context, tree, target)
  return then !== undefined && standingOf(then).share === standingOf(target).share
}

/** Whether a limit needs the same edits of the controller's object after a merge of the base branch. No weight in Git matters for it. */
async function hasSameLimit(
  context: Needs,
  treeish: Sha,
  { target, move, config }: BranchChange & { readonly move: LimitMove },
): Promise<boolean> {
  const [then] = sameRollouts((await loadRendered(context, treeish, config)).targets, target)
  const [was, now] = [move.owner, then?.owner].map((owner) => {
    const limit = owner && limitTo(owner, move.to)
    if (limit?.ok !== true) return undefined
    const { from, edits } = limit.value
    return { from, values: edits.map((edit) => [edit.path.at(-1), edit.kind === 'set' ? edit.value : undefined]) }
  })
  return was !== undefined && now !== undefined && sameData(was, now)
}
