/** The holds and freezes that a pull request would lose, because they belong to the names of environments and rollouts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lostNames } from '../../../../src/core/rollout/snapshot/lost-names.ts'
import { snapshotOf, virtualService } from '../../samples.ts'

type Files = Readonly<Record<string, string>>

const WEB = virtualService(75, 25).replaceAll('api-service', 'web')
const API = virtualService(75, 25)
const BEFORE: Files = { 'a/web.yaml': WEB, 'a/api.yaml': API, 'b/web.yaml': WEB }

function lost(after: Files, config: object = {}): readonly string[] {
  return lostNames(snapshotOf(BEFORE), snapshotOf(after, config)).map(({ environment, service }) =>
    service === undefined ? environment : `${environment}/${service}`,
  )
}

test('stops of environments and rollouts that a pull request removes or renames are lost', () => {
  assert.deepEqual(lost(BEFORE), [])
  assert.deepEqual(lost({ ...BEFORE, 'c/web.yaml': WEB }), [])
  assert.deepEqual(lost({ 'a/web.yaml': WEB, 'b/web.yaml': WEB }), ['a/api-service'])
  assert.deepEqual(lost({ 'a/web.yaml': WEB, 'a/api.yaml': API, 'c/web.yaml': WEB }), ['b', 'b/web'])
  // A folder that is the only one is called `default`.
  assert.deepEqual(lost({ 'a/web.yaml': WEB }), ['a', 'b', 'a/api-service', 'a/web', 'b/web'])
  assert.deepEqual(lost(BEFORE, { environments: { a: { path: 'a' }, prod: { path: 'b' } } }), ['b', 'b/web'])
  const services = { shop: { route: { kind: 'VirtualService', name: 'web' } } }
  assert.deepEqual(lost(BEFORE, { services }), ['a/web', 'b/web'])
})
