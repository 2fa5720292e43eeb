import type { BranchProtection } from '../../core/gate/protection.ts'

/** What protects one repository's branches. */
export interface Protections {
  /** Undefined if GitHub does not say: there is no such branch, or Perch may not see it. */
  of(branch: string): Promise<BranchProtection | undefined>
}
