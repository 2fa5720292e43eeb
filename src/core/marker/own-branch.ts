import { isPromotionBranch } from '../promotion/branch.ts'
import { isStepBranch } from '../rollout/branch.ts'

/** Whether a branch has a name that Perch gives. A name alone proves nothing: anyone can push a branch. */
export function isOwnBranch(branch: string): boolean {
  return isStepBranch(branch) || isPromotionBranch(branch) || branch.startsWith('perch/')
}
