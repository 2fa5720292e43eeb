/** The schemas of Istio and the Gateway API: what they refuse, and in which words, and what they must accept. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GATEWAY_API, ISTIO, MODELS } from '../../../src/adapters/schemas/models.ts'
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { misfitFindings } from '../../../src/core/finding/misfit.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { findingProblems } from '../../../src/core/problem/findings.ts'
import { assertLinear } from '../../bench/inputs/growth.ts'

const schemas = openSchemas()

function objectsOf(yaml: string): readonly RenderedObject[] {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.objects
}

function anObject(apiVersion: string, kind: string, spec: string): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: web, labels: { app: web } }\nspec: ${spec}\n`
}

/** What Perch reports about an object, without the beginning and end of the sentence. */
async function said(apiVersion: string, kind: string, spec: string): Promise<readonly string[]> {
  const misfits = await schemas.misfits(objectsOf(anObject(apiVersion, kind, spec)))
  const problems = findingProblems(
    misfits.flatMap(misfitFindings).map((finding) => ({ environment: 'production', finding, place: undefined })),
  )
  return problems.map((problem) => {
    const { what, next } = explainProblem(problem)
    const [, words = ''] = /`production` (.*)$/.exec(what) ?? []
    return `${problem.code}: ${words} ${next}`.replace(
      ' Kubernetes refuses it, and the cluster keeps the old object.',
      '',
    )
  })
}

const NETWORKING = ['networking.istio.io/v1alpha3', 'networking.istio.io/v1beta1', 'networking.istio.io/v1']

const RULE = '{ destination: { host: web, subset: stable, port: { number: 80 } }, weight: 90 }'

