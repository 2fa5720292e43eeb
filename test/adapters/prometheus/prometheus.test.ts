/** The analysis on a real Prometheus, with the metrics of Istio's proxies. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { analysisTable, analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import type { Metrics } from '../../../src/ports/metrics.ts'
import { metricsContract } from '../../contracts/metrics.ts'
import { measuredBy } from '../../core/analysis/scene.ts'
import { targetOf } from '../../core/samples.ts'
import { missingPrometheus, startPrometheus } from './prometheus-server.ts'
import { QUIET } from '../../quiet-log.ts'

const SECOND = 1_000
const SCRAPE = 15 * SECOND
/** The samples begin 25 minutes ago, and the steps went live 11 minutes ago. */
const NOW = Math.floor(Date.now() / SCRAPE) * SCRAPE
const START = NOW - 25 * 60 * SECOND
const SINCE = NOW - 11 * 60 * SECOND
/** Even on a slow machine, ten points are over, and Prometheus' own clock is almost right. */
const CLOCK = { now: () => Math.min(Date.now(), NOW + 25 * SECOND) }

/** Requests per second, by kind and by the seconds since the step went live. */
interface Kind {
  readonly code: number
  readonly grpc?: number
  readonly perSecond: (seconds: number) => number
  readonly ms: number
}

interface Service {
  readonly canary: readonly Kind[]
  readonly stable?: readonly Kind[]
  /** When the proxies' counters restart, in seconds since live. */
  readonly restart?: number
}

const always = (rate: number) => (): number => rate
const good = (rate: number, ms = 80): Kind => ({ code: 200, perSecond: always(rate), ms })
const STABLE = [good(20)]

const SERVICES: Readonly<Record<string, Service>> = {
  good: { canary: [good(10)] },
  failing: { canary: [good(10), { code: 503, perSecond: (at) => (at >= 240 && at < 300 ? 1 : 0), ms: 5 }] },
  broken: { canary: [{ code: 500, perSecond: always(10), ms: 5 }] },
  slow: { canary: [good(10, 900)] },
  // One in ten. HTTP calls it 200.
  grpc: {
    canary: [
      { ...good(9), grpc: 0 },
      { code: 200, grpc: 14, perSecond: always(1), ms: 5 },
    ],
  },
  restarted: { canary: [good(10)], restart: 200 },
  rare: { canary: [good(0.2)] },
  quiet: { canary: [good(0)] },
  alone: { canary: [good(10)], stable: [] },
  // Failures before it was live, and in the time to settle.
  settling: { canary: [good(10), { code: 503, perSecond: (at) => (at < 29 ? 10 : 0), ms: 5 }] },
  worse: { canary: [{ ...good(9.9) }, { code: 503, perSecond: always(0.1), ms: 5 }] },
}
const BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, Infinity]

const MOMENTS = Array.from({ length: (NOW - START) / SCRAPE + 1 }, (_, index) => START + index * SCRAPE)
const stamp = (time: number): string => (time / SECOND).toFixed(3)

/** The value of a counter at each moment. */
function countsOf(kind: Kind, restart = Infinity): readonly number[] {
  let count = 0
  return MOMENTS.map((time) => {
    const at = (time - SINCE) / SECOND
    const isFirstAfter = at >= restart && at - 15 < restart
    count = (isFirstAfter ? 0 : count) + kind.perSecond(at) * 15
    return count
  })
}

function labelsOf(name: string, version: string, { code, grpc }: Kind): string {
  return `reporter="destination",destination_service_name="${name}",destination_service_namespace="shop",destination_version="${version}",response_code="${code}",grpc_response_status="${grpc ?? ''}"`
}

/** Text in the format of OpenMetrics: each family with its series one after the other, each in order of time. */
function samples(): string {
  const kinds = Object.entries(SERVICES).flatMap(([name, { canary, stable = STABLE, restart }]) => [
    ...canary.map((kind) => ({ kind, labels: labelsOf(name, 'v2', kind), restart })),
    ...stable.map((kind) => ({ kind, labels: labelsOf(name, 'v1', kind), restart })),
  ])
  const series = kinds.map((one) => ({ ...one, counts: countsOf(one.kind, one.restart) }))
  const line = (name: string, labels: string, values: readonly number[]): readonly string[] =>
    values.map((value, index) => `${name}{${labels}} ${value} ${stamp(MOMENTS[index] ?? 0)}`)
  const requests = series.flatMap(({ labels, counts }) => line('istio_requests_total', labels, counts))
  const durations = series.flatMap(({ kind, labels, counts }) =>
    BUCKETS.flatMap((bound) => {
      const le = bound === Infinity ? '+Inf' : bound.toFixed(1)
      const within = kind.ms <= bound ? counts : counts.map(() => 0)
      return line('istio_request_duration_milliseconds_bucket', `${labels},le="${le}"`, within)
    }),
  )
  const ages = MOMENTS.map((time) => `perch_line ${(time - START) / SECOND} ${stamp(time)}`)
  return [
    '# TYPE istio_requests counter',
    ...requests,
    '# TYPE istio_request_duration_milliseconds histogram',
    ...durations,
    '# TYPE perch_line gauge',
    ...ages,
    '# EOF',
    '',
  ].join('\n')
}

