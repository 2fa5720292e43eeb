/** Things that go wrong between an App and GitHub, on demand. */

export interface FaultRequest {
  readonly method: string
  /** Below `/api/v3`, without query; `/api/graphql` and git paths as they are. */
  readonly path: string
  /** The GraphQL fields asked for, e.g. `['createCommitOnBranch']`. */
  readonly operations: readonly string[]
  readonly who: string
  readonly body: unknown
  readonly kind: 'rest' | 'graphql' | 'git'
  /** As the log names it: method and template, `graphql` and the fields, or `git` and its service. */
  readonly name: string
}

type FaultMatch =
  | ((request: FaultRequest) => boolean)
  | { readonly method?: string; readonly path: RegExp | `graphql:${string}` }

export type FaultKind =
  /** Nothing is done and the connection breaks. */
  | 'lose-answer-before'
  /** It is done, and the connection breaks before the answer. */
  | 'lose-answer-after'
  /** Nothing is done, and no answer comes for as long as the client waits. */
  | 'never-answer'
  /** This answer instead; `isDone`: only after doing what was asked, as a gateway that gives up too early does. */
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
  /** How many matching requests to let through first; default 0. */
  readonly skip?: number
  readonly kind: FaultKind
  /** Called when the fault strikes, after the effect if there is one: for instance to kill the App. */
  readonly onStrike?: (request: FaultRequest) => void
}

interface Fault {
  /** How often it has struck. */
  struck(): number
  remove(): void
}

export interface Faults {
  add(draft: FaultDraft): Fault
  clear(): void
}

export interface FaultSource extends Faults {
  /** The first fault that wants this request; it counts as struck. */
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

/** The hourly budget is spent until `resetAt` (epoch milliseconds). */
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

/** GitHub's front page for a request that took too long. */
export function badGateway(how: { isDone: boolean }): FaultKind {
  return { status: 502, body: { message: 'Server Error' }, ...how }
}
