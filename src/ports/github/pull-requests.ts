import type { PullRequest, Sha } from '../../core/rollout/facts.ts'

export interface RecentPulls {
  readonly pulls: readonly PullRequest[]
  /** None that was created after this moment is missing, epoch milliseconds. */
  readonly since: number
}

/** The pull requests of one repository. */
export interface PullRequests {
  /** Reads one; undefined when there is none of that number. */
  get(number: number): Promise<PullRequest | undefined>
  /**
   * The newest hundred against a base branch and every open one, or all that were created since a moment; newest first. They come in
   * pages of a hundred, so there may be older ones among them.
   */
  recent(base: string, since?: number): Promise<RecentPulls>
  /** The one by whose merge a commit came to a branch. A branch may also take over what was merged into another one. */
  mergedAs(sha: Sha, base: string): Promise<PullRequest | undefined>
  /** Every open one, newest first. */
  allOpen(): Promise<readonly PullRequest[]>
  /** Those from a branch of this repository, whatever their state, newest first. */
  from(branch: string): Promise<readonly PullRequest[]>
  /** Opens one; `exists` when GitHub has an open one for the same branches. */
  open(draft: { head: string; base: string; title: string; body: string }): Promise<PullRequest | 'exists'>
  /** Replaces title and body. */
  edit(number: number, text: { title: string; body: string }): Promise<void>
  /** Closes one; `merged` when somebody merged it meanwhile, which closing does not undo. */
  close(number: number): Promise<'closed' | 'merged'>
  /** Merges, but only while the head is `sha`. `refused`: GitHub's rules (branch protection, conflicts) forbid it now. */
  merge(number: number, sha: Sha): Promise<'merged' | 'head-moved' | 'refused'>
  /** Who approves the head commit `sha`: those whose newest verdict is an approval of it. */
  approvers(number: number, sha: Sha): Promise<readonly string[]>
  /** Takes a label away; one that is not there is fine. */
  unlabel(number: number, label: string): Promise<void>
  /** Adds labels; those it has already stay. */
  label(number: number, labels: readonly string[]): Promise<void>
  /** Replaces labels and assignees, in one request. `refused`: nothing was done, for example because the person has no access. */
  mark(number: number, marks: { labels: readonly string[]; assignee: string }): Promise<'done' | 'refused'>
}
