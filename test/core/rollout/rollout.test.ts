import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { abort, isMadeOn, type OpenStep, type RolloutFacts, transition } from '../../../src/core/rollout/transition.ts'
import { filesFor } from '../../../src/core/rollout/move.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { nextStep, planOf } from '../../../src/core/rollout/target.ts'
import { destinationRule, pullRequest, sample, targetOf, targetsOf, virtualService } from '../samples.ts'

const standings = {
  idle: standingOf(sample(100, 0)),
  byHand: standingOf(sample(90, 10, ['v1', 'v2'], {})),
  allByHand: standingOf(sample(0, 100, ['v1', 'v2'], {})),
  at5: standingOf(sample(95, 5)),
  at40: standingOf(sample(60, 40)),
  at100: standingOf(sample(0, 100)),
  promoted: standingOf(sample(0, 100, ['v2', 'v2'])),
}

const branch = 'canary/default/api-service/'

function open(number: number, last: string, fits = true): OpenStep {
  const kind = last === 'finish' ? 'finish-version' : last === '0' ? 'rollback' : 'share'
  return { pull: pullRequest(number, `${branch}${last}`), kind, fits }
}

function say(steps: ReturnType<typeof transition>): string {
  return steps
    .map((step) => {
      if (step.type === 'close')
        return `close #${step.pull.number} ${step.reason}${step.by === undefined ? '' : ` by #${step.by}`}`
      if (step.type === 'hold') return 'hold'
      const move = step.move.kind === 'share' ? `${step.move.from}→${step.move.to}` : step.move.kind
      return step.type === 'propose' ? `propose ${move}` : `replan #${step.pull.number} ${move}`
    })
    .join(', ')
}

test('each phase is read from the files alone', () => {
  assert.deepEqual(
    Object.values(standings).map(({ phase, share }) => `${phase} ${share}`),
    [
      'idle 0',
      'by-hand 10',
      'by-hand 100',
      'stepping 5',
      'stepping 40',
      'finishing-version 100',
      'finishing-weights 100',
    ],
  )
})

test('every state with every kind of open pull request has its next actions', () => {
  const nothing: OpenStep[] = []
  const table: [keyof typeof standings, OpenStep[], string][] = [
    ['idle', nothing, ''],
    ['idle', [open(9, '5')], ''],
    ['idle', [open(9, '25', false)], 'close #9 nothing-to-do'],
    ['idle', [open(9, '0', false)], 'close #9 nothing-to-do'],
    ['byHand', nothing, ''],
    ['byHand', [open(9, '25')], ''],
    ['byHand', [open(9, '25', false)], 'replan #9 10→25'],
    ['allByHand', nothing, ''],
    ['at5', nothing, 'propose 5→25'],
    ['at5', [open(9, '25')], ''],
    ['at5', [open(9, '25', false)], 'replan #9 5→25'],
    ['at5', [open(9, '50', false)], 'close #9 superseded, propose 5→25'],
    ['at5', [open(10, '40'), open(9, '25')], 'close #9 replaced by #10'],
    ['at5', [open(9, '0')], ''],
    ['at5', [open(10, '0'), open(9, '25')], 'close #9 rolling-back by #10'],
    ['at5', [open(9, '0', false)], 'replan #9 rollback'],
    ['at40', nothing, 'propose 40→50'],
    ['at100', nothing, 'propose finish-version'],
    ['at100', [open(9, 'finish')], ''],
    ['promoted', nothing, 'propose finish-weights'],
    ['promoted', [open(9, 'finish', false)], 'close #9 superseded, propose finish-weights'],
  ]
  for (const [name, proposals, expected] of table) {
    const facts = { standing: standings[name], open: proposals, stoppedByHand: false, rollbackRefused: false }
    assert.equal(say(transition(facts)), expected, `${name} with ${proposals.map(({ pull }) => pull.head.ref).join()}`)
  }
})

test('a share that a pull request set by hand continues like any other', () => {
  const facts = { standing: standings.byHand, open: [], stoppedByHand: false, rollbackRefused: false, broughtBy: 7 }
  assert.equal(say(transition(facts)), 'propose 10→25')
  assert.equal(say(transition({ ...facts, stoppedByHand: true })), '')
  assert.equal(say(transition({ ...facts, standing: standings.allByHand })), '')
})

test('a step pull request that a person closed is not opened again', () => {
  assert.equal(say(transition({ standing: standings.at5, open: [], stoppedByHand: true, rollbackRefused: false })), '')
})

const REPORT: AnalysisReport = {
  outcome: 'fail',
  isFailure: true,
  isComplete: false,
  from: 1000,
  until: 2000,
  ends: 2000,
  next: 2000,
  server: 'prometheus',
  failureLimit: 0,
  checks: [],
}

test('a canary that fails its analysis is rolled back, or held where the config says so', () => {
  const holding = { ...sample(95, 5), settings: { ...sample(95, 5).settings, onFailure: 'hold' as const } }
  const table: [string, Partial<RolloutFacts>, string][] = [
    ['the open step is closed', { open: [open(9, '25')] }, 'close #9 failed, propose rollback'],
    ['without an open step', {}, 'propose rollback'],
    ['whatever a person closed before', { stoppedByHand: true }, 'propose rollback'],
    ['once', { open: [open(10, '0')] }, ''],
    ['not again when a person closed the rollback', { rollbackRefused: true, stoppedByHand: true }, ''],
    ['then it goes on as ever', { rollbackRefused: true }, 'propose 5→25'],
    [
      'also on the way to the end',
      { standing: standings.at100, open: [open(9, 'finish')] },
      'close #9 failed, propose rollback',
    ],
    ['or held', { standing: standingOf(holding), open: [open(9, '25')] }, 'hold'],
    ['held, with the step to come', { standing: standingOf(holding) }, 'propose 5→25, hold'],
  ]
  for (const [why, over, expected] of table) {
    const facts = { standing: standings.at5, open: [], stoppedByHand: false, rollbackRefused: false, failure: REPORT }
    assert.equal(say(transition({ ...facts, ...over })), expected, why)
  }
})

