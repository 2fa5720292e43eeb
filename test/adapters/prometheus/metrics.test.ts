/** The Prometheus adapter with servers that answer strangely, and the memory adapter with the contract. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterEach, test } from 'node:test'
import { memoryMetrics } from '../../memory/metrics.ts'
import { openMetrics, type PrometheusOptions } from '../../../src/adapters/prometheus/metrics.ts'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import type { Log } from '../../../src/ports/log.ts'
import { metricsContract } from '../../contracts/metrics.ts'
import { QUIET } from '../../quiet-log.ts'

const START = Date.UTC(2026, 0, 1)

metricsContract('in memory', async () => ({
  start: START,
  metrics: memoryMetrics({
    prometheus: (query, time) => {
      const seconds = Math.floor((time - START) / 15_000) * 15
      return query === 'perch_line' && seconds >= 0 ? seconds : undefined
    },
  }),
  close: async () => undefined,
}))

interface SeenRequest {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Answering = (response: ServerResponse, seen: SeenRequest) => void

async function serve(answer: Answering): Promise<{ readonly port: number; readonly seen: SeenRequest[] }> {
  const seen: SeenRequest[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = request
    const form = new URLSearchParams(await bodyOf(request))
    const one = { method, url, authorization: headers.authorization, form }
    seen.push(one)
    answer(response, one)
  }
  const server = createServer((request, response) => {
    void take(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, seen }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const RANGE = { from: START, until: START + 60_000, stepMs: 30_500 }

function open(url: string, options: Partial<PrometheusOptions> = {}) {
  return openMetrics({
    servers: [{ name: 'prometheus', url }],
    log: QUIET,
    pausesMs: [1, 1],
    timeoutMs: 2_000,
    ...options,
  })
}

async function ask(answer: Answering, options: Partial<PrometheusOptions> = {}): Promise<RangeAnswer> {
  const { port } = await serve(answer)
  return open(`http://127.0.0.1:${port}`, options).range('prometheus', 'up', RANGE)
}

const say = ({ ok, ...rest }: RangeAnswer): string => {
  if (!ok && 'code' in rest) return `${rest.code}: ${rest.detail}`
  return 'series' in rest ? JSON.stringify(rest.series.map(({ points }) => points)) : ''
}

const text =
  (body: string, status = 200): Answering =>
  (response) =>
    void response.writeHead(status).end(body)
const matrix = (...values: unknown[]): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: values.map((one) => ({ metric: {}, values: one })) },
  })

test('a query is a form, sent by POST below the server’s path, with the range in seconds', async () => {
  const { port, seen } = await serve(text(matrix()))
  await open(`http://127.0.0.1:${port}/eu/prometheus/`).range('prometheus', 'sum(x{a="ü&="})', RANGE)
  const [one] = seen
  assert.equal(`${one?.method} ${one?.url}`, 'POST /eu/prometheus/api/v1/query_range')
  assert.equal(one?.authorization, undefined)
  assert.deepEqual(Object.fromEntries(one?.form ?? []), {
    query: 'sum(x{a="ü&="})',
    start: '1767225600.000',
    end: '1767225660.000',
    step: '30.500',
    timeout: '2000ms',
    nocache: '1',
  })
})

test('the credentials are the user in the URL, or else the token', async () => {
  const { port, seen } = await serve(text(matrix()))
  const url = `u%40:p%3Aw@127.0.0.1:${port}`
  await open(`http://${url}`, { token: 'secret' }).range('prometheus', 'up', RANGE)
  await open(`http://127.0.0.1:${port}`, { token: 'secret' }).range('prometheus', 'up', RANGE)
  assert.deepEqual(
    seen.map(({ authorization }) => authorization),
    [`Basic ${Buffer.from('u@:p:w').toString('base64')}`, 'Bearer secret'],
  )
})

test('numbers are read in all their forms', async () => {
  const answer = await ask(
    text(
      matrix([
        [1.5, 'NaN'],
        [2, '+Inf'],
        [3, '-Inf'],
        [1767225600.123, '1e-7'],
        [5, '0'],
      ]),
    ),
  )
  assert.ok(answer.ok)
  assert.deepEqual(answer.series[0]?.points, [
    [1_500, NaN],
    [2_000, Infinity],
    [3_000, -Infinity],
    [1767225600123, 1e-7],
    [5_000, 0],
  ])
})

test('each strange answer is one of a few failures', async () => {
  const json = (body: unknown, status = 200): Answering => text(JSON.stringify(body), status)
  const error = (errorType: string, message: string) => ({ status: 'error', errorType, error: message })
  const table: [string, Answering, string][] = [
    ['several series', text(matrix([[1, '1']], [[1, '2']])), '[[[1000,1]],[[1000,2]]]'],
    ['nothing', text(matrix()), '[]'],
    ['a login page', text('<!DOCTYPE html><title>Sign in</title>'), 'not-understood: no JSON'],
    ['no body', text(''), 'not-understood: no JSON'],
    ['cut off', text(matrix([[1, '1']]).slice(0, -5)), 'not-understood: no JSON'],
    [
      'a vector',
      json({ status: 'success', data: { resultType: 'vector', result: [] } }),
      'not-understood: unexpected JSON at data.resultType',
    ],
    ['null', json(null), 'not-understood: unexpected JSON'],
    ['words for numbers', text(matrix([[1, 'many']])), 'not-understood: unexpected JSON at data.result.0.values.0.1'],
    ['an empty number', text(matrix([[1, '']])), 'not-understood: unexpected JSON at data.result.0.values.0.1'],
    [
      'a native histogram',
      json({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, histograms: [[1, {}]] }] } }),
      'not-understood: unexpected JSON at data.result.0.histograms',
    ],
    [
      'a bad query',
      json(error('bad_data', 'invalid parameter "query": 1:4: parse error'), 400),
      'refused: bad_data: invalid parameter "query": 1:4: parse error',
    ],
    ['an error with 200', json(error('bad_data', 'no')), 'refused: bad_data: no'],
    [
      'too many samples',
      json(error('execution', 'query processing would load too many samples into memory'), 422),
      'refused: execution: query processing would load too many samples into memory',
    ],
    ['its own time-out', json(error('timeout', 'query timed out'), 503), 'timed-out: timeout: query timed out'],
    ['no entry', text('', 401), 'refused: HTTP 401'],
    ['not this', text('', 403), 'refused: HTTP 403'],
    ['not here', text('404 page not found', 404), 'not-understood: HTTP 404'],
    ['broken', text('oops', 500), 'not-understood: HTTP 500'],
    ['its gateway', text('bad gateway', 502), 'unreachable: HTTP 502'],
    ['hangs up', (response) => void response.destroy(), 'unreachable: UND_ERR_SOCKET'],
  ]
  for (const [why, answer, expected] of table) assert.equal(say(await ask(answer)), expected, why)
})

test('a server that is down is tried again, and then reported', async () => {
  const { port, seen } = await serve((response) => {
    if (seen.length < 3) response.destroy()
    else response.end(matrix([[1, '1']]))
  })
  assert.equal(say(await open(`http://127.0.0.1:${port}`).range('prometheus', 'up', RANGE)), '[[[1000,1]]]')
  assert.equal(seen.length, 3)
  const gone = servers.at(-1)
  gone?.closeAllConnections()
  gone?.close()
  assert.equal(
    say(await open(`http://127.0.0.1:${port}`).range('prometheus', 'up', RANGE)),
    'unreachable: ECONNREFUSED',
  )
})

test('a refused query is not sent again', async () => {
  const { port, seen } = await serve(text('', 401))
  await open(`http://127.0.0.1:${port}`).range('prometheus', 'up', RANGE)
  assert.equal(seen.length, 1)
})

test('a slow server is given up, whether it says nothing or trickles', async () => {
  const slow = { timeoutMs: 150 }
  assert.equal(say(await ask(() => undefined, slow)), 'timed-out: no answer in 0.15 s')
  const timers: NodeJS.Timeout[] = []
  const trickle: Answering = (response) => {
    response.writeHead(200)
    timers.push(setInterval(() => response.write(' '), 20))
  }
  assert.equal(say(await ask(trickle, slow)), 'timed-out: no answer in 0.15 s')
  timers.forEach((timer) => clearInterval(timer))
})

test('an answer that is too large is not read to its end', async () => {
  let written = 0
  const endless: Answering = (response) => {
    const more = (): void => {
      while (!response.destroyed) {
        written += 65_536
        if (!response.write('x'.repeat(65_536))) break
      }
    }
    response.on('drain', more)
    more()
  }
  assert.equal(say(await ask(endless, { maxBytes: 1_000_000 })), 'too-large: ')
  assert.ok(written < 50_000_000)
})

test('a redirect is not followed, wherever it leads', async () => {
  const elsewhere = await serve(text(matrix([[1, '100']])))
  for (const to of [
    'http://169.254.169.254/latest/meta-data/',
    `http://127.0.0.1:${elsewhere.port}/`,
    '/api/v1/query_range',
  ]) {
    for (const status of [301, 302, 307, 308]) {
      const answer = await ask((response) => void response.writeHead(status, { location: to }).end(), {
        token: 'secret',
      })
      assert.equal(say(answer), `not-understood: HTTP ${status}, a redirect`)
    }
  }
  assert.equal(elsewhere.seen.length, 0)
})

test('warnings and the server’s clock come with the answer', async () => {
  const body = JSON.stringify({
    ...JSON.parse(matrix([[1, '1']])),
    warnings: ['a part is missing: store-1.svc:10901, 10.0.0.3:10901 (at 1:14)'],
    infos: ['x'],
  })
  const answer = await ask(
    (response) => void response.writeHead(200, { date: 'Thu, 01 Jan 2026 00:00:05 GMT' }).end(body),
  )
  assert.ok(answer.ok)
  assert.deepEqual(answer.warnings, ['a part is missing: •••, ••• (at 1:14)'])
  assert.equal(answer.clock, START + 5_000)
})

test('neither the address nor a credential is in an answer or the log, even if a server repeats them', async () => {
  const lines: string[] = []
  const log: Log = { ...QUIET, warn: (facts, message) => void lines.push(JSON.stringify([facts, message])) }
  const echo: Answering = (response, { authorization }) => {
    const said = `${authorization} hunter2 hunt%32 topsecret http://user:hunter2@127.0.0.1 127.0.0.1 ${'y'.repeat(2_000)}`
    response.writeHead(400).end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: said }))
  }
  const { port } = await serve(echo)
  const answers = [
    await open(`http://user:hunter2@127.0.0.1:${port}/`, { log, token: 'topsecret' }).range('prometheus', 'up', RANGE),
    await open(`http://127.0.0.1:${port}/`, { log, token: 'topsecret' }).range('prometheus', 'up', RANGE),
    await open(`http://user:hunter2@127.0.0.1:9/`, { log }).range('prometheus', 'up', RANGE),
  ]
  const [basic] = [Buffer.from('user:hunter2').toString('base64')]
  assert.ok(lines.length === 3 && lines.every((line) => line.includes('"server":"prometheus"')))
  for (const said of [...lines, ...answers.map((answer) => JSON.stringify(answer))]) {
    assert.ok(said.length < 600)
    for (const secret of ['topsecret', '127.0.0.1', basic ?? '', String(port)]) assert.ok(!said.includes(secret), said)
  }
  for (const said of [lines[0] ?? '', JSON.stringify(answers[0])]) assert.ok(!said.includes('hunter2'), said)
})
