/** The base branch decides about roles: a pull request cannot call its canary stable. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetAsBase } from '../../../src/core/rollout/as-base.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { destinationRule, targetOf, virtualService } from '../samples.ts'

function route(stable: number, canary: number, roles?: string): Record<string, string> {
  const text = virtualService(stable, canary, roles === undefined ? {} : { roles })
  return { 'vs.yaml': text.replaceAll('subset: stable', 'subset: v1').replaceAll('subset: canary', 'subset: v2') }
}

test('an annotation that swaps the roles swaps nothing', () => {
  const base = targetOf(route(95, 5, 'stable=v1,canary=v2'))
  const head = targetOf(route(5, 95, 'stable=v2,canary=v1'))
  assert.equal(standingOf(head).share, 5)
  assert.equal(standingOf(targetAsBase([base], head)).share, 95)
})

test('removing the annotation removes no role', () => {
  const base = targetOf(route(95, 5, 'stable=v1,canary=v2'))
  assert.equal(standingOf(targetAsBase([base], targetOf(route(50, 50)))).share, 50)
})

test('if the base has no annotation, one of the pull request does not count', () => {
  const files = (weights: readonly [number, number], roles: Record<string, string>) =>
    targetOf({ 'vs.yaml': virtualService(...weights, roles), 'dr.yaml': destinationRule('v1', 'v2') })
  const head = files([0, 100], { roles: 'stable=canary,canary=stable' })
  assert.equal(standingOf(head).share, 0)
  assert.equal(standingOf(targetAsBase([files([100, 0], {})], head)).share, 100)
})

test('a new route is read by the usual names, or else by its annotation', () => {
  const swapped = targetOf({ 'vs.yaml': virtualService(0, 100, { roles: 'stable=canary,canary=stable' }) })
  assert.equal(standingOf(targetAsBase([], swapped)).share, 100)
  assert.equal(standingOf(targetAsBase([], targetOf(route(60, 40, 'stable=v1,canary=v2')))).share, 40)
})
