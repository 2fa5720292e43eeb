/** What was asked of the box: for tests that count requests, and for finding calls that nothing handles. */

export interface RequestRecord {
  readonly at: number
  /** `git-fetch` and `git-push` are one per command of a git client, however many HTTP requests that takes. */
  readonly kind: 'rest' | 'graphql' | 'git-fetch' | 'git-push' | 'git-other'
  readonly method: string
  /** With query. */
  readonly path: string
  /** The route's template, e.g. `/repos/{owner}/{repo}/pulls`; of GraphQL the fields asked for. */
  readonly route: string | undefined
  /** The same for all requests of a kind, whatever they are about. */
  readonly name: string
  /** `app perch` for a JWT, `perch[bot]` for an installation token, a login, or `anonymous`. */
  readonly who: string
  readonly status: number
  readonly ms: number
  /** Nothing in the box answers this route or GraphQL field. */
  readonly isUnhandled: boolean
  /** Body fields that GitHub would silently ignore. */
  readonly ignored: readonly string[]
  /** The fault that struck, if any. */
  readonly fault: string | undefined
}

export interface RequestCount {
  /** REST and GraphQL, minting tokens excepted. */
  readonly api: number
  /** Those of them that count against the limit: an answer that has not changed (304) is free. */
  readonly counted: number
  readonly tokens: number
  readonly gitFetches: number
  readonly gitPushes: number
  readonly records: readonly RequestRecord[]
}

export interface RequestLog {
  readonly records: readonly RequestRecord[]
  add(record: RequestRecord): void
  /** A place in the log, to count from. */
  mark(): number
  since(mark: number, who?: string): RequestCount
}

export function createLog(): RequestLog {
  const records: RequestRecord[] = []
  return {
    records,
    add: (record) => void records.push(record),
    mark: () => records.length,
    since: (mark, who) => count(records.slice(mark).filter((one) => who === undefined || one.who.includes(who))),
  }
}

function count(records: readonly RequestRecord[]): RequestCount {
  const ofKind = (kind: RequestRecord['kind']): number => records.filter((one) => one.kind === kind).length
  const tokens = records.filter((one) => one.route === '/app/installations/{installation_id}/access_tokens').length
  const api = ofKind('rest') + ofKind('graphql') - tokens
  return {
    api,
    counted: api - records.filter((one) => one.kind === 'rest' && one.status === 304).length,
    tokens,
    gitFetches: ofKind('git-fetch'),
    gitPushes: ofKind('git-push'),
    records,
  }
}
