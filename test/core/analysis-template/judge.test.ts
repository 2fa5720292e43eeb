/** The outcome of a template's measurements, as Argo Rollouts assesses them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { judgeTemplate } from '../../../src/core/analysis-template/judge.ts'
import { planTemplate } from '../../../src/core/analysis-template/plan.ts'
import { Analysis } from '../../../src/core/config/analysis.ts'
import { analysisTable, analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { MINUTE, SECOND, SINCE } from '../analysis/scene.ts'

const BAKE = 10 * MINUTE
const ENDS = SINCE + BAKE

/** The values of the series at a moment. Undefined if no series has one. */
type World = (minute: number, query: string) => readonly number[] | Extract<RangeAnswer, { ok: false }>

interface Play {
  readonly now?: number
  readonly bakeMs?: number
  readonly analysis?: Readonly<Record<string, unknown>>
  readonly spec?: string
  readonly servers?: readonly string[]
  readonly warnings?: readonly string[]
}

const metric = (keys: string, name = 'm'): string =>
  `- { name: ${name}, provider: { prometheus: { query: "sum(${name})" } }${keys === '' ? '' : `, ${keys}`} }\n`

/** A metric whose first value must be good (1). */
const GOOD = 'successCondition: "result[0] == 1"'
const EVERY = `interval: 1m, ${GOOD}`

function judge(
  keys: string,
  world: World,
  { now = ENDS, analysis = {}, servers = ['prometheus'], bakeMs = BAKE, ...play }: Play = {},
): AnalysisReport {
  const spec: unknown = parse(play.spec ?? `metrics:\n${metric(keys)}`)
  const lookup = {
    ok: true,
    value: { kind: 'AnalysisTemplate', name: 'good', place: { file: 'a.yaml', line: 1 }, spec },
  } as const
  const values = {
    service: 'web',
    namespace: 'shop',
    environment: 'production',
    canary: 'c',
    stable: 's',
    version: 'v2',
  }
  const read = Analysis.parse({ template: 'good', ...analysis })
  const plan = planTemplate({ analysis: read, lookup, values, servers }, { since: SINCE, bakeMs, now })
  const answers = plan.asks.map(({ query, range }): RangeAnswer => {
    const series = new Map<number, [number, number][]>()
    for (let time = range.from; time <= range.until; time += range.stepMs) {
      const found = world((time - SINCE) / MINUTE, query)
      if ('ok' in found) return found
      for (const [index, value] of found.entries()) {
        const points = series.get(index) ?? []
        points.push([time, value])
        series.set(index, points)
      }
    }
    return {
      ok: true,
      series: [...series.values()].map((points) => ({ points })),
      warnings: play.warnings ?? [],
      clock: now,
    }
  })
  return judgeTemplate(plan, answers)
}

/** Outcome, `complete`, `failure`, and the counts of the first metric: good/bad/undecided/error. */
function said(report: AnalysisReport): string {
  const [first] = report.template?.metrics ?? []
  const counts = first === undefined ? [] : Object.values(first.counts).join('/')
  return [
    report.outcome,
    ...(report.isComplete ? ['complete'] : []),
    ...(report.isFailure ? ['failure'] : []),
    counts,
  ].join(' ')
}

const well: World = () => [1]
const bad =
  (...minutes: readonly number[]): World =>
  (minute) => [minutes.includes(minute) ? 0 : 1]
const empty =
  (...minutes: readonly number[]): World =>
  (minute) =>
    minutes.includes(minute) ? [] : [1]

test('the analysis waits for count times interval, even if the bake is longer or shorter', () => {
  assert.equal(said(judge(`count: 3, ${EVERY}`, well, { now: SINCE + 3 * MINUTE })), 'pass 3/0/0/0')
  assert.equal(said(judge(`count: 3, ${EVERY}`, well)), 'pass complete 3/0/0/0')
  const long = `count: 20, ${EVERY}`
  assert.equal(said(judge(long, well)), 'pass 10/0/0/0')
  assert.equal(judge(long, well).ends, SINCE + 20 * MINUTE)
  assert.equal(said(judge(long, well, { now: SINCE + 20 * MINUTE - 1 })), 'pass 19/0/0/0')
  assert.equal(said(judge(long, well, { now: SINCE + 20 * MINUTE })), 'pass complete 20/0/0/0')
  assert.match(
    analysisWords(judge(long, well)),
    /^measured until 2026-11-20 12:20:00 UTC; so far `m` was good in 10 of 10 measurements \(good if `result\[0\] == 1`\)\.$/,
  )
})

