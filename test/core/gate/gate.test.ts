import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { judge, nextLook, overrule, type TrafficChange } from '../../../src/core/gate/gate.ts'
import { type Restraints, UNRESTRAINED } from '../../../src/core/gate/restraint.ts'
import { type Liveness, livenessBy } from '../../../src/core/gate/live.ts'
import type { Stop } from '../../../src/core/stop/stop.ts'

const LIVE: Liveness = { state: 'live', since: 1000, parts: [] }
const NOT_YET: Liveness = { state: 'not-yet', parts: [] }
const FAILED: Liveness = { state: 'failed', parts: [] }
const OVERDUE: Liveness = { state: 'overdue', parts: [] }

function change(over: Partial<TrafficChange>): TrafficChange {
  return {
    target: 'production/web',
    from: 5,
    to: 25,
    widens: false,
    promotes: false,
    swaps: false,
    finishes: false,
    goesBack: false,
    unknownBase: undefined,
    isBaseUndated: false,
    bakeMs: 500,
    unchecked: [],
    liveness: LIVE,
    analysis: undefined,
    isAnalysed: false,
    canary: 'v2',
    restraints: UNRESTRAINED,
    ...over,
  }
}

function say(over: Partial<TrafficChange>, now: number): string {
  return judge(change(over), now)
    .map(({ gate, state }) => `${gate} ${state}`)
    .join(', ')
}

test('a rollout with an unreadable part is no start, and a maintainer may override the gate', () => {
  const hidden = { unknownBase: { code: 'base-unreadable' } as const, from: 0, to: 5, liveness: undefined }
  assert.equal(say(hidden, 0), 'live block')
  assert.equal(say({ ...hidden, to: 0, promotes: true }, 0), 'live block')
  const override = { gate: 'live', by: 'olga', reason: 'as it was' } as const
  assert.deepEqual(
    overrule(judge(change(hidden), 0), [override]).map(({ state }) => state),
    ['pass'],
  )
})

test('if only a render shows the state of the base branch, a raise waits for a maintainer and a start for nobody', () => {
  const undated = { isBaseUndated: true, liveness: undefined }
  assert.equal(say({ ...undated, from: 5, to: 25 }, 0), 'live block')
  assert.equal(say({ ...undated, from: 25, to: 5 }, 0), '')
  assert.equal(say({ ...undated, from: 0, to: 5 }, 0), '')
})

test('what each change waits for', () => {
  const table: [string, Partial<TrafficChange>, number, string][] = [
    ['the first step waits for nothing', { from: 0, liveness: undefined }, 0, ''],
    ['a raise waits until the step before is live', { liveness: NOT_YET }, 9999, 'live wait, bake wait'],
    ['a raise waits until it has baked', {}, 1499, 'live pass, bake wait'],
    ['then it may merge', {}, 1500, 'live pass, bake pass'],
    ['a report that is overdue keeps it waiting', { liveness: OVERDUE }, 9999, 'live wait, bake wait'],
    ['a failed sync blocks a raise', { liveness: FAILED }, 9999, 'live block, bake wait'],
    ['lowering never waits', { from: 25, to: 5, liveness: NOT_YET }, 0, ''],
    ['a rollback never waits', { from: 25, to: 0, liveness: FAILED, unchecked: ['analysis'] }, 0, ''],
    [
      'a version change under traffic bakes like a raise',
      { from: 100, to: 100, promotes: true },
      1499,
      'live pass, bake wait',
    ],
    [
      'the last flip waits until the new stable is live',
      { from: 100, to: 0, finishes: true, liveness: NOT_YET },
      0,
      'live wait',
    ],
    [
      'what the config asks for and nobody checks blocks',
      { unchecked: ['analysis'] },
      1500,
      'config block, live pass, bake pass',
    ],
    ['another canary version under traffic blocks', { from: 25, to: 25, swaps: true }, 9999, 'version block'],
    ['also on the first step', { from: 0, liveness: undefined, unchecked: ['after'] }, 0, 'config block'],
  ]
  for (const [why, over, now, expected] of table) assert.equal(say(over, now), expected, why)
})

const REPORT: AnalysisReport = {
  outcome: 'pass',
  isFailure: false,
  isComplete: true,
  from: 1000,
  until: 1500,
  ends: 2000,
  next: 2000,
  server: 'prometheus',
  failureLimit: 0,
  checks: [],
}

