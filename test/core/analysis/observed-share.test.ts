/** What Prometheus' request counts tell about a canary's share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import {
  differs,
  isAbout,
  type Observation,
  observationOf,
  observationQuestion,
  proves,
  provingTolerance,
} from '../../../src/core/analysis/observed-share.ts'
import { observationWords } from '../../../src/core/message/gate/observation.ts'
import type { Rule } from '../../../src/core/traffic/route.ts'
import { sample } from '../samples.ts'

const SETTINGS = { provider: 'prometheus', windowMs: 300_000, minRequests: 100 }

function counted(value: number | undefined, warnings: readonly string[] = []): RangeAnswer {
  return { ok: true, series: value === undefined ? [] : [{ points: [[0, value]] }], warnings, clock: undefined }
}

function observation(canary: RangeAnswer, stable: RangeAnswer): Observation {
  return observationOf({ canary, stable }, SETTINGS)
}

test('the share is the part of the requests that the canary had', () => {
  const seen = observation(counted(50), counted(950))
  assert.deepEqual(seen, { code: 'seen', share: 5, requests: 1_000, windowMs: 300_000 })
  assert.equal(observationWords(seen), 'Prometheus sees 5% of 1,000 requests on the canary in the last 5 min.')
})

test('a version without a series had no requests, and two without any say nothing', () => {
  assert.equal(Object(observation(counted(undefined), counted(400))).share, 0)
  assert.equal(Object(observation(counted(400), counted(undefined))).share, 100)
  assert.equal(observation(counted(undefined), counted(undefined)).code, 'few-requests')
  assert.equal(observation(counted(9), counted(90)).code, 'few-requests')
})

test('values that are not counts give no share', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1])
    assert.deepEqual(observation(counted(value), counted(900)), {
      code: 'no-answer',
      provider: 'prometheus',
      failure: 'not-understood',
    })
  assert.equal(observation(counted(50, ['a store is down']), counted(950)).code, 'no-answer')
  const two: RangeAnswer = { ok: true, series: [{ points: [[0, 1]] }, { points: [[0, 2]] }], warnings: [], clock: 0 }
  assert.equal(observation(two, counted(950)).code, 'no-answer')
  assert.equal(observation({ ok: false, code: 'timed-out', detail: '' }, counted(950)).code, 'no-answer')
})

test('the tolerance never confuses the previous share with this one', () => {
  assert.equal(provingTolerance(2, { share: 5, before: 0 }), 2)
  assert.equal(provingTolerance(2, { share: 1, before: 0 }), 0.5)
  assert.equal(provingTolerance(2, { share: 25, before: 26 }), 0.5)
  assert.equal(provingTolerance(2, { share: 0.3, before: 0.1 }), 0.1)
  const nothing = observation(counted(undefined), counted(900))
  assert.equal(isAbout(nothing, { share: 1, tolerance: provingTolerance(2, { share: 1, before: 0 }) }), false)
})

test('requests prove a share only if the previous share would not give as many by chance', () => {
  const of = (requests: number): Observation => observation(counted(requests / 10), counted((requests * 9) / 10))
  assert.equal(proves(of(150), { share: 10, before: 5, tolerance: 2 }), false)
  assert.equal(proves(of(400), { share: 10, before: 5, tolerance: 2 }), true)
  assert.equal(proves(of(100), { share: 10, before: 0, tolerance: 2 }), true)
})

test('a share within the range of chance does not differ', () => {
  const few = observation(counted(8), counted(92))
  assert.equal(isAbout(few, { share: 5, tolerance: 2 }), false, 'it proves nothing either')
  assert.equal(differs(few, 5, 2), false)
  assert.equal(differs(observation(counted(8_000), counted(92_000)), 5, 2), true)
  assert.equal(differs(observation(counted(undefined), counted(9)), 50, 2), false, 'too few')
})

test('copies of requests, and a rule with a share of its own, do not tell the share of the canary', () => {
  const plain = sample(95, 5)
  const rule = plain.route.rules.find(({ label }) => label === 'main')
  assert.ok(rule !== undefined)
  const ask = (rules: readonly Rule[], own?: readonly string[]) => {
    const target = { ...plain, route: { ...plain.route, rules, names: { ...plain.route.names, rules: own } } }
    const question = observationQuestion(target, { windowMs: 300_000, at: 7 })
    return question.ok ? 'asked' : question.error
  }
  const mirrorTo = (host: string) => [{ path: [], host, written: 'web', subset: 'canary', line: 1 }]
  assert.equal(ask([{ ...rule, mirrors: mirrorTo(rule.destinations[0]?.host ?? '') }]), 'mirrored')
  assert.equal(
    ask([{ ...rule, mirrors: mirrorTo('logs.default.svc.cluster.local') }]),
    'asked',
    'nothing of it is measured',
  )
  const canary = rule.destinations.filter(({ role }) => role === 'canary')
  const other = { ...rule, label: 'other', destinations: canary }
  assert.equal(ask([{ ...other, picksCallers: true }, rule]), 'asked')
  assert.equal(ask([other, rule]), 'other-rules')
  const elsewhere = rule.destinations.map((one) => ({ ...one, host: 'api.default.svc.cluster.local' }))
  assert.equal(
    ask([{ ...rule, label: 'other', destinations: elsewhere }, rule], ['main']),
    'asked',
    'the canary of another service',
  )
})

test('both versions are queried with the labels that distinguish them, at one moment', () => {
  const question = observationQuestion(sample(95, 5), { windowMs: 300_000, at: 7 })
  assert.ok(question.ok)
  const { queries, range } = question.value
  assert.match(queries.canary, /^sum\(increase\(istio_requests_total\{.*destination_version="v2"\}\[300s\]\)\)$/)
  assert.match(queries.stable, /destination_version="v1"/)
  assert.deepEqual([range.from, range.until], [7, 7])
})
