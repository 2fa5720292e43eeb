import { LRUCache } from 'lru-cache'
import type { ProbotOctokit } from 'probot'
import type { RepositoryName } from '../../../core/rollout/facts.ts'
import type { Clock } from '../../../ports/clock.ts'
import { GitHubRefused } from '../../../ports/github/github-refused.ts'
import { RetryLater } from '../../../ports/jobs.ts'
import { isGraphqlRefusal } from '../graphql/graphql-errors.ts'
import { refusalOf, type RequestAim } from './refusals.ts'
import type { AppIdentity } from '../schema.ts'

/** An Octokit that acts as one installation (or, for the App's own routes, as the App). */
export type Octokit = InstanceType<typeof ProbotOctokit>

/** GitHub did not carry out the request, or it is unknown whether it did. Check before trying again. */
export class GitHubUnavailable extends Error {
  override readonly name = 'GitHubUnavailable'
}

/** GitHub's API, for one installation or for the App. */
export interface ApiClient {
  readonly octokit: Octokit
  readonly clock: Clock
}

/** One repository as GitHub's API sees it. */
export interface Client extends ApiClient {
  readonly repo: RepositoryName
  readonly app: AppIdentity
}

/**
 * GitHub itself ends API requests after 10 s, so a longer timeout makes no sense. Without a timeout, a dead connection would
 * block a worker.
 */
export const TIMEOUT_MS = 10_000

/** GitHub asks for at least a minute when a secondary limit comes without `retry-after` (REST docs, rate limits). */
const SECONDARY_WAIT_MS = 60_000

type Params = Readonly<Record<string, unknown>>

/** `reason`: GitHub's message for a status that the caller expects. */
interface Answer {
  readonly status: number
  readonly data: unknown
  readonly reason?: string
  /** The `link` header, which says where the next page is. */
  readonly link?: string | undefined
}

/**
 * Sends one request, and never retries it: the failed job checks what happened before it tries again. Statuses in `expected` are
 * returned as answers. Throws `RetryLater` for a rate limit, `GitHubRefused` for a permanent refusal (about `branch`, if the call
 * names one), and `GitHubUnavailable` for everything else.
 */
export async function request(
  client: ApiClient,
  route: string,
  call: { readonly params?: Params; readonly expected?: readonly number[]; readonly branch?: string } = {},
): Promise<Answer> {
  checkPause(client, route)
  const kept = keptFor(client, route, call.params)
  try {
    const answer = await withGoodToken(client, () => send(client, route, { ...call.params, ...kept.headers }))
    kept.keep(answer)
    return { status: answer.status, data: answer.data, link: answer.headers.link }
  } catch (error) {
    const failure = failureOf(error)
    const { status, isForToken } = failure
    if (status === 304 && kept.known !== undefined) return kept.known
    // A refused token says nothing about the requested resource: that an installation is missing does not mean that a pull
    // request is.
    const isAnswer = status !== undefined && call.expected?.includes(status) === true && !isForToken
    if (isAnswer && !isLimit(failure)) return { status, data: undefined, reason: failure.reason }
    throw pausing(client, toThrow(failure, { route, branch: call.branch }, client.clock))
  }
}

interface SentAnswer {
  readonly status: number
  readonly data: unknown
  readonly headers: { readonly link?: string; readonly etag?: string }
}

function send({ octokit }: ApiClient, route: string, params: Params): Promise<SentAnswer> {
  return octokit.request(route, { ...params, request: { signal: AbortSignal.timeout(TIMEOUT_MS) } })
}

interface KeptAnswer extends Answer {
  readonly etag: string
}

/** Entries. A sweep of an installation with a hundred repositories and ten open pull requests each requests fewer resources. */
const MAX_KEPT = 5_000
/** In characters: the size of all cached answers as JSON. */
const MAX_KEPT_SIZE = 16 * 2 ** 20

const answersOf = new WeakMap<Octokit, LRUCache<string, KeptAnswer>>()