test('only passing measurements of the whole bake allow the next step', () => {
  const table: [string, Partial<AnalysisReport> | undefined, string][] = [
    ['nothing was measured', undefined, 'wait'],
    ['all is well', {}, 'pass'],
    ['all is well so far', { isComplete: false }, 'wait'],
    ['it fails', { outcome: 'fail', isFailure: true }, 'block'],
    ['it fails early', { outcome: 'fail', isFailure: true, isComplete: false }, 'block'],
    ['no data', { outcome: 'no-data' }, 'wait'],
    ['no data, which the config counts as a failure', { outcome: 'no-data', isFailure: true }, 'block'],
    ['an error', { outcome: 'error' }, 'wait'],
    ['inconclusive', { outcome: 'inconclusive' }, 'wait'],
  ]
  for (const [why, over, expected] of table) {
    const analysis = over === undefined ? undefined : { ...REPORT, ...over }
    assert.equal(say({ isAnalysed: true, analysis }, 1500), `live pass, bake pass, analysis ${expected}`, why)
  }
  assert.equal(say({ isAnalysed: true, liveness: NOT_YET }, 1500), 'live wait, bake wait, analysis wait')
  assert.equal(say({ isAnalysed: true, from: 0 }, 1500), '', 'a first step has nothing to measure')
  assert.equal(say({ isAnalysed: true, to: 0, analysis: { ...REPORT, isFailure: true } }, 1500), '', 'lowering')
})

test('a bake shows its progress in tenths, and is updated when there is more to show', () => {
  const bakeMs = 600_000
  const at = (now: number): string =>
    judge(change({ bakeMs }), 1000 + now)
      .map(({ reason }) => (reason.code === 'baking' ? String(reason.done) : reason.code))
      .join(' ')
  assert.equal(at(-5000), 'live 0')
  assert.equal(at(59_999), 'live 0')
  assert.equal(at(60_000), 'live 0.1')
  assert.equal(at(599_999), 'live 0.9')
  assert.equal(at(600_000), 'live 1')
  assert.equal(nextLook(judge(change({ bakeMs }), 1000)), 61_000)
  assert.equal(nextLook(judge(change({ bakeMs }), 61_000)), 121_000)
  assert.equal(nextLook(judge(change({ bakeMs }), 600_999)), 601_000)
  assert.equal(nextLook(judge(change({ bakeMs: 45_000 }), 1000)), 46_000, 'a short one only at its end')
  assert.equal(nextLook(judge(change({ bakeMs: 0 }), 1000)), undefined)
})
const TIMER = livenessBy([{ after: 300 }], { commits: [], landedAt: 0, now: 1200 })

test('a waiting gate tells when to look again, if time alone can change it', () => {
  assert.equal(nextLook(judge(change({}), 1200)), 1500)
  assert.equal(nextLook(judge(change({ liveness: NOT_YET }), 1200)), undefined)
  assert.equal(nextLook(judge(change({ liveness: TIMER }), 1200)), 1300)
})

const FROZEN: Stop = { kind: 'freeze', by: 'olga', reason: 'release', until: 9000 }
const STAGING = {
  code: 'found',
  share: 25,
  stable: 'v1',
  canary: 'v2',
  liveness: LIVE,
  bakeMs: 500,
  analysis: undefined,
} as const

test('reasons outside of its own rollout that hold a raise back', () => {
  const table: [string, Partial<Restraints>, number, string][] = [
    ['a hold has no end', { stops: [{ ...FROZEN, kind: 'hold', until: undefined }] }, 9999, 'hold wait'],
    ['a freeze', { stops: [FROZEN] }, 5000, 'freeze wait until 9000'],
    ['a window', { windows: [{ environment: 'p', until: 7000, reason: undefined }] }, 0, 'freeze wait until 7000'],
    ['too few approvals', { approvals: { wanted: 2, has: 1 } }, 0, 'approvals wait'],
    ['enough approvals', { approvals: { wanted: 2, has: 2 } }, 0, 'approvals pass'],
    ['an older pull request', { conflict: 7 }, 0, 'conflict wait'],
    ['done there', order(STAGING), 1500, 'order pass'],
    ['still baking there', order(STAGING), 1499, 'order wait until 1500'],
    ['not that far there', order({ ...STAGING, share: 5 }), 1500, 'order wait'],
    [
      'nobody can tell how far there',
      order({ ...STAGING, share: 'unknown', stable: STAGING.canary }),
      1500,
      'order wait',
    ],
    ['another version there', order({ ...STAGING, canary: 'v3' }), 1500, 'order wait'],
    ['not live there', order({ ...STAGING, liveness: NOT_YET }), 1500, 'order wait'],
    ['the timer there', order({ ...STAGING, liveness: TIMER }), 1200, 'order wait until 1300'],
    ['failed there', order({ ...STAGING, liveness: FAILED }), 1500, 'order wait'],
    ['measured there and good', order({ ...STAGING, analysis: REPORT }), 1500, 'order pass'],
    [
      'not measured to the end there',
      order({ ...STAGING, analysis: { ...REPORT, isComplete: false } }),
      1500,
      'order wait',
    ],
    ['failing there', order({ ...STAGING, analysis: { ...REPORT, outcome: 'fail' } }), 1500, 'order wait'],
    ['finished there with this version', order({ ...STAGING, share: 0, stable: 'v2' }), 0, 'order pass'],
    ['finished there with another', order({ ...STAGING, share: 0 }), 0, 'order wait'],
    ['nobody knows the version there', order({ ...STAGING, share: 0, stable: undefined }), 0, 'order wait'],
    ['no such service there', order({ code: 'missing' }), 0, 'order block'],
    ['moved by the same file', order({ code: 'together' }), 0, 'order block'],
  ]
  for (const [what, restraints, now, expected] of table) {
    const over = { from: 0, liveness: undefined, restraints: { ...UNRESTRAINED, ...restraints } }
    const said = judge(change(over), now).map(({ gate, state, until }) =>
      [gate, state, ...(until === undefined ? [] : [`until ${until}`])].join(' '),
    )
    assert.equal(said.join(', '), expected, what)
    assert.deepEqual(judge(change({ ...over, from: 50, to: 25 }), now), [], `lowering: ${what}`)
  }
})

