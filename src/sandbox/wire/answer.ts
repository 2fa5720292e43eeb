/** Computes the answer to a REST or GraphQL request. Nothing is sent here. */
import { createHash, randomBytes } from 'node:crypto'
import { execute } from '../graphql/execute.ts'
import { match } from '../rest/router.ts'
import type { Answer, Call } from '../rest/route.ts'
import { Refusal } from '../state/refusal.ts'
import type { Actor } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { identify } from './auth.ts'
import type { Limits, Resource } from './limits.ts'
import type { Webhooks } from './webhooks.ts'

export interface Services {
  readonly world: World
  readonly limits: Limits
  readonly webhooks: Webhooks
}

export interface BoxRequest {
  readonly method: string
  readonly url: URL
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

export interface BoxResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** For the log. */
  readonly route: string | undefined
  readonly isUnhandled: boolean
  readonly ignored: readonly string[]
}

export const API = '/api/v3'
export const GRAPHQL = '/api/graphql'

export function answerApi(services: Services, incoming: BoxRequest): BoxResponse {
  const isGraphql = incoming.url.pathname === GRAPHQL
  const resource: Resource = isGraphql ? 'graphql' : 'core'
  const ignored: string[] = []
  let actor: Actor = { kind: 'anonymous' }
  let found: { answer: Answer; route: string | undefined; isUnhandled: boolean }
  try {
    actor = identify(services.world, one(incoming.headers['authorization']))
    if (incoming.url.pathname !== `${API}/rate_limit`) services.limits.spend(actor, resource)
    found = isGraphql ? answerGraphql(services, incoming, actor) : answerRest(services, incoming, { actor, ignored })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    found = { answer: { status: error.status, body: bodyOfError(error) }, route: undefined, isUnhandled: false }
  }
  const sent = conditional(services, incoming, { actor, answer: found.answer, resource })
  return { ...sent, route: found.route, isUnhandled: found.isUnhandled, ignored }
}

type RoutedAnswer = { answer: Answer; route: string | undefined; isUnhandled: boolean }

function answerRest(services: Services, incoming: BoxRequest, by: { actor: Actor; ignored: string[] }): RoutedAnswer {
  const path = incoming.url.pathname.slice(API.length)
  const matched = match(services.world, incoming.method, path)
  if (matched === undefined) {
    return {
      answer: { status: 404, body: bodyOfError(new Refusal(404, 'Not Found')) },
      route: undefined,
      isUnhandled: true,
    }
  }
  const { route, params } = matched
  const name = route.path.replaceAll('{+', '{')
  const accepted = acceptedPermissions(route.needs)
  try {
    const call: Call = { ...services, ...by, params, path, query: incoming.url.searchParams, body: json(incoming.body) }
    const answer = route.run(call)
    return { answer: { ...answer, headers: { ...accepted, ...answer.headers } }, route: name, isUnhandled: false }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const answer = { status: error.status, body: bodyOfError(error), headers: accepted }
    return { answer, route: name, isUnhandled: false }
  }
}

/** The permissions that would have been enough for an App. Semicolons separate alternatives. */
function acceptedPermissions(needs: readonly string[]): Record<string, string> {
  if (needs.length === 0) return {}
  return { 'x-accepted-github-permissions': needs.map((need) => need.replace(':', '=')).join('; ') }
}

function json(body: Buffer): unknown {
  if (body.length === 0) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal(400, 'Problems parsing JSON')
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  throw new Refusal(400, 'Body should be a JSON object')
}

function answerGraphql(services: Services, incoming: BoxRequest, actor: Actor): RoutedAnswer {
  if (actor.kind === 'anonymous') throw new Refusal(401, 'This endpoint requires you to be authenticated.')
  const body = (json(incoming.body) ?? {}) as { query?: unknown; variables?: unknown; operationName?: unknown }
  const request = {
    query: typeof body.query === 'string' ? body.query : '',
    variables: (body.variables ?? {}) as Record<string, unknown>,
    operationName: typeof body.operationName === 'string' ? body.operationName : undefined,
  }
  const { body: answer, isUnhandled } = execute(request, { world: services.world, actor })
  return { answer: { status: 200, body: answer }, route: undefined, isUnhandled }
}

/** With a new token of an installation, the same answer gets another ETag (`vary: Authorization`). */
function ownerOfEtag(actor: Actor, { headers }: BoxRequest): string {
  return actor.kind === 'installation' ? (one(headers['authorization']) ?? '') : actor.kind
}

/** Adds GitHub's headers. If the client already has the answer to a GET, it gets 304, which does not count against the limit. */
function conditional(
  services: Services,
  incoming: BoxRequest,
  done: { actor: Actor; answer: Answer; resource: Resource },
): Pick<BoxResponse, 'status' | 'headers' | 'body'> {
  const { actor, answer, resource } = done
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
  const isReadable = incoming.method === 'GET' && answer.status === 200
  const etag = `W/"${createHash('sha256')
    .update(`${ownerOfEtag(actor, incoming)} ${text}`)
    .digest('hex')}"`
  const isKnown = isReadable && one(incoming.headers['if-none-match']) === etag
  if (isKnown) services.limits.giveBack(actor, resource)
  const headers = {
    ...(text === '' || isKnown ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...(isReadable ? { etag, 'cache-control': 'private, max-age=60, s-maxage=60' } : {}),
    vary: 'Accept, Authorization, Cookie, X-GitHub-OTP',
    'x-github-media-type': 'github.v3; format=json',
    ...services.limits.headers(actor, resource),
    ...answer.headers,
  }
  return isKnown ? { status: 304, headers, body: '' } : { status: answer.status, headers, body: text }
}

export function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** The headers of every answer: a request id and the version of the server. */
export function standardHeaders(): Record<string, string> {
  return {
    'x-github-request-id': randomBytes(16).toString('hex').toUpperCase(),
    'x-github-enterprise-version': '3.19.0',
    server: 'GitHub.com',
  }
}

/** The body of a refusal. */
function bodyOfError(refusal: Refusal): Json {
  return {
    message: refusal.message,
    ...(refusal.errors === undefined ? {} : { errors: refusal.errors }),
    documentation_url: 'https://docs.github.com/rest',
    status: String(refusal.status),
  }
}
