import type { PullRequest, Sha } from '../rollout/facts.ts'

/** One move of a branch, as GitHub's own record of the repository's activity has it. */
export interface BranchMove {
  readonly kind: 'push' | 'force-push' | 'created' | 'deleted' | 'merge'
  readonly before: Sha
  readonly after: Sha
  /** GitHub's own clock, whole seconds in epoch milliseconds; what commits say of their time is chosen by who makes them. */
  readonly at: number
  readonly isOurs: boolean
}

/** Whether the author of a comment could see a head commit: it was there already, it came later, or nobody can tell. */
export type HeadAge = 'seen' | 'later' | 'unknown'

/** When a head commit was first known to be there, by GitHub's clock, as far as memory goes. */
export interface KnownHead {
  readonly sha: Sha
  /** GitHub showed it at this moment at the latest. */
  readonly at: number
}

/**
 * Both times have whole seconds, so the same second proves nothing: who waits for a comment can push within it.
 */
export function isSeen(known: KnownHead | undefined, head: Sha, comment: { readonly createdAt: number }): boolean {
  return known?.sha === head && known.at < comment.createdAt
}

/**
 * From the newest moves of a branch, newest first. Perch's own commits count as seen where what they were made on is: each
 * names the head that it expects, and is made because of a command.
 */
export function headAge(
  moves: readonly BranchMove[],
  head: Sha,
  at: { readonly comment: { readonly createdAt: number }; readonly pull: Pick<PullRequest, 'createdAt'> },
): HeadAge {
  let expected = head
  for (const move of moves) {
    if (move.after !== expected) return 'unknown'
    if (move.isOurs && move.kind === 'push') {
      expected = move.before
      continue
    }
    // A pull request cannot be older than its branch, nor a comment on it older than both.
    const isFirst = move.kind === 'created' && move.at <= at.pull.createdAt
    return isFirst || move.at < at.comment.createdAt ? 'seen' : 'later'
  }
  return 'unknown'
}
