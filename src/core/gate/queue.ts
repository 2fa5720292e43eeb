/** One commit of a merge group, oldest first, with the share that each rollout has after it. */
export interface GroupCommit {
  readonly sha: string
  readonly message: string
  /** By route and environment (`movedRoutes`): what must differ for a raise, the share, and the version that is stable. */
  readonly shares: ReadonlyMap<string, { readonly share: number; readonly stable: string | undefined }>
}

/** The pull request that GitHub made a commit of its merge queue for; undefined where the message does not say. */
export function pullOfCommit(message: string): number | undefined {
  const [headline = ''] = message.split('\n')
  const found = /^Merge pull request #(\d+) /.exec(headline) ?? /\(#(\d+)\)$/.exec(headline.trim())
  return found === null ? undefined : Number(found[1])
}

const ABSENT = { share: 0, stable: undefined }

/**
 * Who raises a route in a merge group, by pull request or else by commit. More than one: the second step would merge
 * together with the first, which nobody has seen live.
 */
export function raisersOf(route: string, base: GroupCommit, commits: readonly GroupCommit[]): readonly string[] {
  const raisers = new Set<string>()
  let before = base
  for (const commit of commits) {
    const old = before.shares.get(route) ?? ABSENT
    const now = commit.shares.get(route) ?? ABSENT
    const isPromotion = old.share > 0 && now.stable !== old.stable
    const pull = pullOfCommit(commit.message)
    if (now.share > old.share || isPromotion) raisers.add(pull === undefined ? commit.sha.slice(0, 7) : `#${pull}`)
    before = commit
  }
  return [...raisers]
}