/**
 * GitHub's last answer to the same GET, and the header that asks whether it is still current. If it is, GitHub answers 304, which
 * does not count against the rate limit (REST docs, "Use conditional requests if appropriate").
 */
function keptFor(
  { octokit }: ApiClient,
  route: string,
  params: Params = {},
): { readonly known: Answer | undefined; readonly headers: Params; readonly keep: (answer: SentAnswer) => void } {
  if (!route.startsWith('GET ')) return { known: undefined, headers: {}, keep: () => undefined }
  const answers = answersOf.get(octokit) ?? new LRUCache({ max: MAX_KEPT, maxSize: MAX_KEPT_SIZE })
  answersOf.set(octokit, answers)
  const key = `${route} ${JSON.stringify(params)}`
  const known = answers.get(key)
  return {
    known,
    headers: known === undefined ? {} : { headers: { 'if-none-match': known.etag } },
    keep({ status, data, headers: { link, etag } }) {
      if (etag === undefined) return
      const { length } = JSON.stringify(data ?? null)
      answers.set(key, { etag, status, data, link }, { size: length + 1 })
    },
  }
}

/** Reads every page of a list, up to `limit` items. */
export async function listAll(
  client: ApiClient,
  route: string,
  call: {
    readonly params: Params
    readonly limit?: number
    readonly key?: string
    /** Whether the items after this one can be skipped. */
    readonly isLast?: (item: unknown) => boolean
  },
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  for (let page = 1; ; page += 1) {
    const { data } = await request(client, route, { params: { ...call.params, per_page: 100, page } })
    const found = call.key === undefined ? data : field(data, call.key)
    // A truncated body arrives as text or as nothing. If it counted as an empty list, Perch would undo what exists.
    if (!Array.isArray(found)) throw new GitHubUnavailable(`${route}: the answer holds no list`)
    items.push(...found)
    const isAll = found.length < 100 || call.isLast?.(found.at(-1)) === true
    if (isAll || items.length >= (call.limit ?? 5_000)) return items
  }
}

export async function graphql(client: ApiClient, query: string, variables: Params): Promise<unknown> {
  checkPause(client, 'GraphQL')
  try {
    return await withGoodToken(client, () =>
      client.octokit.graphql(query, { ...variables, request: { signal: AbortSignal.timeout(TIMEOUT_MS) } }),
    )
  } catch (error) {
    const failure = failureOf(error)
    const isRefusal = isGraphqlRefusal(error)
    if (isRefusal && !isGraphqlLimit(error, failure)) throw error
    throw pausing(
      client,
      isRefusal ? limited(failure, 'GraphQL', client.clock) : toThrow(failure, { route: 'GraphQL' }, client.clock),
    )
  }
}

/** Replaces a refused installation token, and repeats the request. The refused request had no effect. */
async function withGoodToken<T>({ octokit }: ApiClient, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const headers = field(field(error, 'request'), 'headers')
    // Octokit hides the token itself. The App's own tokens begin with `bearer`.
    const hadToken = String(field(headers, 'authorization')).startsWith('token ')
    if (failureOf(error).status !== 401 || !hadToken) throw error
    await octokit.auth({ type: 'installation', refresh: true })
    return send()
  }
}

/** Until when GitHub wants no requests from an installation. Continuing anyway "may result in banning" (REST docs). */
const pauses = new WeakMap<Octokit, number>()

function checkPause({ octokit, clock }: ApiClient, route: string): void {
  const until = pauses.get(octokit) ?? 0
  if (clock.now() < until) throw new RetryLater(until, `GitHub's rate limit, before ${route}`)
}

function pausing({ octokit }: ApiClient, error: Error): Error {
  if (error instanceof RetryLater) pauses.set(octokit, Math.max(error.retryAt, pauses.get(octokit) ?? 0))
  return error
}

interface Failure {
  /** Undefined: there was no answer. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly message: string
  /** GitHub's own message, without Octokit's additions. */
  readonly reason: string
  /** The error types of a GraphQL answer; undefined for REST. */
  readonly types: readonly string[] | undefined
  /** GitHub refused to issue the installation's token, before the request itself. */
  readonly isForToken: boolean
}