/** Every field that people are likely to use, in the style of Istio's documentation. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  VirtualService: [
    `{ hosts: [web], gateways: [mesh], exportTo: ["."], http: [{ name: main, match: [{ uri: { prefix: /a }, headers: { x-user: { exact: a }, end-user: {} }, queryParams: { a: { regex: b } }, sourceLabels: { app: x }, withoutHeaders: { y: { prefix: z } }, ignoreUriCase: true, port: 80 }], route: [${RULE}, { destination: { host: web }, headers: { request: { set: { a: b } } } }], timeout: 5s, retries: { attempts: 3, perTryTimeout: 2s, retryOn: "5xx" }, mirror: { host: web }, mirrorPercentage: { value: 0.5 }, corsPolicy: { allowOrigins: [{ exact: a }], maxAge: 24h }, fault: { delay: { percentage: { value: 0.1 }, fixedDelay: 5s }, abort: { httpStatus: 503 } }, rewrite: { uri: / } }] }`,
    `{ hosts: [web], tls: [{ match: [{ sniHosts: [a.b], port: 443 }], route: [{ destination: { host: web } }] }], tcp: [{ route: [{ destination: { host: web }, weight: 100 }] }] }`,
    `{ hosts: [web], http: [{ match: [{ uri: { exact: /old } }], redirect: { uri: /new, redirectCode: 302 } }, { delegate: { name: a, namespace: b } }, { directResponse: { status: 503, body: { string: down } } }] }`,
  ],
  DestinationRule: [
    `{ host: web, trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: user, ttl: 0s } } }, connectionPool: { tcp: { maxConnections: 1, connectTimeout: 30ms }, http: { http1MaxPendingRequests: 1 } }, outlierDetection: { consecutive5xxErrors: 7, interval: 5m, baseEjectionTime: 15m }, tls: { mode: ISTIO_MUTUAL } }, subsets: [{ name: stable, labels: { version: v1, example.com/x: "1" } }] }`,
  ],
  HTTPRoute: [
    `{ parentRefs: [{ group: "", kind: Service, name: web, port: 80 }], hostnames: [a.example.com], rules: [{ name: main, matches: [{ path: { type: PathPrefix, value: / }, headers: [{ name: a, value: b }] }], filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: a, value: b }] } }], backendRefs: [{ name: web-stable, port: 80, weight: 90 }, { name: web-canary, port: 80, weight: 10 }], timeouts: { request: 10s } }] }`,
  ],
  GRPCRoute: [
    `{ parentRefs: [{ name: gw }], rules: [{ matches: [{ method: { service: a.B, method: C } }], backendRefs: [{ name: web, port: 80 }] }] }`,
  ],
  TLSRoute: [
    `{ parentRefs: [{ name: gw }], hostnames: [a.example.com], rules: [{ backendRefs: [{ name: web, port: 443 }] }] }`,
  ],
  TCPRoute: [
    `{ parentRefs: [{ name: gw, sectionName: tcp }], rules: [{ backendRefs: [{ name: web, port: 80, weight: 1 }] }] }`,
  ],
}

test('valid objects of every kind and version pass', async () => {
  for (const name of MODELS.keys()) {
    const [group = '', version = '', kind = ''] = name.split('/')
    const specs = RIGHT[kind] ?? []
    assert.ok(specs.length > 0, `a right ${name}`)
    for (const spec of specs) assert.deepEqual(await said(`${group}/${version}`, kind, spec), [], `${name} ${spec}`)
  }
})

/** What people write, and what Perch reports about it in all versions of the API. */
const WRONG: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'VirtualService',
    '{ http: [{ route: [{ destination: { host: web }, weight: "10" }] }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http[0].route[0].weight` must be a whole number, but is text. Write it without quotes.',
    ],
  ],
  [
    'VirtualService',
    '{ http: [{ route: [{ destination: { host: web }, weight: 2.5 }] }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http[0].route[0].weight` must be a whole number, but is a fraction. Correct it.',
    ],
  ],
  [
    'VirtualService',
    '{ http: [{ route: [{ destination: { host: web }, weight: 99999999999 }] }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http[0].route[0].weight` does not have the form `int32`. Correct it.',
    ],
  ],
  [
    'VirtualService',
    '{ http: { route: [] } }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http` must be a list, but is a mapping. Make it a list: `- ` before each entry.',
    ],
  ],
  [
    'VirtualService',
    '{ http: [{ route: [{ destination: { hosts: web } }] }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http[0].route[0].destination` has no `host`. Add it.',
      'wrong-field: has `spec.http[0].route[0].destination.hosts`, which is not in the schema of Istio 1.29: it is refused, or has no effect. Did you mean `host`?',
    ],
  ],
  [
    'VirtualService',
    '{ http: [{ route: [{ destination: { host: web }, subset: canary, Weight: 5 }] }] }',
    [
      'wrong-field: has `spec.http[0].route[0].subset`, which is not in the schema of Istio 1.29: it is refused, or has no effect. It belongs in `spec.http[0].route[0].destination`: move it there.',
      'wrong-field: has `spec.http[0].route[0].Weight`, which is not in the schema of Istio 1.29: it is refused, or has no effect. Did you mean `weight`?',
    ],
  ],
  ['VirtualService', '{ http: [{ wholly: { new: 1 }, route: [{ destination: { host: web } }] }] }', []],
  [
    'VirtualService',
    '{ http: [{ match: [{ uri: { exact: a, prefix: b } }], route: [{ destination: { host: web } }] }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.http[0].match[0].uri` has fields that exclude each other, or has none of the fields of which it needs one. Use exactly one of them.',
    ],
  ],
  [
    'DestinationRule',
    '{ trafficPolicy: { loadBalancer: { simple: FASTEST } } }',
    [
      'schema: does not match the schema of Istio 1.29: `spec` has no `host`. Add it.',
      'schema: does not match the schema of Istio 1.29: `spec.trafficPolicy.loadBalancer.simple` must be one of `UNSPECIFIED`, `LEAST_CONN`, `RANDOM`, `PASSTHROUGH`, `ROUND_ROBIN`, `LEAST_REQUEST`. Use one of them.',
    ],
  ],
  [
    'DestinationRule',
    '{ host: web, subsets: [{ name: stable, labels: { version: 1 } }] }',
    [
      'schema: does not match the schema of Istio 1.29: `spec.subsets[0].labels.version` must be text, but is a number. Put it in quotes.',
    ],
  ],
]

for (const apiVersion of NETWORKING) {
  test(`what ${apiVersion} refuses is told with its place and what to do`, async () => {
    for (const [kind, spec, words] of WRONG) assert.deepEqual(await said(apiVersion, kind, spec), words, spec)
  })
}

