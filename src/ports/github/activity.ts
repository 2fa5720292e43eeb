import type { BranchMove } from '../../core/command/head-age.ts'

/** GitHub's own record of who moved a branch, and when. */
export interface Activity {
  /** The newest hundred moves of a branch, newest first; undefined if GitHub does not provide them. */
  movesOf(branch: string): Promise<readonly BranchMove[] | undefined>
}
