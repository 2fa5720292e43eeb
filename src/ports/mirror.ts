import type { Sha } from '../core/rollout/facts.ts'

export interface TreeEntry {
  readonly path: string
  /** `file` covers the modes 100644 and 100755. */
  readonly type: 'file' | 'symlink' | 'submodule'
}

/** A commit on a branch's first-parent history. */
export interface Landing {
  readonly sha: Sha
  /** Committer time, epoch milliseconds. For a merge made on GitHub, this is the time of the merge. */
  readonly time: number
}

/** Whether to keep the text of a large file in memory. */
export type KeepsText = (path: string, text: string) => boolean

/** A file with more bytes than this counts as large. */
export const LARGE_BYTES = 256 * 1024

/** How many of the refs below a `/*` name are sure to be readable. `fetch` may know only the names of the others. */
export const READABLE_BELOW = 200

/**
 * Reads one repository at a commit, from a local mirror. Every method except `fetch` works on fetched commits. Contents that are
 * not here yet are fetched in one request.
 */
export interface Mirror {
  /**
   * Updates full ref names (`refs/heads/main`), and returns the head of each. A ref that the server does not have is absent. A
   * name that ends in `/*` stands for every ref below it, and each is returned under its own name. Anyone who may push can create
   * any number of those, so only the first `READABLE_BELOW` are sure to be readable.
   */
  fetch(refs: readonly string[]): Promise<ReadonlyMap<string, Sha>>
  /** Every file of a commit or tree. */
  entries(treeish: Sha): Promise<readonly TreeEntry[]>
  /**
   * The texts of files at a commit or tree, with byte order marks and line endings as they are. Absent are paths without a file,
   * files that are not UTF-8, and large files for which `keeps` returns false. Files whose name says that they are binary
   * (`holdsBytes`) are returned as base64.
   */
  read(treeish: Sha, paths: readonly string[], keeps?: KeepsText): Promise<ReadonlyMap<string, string>>
  /** Paths that differ between two commits or trees. */
  changed(from: Sha, to: Sha): Promise<readonly string[]>
  /** The result of merging `head` into `base`. */
  merge(base: Sha, head: Sha): Promise<{ readonly tree: Sha } | { readonly conflicts: readonly string[] }>
  /**
   * The commits that changed one of the paths (or all commits), along first parents from `head`, newest first, at most `limit`.
   */
  landings(head: Sha, paths: readonly string[] | 'all', limit: number): Promise<readonly Landing[]>
  /** The commits on `head` but not on `base`, newest first, at most 250, with complete messages. */
  ahead(base: Sha, head: Sha): Promise<readonly { readonly sha: Sha; readonly message: string }[]>
  /** The root commit that `head` reaches along first parents. */
  first(head: Sha): Promise<Sha>
}
