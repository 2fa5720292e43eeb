import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsVersion, versionImages } from '../../../src/core/arrival/order-version.ts'

const REGISTRY = 'registry.example.com/shop'
const web = (version: string): string => `${REGISTRY}/web:${version}`
const proxy = (version: string): string => `${REGISTRY}/proxy:${version}`

test('a version is known by the images that the stable version did not have before', () => {
  const before = { stable: [web('v1'), proxy('1')], canary: [web('v2'), proxy('1')] }
  assert.deepEqual(versionImages(before, before), [web('v2')])
  assert.deepEqual(versionImages(before, { ...before, stable: before.canary }), [web('v2')], 'also once it is stable')
  const same = { stable: [web('v1')], canary: [web('v1')] }
  assert.deepEqual(versionImages(same, same), [web('v1')], 'a canary may run what stable runs')
  assert.deepEqual(versionImages(undefined, before), before.canary, 'a new route')
})

test('an environment may pull the version from its own registry, whatever else it runs', () => {
  assert.ok(runsVersion([web('v2')], [web('v2')]))
  assert.ok(runsVersion([web('v2')], ['eu.example.com/mirror/web:v2', proxy('9')]))
  assert.ok(runsVersion([web('v2')], ['eu.example.com/web-eu:v2']), 'by its tag where no image has its name')
  assert.ok(!runsVersion([web('v2')], [web('v1'), proxy('v2')]), 'the tag of another image counts for nothing')
  assert.ok(!runsVersion([web('v2')], [web('v9')]))
  assert.ok(!runsVersion([web('v2')], []))
  assert.ok(!runsVersion([web('v2'), `${REGISTRY}/worker:v2`], [web('v2'), `${REGISTRY}/worker:v1`]), 'all of it')
})

test('if both have a digest, digests count more than tags', () => {
  const [one, other] = [`@sha256:${'a'.repeat(64)}`, `@sha256:${'b'.repeat(64)}`]
  assert.ok(!runsVersion([web('latest') + one], [web('latest') + other]))
  assert.ok(runsVersion([web('v2') + one], [web('renamed') + one]))
  assert.ok(runsVersion([web('v2') + one], [web('v2')]))
})
