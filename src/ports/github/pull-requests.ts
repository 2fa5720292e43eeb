import type { PullRequest, Sha } from '../../core/rollout/facts.ts'

export interface RecentPulls {
  readonly pulls: readonly PullRequest[]
  /** Epoch milliseconds. Every pull request created after this moment is in the list. */
  readonly since: number
}

/** The pull requests of one repository. */
export interface PullRequests {
  /** Undefined if there is no pull request with that number. */
  get(number: number): Promise<PullRequest | undefined>
  /**
   * Without `since`: every open pull request against a base branch, and the newest hundred. With `since` (epoch ms): all that
   * were created since that moment. Newest first. GitHub returns pages of a hundred, so the list may also contain older ones.
   */
  recent(base: string, since?: number): Promise<RecentPulls>
  /**
   * The pull request that brought a commit to a branch when it was merged. A branch may also get commits from pull requests that
   * were merged into another branch.
   */
  mergedAs(sha: Sha, base: string): Promise<PullRequest | undefined>
  /** Every open pull request, newest first. */
  allOpen(): Promise<readonly PullRequest[]>
  /** The newest hundred pull requests from a branch of this repository, open or closed, newest first. */
  from(branch: string): Promise<readonly PullRequest[]>
  /** Opens a pull request. `exists`: there is already an open one for the same branches. */
  open(draft: { head: string; base: string; title: string; body: string }): Promise<PullRequest | 'exists'>
  /** Replaces title and body. */
  edit(number: number, text: { title: string; body: string }): Promise<void>
  /** Closes a pull request. `merged`: someone merged it in the meantime, and closing does not undo that. */
  close(number: number): Promise<'closed' | 'merged'>
  /**
   * Merges, but only if the head is still `sha`. `refused`: GitHub's rules (branch protection, conflicts) do not allow it now.
   */
  merge(number: number, sha: Sha): Promise<'merged' | 'head-moved' | 'refused'>
  /** The people who approve the head commit `sha`: their newest verdict is an approval of that commit. */
  approvers(number: number, sha: Sha): Promise<readonly string[]>
  /** Removes a label. It is not an error if the label is not there. */
  unlabel(number: number, label: string): Promise<void>
  /** Adds labels, and keeps the existing ones. */
  label(number: number, labels: readonly string[]): Promise<void>
  /**
   * Replaces labels and assignees in one request. `refused`: nothing was changed, for example because the person has no access.
   */
  mark(number: number, marks: { labels: readonly string[]; assignee: string }): Promise<'done' | 'refused'>
}
