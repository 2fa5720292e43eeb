import type { BranchProtection } from '../../core/gate/protection.ts'

/** What protects one repository's branches. */
export interface Protections {
  /** Undefined where GitHub does not say: no such branch, or no right to see it. */
  of(branch: string): Promise<BranchProtection | undefined>
}
