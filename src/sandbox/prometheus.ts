/**
 * A small stand-in for Prometheus, for the demo and for stories. It has the HTTP API for range queries, but no PromQL: a function
 * gives the value of each query. The adapter is tested with the real Prometheus.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** The value of a query at a moment in epoch milliseconds. Undefined if there is no data. */
export type Measure = (query: string, at: number) => number | undefined

export interface PrometheusBox {
  readonly url: string
  /** All queries so far, oldest first. */
  readonly asked: readonly string[]
  /** Stops the server. */
  close(): Promise<void>
}

/** Prometheus' limit for the points of one series (`exceeded maximum resolution of 11,000 points`). */
const MAX_POINTS = 11_000

/** Listens on a free port of the loopback interface. */
export async function startPrometheus(measure: Measure): Promise<PrometheusBox> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    void answer({ measure, asked }, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Box {
  readonly measure: Measure
  readonly asked: string[]
}

async function answer(box: Box, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://prometheus')
  if (url.pathname !== '/api/v1/query_range') return send(response, 404, failure('not_found', 'no such API'))
  const form = new URLSearchParams(request.method === 'POST' ? await bodyOf(request) : url.search)
  const query = form.get('query') ?? ''
  const moments = momentsIn(form)
  if (query === '' || moments === undefined) return send(response, 400, failure('bad_data', 'invalid parameter'))
  box.asked.push(query)
  const values = moments.flatMap((at) => {
    const value = box.measure(query, at * 1000)
    return value === undefined ? [] : [[at, String(value)] as const]
  })
  const result = values.length === 0 ? [] : [{ metric: {}, values }]
  return send(response, 200, { status: 'success', data: { resultType: 'matrix', result } })
}

/** The moments of a range, in seconds. Undefined if the range is not valid. */
function momentsIn(form: URLSearchParams): readonly number[] | undefined {
  const [start = Number.NaN, end = Number.NaN, step = Number.NaN] = ['start', 'end', 'step'].map((name) =>
    Number(form.get(name) ?? Number.NaN),
  )
  const count = Math.floor((end - start) / step) + 1
  const isRange = step > 0 && count >= 1 && count <= MAX_POINTS
  return isRange ? Array.from({ length: count }, (_, index) => start + index * step) : undefined
}

function failure(errorType: string, error: string): object {
  return { status: 'error', errorType, error }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
