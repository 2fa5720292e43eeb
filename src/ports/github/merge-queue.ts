import type { Sha } from '../../core/rollout/facts.ts'

/** A pull request in a merge queue, with the head that GitHub queued. */
export interface QueuedPull {
  readonly pull: number
  readonly head: Sha
}

export interface MergeQueue {
  /**
   * The first hundred pull requests in a branch's merge queue, in the order of the queue; undefined if GitHub does not provide
   * them.
   */
  waiting(branch: string): Promise<readonly QueuedPull[] | undefined>
}
