/** What makes another version for Flagger. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { deployedVersion } from '../../../src/core/flagger/version.ts'

const CANARY = {
  group: 'flagger.app',
  kind: 'Canary',
  namespace: 'shop',
  name: 'web',
  data: { spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
}
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { replicas: 2, template: { spec: { containers: [{ name: web, image: "web:v1", envFrom: [{ configMapRef: { name: settings } }] }] } } }
`
const settings = (name: string, value: string, namespace = 'shop'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: { a: ${value} }\n`

function version(...texts: readonly string[]): string | undefined {
  const parsed = parseRendered(texts.join('---\n'))
  assert.ok(parsed.ok)
  return deployedVersion(CANARY, parsed.objects)
}

test('a version is the pod template with the settings that it names, and nothing else', () => {
  const one = version(DEPLOYMENT, settings('settings', 'x'), settings('other', 'x'))
  assert.ok(one !== undefined)
  assert.equal(version(settings('settings', 'x'), DEPLOYMENT.replace('replicas: 2', 'replicas: 3')), one)
  assert.equal(version(DEPLOYMENT, settings('settings', 'x'), settings('settings', 'y', 'elsewhere')), one)
  assert.notEqual(version(DEPLOYMENT.replace('web:v1', 'web:v2'), settings('settings', 'x')), one)
  assert.notEqual(version(DEPLOYMENT, settings('settings', 'y')), one)
})

test('a target that Git does not have, or has elsewhere, has no version', () => {
  assert.equal(version(settings('settings', 'x')), undefined)
  assert.equal(version(DEPLOYMENT.replace('namespace: shop', 'namespace: other')), undefined)
})
