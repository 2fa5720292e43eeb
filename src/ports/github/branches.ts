import type { Sha } from '../../core/rollout/facts.ts'

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

/** Who made a commit, as GitHub says. */
export interface CommitMaker {
  readonly sha: Sha
  readonly parents: readonly Sha[]
  /** The account behind the author's address, which anybody can write into a commit unless it is verified. */
  readonly author: string | undefined
  /** GitHub has checked the signature. */
  readonly isVerified: boolean
}

/** Writing to one repository's branches, and who wrote to them. What GitHub refuses for good (rules, names, permissions) is a `GitHubRefused`. */
export interface Branches {
  create(name: string, sha: Sha): Promise<'created' | 'exists'>
  /** Creates a branch at a commit of its own, which holds a note for who finds it; `exists` when somebody was faster. */
  claim(name: string, message: string): Promise<'created' | 'exists'>
  /** Points a branch somewhere else, forward or not, but only while it points to `from`. */
  move(name: string, from: Sha, to: Sha): Promise<'moved' | 'head-moved'>
  /** Deletes a branch; one that is not there is fine. */
  remove(name: string): Promise<void>
  /** All commits on `head` but not on `base`, oldest first; undefined where they are more than 300, or GitHub does not know one of the two. */
  makers(base: Sha, head: Sha): Promise<readonly CommitMaker[] | undefined>
  /** The newest hundred pushes to a branch, by whom and to what, as GitHub recorded them; undefined where it keeps no record. */
  pushes(name: string): Promise<readonly { readonly login: string; readonly head: Sha }[] | undefined>
  /** Makes the commit, or says that the head has moved or that the branch is gone. */
  commit(draft: CommitDraft): Promise<{ readonly sha: Sha } | 'head-moved' | 'gone'>
}