test('the first measurement is one interval after live and the initial delay', () => {
  const keys = `count: 2, initialDelay: 5m, ${EVERY}`
  const early = judge(keys, well, { now: SINCE + 6 * MINUTE - 1 })
  assert.equal(said(early), 'no-data 0/0/0/0')
  assert.equal(analysisWords(early), '`m` is measured for the first time at 2026-11-20 12:06:00 UTC.')
  assert.equal(said(judge(keys, well, { now: SINCE + 6 * MINUTE })), 'pass 1/0/0/0')
  assert.equal(said(judge(keys, bad(6), { now: SINCE + 6 * MINUTE })), 'fail failure 0/1/0/0')
})

test('a metric without interval and count is measured once, when the bake is over', () => {
  assert.equal(said(judge(GOOD, well, { now: ENDS - 1 })), 'no-data 0/0/0/0')
  assert.equal(said(judge(GOOD, well)), 'pass complete 1/0/0/0')
  assert.equal(said(judge(GOOD, bad(10))), 'fail complete failure 0/1/0/0')
  // Without an answer, it is measured again a minute later, and only the answer counts.
  assert.equal(said(judge(GOOD, empty(10))), 'no-data complete 0/0/0/1')
  assert.equal(said(judge(GOOD, empty(10), { now: ENDS + MINUTE })), 'pass complete 1/0/0/1')
})

test('a metric without a count is measured through the bake, and goes on after it', () => {
  assert.equal(said(judge(EVERY, well, { now: SINCE + 5 * MINUTE })), 'pass 5/0/0/0')
  assert.equal(said(judge(EVERY, well)), 'pass complete 10/0/0/0')
  assert.equal(said(judge(EVERY, bad(12), { now: SINCE + 12 * MINUTE })), 'fail complete failure 11/1/0/0')
  // A longer wait does not make the limit stricter: it applies to any period as long as the bake.
  const lenient = `failureLimit: 1, ${EVERY}`
  assert.equal(said(judge(lenient, bad(2, 12), { now: SINCE + 13 * MINUTE })), 'pass complete 11/2/0/0')
  assert.equal(said(judge(lenient, bad(3, 12), { now: SINCE + 13 * MINUTE })), 'fail complete failure 10/2/0/0')
  // After the bake, missing answers undo nothing.
  assert.equal(
    said(judge(EVERY, empty(11, 12, 13, 14, 15, 16, 17), { now: SINCE + 17 * MINUTE })),
    'pass complete 10/0/0/7',
  )
})

test('more failures than the limit are a failure at once', () => {
  const one = `count: 5, failureLimit: 1, ${EVERY}`
  assert.equal(said(judge(one, bad(2))), 'pass complete 4/1/0/0')
  assert.equal(said(judge(one, bad(2, 3), { now: SINCE + 3 * MINUTE })), 'fail failure 1/2/0/0')
  assert.match(
    analysisWords(judge(one, bad(2, 3))),
    /^`m` failed in 2 of 3 measurements, but at most 1 may fail \(good if `result\[0\] == 1`\), last with `0` at 2026-11-20 12:03:00 UTC\. Send the traffic back with `\/canary abort`, or correct the template on the base branch\.$/,
  )
  const none = `count: 5, failureLimit: -1, consecutiveSuccessLimit: 2, ${EVERY}`
  assert.equal(said(judge(none, bad(1, 3))), 'pass complete 3/2/0/0')
  assert.equal(said(judge(none, bad(1, 3, 5))), 'fail complete failure 2/3/0/0')
})

test('both conditions, one, or none', () => {
  const both = `count: 2, interval: 1m, inconclusiveLimit: 1, successCondition: "result[0] >= 0.9", failureCondition: "result[0] < 0.5"`
  const values =
    (...all: readonly number[]): World =>
    (minute) => [all[minute - 1] ?? 1]
  assert.equal(said(judge(both, values(0.9, 0.95))), 'pass complete 2/0/0/0')
  assert.equal(said(judge(both, values(0.9, 0.7))), 'pass complete 1/0/1/0')
  assert.equal(said(judge(both, values(0.6, 0.7))), 'inconclusive complete 0/0/2/0')
  assert.match(
    analysisWords(judge(both, values(0.6, 0.7))),
    /neither good nor bad in 2 of 2 measurements, but at most 1 may be undecided .* This does not change by itself: override it with `\/canary override analysis <reason>`/,
  )
  assert.equal(said(judge(both, values(0.4), { now: SINCE + MINUTE })), 'fail failure 0/1/0/0')
  assert.equal(said(judge('count: 1, interval: 1m, failureCondition: "result[0] > 1"', well)), 'pass complete 1/0/0/0')
  assert.equal(said(judge('count: 1, interval: 1m', well)), 'pass complete 1/0/0/0')
  // If both are true, the failure counts.
  assert.equal(said(judge('successCondition: "true", failureCondition: "true"', well)), 'fail complete failure 0/1/0/0')
})

