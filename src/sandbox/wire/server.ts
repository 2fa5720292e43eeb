/** The HTTP server: passes requests to the API or to git, applies faults, and keeps the log. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { match } from '../rest/router.ts'
import { operationsIn } from '../graphql/execute.ts'
import { findMoved, fullName, type World } from '../state/world.ts'
import {
  answerApi,
  API,
  GRAPHQL,
  one,
  standardHeaders,
  type BoxRequest,
  type BoxResponse,
  type Services,
} from './answer.ts'
import { identify, nameOf } from './auth.ts'
import { nameOfFault, type FaultDraft, type FaultRequest, type FaultSource } from './faults.ts'
import { admit, kindOf, parseGitUrl, serveGit, type GitRequest } from './git-http.ts'
import type { RequestLog, RequestRecord } from './log.ts'

export interface ServerParts extends Services {
  readonly log: RequestLog
  readonly faults: FaultSource
}

/** One request in progress. */
interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly who: string
  readonly start: number
  /** The name of the request's kind, for the log and for faults. */
  name: string
}

export function serve(server: Server, parts: ServerParts): void {
  // Longer than clients keep idle connections, so that the server does not close one that a client is about to use.
  server.keepAliveTimeout = 60_000
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    response.setHeader('date', new Date(parts.world.now()).toUTCString())
    const visit: Visit = {
      request,
      response,
      url,
      who: whoIs(parts.world, request),
      start: performance.now(),
      name: '',
    }
    handle(parts, visit).catch((error: unknown) => {
      if (!request.complete || response.destroyed) return
      // A bug of the sandbox itself. It is logged as an error, because a test must not take it for GitHub's behaviour.
      console.error(`sandbox: ${request.method ?? ''} ${url.pathname}`, error)
      if (!response.headersSent) response.writeHead(500, standardHeaders())
      response.end(JSON.stringify({ message: 'The sandbox failed', sandbox: String(error) }))
    })
  })
}

function whoIs(world: World, request: IncomingMessage): string {
  try {
    return nameOf(identify(world, request.headers.authorization))
  } catch {
    return 'unknown'
  }
}

async function handle(parts: ServerParts, visit: Visit): Promise<void> {
  const gitRequest = parseGitUrl(visit.url)
  if (gitRequest !== undefined) return handleGit(parts, visit, gitRequest)
  const { pathname } = visit.url
  if (pathname === GRAPHQL || pathname.startsWith(`${API}/`)) return handleApi(parts, visit)
  finish(parts, visit, { kind: 'rest', status: 404, isUnhandled: true })
  visit.response.writeHead(404, { ...standardHeaders(), 'content-type': 'text/plain' }).end('Not Found')
}

async function handleApi(parts: ServerParts, visit: Visit): Promise<void> {
  const { request, url } = visit
  const body = await buffer(request)
  const incoming: BoxRequest = { method: request.method ?? 'GET', url, headers: request.headers, body }
  const isGraphql = url.pathname === GRAPHQL
  const asked = isGraphql ? graphqlRequest(visit, body) : restRequest(parts, visit, body)
  const { kind, operations } = asked
  visit.name = asked.name
  const strike = await takeFault(parts, asked)
  if (strike.when === 'before') {
    answerFault(parts, visit, { fault: strike.fault, kind, route: operations.join(' ') })
    return
  }
  // Unlike other changes, a push over HTTP is not atomic, so writing requests wait for it.
  if (incoming.method !== 'GET') await quiet(parts.world)
  const outgoing = answerApi(parts, incoming)
  const named = isGraphql ? { ...outgoing, route: operations.join(' ') } : outgoing
  if (strike.when === 'after') {
    strike.fault?.onStrike?.(asked)
    answerFault(parts, visit, { fault: strike.fault, kind, route: named.route })
  } else send(parts, visit, { outgoing: named, fault: strike.fault })
}

type ApiRequest = FaultRequest & { readonly kind: 'rest' | 'graphql' }

function graphqlRequest({ url, who }: Visit, body: Buffer): ApiRequest {
  const operations = operationsIn(queryIn(body))
  const name = `graphql ${operations.join(' ')}`
  return { method: 'POST', path: url.pathname, operations, who, body: safeJson(body), kind: 'graphql', name }
}

function restRequest({ world }: ServerParts, { request, url, who }: Visit, body: Buffer): ApiRequest {
  const { method = 'GET' } = request
  const path = url.pathname.slice(API.length)
  const template = match(world, method, path)?.route.path.replaceAll('{+', '{') ?? path
  return { method, path, operations: [], who, body: safeJson(body), kind: 'rest', name: `${method} ${template}` }
}

async function quiet(world: World): Promise<void> {
  for (const { receiving } of world.repositories.values()) await receiving
}

interface Strike {
  readonly fault: FaultDraft | undefined
  /** Whether the fault replaces the answer before or after the request takes effect, or not at all. */
  readonly when: 'before' | 'after' | 'not'
}

