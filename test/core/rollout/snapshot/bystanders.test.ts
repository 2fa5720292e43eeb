/** Large files that are not needed until their environment is rendered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBystander } from '../../../../src/core/rollout/snapshot/unreadable-files.ts'

test('a file about no traffic is a bystander, unless kustomize would expand it, or it tells kustomize what to build', () => {
  const map = 'kind: ConfigMap\nmetadata: { name: a }\ndata:\n'
  const aliases = (count: number): string => Array.from({ length: count }, (_, index) => `  k${index}: *a\n`).join('')
  assert.equal(isBystander('a.yaml', map), true)
  assert.equal(isBystander('a.yaml', `${map}  glob: "*.yaml"\n`), true)
  assert.equal(isBystander('a.yaml', map + aliases(20)), true)
  assert.equal(isBystander('a.yaml', map + aliases(21)), false)
  assert.equal(isBystander('kustomization.yaml', map), false)
  assert.equal(isBystander('a.yaml', map.replace('ConfigMap', 'VirtualService')), false)
  assert.equal(isBystander('a.yaml', `${map}  a: argoproj.io/v1alpha1\n`), false)
})