function failureOf(error: unknown): Failure {
  const response = field(error, 'response')
  const status = field(error, 'status')
  const headers = field(response, 'headers') ?? field(error, 'headers')
  const url = field(field(error, 'request'), 'url')
  return {
    // Octokit sets status 500 if there was no answer. It sets none if GraphQL refused, because GitHub answers that with 200.
    status: response === undefined ? undefined : typeof status === 'number' ? status : 200,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
    message: error instanceof Error ? error.message : String(error),
    reason: reasonIn(error),
    types: typesIn(error),
    isForToken: typeof url === 'string' && url.endsWith('/access_tokens'),
  }
}

/** A REST answer has `message` and possibly `errors`. A GraphQL answer has `errors`, which Octokit copies to its own error. */
function reasonIn(error: unknown): string {
  const data = field(field(error, 'response'), 'data')
  const errors = [field(data, 'errors'), field(error, 'errors')].find((some) => Array.isArray(some)) ?? []
  const details = Array.isArray(errors) ? errors.map((each) => field(each, 'message') ?? each) : []
  const words = [field(data, 'message'), ...details].filter((each) => typeof each === 'string')
  const told = words.length > 1 ? words.filter((each) => each !== 'Validation Failed') : words
  return withoutTokens(told.join('. ').replaceAll(/\s+/g, ' ').trim()).slice(0, MAX_REASON)
}

/** Long enough for all rules that one branch violates. */
const MAX_REASON = 400

function typesIn(error: unknown): readonly string[] | undefined {
  const errors = field(error, 'errors')
  if (!isGraphqlRefusal(error) || !Array.isArray(errors)) return undefined
  return errors.map((each) => field(each, 'type')).filter((type) => typeof type === 'string')
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A rate limit is 429, or 403 with one of the marks that GitHub's docs name. Any other 403 is a missing permission. */
function isLimit({ status, headers, message }: Failure): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /secondary rate limit/i.test(message)
  )
}

/** GraphQL answers 200 for a rate limit, and names the limit in the errors (GraphQL docs, rate limits). */
function isGraphqlLimit(error: unknown, { headers, message }: Failure): boolean {
  const errors = field(error, 'errors')
  const isNamed = Array.isArray(errors) && errors.some((each) => field(each, 'type') === 'RATE_LIMITED')
  return isNamed || headers['retry-after'] !== undefined || /secondary rate limit/i.test(message)
}

/** The error for a failed request of any other GitHub client, in the same classes. */
export function outage(error: unknown, wanted: RequestAim, clock: Clock): Error {
  return toThrow(failureOf(error), wanted, clock)
}

function toThrow(failure: Failure, wanted: RequestAim, clock: Clock): Error {
  const { route } = wanted
  if (isLimit(failure)) return limited(failure, route, clock)
  const refusal = refusalOf(failure, wanted)
  if (refusal !== undefined) return new GitHubRefused(refusal)
  return new GitHubUnavailable(`${route}: ${failure.status ?? 'no answer'} ${withoutTokens(failure.message)}`)
}

function limited(failure: Failure, route: string, clock: Clock): RetryLater {
  return new RetryLater(retryAt(failure, clock.now()), `GitHub's rate limit at ${route}`)
}

/** A proxy's error page may be long, and may contain the request's headers. */
function withoutTokens(message: string): string {
  return message.replaceAll(/\b(?:gh[a-z]|github_pat)_[\w.-]+/g, '***').slice(0, 1_000)
}

function retryAt({ headers }: Failure, now: number): number {
  const after = Number(headers['retry-after'])
  if (Number.isFinite(after) && headers['retry-after'] !== undefined) return now + Math.max(1, after) * 1000
  const reset = Number(headers['x-ratelimit-reset'])
  const isPrimary = String(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset)
  return isPrimary ? Math.max(reset * 1000, now + 1000) : now + SECONDARY_WAIT_MS
}

export function at(client: Client): { readonly owner: string; readonly repo: string } {
  return { owner: client.repo.owner, repo: client.repo.name }
}