test('the Gateway API refuses values that Istio accepts, and says so', async () => {
  const route = (entry: string): Promise<readonly string[]> =>
    said('gateway.networking.k8s.io/v1', 'HTTPRoute', `{ rules: [{ backendRefs: [${entry}] }] }`)
  const begin = 'schema: does not match the schema of Gateway API 1.5:'
  assert.deepEqual(await route('{ name: web, weight: 1000001 }'), [
    `${begin} \`spec.rules[0].backendRefs[0].weight\` must be at most 1000000. Correct it.`,
  ])
  assert.deepEqual(await route('{ weight: -1 }'), [
    `${begin} \`spec.rules[0].backendRefs[0]\` has no \`name\`. Add it.`,
    `${begin} \`spec.rules[0].backendRefs[0].weight\` must be at least 0. Correct it.`,
  ])
  const many = Array.from({ length: 17 }, (_, index) => `{ name: web-${index} }`).join(', ')
  assert.deepEqual(await route(many), [
    `${begin} \`spec.rules[0].backendRefs\` must have at most 16 entries. Correct it.`,
  ])
})

test('text that Flux, or a generator of Argo CD, puts in is never judged, nor what it is in', async () => {
  for (const spec of [
    '{ http: [{ retries: { attempts: "${retries:=3}" }, route: [{ destination: { host: web, port: { number: "${port}" } } }] }] }',
    '{ http: [{ match: [{ uri: { exact: "${a}", prefix: b } }], route: [{ destination: { host: web }, weight: "${w}" }] }] }',
    '{ http: "${rules}" }',
  ])
    assert.deepEqual(await said('networking.istio.io/v1', 'VirtualService', spec), [], spec)
  const route = '{ hostnames: ["web.${DOMAIN}"], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }'
  assert.deepEqual(await said('gateway.networking.k8s.io/v1', 'HTTPRoute', route), [])
  const generated = route.replace('${DOMAIN}', '{{ .metadata.labels.domain }}')
  assert.deepEqual(await said('gateway.networking.k8s.io/v1', 'HTTPRoute', generated), [])
})

test('kinds and versions without a schema, and names that are not versions, pass', async () => {
  for (const [apiVersion, kind] of [
    ['networking.istio.io/v2', 'VirtualService'],
    ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
    ['networking.istio.io/v1', 'ServiceEntry'],
    ['apps/v1', 'Deployment'],
    ['networking.istio.io/../v1', 'VirtualService'],
    ['example.com/v1', 'VirtualService'],
  ] as const)
    assert.deepEqual(await said(apiVersion, kind, '{ http: 1 }'), [])
})

test('keys with a meaning in JavaScript are ordinary keys', async () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'length']) {
    const found = await said('networking.istio.io/v1', 'VirtualService', `{ hosts: [web], ${key}: { a: 1 } }`)
    assert.deepEqual(found, [])
  }
})

/** A valid route with a number of rules. */
function routeOf(count: number): readonly RenderedObject[] {
  const rules = Array.from({ length: count }, () => `{ route: [${RULE}] }`).join(', ')
  return objectsOf(anObject('networking.istio.io/v1', 'VirtualService', `{ hosts: [web], http: [${rules}] }`))
}

test('ten thousand rules with nothing wrong pass, and the same object a second time too', async () => {
  const objects = routeOf(10_000)
  assert.deepEqual(await schemas.misfits(objects), [])
  assert.deepEqual(await schemas.misfits(objects), [])
})

test('the time for judging rules grows with their number, and not faster', async () => {
  await assertLinear({
    size: 500,
    make: (count) => {
      const objects = routeOf(count)
      // Opened again each time, because the schemas remember the objects that they have judged.
      return () => openSchemas().misfits(objects)
    },
  })
})

test('the versions that people are told are those of the installed schemas', () => {
  const manifest = (name: string): string =>
    readFileSync(`node_modules/@kubernetes-models/${name}/package.json`, 'utf8')
  assert.match(manifest('istio'), new RegExp(`/istio/istio/${ISTIO.replace('Istio ', '').replace('.', '\\.')}\\.`))
  // The package does not name its version. Its fields are those of 1.5 (TLSRoute and ListenerSet v1, and no TCPRoute v1).
  assert.match(manifest('gateway-api'), /"version": "2\.0\.0"/)
  assert.equal(GATEWAY_API, 'Gateway API 1.5')
})
