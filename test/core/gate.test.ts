import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, nextLook, type TrafficChange } from '../../src/core/gate/gate.ts'
import { type Liveness, liveByStatus, liveByTimer, matcher } from '../../src/core/gate/live.ts'
import type { CommitStatus } from '../../src/core/rollout/facts.ts'

const LIVE: Liveness = { state: 'live', since: 1000, by: 'timer' }
const NOT_YET: Liveness = { state: 'not-yet', waitsFor: 'status', pattern: 'x' }
const FAILED: Liveness = { state: 'failed', context: 'x', description: '' }

function change(over: Partial<TrafficChange>): TrafficChange {
  return {
    target: 'production/web',
    from: 5,
    to: 25,
    promotes: false,
    swaps: false,
    finishes: false,
    bakeMs: 500,
    unchecked: [],
    liveness: LIVE,
    ...over,
  }
}

function say(over: Partial<TrafficChange>, now: number): string {
  return judge(change(over), now)
    .map(({ gate, state }) => `${gate} ${state}`)
    .join(', ')
}

test('what each change waits for', () => {
  const table: [string, Partial<TrafficChange>, number, string][] = [
    ['the first step waits for nothing', { from: 0, liveness: undefined }, 0, ''],
    ['a raise waits until the step before is live', { liveness: NOT_YET }, 9999, 'live wait, bake wait'],
    ['a raise waits until it has baked', {}, 1499, 'live pass, bake wait'],
    ['then it may merge', {}, 1500, 'live pass, bake pass'],
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

test('a waiting gate says when to look again, where time alone can tell', () => {
  assert.equal(nextLook(judge(change({}), 1200)), 1500)
  assert.equal(nextLook(judge(change({ liveness: NOT_YET }), 1200)), undefined)
  assert.equal(nextLook(judge(change({ liveness: liveByTimer(0, 300, 1200) }), 1200)), 1300)
})

const status = (
  state: CommitStatus['state'],
  createdAt: number,
  context = 'kustomization/apps/0c9c2e41',
): CommitStatus => ({ context, state, createdAt, description: 'x' })
const PATTERN = 'kustomization/apps/*'

test('live is the newest word on the newest commit that says anything, since the run of successes began', () => {
  const table: [string, CommitStatus[][], string][] = [
    ['nobody said anything', [[]], 'not-yet'],
    ['success on the commit', [[status('success', 10)]], 'live 10'],
    [
      'said again and again: since the first',
      [[status('success', 30), status('success', 20)], [status('success', 10)]],
      'live 10',
    ],
    ['only on a descendant', [[status('success', 30)], []], 'live 30'],
    ['a later failure voids it', [[status('failure', 40), status('success', 10)]], 'failed'],
    ['a failure on a newer commit voids it', [[status('error', 40)], [status('success', 10)]], 'failed'],
    [
      'success after a failure counts from then',
      [[status('success', 50), status('failure', 40), status('success', 10)]],
      'live 50',
    ],
    ['pending says nothing', [[status('pending', 60), status('success', 10)]], 'live 10'],
    ['another context says nothing', [[status('success', 10, 'ci/build')]], 'not-yet'],
  ]
  for (const [why, commits, expected] of table) {
    const found = liveByStatus(
      commits.map((statuses) => ({ statuses })),
      PATTERN,
    )
    assert.equal(found.state === 'live' ? `live ${found.since - 1000}` : found.state, expected, why)
  }
})

test('a pattern’s star stands for anything, and nothing else in it is special', () => {
  assert.ok(matcher('a/*')('a/b/c'))
  assert.ok(matcher('a.b')('a.b'))
  assert.ok(!matcher('a.b')('axb'))
  assert.ok(!matcher('a/*')('b/a/c'))
})
