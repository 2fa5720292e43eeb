/** Queries Prometheus, and servers with the same HTTP API, over ranges of time. Only the configured servers can be queried. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Range, RangeAnswer } from '../../core/analysis/answer.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { type HttpAnswer, post } from './request.ts'
import { ErrorBody, RangeBody } from './schema.ts'

export interface PrometheusServer {
  readonly name: string
  /** May contain `user:password@`. */
  readonly url: string
}

export interface PrometheusOptions {
  readonly servers: readonly PrometheusServer[]
  /** The bearer token for servers whose URL contains no user. */
  readonly token?: string
  readonly log: Log
  readonly timeoutMs?: number
  readonly maxBytes?: number
  /** The pauses between tries that got no answer. */
  readonly pausesMs?: readonly number[]
}

/** A range of a thousand points takes milliseconds, and a worker waits for it. */
const TIMEOUT_MS = 10_000
/** One series of 1,120 points has 40 KiB, and the answer should contain only one. */
const MAX_BYTES = 2 * 1024 * 1024
/** Prometheus, or the proxy in front of it, may be restarting. Then a later try gets an answer. */
const PAUSES_MS = [500, 2_000]
/** Statuses of gateways that cannot reach the server. A moment later they may. */
const PASSING = new Set([502, 503, 504])
const MAX_DETAIL = 300

type Failure = Extract<RangeAnswer, { ok: false }>

export function openMetrics(options: PrometheusOptions): Metrics {
  const servers = new Map(options.servers.map((server) => [server.name, server]))
  return {
    servers: () => [...servers.keys()],
    async range(name, query, range) {
      const server = servers.get(name)
      if (server === undefined) return { ok: false, code: 'unknown-server', detail: '' }
      const answer = await ask(options, server, { query, range })
      if (!answer.ok) options.log.warn({ server: name, code: answer.code, detail: answer.detail }, 'no metrics')
      return answer
    },
  }
}

interface RangeRequest {
  readonly query: string
  readonly range: Range
}

async function ask(options: PrometheusOptions, server: PrometheusServer, wanted: RangeRequest): Promise<RangeAnswer> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, pausesMs = PAUSES_MS } = options
  const at = endpoint(server, options.token)
  for (const pause of [...pausesMs, undefined]) {
    const answered = await post({ ...at, form: formOf(wanted, timeoutMs), timeoutMs, maxBytes })
    if (!isPassing(answered) || pause === undefined) return masked(read(answered), at)
    await sleep(pause)
  }
  return { ok: false, code: 'unreachable', detail: '' }
}

function isPassing(answered: HttpAnswer): boolean {
  if (answered.end === 'lost') return answered.code === 'unreachable'
  return answered.end === 'answered' && PASSING.has(answered.status)
}

interface Endpoint {
  /** Without the user, who is sent in a header, because URLs end up in logs and errors. */
  readonly url: string
  readonly authorization: string | undefined
  /** Texts that must not appear in answers. */
  readonly secrets: readonly string[]
}

function endpoint(server: PrometheusServer, token: string | undefined): Endpoint {
  const url = new URL(server.url)
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  const basic = username === '' ? undefined : Buffer.from(`${username}:${password}`).toString('base64')
  const places = [url.href, server.url, url.origin, url.host, url.hostname]
  const known = [...places, basic, password, username, url.password, url.username, token]
  const bearer = token === undefined ? undefined : `Bearer ${token}`
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/v1/query_range`,
    authorization: basic === undefined ? bearer : `Basic ${basic}`,
    secrets: known.flatMap((secret) => (secret === undefined || secret === '' ? [] : [secret])),
  }
}

function formOf({ query, range }: RangeRequest, timeoutMs: number): URLSearchParams {
  const seconds = (ms: number): string => (ms / 1_000).toFixed(3)
  return new URLSearchParams({
    query,
    start: seconds(range.from),
    end: seconds(range.until),
    step: seconds(range.stepMs),
    timeout: `${timeoutMs}ms`,
    // By default, VictoriaMetrics moves the start of a range to a multiple of the step. Then the range would begin before the
    // step was live.
    nocache: '1',
  })
}

function read(answered: HttpAnswer): RangeAnswer {
  if (answered.end === 'lost') return { ok: false, code: answered.code, detail: answered.detail }
  if (answered.end === 'too-large') return { ok: false, code: 'too-large', detail: '' }
  const { status, body, clock } = answered
  const data = json(body)
  if (status === 200) return readBody(data, clock)
  const refusal = ErrorBody.safeParse(data)
  if (refusal.success) return refused(refusal.data)
  if (status === 401 || status === 403) return { ok: false, code: 'refused', detail: `HTTP ${status}` }
  if (status >= 300 && status < 400) return { ok: false, code: 'not-understood', detail: `HTTP ${status}, a redirect` }
  return { ok: false, code: PASSING.has(status) ? 'unreachable' : 'not-understood', detail: `HTTP ${status}` }
}

function readBody(data: unknown, clock: number | undefined): RangeAnswer {
  const body = RangeBody.safeParse(data)
  if (body.success) {
    const series = body.data.data.result.map(({ values }) => ({
      points: values.map(([seconds, value]) => [Math.round(seconds * 1_000), value] as const),
    }))
    return { ok: true, series, warnings: body.data.warnings ?? [], clock }
  }
  const refusal = ErrorBody.safeParse(data)
  if (refusal.success) return refused(refusal.data)
  const [issue] = body.error.issues
  const place = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  return { ok: false, code: 'not-understood', detail: data === undefined ? 'no JSON' : `unexpected JSON${place}` }
}

/** `timeout` and `canceled` may pass. Every other type means that this query cannot be answered. */
function refused({ errorType, error }: ErrorBody): Failure {
  const code = errorType === 'timeout' || errorType === 'canceled' ? 'timed-out' : 'refused'
  return { ok: false, code, detail: `${errorType}: ${error}` }
}

type ErrorBody = ReturnType<(typeof ErrorBody)['parse']>

function json(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Addresses of any kind. Error messages name servers behind the queried one (for example Thanos' stores). */
const ADDRESS = /\bhttps?:\/\/\S+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b(?=[\w.-]*[A-Za-z])[\w.-]+:\d{2,5}\b/g

/** Removes addresses and credentials from what a server or proxy said, and shortens it. */
function masked(answer: RangeAnswer, { secrets }: Endpoint): RangeAnswer {
  const mask = (said: string): string => {
    const text = secrets.reduce((left, secret) => left.replaceAll(secret, '•••'), said).replaceAll(ADDRESS, '•••')
    return text.length <= MAX_DETAIL ? text : `${text.slice(0, MAX_DETAIL)}…`
  }
  return answer.ok ? { ...answer, warnings: answer.warnings.map(mask) } : { ...answer, detail: mask(answer.detail) }
}
