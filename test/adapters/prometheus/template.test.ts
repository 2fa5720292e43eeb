/** An AnalysisTemplate of Argo Rollouts on a real Prometheus. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { judgeStep, planStep } from '../../../src/core/analysis/step-plan.ts'
import { analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { queryMetrics } from '../../../src/flows/measure/measure-step.ts'
import { targetOf } from '../../core/samples.ts'
import { missingPrometheus, startPrometheus } from './prometheus-server.ts'
import { QUIET } from '../../quiet-log.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const SCRAPE = 15 * SECOND
/** Ten and a half minutes of the step are over, so there are ten measurements. */
const NOW = Math.floor(Date.now() / SCRAPE) * SCRAPE
const SINCE = NOW - 10.5 * MINUTE
const MOMENTS = Array.from({ length: 81 }, (_, index) => NOW - (80 - index) * SCRAPE)

/** The errors of each version per hundred requests, by the seconds since the step went live. */
const ERRORS: Readonly<Record<string, (at: number) => number>> = {
  good: () => 0,
  // In the fourth and the fifth minute.
  failing: (at) => (at > 180 && at <= 300 ? 50 : 0),
  // Neither good nor bad.
  middling: () => 10,
  // Bad before it was live.
  cured: (at) => (at < 0 ? 100 : 0),
}

/** Text in the format of OpenMetrics: 100 requests every 15 seconds. */
function samples(): string {
  const series = (version: string, code: number, countOf: (at: number) => number): readonly string[] => {
    let count = 0
    return MOMENTS.map((time) => {
      count += countOf((time - SINCE) / SECOND)
      return `istio_requests_total{destination_version="${version}",response_code="${code}"} ${count} ${time / SECOND}`
    })
  }
  const lines = Object.entries(ERRORS).flatMap(([version, errorsAt]) => [
    ...series(version, 200, (at) => 100 - errorsAt(at)),
    ...series(version, 503, errorsAt),
  ])
  // Its requests have stopped.
  return ['# TYPE istio_requests counter', ...lines, ...series('idle', 200, () => 0), '# EOF', ''].join('\n')
}

const missing = missingPrometheus()
const server = missing === undefined ? await startPrometheus(samples()) : undefined
after(() => server?.stop())

const RATE = `sum(rate(istio_requests_total{destination_version="{{args.version}}",response_code!~"5.."}[1m])) / sum(rate(istio_requests_total{destination_version="{{args.version}}"}[1m]))`

/** The outcome for a version of a metric with these fields, measured every minute. */
async function measure(version: string, metric: string, query = RATE): Promise<AnalysisReport> {
  const files = {
    'vs.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop, annotations: { perch.dev/canary-percentage: "25" } }
spec:
  hosts: [web]
  http:
    - route:
        - { destination: { host: web, subset: stable }, weight: 75 }
        - { destination: { host: web, subset: canary }, weight: 25 }
`,
    'dr.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: shop }
spec: { host: web, subsets: [{ name: stable, labels: { version: v1 } }, { name: canary, labels: { version: ${version} } }] }
`,
    'template.yaml': `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate, namespace: shop }
spec:
  args: [{ name: version }]
  metrics:
    - name: success-rate
      interval: 1m
${metric.replaceAll(/^/gm, '      ')}
      provider:
        prometheus: { address: 'http://nowhere.example.com', query: '${query}' }
`,
  }
  const analysis = { template: 'success-rate', args: { version: '{{version}}' } }
  const target = targetOf(files, { services: { web: { bake: '10m', analysis } } })
  const metrics = openMetrics({
    servers: [{ name: 'prometheus', url: server?.url ?? '' }],
    log: QUIET,
    pausesMs: [10, 10],
  })
  const { analysis: settings } = target.settings
  assert.ok(settings !== undefined)
  const time = { since: SINCE, now: NOW, servers: metrics.servers() }
  const plan = planStep({ standing: standingOf(target), analysis: settings, ...time })
  return judgeStep(plan, await queryMetrics({ metrics }, plan))
}