test('in waves, an environment needs this step in earlier ones, and the previous step in all others', () => {
  const first = { code: 'found', share: 5, stable: 'v1', canary: 'v2', liveness: LIVE, bakeMs: 500 } as const
  const there = { ...first, analysis: undefined }
  const other = { ...there, canary: 'v9' }
  const table: readonly [string, Partial<TrafficChange>, Order, string][] = [
    ['earlier, with this share', { from: 0, to: 5 }, { wave: 'earlier', found: there }, 'pass'],
    ['earlier, with less', {}, { wave: 'earlier', found: there }, 'wait after-behind'],
    ['earlier, promoted', PROMOTED, { wave: 'earlier', found: { ...there, share: 100, stable: 'v2' } }, 'pass'],
    ['earlier, not yet promoted', PROMOTED, { wave: 'earlier', found: { ...there, share: 100 } }, 'wait not-stable'],
    ['later, with the share before', {}, { wave: 'not-earlier', found: there }, 'pass'],
    [
      'later, not live there',
      {},
      { wave: 'not-earlier', found: { ...there, liveness: NOT_YET } },
      'wait after-not-live',
    ],
    ['later, without traffic', {}, { wave: 'not-earlier', found: { ...there, share: 0 } }, 'wait after-behind'],
    ['later, at a start', { from: 0, to: 5 }, { wave: 'not-earlier', found: { ...there, share: 0 } }, 'pass'],
    [
      'later, another version at a start',
      { from: 0, to: 5 },
      { wave: 'not-earlier', found: other },
      'wait other-version',
    ],
    [
      'later, unreadable at a start',
      { from: 0 },
      { wave: 'not-earlier', found: { ...there, share: 'unknown' } },
      'wait unreadable',
    ],
    ['later, unreadable', {}, { wave: 'not-earlier', found: { ...there, share: 'unknown' } }, 'wait after-behind'],
    ['later, finished', {}, { wave: 'not-earlier', found: { ...there, share: 0, stable: 'v2' } }, 'pass'],
    ['later, and not there', { from: 0 }, { wave: 'not-earlier', found: { code: 'missing' } }, 'block missing'],
    ['later, and a controller moves it', {}, { wave: 'not-earlier', found: { code: 'owned' } }, 'block owned'],
  ]
  for (const [what, over, { wave, found }, expected] of table) {
    const restraints = { ...UNRESTRAINED, orders: [{ environment: 'us-1', wave, found }] }
    const said = judge(change({ ...over, restraints }), 5000).flatMap(({ gate, state, reason }) => {
      if (gate !== 'order' || !('environment' in reason)) return []
      const why = reason.code === 'after' ? reason.problem : reason.code
      return state === 'pass' ? [state] : [`${state} ${why}`]
    })
    assert.deepEqual(said, [expected], what)
  }
})

const PROMOTED: Partial<TrafficChange> = { from: 100, to: 100, promotes: true }

type Order = Required<Pick<Restraints['orders'][number], 'wave' | 'found'>>

function order(found: Restraints['orders'][number]['found']): Partial<Restraints> {
  return { orders: [{ environment: 'staging', found }] }
}

test('an override passes its own gate, keeps the reason, and no other', () => {
  const verdicts = judge(change({ liveness: NOT_YET, restraints: { ...UNRESTRAINED, stops: [FROZEN] } }), 0)
  const passed = overrule(verdicts, [{ gate: 'freeze', by: 'olga', reason: 'urgent' }])
  assert.deepEqual(
    passed.map(({ gate, state, override }) => [gate, state, override?.by]),
    [
      ['live', 'wait', undefined],
      ['bake', 'wait', undefined],
      ['freeze', 'pass', 'olga'],
    ],
  )
})
