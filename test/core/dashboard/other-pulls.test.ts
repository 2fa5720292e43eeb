/** Which pull requests the dashboard lists apart from the rollouts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Dashboard,
  type ListedRollout,
  listedRollouts,
  otherPulls,
  pullState,
} from '../../../src/core/dashboard/dashboard.ts'

function listed(name: string, pulls: readonly number[]): ListedRollout {
  return { name, state: 'stepping', share: 5, version: 'v2', pulls }
}

test('pull requests that are no step of a listed rollout are listed by number', () => {
  const listings: Dashboard['listings'] = [
    ['main', { code: 'listed', rollouts: [listed('a/web', [7]), listed('b/web', [12, 30])], owned: 0 }],
    ['release/1', { code: 'config' }],
    ['release/2', { code: 'listed', rollouts: [listed('c/web', [9])], owned: 1 }],
    ['release/3', { code: 'not-looked-at' }],
  ]
  const pulls = new Map([30, 100, 9, 20, 12, 7].map((number) => [number, { code: 'ready' } as const]))
  assert.deepEqual(otherPulls({ defaultBranch: 'main', listings, pulls }), [20, 100])
  assert.deepEqual(
    listedRollouts(listings).map(({ name }) => name),
    ['a/web', 'b/web', 'c/web'],
  )
})

test('a pull request is ready only if it is known to be green, and else waits for its gates', () => {
  const seen = { head: 'abc', draft: false, green: false }
  const gates = [
    ['bake', 'wait'],
    ['order', 'block'],
    ['live', 'pass'],
    ['freeze', 'wait'],
  ] as const
  assert.deepEqual(pullState(undefined, gates), { code: 'not-reviewed' })
  assert.deepEqual(pullState({ ...seen, head: '', green: true }, []), { code: 'not-reviewed' })
  assert.deepEqual(pullState({ ...seen, green: true }, gates), { code: 'ready' })
  assert.deepEqual(pullState({ ...seen, green: true, draft: true }, []), { code: 'draft' })
  assert.deepEqual(pullState(seen, gates), { code: 'gated', blocking: ['order'], waiting: ['bake', 'freeze'] })
  assert.deepEqual(pullState(seen, gates.slice(0, 2)), { code: 'gated', blocking: ['order'], waiting: ['bake'] })
  assert.deepEqual(pullState(seen, gates.slice(0, 1)), { code: 'gated', blocking: [], waiting: ['bake'] })
  assert.deepEqual(pullState(seen, gates.slice(1, 2)), { code: 'gated', blocking: ['order'], waiting: [] })
  assert.deepEqual(pullState(seen, gates.slice(2, 3)), { code: 'red' })
})
