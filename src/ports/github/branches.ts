import type { Sha } from '../../core/rollout/facts.ts'

/** A commit to make through the API, so that GitHub signs it and shows it as Verified. */
export interface CommitDraft {
  readonly branch: string
  /** The commit that the branch must point to. If it does not, nothing is written. */
  readonly expectedHead: Sha
  readonly headline: string
  readonly body: string
  /** The complete new text of each file, by path. */
  readonly files: ReadonlyMap<string, string>
}

/** Who made a commit, according to GitHub. */
export interface CommitMaker {
  readonly sha: Sha
  readonly parents: readonly Sha[]
  /**
   * The account that belongs to the author's address. Anyone can write any address into a commit, so it counts only if the commit
   * is verified.
   */
  readonly author: string | undefined
  /** GitHub has checked the signature. */
  readonly isVerified: boolean
}

/**
 * Writes to the branches of one repository, and reads who wrote to them. Throws `GitHubRefused` for permanent refusals (rules,
 * names, permissions).
 */
export interface Branches {
  create(name: string, sha: Sha): Promise<'created' | 'exists'>
  /**
   * Creates a branch at a new commit of its own, whose message explains the branch to people who find it. `exists`: someone else
   * was faster.
   */
  claim(name: string, message: string): Promise<'created' | 'exists'>
  /** Points a branch to another commit, fast-forward or not, but only if it still points to `from`. */
  move(name: string, from: Sha, to: Sha): Promise<'moved' | 'head-moved'>
  /** Deletes a branch. It is not an error if the branch does not exist. */
  remove(name: string): Promise<void>
  /**
   * All commits on `head` but not on `base`, oldest first; undefined if there are more than 300, or if GitHub does not know one
   * of the two.
   */
  makers(base: Sha, head: Sha): Promise<readonly CommitMaker[] | undefined>
  /**
   * The newest hundred pushes to a branch, with author and resulting head, as GitHub recorded them; undefined if GitHub has no
   * record.
   */
  pushes(name: string): Promise<readonly { readonly login: string; readonly head: Sha }[] | undefined>
  /** Makes the commit. `head-moved`: the branch is at another commit; `gone`: the branch does not exist. */
  commit(draft: CommitDraft): Promise<{ readonly sha: Sha } | 'head-moved' | 'gone'>
}
