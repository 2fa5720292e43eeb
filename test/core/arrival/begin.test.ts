import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAutomation, ownStarts } from '../../../src/core/arrival/automation.ts'
import { type Arrival, beginningOf } from '../../../src/core/arrival/begin.ts'
import { NO_CHANGE } from '../../../src/core/gate/review.ts'
import { conflictProblem } from '../../../src/core/problem/merge.ts'
import { pullRequest, sample } from '../samples.ts'

const ARRIVAL: Arrival = {
  settings: { start: 'first-step', onNewVersion: 'finish-first' },
  isRunning: false,
  wasRunning: false,
  wasConfigured: true,
  isByAutomation: true,
  ended: [],
}

const ended = (ref: string): Arrival['ended'] => [{ head: { ref, sha: 'a'.repeat(40), isFork: false } }]

test('a version begins where all that must be known is known, and nobody did anything about it yet', () => {
  assert.equal(beginningOf(ARRIVAL), 'start')
  assert.equal(beginningOf({ ...ARRIVAL, settings: { ...ARRIVAL.settings, start: 'ask' } }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, wasConfigured: false }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, isByAutomation: false }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, ended: ended('canary/production/web/5') }), undefined)
  assert.equal(
    beginningOf({ ...ARRIVAL, ended: ended('canary/production/web/0') }),
    'start',
    'a rollback is no beginning',
  )
})

test('what comes while the canary has traffic follows the config', () => {
  const during = (onNewVersion: Arrival['settings']['onNewVersion'], isRunning: boolean): unknown =>
    beginningOf({ ...ARRIVAL, settings: { start: 'first-step', onNewVersion }, isRunning, wasRunning: true })
  assert.deepEqual([during('restart', true), during('restart', false)], ['restart', 'start'])
  assert.deepEqual([during('finish-first', true), during('finish-first', false)], [undefined, 'start'])
  assert.deepEqual([during('ignore', true), during('ignore', false)], [undefined, undefined])
  const again = { ...ARRIVAL, settings: { start: 'first-step', onNewVersion: 'restart' }, isRunning: true } as const
  assert.equal(beginningOf(again), undefined, 'a version that began without traffic is the rollout itself')
  const refused = { ...again, wasRunning: true, ended: ended('canary/production/web/0') }
  assert.equal(beginningOf(refused), undefined, 'a person closed the rollback')
})

test('Apps are automation, and who the config names', () => {
  assert.ok(isAutomation('renovate[bot]', { automation: [] }))
  assert.ok(isAutomation('flux', { automation: ['flux'] }))
  assert.ok(!isAutomation('alice', { automation: ['flux'] }))
})

test('nothing is committed to a draft, to a fork, and where something is wrong', () => {
  const target = sample(100, 0)
  const own = { ...target, settings: { ...target.settings, start: 'first-step' as const } }
  const found = { ...NO_CHANGE, newVersions: [{ target: own, from: 'v2', to: 'v3', after: [] }] }
  const pull = pullRequest(7, 'update')
  assert.deepEqual(
    ownStarts(found, pull).map(({ command }) => command),
    [{ name: 'set', percent: 5, service: 'api-service', environment: 'default', sha: undefined }],
  )
  assert.deepEqual(ownStarts(found, { ...pull, draft: true }), [])
  assert.deepEqual(ownStarts(found, { ...pull, head: { ...pull.head, isFork: true } }), [])
  assert.deepEqual(ownStarts({ ...found, problems: [conflictProblem(['x'])] }, pull), [])
  assert.deepEqual(ownStarts({ ...found, newVersions: [{ target, from: 'v2', to: 'v3', after: [] }] }, pull), [])
})