/** `pass: 10 successful`: the outcome with the measurements so far. */
function say(report: AnalysisReport): string {
  const counts = report.template?.metrics.flatMap((metric) => Object.entries(metric.counts)) ?? []
  const taken = counts.filter(([, count]) => count > 0).map(([verdict, count]) => `${count} ${verdict}`)
  return `${report.outcome}${report.isComplete ? '' : ' so far'}: ${taken.join(', ')}`
}

function scene(sentence: string, play: () => Promise<void>): void {
  test(`a template on a real Prometheus: ${sentence}`, { skip: missing ?? false }, play)
}

const GOOD = 'successCondition: result[0] >= 0.95'

scene('a good canary passes when its measurements are taken', async () => {
  assert.equal(say(await measure('good', GOOD)), 'pass: 10 successful')
  assert.equal(say(await measure('good', `${GOOD}\ncount: 5`)), 'pass: 5 successful')
})

scene('one that the bake does not see is waited for', async () => {
  const report = await measure('good', `${GOOD}\ncount: 20`)
  assert.equal(say(report), 'pass so far: 10 successful')
  assert.equal(report.ends, SINCE + 20 * MINUTE)
})

scene('more failures than the limit fail immediately, and nothing more is measured', async () => {
  const report = await measure('failing', GOOD)
  assert.equal(say(report), 'fail: 3 successful, 1 failed')
  assert.ok(report.isFailure)
  assert.match(analysisWords(report), /`success-rate` failed in 1 of 4 measurements, but at most 0 may fail/)
  assert.equal(say(await measure('failing', `${GOOD}\nfailureLimit: 1`)), 'fail: 3 successful, 2 failed')
})

scene('as many failures as the limit are no failure, and neither are those after the count', async () => {
  assert.equal(say(await measure('failing', `${GOOD}\nfailureLimit: 2`)), 'pass: 8 successful, 2 failed')
  assert.equal(say(await measure('failing', `${GOOD}\ncount: 3`)), 'pass: 3 successful')
})

scene(
  'a measurement that is neither good nor bad is inconclusive: nothing passes, and nothing is rolled back',
  async () => {
    const both = `${GOOD}\nfailureCondition: result[0] < 0.8`
    const report = await measure('middling', both)
    assert.equal(say(report), 'inconclusive: 1 inconclusive')
    assert.equal(report.isFailure, false)
    assert.equal(say(await measure('middling', `${both}\ninconclusiveLimit: 10`)), 'pass: 10 inconclusive')
  },
)

scene('an answer without series cannot be evaluated, unless the condition says what it means', async () => {
  assert.equal(say(await measure('nobody', GOOD)), 'no-data: 10 error')
  assert.equal(
    say(await measure('nobody', 'successCondition: len(result) == 0 || result[0] >= 0.95')),
    'pass: 10 successful',
  )
})

scene('without requests a rate is not a number, which is not good', async () => {
  assert.equal(say(await measure('idle', GOOD)), 'fail: 1 failed')
  assert.equal(
    say(await measure('idle', 'successCondition: isNaN(result[0]) || result[0] >= 0.95')),
    'pass: 10 successful',
  )
})

scene('a scalar is a number and no list', async () => {
  assert.equal(say(await measure('good', 'successCondition: result >= 0.95', `scalar(${RATE})`)), 'pass: 10 successful')
  assert.match(say(await measure('good', GOOD, `scalar(${RATE})`)), /^error/)
})

scene('several series are a list, of which every one can be asked', async () => {
  const each = 'sum by (response_code) (rate(istio_requests_total{destination_version="{{args.version}}"}[1m]))'
  assert.equal(
    say(await measure('middling', 'successCondition: "len(result) == 2 && all(result, # > 0)"', each)),
    'pass: 10 successful',
  )
  assert.equal(say(await measure('good', 'successCondition: "all(result, # > 0)"', each)), 'fail: 1 failed')
})

scene('measurements from before the step went live do not count', async () => {
  assert.equal(say(await measure('cured', GOOD)), 'pass: 10 successful')
})

scene('a query that Prometheus refuses is an error with its own words', async () => {
  const report = await measure('good', GOOD, 'sum(rate(x[1m])')
  assert.match(say(report), /^error/)
  assert.match(analysisWords(report), /unclosed left parenthesis/)
})
