/** Values that decide which version of a blue/green service gets the traffic are not promoted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonValue } from '../../../src/core/manifest/data.ts'
import { carryFile, readNewFile } from '../../../src/core/promotion/carry-file.ts'
import { leadsToVersion, switchedVersions } from '../../../src/core/promotion/switched-versions.ts'
import { targetsOf } from '../samples.ts'

const VERSIONS = new Set(['blue', 'web-green'])
const RULES = {
  names: { source: () => false, target: () => false },
  secrets: [],
  service: undefined,
  versions: VERSIONS,
}

test('only the versions of a service that has the traffic elsewhere in the other environment are not carried', () => {
  const route = (name: string, blue: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http:
    - route:
        - { destination: { host: ${name}-blue }, weight: ${blue} }
        - { destination: { host: ${name}-green }, weight: ${100 - blue} }
`
  const files = {
    'a/web.yaml': route('web', 100),
    'b/web.yaml': route('web', 0),
    'a/api.yaml': route('api', 100),
    'b/api.yaml': route('api', 100),
  }
  const service = (name: string): object => ({
    route: { kind: 'VirtualService', name },
    strategy: 'blue-green',
    stable: `${name}-blue`,
    canary: `${name}-green`,
  })
  const targets = targetsOf(files, { services: { web: service('web'), api: service('api') } })
  assert.deepEqual([...switchedVersions(targets, ['a', 'b'])].sort(), ['web-blue', 'web-green'])
  assert.deepEqual([...switchedVersions(targets, ['a', 'c'])], [])
})

test('a subset, a host, a mirror and a backend decide, and other places with the same name do not', () => {
  const route = (one: JsonValue): JsonValue => ({ spec: { http: [{ route: [one] }] } })
  const deciding: readonly JsonValue[] = [
    route({ destination: { host: 'web', subset: 'blue' } }),
    route({ destination: { host: 'web-green.shop.svc.cluster.local' } }),
    { spec: { http: [{ mirror: { host: 'web', subset: 'blue' } }] } },
    { spec: { http: [{ mirrors: [{ destination: { host: 'web-green' } }] }] } },
    { spec: { rules: [{ backendRefs: [{ name: 'web-green', port: 80 }] }] } },
    { spec: { rules: [{ filters: [{ requestMirror: { backendRef: { name: 'web-green' } } }] }] } },
  ]
  for (const value of deciding) assert.equal(leadsToVersion(VERSIONS, value, []), true, JSON.stringify(value))
  const others: readonly JsonValue[] = [
    route({ destination: { host: 'web', subset: 'green' } }),
    { spec: { subsets: [{ name: 'blue' }] } },
    { spec: { host: 'web-green' } },
    { metadata: { name: 'web-green' } },
  ]
  for (const value of others) assert.equal(leadsToVersion(VERSIONS, value, []), false, JSON.stringify(value))
})

test('an operation of a patch that decides it stays, and the other operations of the patch are carried', () => {
  const patch = (subset: string, timeout: string): string =>
    `- {op: replace, path: /spec/http/0/route/0/destination/subset, value: ${subset}}\n- {op: add, path: /spec/http/0/timeout, value: ${timeout}}\n`
  const { text, left } = carryFile(
    {
      source: { path: 'staging/web.yaml', text: patch('green', '5s') },
      target: { path: 'production/web.yaml', text: patch('blue', '3s') },
    },
    RULES,
  )
  assert.equal(text, patch('blue', '5s'))
  assert.deepEqual(
    left.map(({ why }) => why),
    ['version'],
  )
})

test('a patch that only the source has stays there if it decides it', () => {
  const text = '[{op: replace, path: /spec/http/0/route/0/destination, value: {host: web, subset: blue}}]\n'
  assert.equal(readNewFile({ path: 'staging/switch.yaml', text }, RULES), 'version')
})
