/** The beginning of the full name of every branch. */
const HEADS = 'refs/heads/'

/** A branch by its full name in Git: `refs/heads/main`. */
export function branchRef(branch: string): string {
  return `${HEADS}${branch}`
}

/** The branch with that full name. Undefined for tags and other refs. */
export function branchIn(ref: string): string | undefined {
  return ref.startsWith(HEADS) ? ref.slice(HEADS.length) : undefined
}
