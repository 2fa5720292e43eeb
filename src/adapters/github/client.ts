import type { ProbotOctokit } from 'probot'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import { RetryLater } from '../../ports/jobs.ts'
import type { AppIdentity } from './schema.ts'

/** An Octokit that acts as one installation (or, for the App's own routes, as the App). */
export type Octokit = InstanceType<typeof ProbotOctokit>

/** GitHub did not do what was asked, or nobody knows whether it did: look again before trying again. */
export class GitHubUnavailable extends Error {
  override readonly name = 'GitHubUnavailable'
}

/** One repository as GitHub's API sees it. */
export interface Client {
  readonly octokit: Octokit
  readonly repo: RepositoryName
  readonly app: AppIdentity
}

/** Longer than GitHub's own 10 s limit for an API request makes no sense; without one a dead connection holds a worker. */
const TIMEOUT_MS = 10_000

/** GitHub asks for at least a minute when a secondary limit comes without `retry-after` (REST docs, rate limits). */
const SECONDARY_WAIT_MS = 60_000

type Params = Readonly<Record<string, unknown>>

/**
 * One request, never repeated here: what acts is looked up before it is tried again, by the job that failed. Statuses in
 * `expected` are answers; a rate limit says when to come back (`RetryLater`); anything else throws.
 */
export async function request(
  client: Pick<Client, 'octokit'>,
  route: string,
  call: { readonly params?: Params; readonly expected?: readonly number[] } = {},
): Promise<{ readonly status: number; readonly data: unknown }> {
  try {
    const { status, data }: { status: number; data: unknown } = await client.octokit.request(route, {
      ...call.params,
      request: { signal: AbortSignal.timeout(TIMEOUT_MS) },
    })
    return { status, data }
  } catch (error) {
    const failure = failureOf(error)
    if (failure.status !== undefined && call.expected?.includes(failure.status) === true && !isLimit(failure)) {
      return { status: failure.status, data: undefined }
    }
    throw toThrow(failure, route)
  }
}

/** Every page of a list; `limit` bounds it. */
export async function list(
  client: Pick<Client, 'octokit'>,
  route: string,
  call: { readonly params: Params; readonly limit?: number; readonly key?: string },
): Promise<readonly unknown[]> {
  const items: unknown[] = []
  for (let page = 1; ; page += 1) {
    const { data } = await request(client, route, { params: { ...call.params, per_page: 100, page } })
    const found = itemsOf(data, call.key)
    items.push(...found)
    if (found.length < 100 || items.length >= (call.limit ?? 5_000)) return items
  }
}

export async function graphql(client: Pick<Client, 'octokit'>, query: string, variables: Params): Promise<unknown> {
  try {
    return await client.octokit.graphql(query, { ...variables, request: { signal: AbortSignal.timeout(TIMEOUT_MS) } })
  } catch (error) {
    if (error instanceof Error && error.name === 'GraphqlResponseError') throw error
    throw toThrow(failureOf(error), 'GraphQL')
  }
}

function itemsOf(data: unknown, key: string | undefined): readonly unknown[] {
  if (Array.isArray(data)) return data
  const inner = key !== undefined && typeof data === 'object' && data !== null ? Reflect.get(data, key) : undefined
  return Array.isArray(inner) ? inner : []
}

interface Failure {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly message: string
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (typeof error !== 'object' || error === null || !('status' in error) || typeof error.status !== 'number') {
    return { status: undefined, headers: {}, message }
  }
  const response: unknown = Reflect.get(error, 'response')
  const headers: unknown =
    typeof response === 'object' && response !== null ? Reflect.get(response, 'headers') : undefined
  return {
    status: error.status,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
    message,
  }
}

/** 429, or 403 with one of the marks that GitHub's docs name for a limit; any other 403 is a missing permission. */
function isLimit({ status, headers, message }: Failure): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /secondary rate limit/i.test(message)
  )
}

function toThrow(failure: Failure, route: string): Error {
  if (isLimit(failure)) return new RetryLater(retryAt(failure), `GitHub's rate limit at ${route}`)
  return new GitHubUnavailable(`${route}: ${failure.status ?? 'no answer'} ${failure.message}`)
}

function retryAt({ headers }: Failure): number {
  const after = Number(headers['retry-after'])
  if (Number.isFinite(after) && headers['retry-after'] !== undefined) return Date.now() + Math.max(1, after) * 1000
  const reset = Number(headers['x-ratelimit-reset'])
  const isPrimary = String(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset)
  return isPrimary ? Math.max(reset * 1000, Date.now() + 1000) : Date.now() + SECONDARY_WAIT_MS
}

export function at(client: Client): { readonly owner: string; readonly repo: string } {
  return { owner: client.repo.owner, repo: client.repo.name }
}
