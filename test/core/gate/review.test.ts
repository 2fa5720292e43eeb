/** What follows from a review: when Perch looks again, what it merges, and what it says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../../../src/core/gate/gate.ts'
import type { Liveness } from '../../../src/core/gate/live.ts'
import {
  awaitedTargets,
  closingTimes,
  isJudgedAgain,
  lookTimes,
  mergesItself,
  NO_CHANGE,
  notLive,
  offeredVersions,
  type Review,
  type ReviewedChange,
} from '../../../src/core/gate/review.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import { riseOf, sample } from '../samples.ts'

const TARGET = sample(75, 25)

function change(over: Partial<ReviewedChange> = {}): ReviewedChange {
  return { target: TARGET, from: 5, to: 25, version: undefined, finishes: false, verdicts: [], ...over }
}

function live(liveness: Liveness): Verdict {
  return { gate: 'live', target: 'app/web', state: 'wait', reason: { code: 'live', liveness } }
}

test('Perch merges a raise or a rollback itself only if the config says so, and nothing else changes', () => {
  const merged = (over: Partial<ReviewedChange>): string =>
    (['never', 'rollback', 'always'] as const)
      .filter((autoMerge) => {
        return mergesItself({ ...change(over), target: { ...TARGET, settings: { ...TARGET.settings, autoMerge } } })
      })
      .join(' ')
  const back = { from: 25, to: 0 }
  const widened = [riseOf(TARGET, 'app')]
  assert.equal(merged({}), 'always')
  assert.equal(merged(back), 'rollback always')
  assert.equal(merged({ from: 25, to: 25 }), 'always')
  assert.equal(merged({ ...back, finishes: true }), 'always')
  assert.equal(merged({ ...back, version: { role: 'canary', from: 'v2', to: 'v3' } }), 'always')
  assert.equal(merged({ ...back, widened }), 'always')
  assert.equal(merged({ ...back, leftToPeople: { code: 'reset' } }), '')
  assert.equal(merged({ leftToPeople: { code: 'lowered', from: 50 } }), '')
})

test('only a person can help a step that is overdue or failed', () => {
  const [waits, overdue, failed] = (['not-yet', 'overdue', 'failed'] as const).map((state): Liveness => {
    return { state, parts: [] }
  })
  assert.ok(waits !== undefined && overdue !== undefined && failed !== undefined)
  const passed: Verdict = { gate: 'bake', target: 'app/web', state: 'wait', reason: { code: 'not-live-yet' } }
  const found = (...verdicts: readonly Verdict[]) => notLive(change({ verdicts }))?.state
  assert.equal(found(), undefined)
  assert.equal(found(passed, live(waits), live({ state: 'live', since: 1, parts: [] })), undefined)
  assert.equal(found(passed, live(waits), live(overdue)), 'overdue')
  assert.equal(found(live(failed), live(overdue)), 'failed')
})

test('a rollout must end first if the change would replace its version at once, unless a maintainer passed that gate', () => {
  const swapped = (state: Verdict['state']): Verdict => {
    return { gate: 'version', target: 'app/web', state, reason: { code: 'canary-swapped', share: 25 } }
  }
  const other: Verdict = { gate: 'bake', target: 'app/web', state: 'block', reason: { code: 'not-live-yet' } }
  const awaited = (...verdicts: readonly Verdict[]) =>
    awaitedTargets({ changes: [change(), change({ verdicts })] }).map((target) => targetName(target))
  assert.deepEqual(awaited(other, swapped('block')), [targetName(TARGET)])
  assert.deepEqual(awaited(other, swapped('pass')), [])
  assert.deepEqual(awaited(other), [])
})

test('Perch looks again when a gate may pass, a stop ends, or a server may be back', () => {
  const wait: Verdict = {
    gate: 'freeze',
    target: 'app/web',
    state: 'wait',
    reason: { code: 'window', window: { environment: 'app', until: 90, reason: undefined } },
    until: 90,
  }
  const stop = { kind: 'freeze', by: 'olga', reason: undefined, until: 80 } as const
  const problem = (cause: Review['problems'][number]['cause']): Review['problems'][number] => {
    return { code: 'x', file: undefined, line: 1, cause }
  }
  const lost = problem({ kind: 'lost-stop', scope: { environment: 'app' }, stop })
  const endless = problem({ kind: 'lost-stop', scope: { environment: 'app' }, stop: { ...stop, until: undefined } })
  const gone = problem({ kind: 'dry-run-gap', environment: 'app', gap: 'not-answered', title: '', text: '' })
  const times = (over: Partial<Review>): readonly number[] => lookTimes({ ...NO_CHANGE, ...over }, 1_000)
  assert.deepEqual(times({}), [])
  assert.deepEqual(times({ changes: [change({ verdicts: [wait] })] }), [90])
  assert.deepEqual(times({ promotion: { name: 'a → b', verdicts: [wait] } }), [90])
  assert.deepEqual(times({ problems: [lost, endless] }), [80])
  assert.deepEqual(times({ problems: [lost, gone], changes: [change({ verdicts: [wait] })] }), [901_000, 80, 90])
})

test('a review of traffic, or one that loses names, is repeated when a stop comes', () => {
  const promotion = { name: 'a → b', verdicts: [], freezesAt: 70 }
  assert.equal(isJudgedAgain(NO_CHANGE), false)
  assert.equal(isJudgedAgain({ ...NO_CHANGE, changes: [change()] }), true)
  assert.equal(isJudgedAgain({ ...NO_CHANGE, promotion }), true)
  assert.equal(isJudgedAgain({ ...NO_CHANGE, lostNames: [{ environment: 'app' }] }), true)
  assert.deepEqual(closingTimes({ changes: [change({ freezesAt: 60 }), change()], promotion }), [60, 70])
  assert.deepEqual(closingTimes({ changes: [change()], promotion: undefined }), [])
})

test('a new version is offered while there is no problem, and not if the config never starts', () => {
  const offered = (start: 'ask' | 'never', problems: Review['problems'] = []) =>
    offeredVersions({
      newVersions: [
        { target: { ...TARGET, settings: { ...TARGET.settings, start } }, from: 'v1', to: 'v2', after: [] },
      ],
      problems,
    }).length
  assert.equal(offered('ask'), 1)
  assert.equal(offered('never'), 0)
  const problem = { code: 'conflict', file: undefined, line: 1, cause: { kind: 'conflict', paths: [] } } as const
  assert.equal(offered('ask', [problem]), 0)
})
