/** Simulates failures between an App and GitHub. */

export interface FaultRequest {
  readonly method: string
  /** The path below `/api/v3`, without query. `/api/graphql` and git paths are complete. */
  readonly path: string
  /** The requested GraphQL fields, such as `['createCommitOnBranch']`. */
  readonly operations: readonly string[]
  readonly who: string
  readonly body: unknown
  readonly kind: 'rest' | 'graphql' | 'git'
  /** The name as in the log: method and template, `graphql` and its fields, or `git` and its service. */
  readonly name: string
}

type FaultMatch =
  | ((request: FaultRequest) => boolean)
  | { readonly method?: string; readonly path: RegExp | `graphql:${string}` }

export type FaultKind =
  /** The request has no effect, and the connection breaks. */
  | 'lose-answer-before'
  /** The request takes effect, and the connection breaks before the answer. */
  | 'lose-answer-after'
  /** The request has no effect, and the server never answers. */
  | 'never-answer'
  /** Another answer. `isDone`: the request takes effect first, as behind a gateway that gives up too early. */
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
      readonly isDone?: boolean
    }
  | { readonly delay: number }

export interface FaultDraft {
  readonly match: FaultMatch
  /** Default 1. */
  readonly times?: number
  /** How many matching requests pass first. Default: 0. */
  readonly skip?: number
  readonly kind: FaultKind
  /** Called when the fault occurs, after the effect if there is one. For instance to kill the App. */
  readonly onStrike?: (request: FaultRequest) => void
}

interface Fault {
  /** How often the fault has occurred. */
  struck(): number
  remove(): void
}

export interface Faults {
  add(draft: FaultDraft): Fault
  clear(): void
}

export interface FaultSource extends Faults {
  /** The first fault for a request. It counts as occurred. */
  take(request: FaultRequest): FaultDraft | undefined
}

export function createFaults(): FaultSource {
  const entries = new Map<FaultDraft, { seen: number; struck: number }>()
  return {
    add(draft) {
      const counts = { seen: 0, struck: 0 }
      entries.set(draft, counts)
      return { struck: () => counts.struck, remove: () => void entries.delete(draft) }
    },
    clear: () => {
      entries.clear()
    },
    take(request) {
      for (const [draft, counts] of entries) {
        if (counts.struck >= (draft.times ?? 1) || !matches(draft.match, request)) continue
        counts.seen += 1
        if (counts.seen <= (draft.skip ?? 0)) continue
        counts.struck += 1
        return draft
      }
      return undefined
    },
  }
}

function matches(match: FaultMatch, request: FaultRequest): boolean {
  if (typeof match === 'function') return match(request)
  if (match.method !== undefined && match.method !== request.method) return false
  if (typeof match.path !== 'string') return match.path.test(request.path)
  return request.operations.includes(match.path.slice('graphql:'.length))
}

export function nameOfFault({ kind }: FaultDraft): string {
  if (typeof kind === 'string') return kind
  return 'delay' in kind ? `delay ${String(kind.delay)}` : `status ${String(kind.status)}`
}

const LIMITS = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api'

/** "You have exceeded a secondary rate limit": 403 or 429, with or without `retry-after`. */
export function secondaryLimit(limit: { status?: 403 | 429; retryAfter?: number }): FaultKind {
  const message =
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. ' +
    'If you reach out to GitHub Support for help, please include the request ID 0000:000000:0000000:0000000:00000000.'
  const status = limit.status ?? 403
  return {
    status,
    headers: limit.retryAfter === undefined ? {} : { 'retry-after': String(limit.retryAfter) },
    body: { message, documentation_url: `${LIMITS}#about-secondary-rate-limits`, status: String(status) },
  }
}

/** The hourly budget is used up until `resetAt` (epoch milliseconds). */
export function primaryLimit(limit: { resetAt: number; status?: 403 | 429 }): FaultKind {
  const status = limit.status ?? 403
  const message =
    'API rate limit exceeded for installation ID 1. If you reach out to GitHub Support for help, please include the request ID 0000.'
  return {
    status,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(limit.resetAt / 1000)) },
    body: { message, documentation_url: LIMITS, status: String(status) },
  }
}

/** The answer of GitHub's front proxy to a request that took too long. */
export function badGateway(how: { isDone: boolean }): FaultKind {
  return { status: 502, body: { message: 'Server Error' }, ...how }
}
