import { type IncomingHttpHeaders, type IncomingMessage, type Server, createServer } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import { statusPage } from '../../core/message/page/status-page.ts'
import { VERSION } from '../version.ts'
import {
  type Answer,
  answerStored,
  isSigned,
  listen,
  methodNotAllowed,
  parseObject,
  readBody,
  type HttpRefusal,
  refuse,
  refuseBody,
  send,
  type ServerState,
} from './http.ts'
import { measureDelivery, measureHook, measureReport } from './measure-requests.ts'
import { pageAnswer } from './page-answer.ts'
import { answerHook, type FlaggerOptions, hookIn } from './flagger-hooks.ts'
import { placeIn, type ReportOptions, takeReport } from './report-endpoints.ts'

export interface WebhookDelivery {
  /** GitHub's GUID. It is the same when a delivery is sent again. */
  readonly id: string
  /** The name of the event. */
  readonly name: string
  readonly payload: object
}

export interface EdgeOptions {
  readonly host: string
  /** 0 chooses a free port. */
  readonly port: number
  /** The webhook's secret and, during a rotation, the previous one. */
  readonly secrets: readonly [string, ...string[]]
  /** The events to pass on. Others are answered and dropped. */
  readonly events: ReadonlySet<string>
  /** Resolves when the tasks that follow from the delivery are on disk. */
  readonly accept: (delivery: WebhookDelivery) => Promise<void>
  /** For reports from clusters. Without it, their paths do not exist. */
  readonly reports?: ReportOptions
  /** For Flagger's questions. Without it, their paths do not exist. */
  readonly flagger?: FlaggerOptions
  readonly ready: () => Promise<Readiness>
  /** All metrics in Prometheus' text format. */
  readonly metrics?: () => Promise<string>
  readonly meter?: Meter
  readonly log: Log
}

interface Readiness {
  readonly ok: boolean
  readonly parts: Readonly<Record<string, string>>
}

export interface Edge {
  readonly port: number
  /** Accepts no new connections, gives the running requests `graceMs` to finish, and then cuts them off. */
  close(graceMs: number): Promise<void>
}

/** GitHub's own limit is 25 MB. The events that we use stay far below this one. */
const MAX_BODY_BYTES = 5 * 1024 * 1024
const MAX_CONNECTIONS = 512
const WEBHOOKS = '/api/github/webhooks'

/** The only part that faces the internet. Checks the size, signature and event of a delivery, passes it on and answers. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const shared: ServerState = { bufferedBytes: 0, reading: new Map(), isClosing: false }
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      // Longer than the 60 s of common load balancers. Otherwise they would reuse a connection that we have just closed.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      respond(options, shared, request)
        .catch((error: unknown): Answer => {
          // If the client has gone, nobody needs an answer, and it is not an error of ours.
          if (!request.socket.destroyed)
            options.log.error({ reason: String(error) }, 'A request could not be answered.')
          return { status: 500, body: 'error' }
        })
        .then((answer) => send(response, answer, shared.isClosing))
        .catch(() => response.destroy())
    },
  )
  keepRoom(server)
  server.maxRequestsPerSocket = 1_000
  const port = await listen(server, options)
  return {
    port,
    async close(graceMs) {
      shared.isClosing = true
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      const stop = new AbortController()
      await Promise.race([closed, sleep(graceMs, undefined, { signal: stop.signal }).catch(() => undefined)])
      stop.abort()
      server.closeAllConnections()
      await closed
    },
  }
}

/**
 * When the limit is reached, a new connection closes the one that has been idle for longest. With a plain limit, anyone could
 * open that many connections and keep GitHub out. Client addresses do not help, because behind a load balancer all are the same.
 */
function keepRoom(server: Server): void {
  // Ordered by the time of their last activity.
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const [oldest] = open
    if (open.size > MAX_CONNECTIONS) oldest?.destroy()
  })
  server.on('request', ({ socket }) => {
    open.delete(socket)
    open.add(socket)
  })
}