const TEXT = samples()
const missing = missingPrometheus()
const server = missing === undefined ? await startPrometheus(TEXT) : undefined
after(() => server?.stop())

function metrics(url = server?.url ?? ''): Metrics {
  return openMetrics({ servers: [{ name: 'prometheus', url }], log: QUIET, pausesMs: [10, 10] })
}

if (server === undefined) {
  test('the analysis on a real Prometheus', (t) => t.skip(missing))
} else {
  metricsContract('a real Prometheus', async () => ({ metrics: metrics(), start: START, close: async () => undefined }))
}

function files(name: string, share: number): Readonly<Record<string, string>> {
  return {
    'vs.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop, annotations: { perch.dev/canary-percentage: "${share}" } }
spec:
  hosts: [${name}]
  http:
    - route:
        - { destination: { host: ${name}, subset: stable }, weight: ${100 - share} }
        - { destination: { host: ${name}, subset: canary }, weight: ${share} }
`,
    'dr.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: shop }
spec: { host: ${name}, subsets: [{ name: stable, labels: { version: v1 } }, { name: canary, labels: { version: v2 } }] }
`,
  }
}

const RATE = { metric: 'success-rate', min: 99 }
const LATENCY = { metric: 'latency-p99', max: 500 }

interface Play {
  readonly checks?: readonly object[]
  readonly analysis?: object
  readonly since?: number
  readonly share?: number
  readonly with?: Metrics
}

async function measure(name: string, play: Play = {}): Promise<AnalysisReport> {
  const analysis = { checks: play.checks ?? [RATE, LATENCY], ...play.analysis }
  const target = targetOf(files(name, play.share ?? 25), { services: { [name]: { bake: '630s', analysis } } })
  const context = { metrics: play.with ?? metrics(), clock: CLOCK }
  return measuredBy(context, standingOf(target), play.since ?? SINCE)
}

const say = (report: AnalysisReport): string =>
  `${report.outcome}${report.isComplete ? '' : ' so far'}: ${report.checks
    .map(({ metric, outcome, reason, worst, failed }) => {
      const value = worst === undefined ? '' : ` ${Math.round(worst.value * 100) / 100}`
      return `${metric} ${outcome}${value}${failed > 0 ? ` (${failed})` : ''}${reason === undefined ? '' : ` ${reason.code}`}`
    })
    .join(', ')}`

function scene(sentence: string, play: () => Promise<void>): void {
  if (server !== undefined) test(`on a real Prometheus ${sentence}`, play)
}

scene('a good canary passes', async () => {
  const report = await measure('good')
  assert.equal(say(report), 'pass: success-rate pass 100, latency-p99 pass 99.5')
  const [rate] = report.checks
  // 10 per second for ten minutes, as estimated by Prometheus between scrapes.
  assert.ok(Math.abs((rate?.requests ?? 0) - 6_000) < 100, String(rate?.requests))
  assert.equal(rate?.points, 10)
  assert.match(
    analysisWords(report),
    /^`success-rate` 100% at worst \(at least 99%\), `latency-p99` 99\.5 ms at worst \(at most 500 ms\), measured from /,
  )
})

scene('a minute of errors fails, immediately and forever', async () => {
  assert.match(say(await measure('failing')), /^fail: success-rate fail 9\d\.\d+ \(\d\) broke-bar, latency-p99 pass /)
  const early = await measure('failing', { since: SINCE + 150 * SECOND })
  assert.match(say(early), /^fail so far: /)
  assert.ok(early.isFailure && !early.isComplete)
  const limit = await measure('failing', { analysis: { failureLimit: 2 } })
  assert.equal(limit.outcome, 'pass')
})

scene('a canary that never succeeded has 0%, not no data', async () => {
  assert.match(say(await measure('broken', { checks: [RATE] })), /^fail: success-rate fail 0 \(10\) broke-bar$/)
})

scene('a slow canary fails by its latency', async () => {
  assert.match(
    say(await measure('slow')),
    /^fail: success-rate pass 100, latency-p99 fail 99\d\.\d* ?\(10\) broke-bar|latency-p99 fail 995 \(10\) broke-bar$/,
  )
})

scene('errors of gRPC count, which HTTP calls 200', async () => {
  assert.match(say(await measure('grpc', { checks: [RATE] })), /^fail: success-rate fail 90 \(10\) broke-bar$/)
})

scene('counters that restart lose nothing', async () => {
  const report = await measure('restarted')
  assert.equal(say(report), 'pass: success-rate pass 100, latency-p99 pass 99.5')
  assert.ok((report.checks[0]?.requests ?? 0) > 5_700)
})

scene('errors before it was live and settled do not count', async () => {
  assert.equal(say(await measure('settling', { checks: [RATE] })), 'pass: success-rate pass 100')
  assert.match(say(await measure('settling', { checks: [RATE], analysis: { settle: '0s' } })), /^fail: /)
})

