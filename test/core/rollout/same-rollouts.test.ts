/** Finding a rollout in another tree with an index gives the same result as comparing it with each one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameRollout, sameRollouts } from '../../../src/core/rollout/target.ts'
import { targetsOf, virtualService } from '../samples.ts'

const route = virtualService(95, 5)
const named = (name: string): string => route.replace('name: api-service', `name: ${name}`)

/** One environment builds the route twice, two share it, one sets another namespace, and one has a second route. */
const BEFORE = {
  'base/kustomization.yaml': 'resources: [vs.yaml]\n',
  'base/vs.yaml': route,
  'blue/kustomization.yaml': 'namePrefix: blue-\nresources: [../base]\n',
  'green/kustomization.yaml': 'namePrefix: green-\nresources: [../base]\n',
  'twice/kustomization.yaml': 'resources: [../blue, ../green]\n',
  'eu/kustomization.yaml': 'resources: [../base]\n',
  'us/kustomization.yaml': 'resources: [../base]\n',
  'own/kustomization.yaml': 'namespace: shop\nresources: [../base, other.yaml]\n',
  'own/other.yaml': named('other'),
}

/** Two are split, one is gone, and the route that was built twice is built once. */
const AFTER = {
  ...BEFORE,
  'twice/kustomization.yaml': 'resources: [../blue]\n',
  'us/kustomization.yaml': 'namespace: us\nresources: [../base]\n',
  'own/kustomization.yaml': 'namespace: market\nresources: [../base]\n',
  'new/kustomization.yaml': 'resources: [vs.yaml]\n',
  'new/vs.yaml': named('new'),
}

test('the same rollouts are those that a comparison with each one finds, in their order', () => {
  const [before, after] = [targetsOf(BEFORE), targetsOf(AFTER)]
  assert.ok(before.some(({ object }) => object.way !== undefined))
  for (const [all, one] of [
    [before, after],
    [after, before],
    [before, before],
  ] as const)
    for (const target of one)
      assert.deepEqual(
        sameRollouts(all, target),
        all.filter((known) => isSameRollout(known, target)),
      )
  assert.ok(after.some((target) => sameRollouts(before, target).length > 0))
  assert.ok(after.some((target) => sameRollouts(before, target).length === 0))
})
