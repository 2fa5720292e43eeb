import type { Sha } from '../../core/rollout/facts.ts'

/** A pull request in a merge queue, with the head that GitHub queued. */
export interface QueuedPull {
  readonly pull: number
  readonly head: Sha
}

export interface MergeQueue {
  /** The first hundred pull requests in a branch's merge queue, in its order; undefined where GitHub does not say. */
  waiting(branch: string): Promise<readonly QueuedPull[] | undefined>
}
