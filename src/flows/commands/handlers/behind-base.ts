/** Whether a branch is from before the base branch moved a rollout: a share that is committed there would not be the one that merges. */
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

/** Why a change of a target's share cannot be made on such a branch. Steps are made again by Perch when their base moves. */
export async function behindBase(
  context: Needs,
  { pull, head, merged }: { readonly pull: PullRequest; readonly head: Sha; readonly merged: MergedChange },
  target: Target,
): Promise<Refusal | undefined> {
  if (isStep(pull, context.botLogin)) return undefined
  const refusal = { code: 'branch-behind', name: targetName(target), base: pull.base.ref } as const
  const files = new Set(filesToRead(target))
  if ('conflicts' in merged) return merged.conflicts.some((file) => files.has(file)) ? refusal : undefined
  const brought = await context.mirror.changed(head, merged.tree)
  if (!brought.some((file) => files.has(file))) return undefined
  const then = await readTargetAt(context, merged.tree, target)
  return then !== undefined && standingOf(then).share === standingOf(target).share ? undefined : refusal
}