test('NaN fails a comparison, infinity is a number, and an empty answer is what the condition says', () => {
  const once = (condition: string, values: readonly number[]): string =>
    said(judge(`successCondition: "${condition}"`, () => values))
  assert.equal(once('result[0] >= 0.95', [Number.NaN]), 'fail complete failure 0/1/0/0')
  assert.equal(once('isNaN(result[0]) || result[0] >= 0.95', [Number.NaN]), 'pass complete 1/0/0/0')
  assert.equal(once('result[0] >= 0.95', [Number.POSITIVE_INFINITY]), 'pass complete 1/0/0/0')
  assert.equal(once('len(result) == 0', []), 'pass complete 1/0/0/0')
  assert.equal(once('len(result) > 0 && result[0] > 1', []), 'fail complete failure 0/1/0/0')
  assert.equal(once('result[0] > 1', []), 'no-data complete 0/0/0/1')
  assert.equal(once('default(result, 0) < 1', []), 'no-data complete 0/0/0/1')
  assert.equal(once('all(result, # < 3)', [1, 2]), 'pass complete 1/0/0/0')
  assert.equal(once('all(result, # < 3)', [1, 4]), 'fail complete failure 0/1/0/0')
})

test('a scalar is a number; an answer without one is none', () => {
  const spec = 'metrics: [{ name: m, successCondition: result > 0, provider: { prometheus: { query: scalar(up) } } }]'
  assert.equal(said(judge('', well, { spec })), 'pass complete 1/0/0/0')
  assert.equal(said(judge('', () => [Number.NaN], { spec })), 'fail complete failure 0/1/0/0')
  assert.equal(said(judge('', () => [], { spec })), 'no-data complete 0/0/0/1')
})

test('measurements without an answer are repeated, never counted, and never pass', () => {
  const five = `count: 5, ${EVERY}`
  assert.equal(said(judge(five, empty(2))), 'pass complete 5/0/0/1')
  assert.equal(said(judge(five, empty(2), { now: SINCE + 5 * MINUTE })), 'pass 4/0/0/1')
  const blind = empty(2, 3, 4, 5, 6)
  assert.equal(said(judge(five, blind, { now: SINCE + 5 * MINUTE })), 'pass 1/0/0/4')
  assert.equal(said(judge(five, blind, { now: SINCE + 6 * MINUTE })), 'error 1/0/0/5')
  assert.equal(said(judge(five, blind)), 'pass complete 5/0/0/5')
  const dark = empty(...Array.from({ length: 19 }, (_, index) => index + 2))
  assert.equal(said(judge(five, dark)), 'error complete 1/0/0/9')
  assert.match(
    analysisWords(judge(five, dark)),
    /^`m` has no answer: `successCondition` cannot be evaluated on `\[\]`, because the answer has no series \(9 in a row\)\. Nothing passes without an answer: Perch measures again/,
  )
  assert.equal(said(judge(five, dark, { analysis: { onError: 'fail' } })), 'error complete failure 1/0/0/9')
  assert.equal(said(judge(five, dark, { analysis: { onError: 'fail' }, now: SINCE + 7 * MINUTE })), 'error 1/0/0/6')
  assert.equal(said(judge(five, () => [], { analysis: { onNoData: 'fail' } })), 'no-data complete failure 0/0/0/10')
})

test('a decided outcome stays, however long the step waits', () => {
  const two = `count: 2, ${EVERY}`
  const night = 3_000
  const until = (minute: number, values: readonly number[], then: readonly number[]): World => {
    return (at) => (at === 1 ? [] : at <= minute ? values : then)
  }
  const late = { now: SINCE + night * MINUTE }
  assert.equal(said(judge(two, until(3, [1], [0]), late)), 'pass complete 2/0/0/1')
  assert.equal(said(judge(two, until(3, [0], [1]), late)), 'fail complete failure 0/1/0/1')
  const once = (values: readonly number[], then: readonly number[]): World => {
    return (at) => (at === 10 ? [] : at < 12 ? values : then)
  }
  assert.equal(said(judge(GOOD, once([1], [0]), late)), 'pass complete 1/0/0/1')
  assert.equal(said(judge(GOOD, once([0], [1]), late)), 'fail complete failure 0/1/0/1')
})

