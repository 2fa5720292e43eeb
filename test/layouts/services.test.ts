/** One route that splits several services, each with its own rollout. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { command, linesChanged, refusal } from './repository.ts'

const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: edge
  namespace: edge
spec:
  hosts: [shop.example.com]
  http:
    - name: api
      match: [{uri: {prefix: /api}}]
      route:
        - destination: {host: api-stable.shop.svc.cluster.local}
          weight: 100
        - destination: {host: api-canary.shop.svc.cluster.local}
          weight: 0
    - name: web
      route:
        - destination: {host: web-stable.shop.svc.cluster.local}
          weight: 100 # the shop window
        - destination: {host: web-canary.shop.svc.cluster.local}
          weight: 0
`

const CONFIG = `services:
  api: { route: { name: edge, rules: [api] }, steps: [10, 100] }
  web: { route: { name: edge, rules: [web] }, steps: [25, 100] }
`

function edge(config?: string): Map<string, string> {
  return new Map([
    ['edge/kustomization.yaml', 'resources: [edge.yaml]\n'],
    ['edge/edge.yaml', ROUTE],
    ...(config === undefined ? [] : [['.github/canary.yml', config] as const]),
  ])
}

test('for indistinguishable services Perch asks, and moves none', async () => {
  const refused = await refusal(edge(), '/canary 25 edge')
  assert.match(JSON.stringify(refused), /several-services/)
})

test('each service with rules in the config is moved separately, with its own annotations', async () => {
  const files = edge(CONFIG)
  assert.equal((await refusal(files, '/canary 25')).code, 'ambiguous')
  assert.equal((await refusal(files, '/canary 25 edge')).code, 'ambiguous')

  const before = new Map(files)
  await command(files, '/canary 25 web')
  assert.deepEqual(linesChanged(before, files), [
    'edge/edge.yaml',
    '+  annotations:',
    '+    perch.dev/web.canary-percentage: "25"',
    '+    perch.dev/web.canary-version: "web-canary"',
    '+    perch.dev/web.steps: "25,100"',
    '-          weight: 100 # the shop window',
    '+          weight: 75 # the shop window',
    '-          weight: 0',
    '+          weight: 25',
  ])

  const between = new Map(files)
  await command(files, '/canary 10 api')
  assert.deepEqual(linesChanged(between, files), [
    'edge/edge.yaml',
    '+    perch.dev/api.canary-percentage: "10"',
    '+    perch.dev/api.canary-version: "api-canary"',
    '+    perch.dev/api.steps: "10,100"',
    '-          weight: 100',
    '+          weight: 90',
    '-          weight: 0',
    '+          weight: 10',
  ])

  const again = new Map(files)
  await command(files, '/canary 100 web')
  assert.deepEqual(linesChanged(again, files), [
    'edge/edge.yaml',
    '-    perch.dev/web.canary-percentage: "25"',
    '+    perch.dev/web.canary-percentage: "100"',
    '-          weight: 75 # the shop window',
    '+          weight: 0 # the shop window',
    '-          weight: 25',
    '+          weight: 100',
  ])
})

test('an object with its own prefix keeps it for every service', async () => {
  const files = edge(CONFIG)
  const text = ROUTE.replace(
    '  namespace: edge\n',
    '  namespace: edge\n  annotations:\n    x.io/api.canary-percentage: "0"\n',
  )
  files.set('edge/edge.yaml', text)
  await command(files, '/canary 25 web')
  assert.match(files.get('edge/edge.yaml') ?? '', /x\.io\/web\.canary-percentage: "25"/)
})

test('a config in which two services name one rule, or a service that cannot be part of an annotation, is refused', async () => {
  const twice = await refusal(edge(CONFIG.replace('[web]', '[api, web]')), '/canary 25 web')
  assert.match(plainWords(explainRefusal(twice)), /services\.web\.route\.rules: names rule api, as services\.api does/)
  const odd = await refusal(edge(CONFIG.replace('  web:', '  "web shop":')), '/canary 25 api')
  assert.match(plainWords(explainRefusal(odd)), /services\.web shop: /)
})
