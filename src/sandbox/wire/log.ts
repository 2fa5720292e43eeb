/** The log of requests, for tests that count requests, and for finding requests that nothing handles. */

export interface RequestRecord {
  readonly at: number
  /** Each command of a git client counts once as `git-fetch` or `git-push`, however many HTTP requests it takes. */
  readonly kind: 'rest' | 'graphql' | 'git-fetch' | 'git-push' | 'git-other'
  readonly method: string
  /** Includes the query. */
  readonly path: string
  /** The route's template, such as `/repos/{owner}/{repo}/pulls`. For GraphQL, the requested fields. */
  readonly route: string | undefined
  /** The same for all requests of a kind, whatever their subject. */
  readonly name: string
  /** `app perch` for a JWT, `perch[bot]` for an installation token, a login, or `anonymous`. */
  readonly who: string
  readonly status: number
  readonly ms: number
  /** The sandbox does not handle this route or GraphQL field. */
  readonly isUnhandled: boolean
  /** Body fields that GitHub would silently ignore. */
  readonly ignored: readonly string[]
  /** The fault that occurred, if any. */
  readonly fault: string | undefined
}

export interface RequestCount {
  /** REST and GraphQL requests, without those that create tokens. */
  readonly api: number
  /** Those that count against the limit. An unchanged answer (304) is free. */
  readonly counted: number
  readonly tokens: number
  readonly gitFetches: number
  readonly gitPushes: number
  readonly records: readonly RequestRecord[]
}

export interface RequestLog {
  readonly records: readonly RequestRecord[]
  add(record: RequestRecord): void
  /** A position in the log from which to count. */
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
