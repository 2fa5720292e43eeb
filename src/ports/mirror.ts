import type { Sha } from '../core/rollout/facts.ts'

export interface TreeEntry {
  readonly path: string
  /** `file` covers the modes 100644 and 100755. */
  readonly type: 'file' | 'symlink' | 'submodule'
}

/** A commit that is on a branch by first parent. */
export interface Landing {
  readonly sha: Sha
  /** Committer time, epoch milliseconds: for a merge made on GitHub, when it was merged. */
  readonly time: number
}

/** Whether the text of a large file is worth its memory. */
export type KeepsText = (path: string, text: string) => boolean

/** A file of more bytes is large. */
export const LARGE_BYTES = 256 * 1024

/** How many of the refs that a name with `/*` stands for are more than names. */
export const READABLE_BELOW = 200

/**
 * Reading one repository at a commit, from a local mirror. Every method but `fetch` works on what has been fetched;
 * contents that are not here yet are fetched in one go.
 */
export interface Mirror {
  /**
   * Brings full ref names (`refs/heads/main`) up to date; a ref that the server does not have is absent from the answer. A
   * name that ends in `/*` stands for every ref below, each answered under its own name. Of those only the first
   * `READABLE_BELOW` can surely be read: anybody who may push can make any number.
   */
  fetch(refs: readonly string[]): Promise<ReadonlyMap<string, Sha>>
  /** Every file of a commit or tree. */
  entries(treeish: Sha): Promise<readonly TreeEntry[]>
  /**
   * The texts of files at a commit or tree, byte order mark and line ends kept. Paths without a file, and files that are not
   * UTF-8, are absent; so are large files that `keeps` is asked about and says no to. Those whose names say that they hold bytes (`holdsBytes`) are base64.
   */
  read(treeish: Sha, paths: readonly string[], keeps?: KeepsText): Promise<ReadonlyMap<string, string>>
  /** Paths that differ between two commits or trees. */
  changed(from: Sha, to: Sha): Promise<readonly string[]>
  /** What merging `head` into `base` would give. */
  merge(base: Sha, head: Sha): Promise<{ readonly tree: Sha } | { readonly conflicts: readonly string[] }>
  /** The commits by first parent from `head` back that changed one of the paths (or all of them), newest first, at most `limit`. */
  landings(head: Sha, paths: readonly string[] | 'all', limit: number): Promise<readonly Landing[]>
  /** The commits on `head` but not on `base`, newest first, at most 250, with their whole messages. */
  ahead(base: Sha, head: Sha): Promise<readonly { readonly sha: Sha; readonly message: string }[]>
  /** The commit without parents that `head` comes from by first parents. */
  first(head: Sha): Promise<Sha>
}
