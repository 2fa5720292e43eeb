import type { PullRequest, Sha } from '../rollout/facts.ts'

/** One move of a branch, from GitHub's record of the repository's activity. */
export interface BranchMove {
  readonly kind: 'push' | 'force-push' | 'created' | 'deleted' | 'merge'
  readonly before: Sha
  readonly after: Sha
  /** By GitHub's own clock, in whole seconds as epoch milliseconds. The time in a commit is chosen by its author. */
  readonly at: number
  readonly isOurs: boolean
}

/** Whether the author of a comment could see a head commit: it was already there, it came later, or it is unknown. */
export type HeadAge = 'seen' | 'later' | 'unknown'

/** When Perch first knew a head commit, by GitHub's clock, as far as its memory goes. */
export interface KnownHead {
  readonly sha: Sha
  /** GitHub showed it at this moment at the latest. */
  readonly at: number
}

/**
 * Both times are whole seconds, so an equal second proves nothing: somebody could wait for a comment and push within that second.
 */
export function isSeen(known: KnownHead | undefined, head: Sha, comment: { readonly createdAt: number }): boolean {
  return known?.sha === head && known.at < comment.createdAt
}

/**
 * `moves`: the latest moves of a branch, newest first. A commit of Perch counts as seen if its parent does, because Perch makes
 * it for a command and on an expected head.
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
