/** Whether the same pods run behind a version before and after a change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { versionPods } from '../../../src/core/exposure/pods.ts'
import { destinationRule, targetOf, virtualService } from '../samples.ts'

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: api-service }\nspec: { selector: { app: api } }\n'

function deployment(
  name: string,
  version: string,
  { image = 'api:1', namespace = 'default', replicas = 1 } = {},
): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  template:
    metadata: { labels: { app: api, version: ${version} } }
    spec: { containers: [{ name: api, image: "${image}" }] }
`
}

const TARGET = targetOf({ 'vs.yaml': virtualService(95, 5), 'dr.yaml': destinationRule('v1', 'v2') })
const [ENVIRONMENT = ''] = TARGET.environments

function pods(role: 'stable' | 'canary', ...workloads: readonly string[]): string | undefined {
  const texts = [virtualService(95, 5), destinationRule('v1', 'v2'), SERVICE, ...workloads]
  const parsed = parseRendered(texts.join('---\n'))
  assert.ok(parsed.ok)
  return versionPods(ENVIRONMENT, { target: TARGET, role }, parsed.objects)
}

test('a version is the same if its pods are, whatever their number, their order and the pods of others', () => {
  const [one, two] = [deployment('api-v2', 'v2'), deployment('api-v2b', 'v2')]
  const stable = deployment('api-v1', 'v1')
  const usual = pods('canary', one, two, stable)
  assert.equal(pods('canary', two, stable, one), usual)
  assert.equal(pods('canary', one, two), usual)
  assert.equal(pods('canary', one, two, deployment('api-v1', 'v1', { image: 'api:9' })), usual)
  assert.equal(pods('canary', deployment('api-v2', 'v2', { replicas: 3 }), two, stable), usual)
  assert.equal(pods('canary', one, two, stable, deployment('api-v2', 'v2', { namespace: 'other' })), usual)
})

test('a version with another image, another workload or other labels is another one', () => {
  const one = deployment('api-v2', 'v2')
  const usual = pods('canary', one)
  assert.ok(usual !== undefined)
  assert.notEqual(pods('canary', deployment('api-v2', 'v2', { image: 'api:2' })), usual)
  assert.notEqual(pods('canary', one, deployment('api-v2b', 'v2')), usual)
  assert.notEqual(pods('canary', deployment('api-v2', 'v3')), usual)
  assert.notEqual(pods('canary'), usual)
  assert.notEqual(
    pods('stable', deployment('api-v1', 'v1')),
    pods('stable', deployment('api-v1', 'v1', { image: 'x' })),
  )
})

test('nothing is known about the pods of a version to which the route does not lead', () => {
  const parsed = parseRendered(SERVICE)
  assert.ok(parsed.ok)
  assert.equal(versionPods(ENVIRONMENT, { target: TARGET, role: 'canary' }, parsed.objects), undefined)
})
