import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/core/config/read.ts'
import { readSnapshot } from '../../../src/core/rollout/snapshot.ts'

interface Place {
  readonly destinations: string
  readonly annotations?: string
  /** Of the host `web`. */
  readonly subsets?: readonly string[]
  readonly services?: readonly string[]
  readonly config?: string
}

/** `blue | green`: the active version and the idle one; `no` if the route is not blue/green. */
function found({ destinations, annotations = '{}', subsets = [], services = [], config = '' }: Place): string {
  const yaml = [
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, annotations: ${annotations} }
spec:
  hosts: [web]
  http: [${destinations}]
`,
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec: { host: web, subsets: [${subsets.map((name) => `{ name: ${name}, labels: { version: ${name} } }`).join(', ')}] }
`,
    ...services.map(
      (name) => `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: web } }\n`,
    ),
  ].join('---\n')
  const read = readConfig(config === '' ? undefined : `services: { web: ${config} }\n`)
  assert.ok(read.ok)
  const entries = [{ path: 'web.yaml', type: 'file' as const }]
  const { snapshot } = readSnapshot({ entries, texts: new Map([['web.yaml', yaml]]), config: read.value })
  const versions = snapshot.targets[0]?.route.names.blueGreen
  return versions === undefined ? 'no' : `${versions.active.name} | ${versions.idle.name}`
}

const to = (...entries: readonly string[]): string => `{ route: [${entries.join(', ')}] }`
const subset = (name: string, weight = 100): string =>
  `{ destination: { host: web, subset: ${name} }, weight: ${weight} }`
const host = (name: string, weight = 100): string => `{ destination: { host: ${name} }, weight: ${weight} }`
const both = ['blue', 'green'] as const
const declared = '{ perch.dev/deployment-strategy: blue-green }'

test('two versions named blue and green are found, and the one with the traffic is active', () => {
  assert.equal(found({ destinations: to(subset('blue')), subsets: both }), 'blue | green')
  assert.equal(found({ destinations: to(subset('green')), subsets: both }), 'green | blue')
  assert.equal(found({ destinations: to(subset('blue', 0), subset('green')) }), 'green | blue')
  assert.equal(found({ destinations: to(host('web-green')), services: ['web-blue', 'web-green'] }), 'green | blue')
  assert.equal(
    found({ destinations: to(host('web-blue.shop.svc')), services: ['web-green'] }),
    'no',
    'another namespace',
  )
})

test('the last part of a name tells the version, and two that differ in more than one part have their whole names', () => {
  const twice = ['blue-web-blue', 'blue-web-green']
  assert.equal(found({ destinations: to(subset('blue-web-blue')), subsets: twice }), 'blue | green')
  const config = '{ strategy: blue-green, versions: [a-web-1, b-web-2] }'
  assert.equal(found({ destinations: to(subset('b-web-2')), config }), 'b-web-2 | a-web-1')
  const longer = '{ strategy: blue-green, versions: [web, web-next] }'
  assert.equal(found({ destinations: to(subset('web')), config: longer }), 'web | web-next')
})

test('ambiguous routes do not count as blue/green unless the config says so', () => {
  assert.equal(found({ destinations: to(subset('blue')), subsets: ['blue'] }), 'no')
  assert.equal(found({ destinations: to(subset('blue', 90), subset('green', 10)) }), 'no', 'both have traffic')
  assert.equal(found({ destinations: to(host('blue-shop')), services: ['blue-shop', 'green-shop'] }), 'no')
  assert.equal(found({ destinations: to(subset('v1')), subsets: ['v1', 'v2'] }), 'no')
  assert.equal(found({ destinations: to(subset('blue')), subsets: both, config: '{ canary: green }' }), 'no')
  assert.equal(found({ destinations: to(subset('blue')), subsets: both, config: '{ strategy: canary }' }), 'no')
  const annotations = '{ perch.dev/canary-percentage: "0" }'
  assert.equal(found({ destinations: to(subset('blue')), subsets: both, annotations }), 'no')
})

test('a strategy that is declared needs no such names', () => {
  assert.equal(found({ destinations: to(subset('v1')), subsets: ['v1', 'v2'], annotations: declared }), 'v1 | v2')
  const config = '{ strategy: blue-green, versions: [web-a, web-b] }'
  assert.equal(found({ destinations: to(host('web-b')), config }), 'b | a')
  const named = '{ strategy: blue-green, stable: stable, canary: canary }'
  assert.equal(found({ destinations: to(subset('canary')), config: named }), 'canary | stable')
  assert.equal(
    found({ destinations: to(subset('blue', 90), subset('green', 10)), annotations: declared }),
    'blue | green',
  )
  const said = '{ perch.dev/deployment-strategy: blue-green, perch.dev/active-version: green }'
  assert.equal(found({ destinations: to(subset('blue', 90), subset('green', 10)), annotations: said }), 'green | blue')
  assert.equal(
    found({ destinations: to(subset('blue')), subsets: both, annotations: said }),
    'blue | green',
    'rules count',
  )
  assert.equal(found({ destinations: to(subset('v1')), subsets: ['v1', 'v2', 'v3'], annotations: declared }), 'no')
})