async function respond(options: EdgeOptions, shared: ServerState, request: IncomingMessage): Promise<Answer> {
  const [path = ''] = (request.url ?? '').split('?')
  const take = takerOf(options, shared, path)
  if (take !== undefined) return request.method === 'POST' ? take(request) : methodNotAllowed('POST')
  const probe = probeOf(options, path)
  if (probe === undefined) return { status: 404, body: 'not found' }
  if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed('GET, HEAD')
  return probe()
}

/** The handler of a POST to a path. */
function takerOf(
  options: EdgeOptions,
  shared: ServerState,
  path: string,
): ((request: IncomingMessage) => Promise<Answer>) | undefined {
  const { reports, flagger, log } = options
  if (path === WEBHOOKS) return (request) => measureDelivery(options, request, () => webhook(options, shared, request))
  const place = placeIn(path)
  if (reports !== undefined && place !== undefined)
    return (request) =>
      measureReport(options, place.kind, () => takeReport({ ...reports, log, shared }, place, request))
  const asked = hookIn(path)
  if (flagger !== undefined && asked !== undefined)
    return (request) => measureHook(options, asked.hook, () => answerHook({ ...flagger, log, shared }, asked, request))
  return undefined
}

function probeOf({ ready, metrics }: EdgeOptions, path: string): (() => Promise<Answer>) | undefined {
  const readiness = (): Promise<Readiness> => ready().catch((): Readiness => ({ ok: false, parts: {} }))
  switch (path) {
    case '/':
      return async () => {
        const { ok, parts } = await readiness()
        return pageAnswer(statusPage({ version: VERSION, isReady: ok, parts }))
      }
    case '/healthz':
      return async () => ({ status: 200, body: 'ok' })
    case '/readyz':
      return async () => {
        const { ok, parts } = await readiness()
        return { status: ok ? 200 : 503, body: { ok, parts } }
      }
    case '/metrics':
      return metrics && (async () => metricsAnswer(await metrics()))
    default:
      return undefined
  }
}

function metricsAnswer(body: string): Answer {
  return { status: 200, body, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }
}

/** The cheapest checks come first: without a signature, the body is not even read. */
async function webhook(options: EdgeOptions, shared: ServerState, request: IncomingMessage): Promise<Answer> {
  const head = readHead(request.headers)
  if ('refusal' in head) return head.refusal
  const body = await readBody(shared, request, MAX_BODY_BYTES)
  if ('refusal' in body) return body.refusal
  if (!isSigned(body.bytes, head.signature, options.secrets)) {
    options.log.warn(
      { delivery: head.id, event: head.event },
      'A delivery has a wrong signature. Is WEBHOOK_SECRET that of the App?',
    )
    return { status: 401, body: 'signature does not match' }
  }
  if (head.event === 'ping') return { status: 200, body: 'pong' }
  if (!options.events.has(head.event)) return { status: 202, body: { ignored: head.event } }
  const payload = parseObject(body.bytes)
  if (payload === undefined) return { status: 400, body: 'not a JSON object' }
  return answerStored(() => options.accept({ id: head.id, name: head.event, payload }), {
    id: head.id,
    log: options.log,
    facts: { delivery: head.id, event: head.event },
    words: 'A delivery could not be stored; the sweep has to find it.',
  })
}

interface Head {
  readonly id: string
  readonly event: string
  readonly signature: Buffer
}

function readHead(headers: IncomingHttpHeaders): Head | HttpRefusal {
  const header = (name: string): string => String(headers[name] ?? '')
  const refused = refuseBody(headers, MAX_BODY_BYTES)
  if (refused !== undefined) return refused
  const id = header('x-github-delivery')
  if (!/^[\w-]{1,100}$/.test(id)) return refuse(400, 'X-GitHub-Delivery is missing or malformed')
  const event = header('x-github-event')
  if (!/^[a-z_]{1,64}$/.test(event)) return refuse(400, 'X-GitHub-Event is missing or malformed')
  const signature = /^sha256=([\da-f]{64})$/i.exec(header('x-hub-signature-256'))?.[1]
  if (signature === undefined) return refuse(401, 'X-Hub-Signature-256 is missing or malformed')
  return { id, event, signature: Buffer.from(signature, 'hex') }
}