test('an abort closes the step and proposes the rollback once, and nothing where there is no traffic', () => {
  assert.equal(say(abort({ standing: standings.at5, open: [open(9, '25')] })), 'close #9 aborted, propose rollback')
  assert.equal(say(abort({ standing: standings.at5, open: [open(9, '0')] })), '')
  // Its branch has another commit now, or the base branch has moved.
  assert.equal(say(abort({ standing: standings.at5, open: [open(9, '0', false)] })), 'replan #9 rollback')
  assert.equal(say(abort({ standing: standings.at5, open: [open(9, '25'), open(10, '0')] })), 'close #9 aborted')
  assert.equal(say(abort({ standing: standings.idle, open: [] })), '')
})

test('an unreadable share is not a share of 0: it is rolled back, and no rollback is dropped because of it', () => {
  const text = virtualService(75, 25).replace(/weight: 25$/m, 'weight: "25"')
  const standing = standingOf(targetOf({ 'vs.yaml': text, 'dr.yaml': destinationRule('v1', 'v2') }))
  assert.deepEqual([standing.phase, standing.share], ['unreadable', 'unknown'])
  assert.equal(say(abort({ standing, open: [open(9, '50')] })), 'close #9 aborted, propose rollback')
  const facts = { standing, stoppedByHand: false, rollbackRefused: false }
  assert.equal(say(transition({ ...facts, open: [open(9, '0')] })), '')
  assert.equal(say(transition({ ...facts, open: [open(9, '0', false)] })), 'replan #9 rollback')
  const made = filesFor([{ target: standing.target, move: { kind: 'rollback', from: 0 } }], undefined)
  assert.equal(made.ok ? 'made' : made.error.code, 'invalid-weight')
})

test('the plan is the object’s own, or else the config’s, and always ends at 100', () => {
  assert.deepEqual(planOf(sample(95, 5, ['v1', 'v2'], { 'canary-percentage': '5', steps: '5,50' })), [5, 50])
  assert.deepEqual(planOf(sample(95, 5, ['v1', 'v2'], { 'canary-percentage': '5', steps: 'all' })), [5, 25, 50, 100])
  assert.equal(nextStep([5, 50], 50), 100)
  assert.equal(nextStep([5, 50], 100), undefined)
})

test('each route has the config of its own service, wherever that is in the config', () => {
  const web = (text: string): string => text.replaceAll('api-service', 'web')
  const files = {
    'app/vs.yaml': virtualService(95, 5),
    'app/dr.yaml': destinationRule('v1', 'v2'),
    'app/web-vs.yaml': web(virtualService(90, 10)),
    'app/web-dr.yaml': web(destinationRule('v1', 'v2')),
    'app/shop-vs.yaml': web(virtualService(80, 20)).replace('name: web', 'name: shop'),
  }
  const services = {
    other: { steps: [1, 100], bake: '1m', autoMerge: 'always' },
    web: { steps: [20, 100], bake: '20m' },
    'api-service': { steps: [30, 100], bake: '30m', autoMerge: 'rollback' },
    till: { route: { kind: 'VirtualService', name: 'shop' }, steps: [40, 100], bake: '40m' },
  }
  const seen = targetsOf(files, { services }).map(({ route, service, settings }) => {
    const { steps, bakeMs, autoMerge } = settings
    return `${route.name} as ${service}: ${steps.join()} ${bakeMs / 60_000}m ${autoMerge}`
  })
  assert.deepEqual(seen.toSorted(), [
    'api-service as api-service: 30,100 30m rollback',
    'shop as till: 40,100 40m never',
    'web as web: 20,100 20m never',
  ])
})

test('a service of another kind or namespace does not speak for a route of the same name', () => {
  const files = { 'app/vs.yaml': virtualService(95, 5), 'app/dr.yaml': destinationRule('v1', 'v2') }
  const steps = (route: unknown): readonly number[] =>
    targetOf(files, { services: { other: { route, steps: [7, 100] } } }).settings.steps
  assert.deepEqual(steps({ kind: 'VirtualService', name: 'api-service' }), [7, 100])
  for (const route of [
    { kind: 'HTTPRoute', name: 'api-service' },
    { kind: 'VirtualService', name: 'api-service', namespace: 'shop' },
    { kind: 'VirtualService', name: 'api' },
  ])
    assert.deepEqual(steps(route), [5, 25, 50, 100], JSON.stringify(route))
})

test('a step was made on the current share unless its commits contain an earlier share of the base branch', () => {
  const from5 = (...shares: readonly (number | 'unknown' | undefined)[]): boolean =>
    isMadeOn(shares, { to: 100, now: 5 })
  assert.equal(from5(100), true)
  assert.equal(from5(100, 25), false, 'the base branch had 25% when it was made')
  assert.equal(from5(40, 100), true, 'somebody pushed another share to it')
  assert.equal(from5(40, 100, 25), false)
  assert.equal(from5(100, 5), true)
  assert.equal(from5(100, undefined), false)
  assert.equal(from5(40), true, 'nothing of what Perch committed is left')
})
