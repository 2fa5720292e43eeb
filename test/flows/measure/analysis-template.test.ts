/** An AnalysisTemplate of the repository is the analysis of a step. */
import assert from 'node:assert/strict'
import type { Metrics } from '../../../src/ports/metrics.ts'
import { memoryMetrics } from '../../memory/metrics.ts'
import {
  aPull,
  aRollout,
  aWorld,
  branches,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  shareOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const config = (analysis: string): string => `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web:
    steps: [5, 25, 100]
    bake: 10m
    analysis: ${analysis}
`

const template = (metric: string, more = ''): string => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: version }]
  metrics:
  - name: success-rate
    interval: 1m
    ${metric}
    provider: { prometheus: { address: http://elsewhere.example.com, query: 'rate{version="{{args.version}}"}' } }
${more}`

const GOOD = 'successCondition: result[0] >= 0.95'
const PLACE = 'analysis/success-rate.yaml'
const NAMED = '{ template: success-rate, args: { version: "{{version}}" } }'

/** A world whose steps are measured by a template. `rate`: the value of its query at a moment. */
async function measured(
  rate: (time: number, query: string) => number | undefined,
  {
    metric = GOOD,
    analysis = NAMED,
    files = {},
  }: { readonly metric?: string; readonly analysis?: string; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<World> {
  return aWorld({
    metrics: memoryMetrics({ prometheus: (query, time) => rate(time, query) }),
    files: { '.github/canary.yml': config(analysis), [PLACE]: template(metric), ...files },
  })
}

test('a good canary continues, measured by the template’s query with the version of this rollout', async () => {
  const queries = new Set<string>()
  const world = await measured((_, query) => {
    // Perch also counts the requests to both versions.
    if (!query.includes('istio_requests_total')) queries.add(query)
    return 0.99
  })
  const { step } = await aRollout(world)
  await world.pass(8)
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
  await world.pass(8)
  assert.match(gateOf(world, step), /^success: Live, baked and healthy/)
  assert.match(step.body, /`success-rate` was good in 10 of 10 measurements \(good if `result\[0\] >= 0\.95`\)/)
  assert.match(step.body, /\| Metric \| Last \(condition\) \|/)
  assert.deepEqual([...queries], ['rate{version="v3"}'])
  await merges(world, 'alice', step)
  assert.equal(shareOn(world, 'main'), 25)
})

test('the analysis waits for count times interval if the bake is shorter, and the gate says until when', async () => {
  const world = await measured(() => 0.99, { metric: `${GOOD}\n    count: 20` })
  const { step } = await aRollout(world)
  await world.pass(15)
  assert.match(
    gateOf(world, step),
    /^action_required: Waiting for analysis: measured until 2026-01-05 [\d:]+ UTC; so far success-rate was good in 1\d of 1\d/,
  )
  await world.pass(10)
  assert.match(gateOf(world, step), /^success/)
})

test('a canary that fails more often than the template allows is rolled back', async () => {
  let rate = 0.99
  const world = await measured(() => rate)
  const { step } = await aRollout(world)
  await world.pass(6)
  rate = 0.5
  for (let turn = 0; turn < 4; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.equal(step.state, 'closed')
  assert.match(
    comments(world, step).at(-1) ?? '',
    /Closed: the canary failed its analysis: `success-rate` failed in \d+ of \d+ measurements?, but at most 0 may fail/,
  )
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/0'])
})

test('a condition without an answer never passes, and nothing is rolled back', async () => {
  const world = await measured(() => undefined)
  const { step } = await aRollout(world)
  await world.pass(30)
  await world.sweep()
  assert.equal(step.state, 'open')
  assert.match(gateOf(world, step), /^(?:failure|action_required): .*analysis.*has no data/)
})

test('an answer of thousands of series is never taken for the last one that was small enough', async () => {
  const range: Metrics['range'] = async (_, __, { from, until, stepMs }) => {
    const times = Array.from(
      { length: Math.floor((until - from) / stepMs) + 1 },
      (_value, index) => from + index * stepMs,
    )
    // Good while the measurements are in memory, and bad after that.
    const points = times.map((time, index) => [time, index < 4 ? 1 : 0] as const)
    return { ok: true, series: Array.from({ length: 10_000 }, () => ({ points })), warnings: [], clock: undefined }
  }
  const world = await aWorld({
    metrics: { servers: () => ['prometheus'], range },
    files: {
      '.github/canary.yml': config(NAMED.replace(/ \}$/, ', onError: fail }')),
      [PLACE]: template('successCondition: all(result, {# > 0.5})'),
    },
  })
  const { step } = await aRollout(world)
  await world.pass(16)
  await world.sweep()
  assert.equal(step.state, 'closed')
  assert.match(
    comments(world, step).at(-1) ?? '',
    /Closed: the canary failed its analysis: .*`prometheus` answers with more data than Perch keeps for a step/,
  )
})

test('a pull request is judged by the template of the base branch, not by the one that it brings', async () => {
  const world = await measured(() => 0.5, { metric: `${GOOD}\n    failureLimit: 1000`, analysis: NAMED })
  const { step } = await aRollout(world)
  world.alice.push(step.head.ref, { [PLACE]: template('successCondition: "true"') })
  await world.pass(16)
  assert.match(step.body, /good if `result\[0\] >= 0\.95`/)
  assert.doesNotMatch(step.body, /good where `true`/)
})

test('canary/validate names the problem of a template if a pull request changes it or the config', async () => {
  const world = await measured(() => 0.99)
  const validates = async (files: Readonly<Record<string, string | undefined>>): Promise<string> => {
    const pull = await aPull(world, files)
    const said = checkOf(world, pull, 'canary/validate')
    const run = world.state.runs.findLast((one) => one.sha === pull.head.sha && one.name === 'canary/validate')
    return `${said}\n${run?.report?.summary ?? ''}`
  }
  assert.match(
    await validates({ [PLACE]: template('successCondition: result >= 0.95') }),
    /^failure[^]*cannot be used on a list/,
  )
  assert.match(await validates({ [PLACE]: undefined }), /^failure[^]*no file of this repository contains it/)
  assert.match(
    await validates({ 'other/a.yaml': template('count: 1') }),
    /^failure[^]*Several files contain AnalysisTemplate `success-rate`, and they differ: `analysis\/success-rate\.yaml` \(line \d\), `other\/a\.yaml` \(line \d\)/,
  )
  assert.match(
    await validates({ '.github/canary.yml': config('{ template: other }') }),
    /^failure[^]*AnalysisTemplate `other`/,
  )
  assert.match(
    await validates({ '.github/canary.yml': config('{ template: success-rate, settle: 1m }') }),
    /^failure[^]*settle[^]*initialDelay/,
  )
  assert.match(
    await validates({ '.github/canary.yml': config('{ template: success-rate }') }),
    /^failure[^]*`version` has no value/,
  )
  assert.match(await validates({ [PLACE]: template(`${GOOD}\n    count: 3`) }), /^success/)
  assert.match(
    await validates({ '.github/canary.yml': config('{ checks: [{ metric: success-rate, min: 99 }] }') }),
    /^success/,
  )
})

test('another problem of a template that had one before is red, and the same problem is not', async () => {
  const world = await measured(() => 0.99, { metric: 'successCondition: result >= 0.95' })
  const validates = async (metric: string): Promise<string> =>
    checkOf(world, await aPull(world, { [PLACE]: template(metric) }), 'canary/validate')
  assert.match(await validates('successCondition: result >= 0.99'), /^failure/)
  assert.match(await validates('successCondition: result >= 0.95\n    failureLimit: 1'), /^success/)
})
