import { unjudgedProblem } from '../../core/problem/merge.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { isStepBranch, mayBeFor } from '../../core/rollout/branch.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { RestraintQuestion } from './restraints.ts'

/**
 * A step of Perch whose rollout is not found, because a chart on the base branch that deploys its environment may be the one that
 * cannot be rendered. A rollback is not stopped.
 */
export function unseenStep(
  { botLogin }: Pick<RepositoryContext, 'botLogin'>,
  { around: { pull } }: Pick<RestraintQuestion, 'around'>,
  { unrendered, targets }: Pick<Snapshot, 'unrendered' | 'targets'>,
): readonly Problem[] {
  const branch = pull?.author === botLogin ? pull.branch : undefined
  if (branch === undefined || !isStepBranch(branch) || branch.endsWith('/0')) return []
  if (targets.some((target) => mayBeFor(branch, target))) return []
  return unrendered.filter(({ cause }) => cause.kind === 'parent-not-rendered').map(unjudgedProblem)
}
