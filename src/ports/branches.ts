import type { Sha } from '../core/rollout/facts.ts'

/** A commit to make through the API, so that GitHub signs it and shows it as Verified. */
export interface CommitDraft {
  readonly branch: string
  /** The commit that the branch must point to; otherwise nothing happens. */
  readonly expectedHead: Sha
  readonly headline: string
  readonly body: string
  /** Whole new texts by path. */
  readonly files: ReadonlyMap<string, string>
}

/** Writing to one repository's branches. What GitHub refuses for good (rules, names, permissions) is a `GitHubRefused`. */
export interface Branches {
  create(name: string, sha: Sha): Promise<'created' | 'exists'>
  /** Creates a branch at a commit of its own, which holds a note for who finds it; `exists` when somebody was faster. */
  claim(name: string, message: string): Promise<'created' | 'exists'>
  /** Points an existing branch somewhere else, forward or not. */
  reset(name: string, sha: Sha): Promise<void>
  /** Deletes a branch; one that is not there is fine. */
  remove(name: string): Promise<void>
  /** Makes the commit, or says that the head has moved or that the branch is gone. */
  commit(draft: CommitDraft): Promise<{ readonly sha: Sha } | 'head-moved' | 'gone'>
}
