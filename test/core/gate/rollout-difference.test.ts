import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leavingOwner } from '../../../src/core/gate/leaving-owner.ts'
import { NO_CHANGE } from '../../../src/core/gate/review.ts'
import { onlyLowers, type RolloutDifference } from '../../../src/core/gate/rollout-difference.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { flaggerCanary } from '../../owners.ts'
import { riseOf, sample, snapshotOf, targetOf, virtualService } from '../samples.ts'

test('a change passes every gate only if all that it does is to take traffic away from canaries', () => {
  const [from, to] = [standingOf(sample(75, 25)), standingOf(sample(95, 5))]
  const none = { version: undefined, widened: [], leaving: undefined, base: snapshotOf({}) }
  const lowers: RolloutDifference = { ...none, from, to, sure: 25, reach: 5 }
  const raises: RolloutDifference = { ...none, from: to, to: from, sure: 5, reach: 25 }
  const row = { environment: 'production', rule: 'main', before: [], after: [] }
  const own = { ...NO_CHANGE, rows: [{ ...row, route: 'VirtualService default/api-service' }] }
  const other = { ...NO_CHANGE, rows: [...own.rows, { ...row, route: 'VirtualService default/other' }] }
  assert.ok(onlyLowers([lowers], own))
  assert.ok(onlyLowers([lowers, lowers], NO_CHANGE))
  assert.ok(!onlyLowers([], NO_CHANGE))
  assert.ok(!onlyLowers([lowers, raises], own), 'of two rollouts one is raised')
  assert.ok(!onlyLowers([lowers], other), 'another route changes too')

  const { target, versions } = from
  const unreadable = { target, versions, phase: 'unreadable', share: 'unknown' } as const
  const route = virtualService(75, 25, {}).replaceAll('api-service', 'web')
  const owned = standingOf(targetOf({ 'app/all.yaml': `${route}---\n${flaggerCanary()}` }))
  const leaving = leavingOwner(owned, standingOf(targetOf({ 'app/all.yaml': route })))
  assert.ok(leaving !== undefined)
  const more: readonly (readonly [string, Partial<RolloutDifference>])[] = [
    ['it keeps the share', { reach: 25 }],
    ['another rule may raise the share', { reach: 26 }],
    ['the route is new', { from: undefined }],
    ['the share before is unknown', { from: unreadable }],
    ['the share after is unknown', { to: unreadable }],
    ['it brings another version', { version: { role: 'canary', from: 'v2', to: 'v3' } }],
    ['another object sends more', { widened: [riseOf(target, 'production')] }],
    ['a controller leaves', { leaving }],
  ]
  for (const [why, over] of more) assert.ok(!onlyLowers([{ ...lowers, ...over }], own), why)
})