scene('no requests, no series and too few requests are told apart, and none passes', async () => {
  assert.equal(say(await measure('quiet', { checks: [RATE] })), 'no-data: success-rate no-data no-values')
  assert.equal(say(await measure('nobody', { checks: [RATE] })), 'no-data: success-rate no-data no-values')
  const rare = await measure('rare', { checks: [RATE] })
  assert.equal(say(rare), 'inconclusive: success-rate inconclusive few-requests')
  assert.match(
    analysisWords(rare),
    /has too little data: 12 requests per point, and `minRequests` is 100\. With `interval: 9m` there would be enough\./,
  )
  assert.equal((await measure('rare', { checks: [RATE], analysis: { interval: '9m' } })).outcome, 'pass')
})

scene('custom PromQL is filled in for each side, and both sides are compared', async () => {
  const query =
    'sum(rate(istio_requests_total{destination_service_name="{{service}}",{{destination}},response_code=~"5.."}[{{window}}])) or vector(0)'
  const errors = { metric: 'errors', unit: 'errors/s', query, max: 0.5 }
  assert.match(say(await measure('good', { checks: [errors] })), /^pass: errors pass 0$/)
  assert.match(say(await measure('failing', { checks: [errors] })), /^fail: errors fail /)
  const compared = { ...errors, max: undefined, againstStable: { maxAbove: 0.05 } }
  assert.match(say(await measure('worse', { checks: [compared] })), /^fail: errors fail 0\.1 \(10\) broke-bar$/)
  assert.match(say(await measure('good', { checks: [compared] })), /^pass: /)
})

scene('a query that cannot be evaluated is an error with Prometheus’ own words', async () => {
  const bad = { metric: 'bad', unit: 'x', query: 'sum(rate(x[1m])', max: 1 }
  const report = await measure('good', { checks: [bad] })
  assert.equal(say(report), 'error: bad error refused')
  assert.match(
    analysisWords(report),
    /^`bad` cannot be measured: `prometheus` refuses the query \(`bad_data: .*1:16: parse error: unclosed left parenthesis`\)\. Correct it/,
  )
  const several = { metric: 'several', unit: 'x', query: 'rate(istio_requests_total[1m])', max: 1 }
  assert.equal(say(await measure('good', { checks: [several] })), 'error: several error several-series')
})

scene('names cannot leave their strings', async () => {
  const odd = {
    metric: 'odd',
    unit: 'x',
    query: 'perch_line or sum(x{a=~"{{service}}",b=\'{{canary}}\'}) or vector(1)',
    max: 1e9,
  }
  for (const name of ['a"} or b{c="', "it's", 'back\\slash', 'tab\tand\nline', '.*|(', 'ü☃']) {
    const given = {
      ...files('x', 25),
      'vs.yaml': (files('x', 25)['vs.yaml'] ?? '')
        .replaceAll(' x', () => ` ${JSON.stringify(name)}`)
        .replaceAll('[x]', '["x"]'),
    }
    const target = targetOf(given, { services: { [name]: { bake: '630s', analysis: { checks: [odd, RATE] } } } })
    const report = await measuredBy({ metrics: metrics(), clock: CLOCK }, standingOf(target), SINCE)
    assert.equal(target.service, name)
    assert.notEqual(report.checks[0]?.outcome, 'error', `${name}: ${JSON.stringify(report.checks[0]?.reason)}`)
  }
})

scene('the canary is compared with stable', async () => {
  const rate = { metric: 'success-rate', againstStable: { maxBelow: 0.5 } }
  const latency = { metric: 'latency-p99', againstStable: { maxAbove: '20%' } }
  assert.match(say(await measure('good', { checks: [rate, latency] })), /^pass: /)
  assert.match(say(await measure('worse', { checks: [rate] })), /^fail: success-rate fail 99 /)
  const slow = await measure('slow', { checks: [latency] })
  assert.match(say(slow), /^fail: latency-p99 fail 99\d/)
  assert.equal(slow.checks[0]?.worst?.stable, 99.5)
  assert.match(
    analysisTable(slow),
    /\| ❌ `latency-p99` failed, 10 of 10 points bad, .*stable then 99\.5 ms \(at most 20% above stable\) \|/,
  )
  assert.equal(
    say(await measure('alone', { checks: [rate] })),
    'inconclusive: success-rate inconclusive 100 stable-unknown',
  )
  assert.match(
    say(await measure('worse', { checks: [rate], share: 100 })),
    /^fail: success-rate fail 99 /,
    'by what stable had before',
  )
})

scene('a server that is killed in between is an error, and its earlier answers are no pass', async () => {
  const mortal = await startPrometheus(TEXT)
  const real = metrics(mortal.url)
  let asked = 0
  const dying: Metrics = {
    servers: () => real.servers(),
    range: async (...question) => {
      asked += 1
      if (asked === 3) await mortal.stop()
      return real.range(...question)
    },
  }
  const report = await measure('good', { with: dying })
  assert.equal(say(report), 'error: success-rate pass 100, latency-p99 error unreachable')
  assert.match(
    analysisWords(report),
    /`latency-p99` cannot be measured: `prometheus` does not answer \(`(ECONNREFUSED|UND_ERR_SOCKET)`\)/,
  )
})