async function takeFault(parts: ServerParts, asked: FaultRequest): Promise<Strike> {
  const fault = parts.faults.take(asked)
  if (fault === undefined) return { fault, when: 'not' }
  const { kind } = fault
  if (typeof kind === 'object' && 'delay' in kind) {
    fault.onStrike?.(asked)
    await sleep(kind.delay)
    return { fault, when: 'not' }
  }
  const isAfter = typeof kind === 'object' ? kind.isDone === true : kind === 'lose-answer-after'
  if (!isAfter) fault.onStrike?.(asked)
  return { fault, when: isAfter ? 'after' : 'before' }
}

/** Breaks the connection, or sends another answer. */
function answerFault(
  parts: ServerParts,
  visit: Visit,
  struck: { fault: FaultDraft | undefined; kind: RequestRecord['kind']; route: string | undefined },
): void {
  const kind = struck.fault?.kind
  const status = typeof kind === 'object' && 'status' in kind ? kind.status : 0
  finish(parts, visit, { kind: struck.kind, status, route: struck.route, fault: struck.fault })
  // The client disconnects when it has waited long enough.
  if (kind === 'never-answer') return
  if (typeof kind !== 'object' || !('status' in kind)) {
    visit.response.destroy()
    return
  }
  const body = kind.body === undefined ? '' : JSON.stringify(kind.body)
  const headers = { ...standardHeaders(), 'content-type': 'application/json; charset=utf-8', ...kind.headers }
  visit.response.writeHead(status, headers).end(body)
}

function send(parts: ServerParts, visit: Visit, sent: { outgoing: BoxResponse; fault: FaultDraft | undefined }): void {
  const { outgoing, fault } = sent
  const kind = visit.url.pathname === GRAPHQL ? 'graphql' : 'rest'
  const { status, route, isUnhandled, ignored } = outgoing
  finish(parts, visit, { kind, status, route, isUnhandled, ignored, fault })
  visit.response.writeHead(status, { ...standardHeaders(), ...outgoing.headers }).end(outgoing.body)
}

async function handleGit(parts: ServerParts, visit: Visit, gitRequest: GitRequest): Promise<void> {
  const { request, response, url } = visit
  const kind = kindOf(gitRequest)
  const { method = 'GET' } = request
  visit.name = `git ${gitRequest.service}${gitRequest.rest === 'info/refs' ? ' info/refs' : ''}`
  const { name, who } = visit
  const asked: FaultRequest = { method, path: url.pathname, operations: [], who, body: undefined, kind: 'git', name }
  const strike = await takeFault(parts, asked)
  const { fault } = strike
  if (strike.when === 'before') {
    answerFault(parts, visit, { fault, kind, route: undefined })
    return
  }
  const admission = admit(parts.world, gitRequest, one(request.headers.authorization))
  if (!admission.ok) {
    refuseGit(parts, visit, admission.status)
    return
  }
  const moved = findMoved(parts.world, gitRequest.repoName)
  if (moved !== undefined) {
    finish(parts, visit, { kind: 'git-other', status: 301 })
    const location = `${parts.world.origin}/${fullName(moved)}.git/${gitRequest.rest}${url.search}`
    response.writeHead(301, { ...standardHeaders(), location }).end()
    return
  }
  const isAnswered = strike.when === 'not'
  const status = await serveGit(parts.world, admission, { request, response, url, isAnswered })
  if (isAnswered) {
    finish(parts, visit, { kind, status, fault })
    return
  }
  fault?.onStrike?.(asked)
  answerFault(parts, visit, { fault, kind, route: undefined })
}

/** Git clients send a first request without credentials. It does not count as a fetch. */
function refuseGit(parts: ServerParts, visit: Visit, status: number): void {
  finish(parts, visit, { kind: 'git-other', status })
  const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
  const text =
    status === 404 ? 'Repository not found.' : status === 403 ? 'Write access to repository not granted.' : ''
  visit.response.writeHead(status, { ...standardHeaders(), 'content-type': 'text/plain', ...challenge }).end(text)
}

interface End {
  readonly kind: RequestRecord['kind']
  readonly status: number
  readonly route?: string | undefined
  readonly isUnhandled?: boolean
  readonly ignored?: readonly string[]
  readonly fault?: FaultDraft | undefined
}

function finish(parts: ServerParts, visit: Visit, end: End): void {
  parts.log.add({
    at: parts.world.now(),
    kind: end.kind,
    method: visit.request.method ?? '',
    path: visit.url.pathname + visit.url.search,
    route: end.route === '' ? undefined : end.route,
    who: visit.who,
    name: visit.name,
    status: end.status,
    ms: performance.now() - visit.start,
    isUnhandled: end.isUnhandled ?? false,
    ignored: end.ignored ?? [],
    fault: end.fault === undefined ? undefined : nameOfFault(end.fault),
  })
}

function safeJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function queryIn(body: Buffer): string {
  const parsed = safeJson(body)
  const query = typeof parsed === 'object' && parsed !== null && 'query' in parsed ? parsed.query : undefined
  return typeof query === 'string' ? query : ''
}
