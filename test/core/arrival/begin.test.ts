import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAutomation, ownStarts } from '../../../src/core/arrival/automation.ts'
import { type Arrival, beginningOf } from '../../../src/core/arrival/begin.ts'
import { NO_CHANGE } from '../../../src/core/gate/review.ts'
import { conflictProblem } from '../../../src/core/problem/merge.ts'
import { pullRequest, sample } from '../samples.ts'

const ARRIVAL: Arrival = {
  settings: { start: 'first-step', onNewVersion: 'finish-first' },
  wasRunning: false,
  wasConfigured: true,
  isByAutomation: true,
  traffic: 'never',
  refused: [],
}

const closed = (ref: string): Arrival['refused'] => [{ head: { ref, sha: 'a'.repeat(40), isFork: false } }]

test('a version begins if all necessary facts are known, and nobody has acted on it yet', () => {
  assert.equal(beginningOf(ARRIVAL), 'start')
  assert.equal(beginningOf({ ...ARRIVAL, settings: { ...ARRIVAL.settings, start: 'ask' } }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, wasConfigured: false }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, isByAutomation: false }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, traffic: 'inherited' }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, traffic: 'taken-back' }), undefined)
  assert.equal(beginningOf({ ...ARRIVAL, refused: closed('canary/production/web/5') }), undefined)
  assert.equal(
    beginningOf({ ...ARRIVAL, refused: closed('canary/production/web/0') }),
    'start',
    'a rollback that somebody refused is no step',
  )
})

test('a version that comes while the canary has traffic begins again only if the config says so', () => {
  const during = (onNewVersion: Arrival['settings']['onNewVersion'], traffic: Arrival['traffic']): unknown =>
    beginningOf({ ...ARRIVAL, settings: { start: 'first-step', onNewVersion }, wasRunning: true, traffic })
  assert.deepEqual([during('restart', 'inherited'), during('restart', 'restarted')], ['restart', 'start'])
  assert.deepEqual([during('finish-first', 'inherited'), during('finish-first', 'restarted')], [undefined, undefined])
  assert.deepEqual([during('ignore', 'inherited'), during('ignore', 'restarted')], [undefined, undefined])
  for (const choice of ['restart', 'finish-first', 'ignore'] as const)
    assert.equal(during(choice, 'taken-back'), undefined, 'a person took it back')
  assert.equal(during('restart', 'started'), undefined, 'it has begun anew already')
  const again = {
    ...ARRIVAL,
    settings: { start: 'first-step', onNewVersion: 'restart' },
    traffic: 'inherited',
  } as const
  assert.equal(beginningOf(again), undefined, 'a version that began without traffic is the rollout itself')
  const refused = { ...again, wasRunning: true, refused: closed('canary/production/web/0') }
  assert.equal(beginningOf(refused), undefined, 'a person closed the rollback')
})

test('Apps are automation, and so are the logins in the config', () => {
  assert.ok(isAutomation('renovate[bot]', { automation: [] }))
  assert.ok(isAutomation('flux', { automation: ['flux'] }))
  assert.ok(!isAutomation('alice', { automation: ['flux'] }))
})

test('nothing is committed to a draft or a fork, or if something is wrong', () => {
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
