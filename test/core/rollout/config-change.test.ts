/** The effect of a pull request's config on the names of rollouts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renamedByConfig } from '../../../src/core/rollout/snapshot/config-change.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import { snapshotOf, targetOf, virtualService } from '../samples.ts'

test('a config must keep the name of a rollout under way, but not of one whose share cannot be read', () => {
  const config = (name: string): object => ({ environments: { [name]: { path: 'apps' } } })
  const renamed = (text: string): readonly string[] => {
    const files = { 'apps/vs.yaml': text }
    const before = snapshotOf(files, config('production'))
    const sides = { before, after: before, next: snapshotOf(files, config('prod')) }
    return renamedByConfig(sides).map(({ target }) => targetName(target))
  }
  const running = virtualService(75, 25)
  assert.deepEqual(renamed(running), ['production/api-service'])
  assert.deepEqual(renamed(virtualService(100, 0)), [])
  const unreadable = running.replace('weight: 25', 'weight: some')
  assert.equal(standingOf(targetOf({ 'vs.yaml': unreadable })).share, 'unknown')
  assert.deepEqual(renamed(unreadable), [])
})