test('after days without an answer, answers count again', () => {
  const monday: World = (minute) => (minute < 3_000 ? [] : [1])
  assert.equal(said(judge(GOOD, monday, { now: SINCE + 2_999 * MINUTE })), 'no-data complete 0/0/0/625')
  assert.match(said(judge(GOOD, monday, { now: SINCE + 3_021 * MINUTE })), /^pass complete 1\/0\/0\//)
  // A week of them is enough to query.
  const years = judge(GOOD, () => [], { now: SINCE + 1_000_000 * MINUTE })
  assert.equal(said(years), 'no-data complete 0/0/0/1001')
  assert.ok(years.next > SINCE + 1_000_000 * MINUTE)
})

test('enough successes in a row pass', () => {
  const row = `consecutiveSuccessLimit: 3, failureLimit: 2, ${EVERY}`
  assert.equal(said(judge(row, bad(2))), 'pass complete 4/1/0/0')
  assert.equal(said(judge(row, bad(3), { now: SINCE + 6 * MINUTE })), 'pass 5/1/0/0')
  assert.equal(said(judge(`${row}, count: 6`, bad(3, 5))), 'inconclusive complete 4/2/0/0')
  assert.match(analysisWords(judge(`${row}, count: 6`, bad(3, 5))), /was not good 3 times in a row in 6 measurements/)
  assert.equal(said(judge(row.replace('3', '50'), well)), 'inconclusive complete 10/0/0/0')
})

test('the worst metric counts, and metrics in dry-run mode are only shown', () => {
  const spec = (dryRun: string): string =>
    `${dryRun}metrics:\n${metric(`count: 2, ${EVERY}`, 'a')}${metric(`count: 2, ${EVERY}`, 'b')}`
  const world: World = (_, query) => [query.includes('(b)') ? 0 : 1]
  assert.equal(said(judge('', world, { spec: spec('') })), 'fail complete failure 2/0/0/0')
  const dry = judge('', world, { spec: spec('dryRun: [{ metricName: b }]\n') })
  assert.equal(said(dry), 'pass complete 2/0/0/0')
  assert.match(analysisWords(dry), /^`a` was good in 2 of 2 measurements \([^)]*\), measured from/)
  assert.match(
    analysisTable(dry),
    /\| ❌ `b` \(dry run\) failed, 0 of 1 good, 1 bad \| `0` \(good if `result\[0\] == 1`\) \|/,
  )
  assert.equal(said(judge('', world, { spec: spec('dryRun: [{ metricName: .* }]\n') })), 'pass complete 2/0/0/0')
})

test('metrics with the same query are queried once', () => {
  const same = (name: string, bar: string): string =>
    `- { name: ${name}, interval: 1m, successCondition: "${bar}", provider: { prometheus: { query: sum(x) } } }\n`
  let asked = 0
  const world: World = (minute) => {
    if (minute === 1) asked += 1
    return [0.9]
  }
  const report = judge('', world, {
    spec: `metrics:\n${same('a', 'result[0] > 0.8')}${same('b', 'result[0] > 0.95')}`,
  })
  assert.equal(said(report), 'fail complete failure 10/0/0/0')
  assert.equal(asked, 1)
})

test('a server without an answer, and an answer of which a part may be missing, never pass', () => {
  const down: World = () => ({ ok: false, code: 'unreachable', detail: '' })
  assert.equal(said(judge(EVERY, down)), 'error complete 0/0/0/0')
  assert.match(analysisWords(judge(EVERY, down)), /^`m` cannot be measured: `prometheus` does not answer/)
  assert.equal(said(judge(EVERY, down, { analysis: { onError: 'fail' } })), 'error complete failure 0/0/0/0')
  assert.equal(said(judge(EVERY, well, { servers: ['other'] })), 'error complete 0/0/0/0')
  assert.match(analysisWords(judge(EVERY, well, { servers: ['other'] })), /Perch does not know the server/)
  assert.equal(said(judge(EVERY, well, { warnings: ['a store did not answer'] })), 'inconclusive complete 10/0/0/0')
  assert.equal(said(judge(EVERY, well, { warnings: ['PromQL info: a name'] })), 'pass complete 10/0/0/0')
})

test('a template that cannot be read is an error that names the place and the next step', () => {
  const report = judge('successCondition: "result > 1"', well)
  assert.equal(said(report), 'error complete ')
  assert.equal(
    analysisWords(report),
    'AnalysisTemplate `good` cannot be used as the analysis of a step: `metrics[0].successCondition` is `result > 1`, and `>` at character 8 cannot be used on a list (Prometheus answers with a list: `result[0]` is its first value). Correct the condition in the template. Perch reads the files of the base branch. `/canary abort` sends the traffic back.',
  )
  assert.equal(said(judge('interval: 1s, successCondition: "true"', well, { now: SINCE + SECOND })), 'pass 1/0/0/0')
})

test('more measurements than Perch asks for are refused', () => {
  const words = analysisWords(judge('interval: 1s', well, { bakeMs: 60 * MINUTE }))
  assert.match(
    words,
    /its metric `m` would be measured 3600 times in the bake, but Perch measures at most 1000 times\. Give the metric a longer `interval` or a `count`\./,
  )
})
