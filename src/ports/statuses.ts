import type { CommitStatus, Sha } from '../core/rollout/facts.ts'

export interface Statuses {
  /** The commit statuses on a commit, every one that was ever set (GitHub keeps up to 1,000 a context), newest first. */
  of(sha: Sha): Promise<readonly CommitStatus[]>
}
