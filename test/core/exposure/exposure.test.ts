/** Changes that send more requests to a canary than before, and changes that do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { risesIn } from '../../../src/core/exposure/exposure.ts'
import type { NamedDestination } from '../../../src/core/exposure/world.ts'
import { backendHost } from '../../../src/core/traffic/kinds/backend-refs.ts'

const MESH = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: other}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-canary}
spec: {template: {metadata: {labels: {app: web, version: v2}}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  subsets:
  - {name: stable, labels: {version: v1}}
  - {name: canary, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web]
  http:
  - name: testers
    match: [{headers: {x-tester: {exact: "1"}}}]
    route: [{destination: {host: web, subset: canary}}]
  - name: api
    match: [{uri: {prefix: /api}}]
    route: [{destination: {host: web, subset: stable}}]
  - name: main
    route:
    - {destination: {host: web, subset: stable}, weight: 95}
    - {destination: {host: web, subset: canary}, weight: 5}
`

const PAIR = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web, track: stable}}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary}
spec: {selector: {app: web, track: canary}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: public}]
  hostnames: [web.example.com]
  rules:
  - matches: [{headers: [{name: x-tester, value: "1"}]}]
    backendRefs: [{name: web-canary}]
  - matches: [{path: {type: PathPrefix, value: /api}}]
    backendRefs: [{name: web}]
  - backendRefs: [{name: web, weight: 95}, {name: web-canary, weight: 5}]
`

const CANARIES: readonly NamedDestination[] = [
  { host: 'web.default.svc.cluster.local', subset: 'canary' },
  { host: 'web-canary.default.svc.cluster.local', subset: undefined },
]

function rises(
  before: string,
  after: string,
  places = CANARIES.filter(({ subset }) => before.includes('HTTPRoute') === (subset === undefined)),
): readonly string[] {
  const [old, now] = [before, after].map((text) => parseRendered(text))
  assert.ok(old?.ok && now?.ok, JSON.stringify(now))
  const canary = { id: 'web', before: places, after: places, share: 5 }
  const found = risesIn({ before: old.objects, after: now.objects }, [canary]).map(
    ({ kind, rule, from, to, isForSome }) => `${kind} ${rule} ${from} → ${to}${isForSome ? ' for some' : ''}`,
  )
  return [...new Set(found)]
}

function replaced(text: string, from: string | RegExp, to: string): string {
  const now = text.replace(from, to)
  assert.notEqual(now, text)
  return now
}

const RULE = (match: string, subset = 'canary'): string =>
  `  - match: [${match}]\n    route: [{destination: {host: web, subset: ${subset}}}]\n`
const before = (rule: string, text: string): string =>
  replaced(MESH, `  - name: ${rule}\n`, `${text}  - name: ${rule}\n`)

/** The mesh with a Service that selects only the canary, and with a route for it. */
const directly = (port: string, rules: string): string => `${MESH}---
apiVersion: v1
kind: Service
metadata: {name: direct}
spec: {selector: {app: web, version: v2}, ports: [${port}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: direct}
spec:
  hosts: [direct]
${rules}`

const IDLE = replaced(PAIR, 'weight: 5}', 'weight: 0}')

const QUIET: Readonly<Record<string, readonly [string, string]>> = {
  'lower weights': [MESH, replaced(replaced(MESH, 'weight: 95', 'weight: 100'), 'weight: 5}', 'weight: 0}')],
  'fewer testers': [MESH, replaced(MESH, 'exact: "1"', 'exact: "1"}, x-other: {exact: "1"')],
  'no testers': [MESH, replaced(MESH, /  - name: testers\n.*\n.*\n/, '')],
  'a rule for stable': [MESH, before('main', RULE('{uri: {prefix: /shop}}', 'stable'))],
  'a rule that none reaches': [MESH, `${MESH}${RULE('{method: {exact: GET}}')}`],
  'a mirror': [MESH, replaced(MESH, '  - name: main\n', '  - name: main\n    mirror: {host: web, subset: canary}\n')],
  'a policy of traffic': [MESH, replaced(MESH, 'host: web\n  subsets', 'host: web\n  trafficPolicy: {}\n  subsets')],
  'one more label on a Service': [MESH, replaced(MESH, 'selector: {app: web}', 'selector: {app: web, tier: x}')],
  'another service': [MESH, replaced(MESH, 'selector: {app: other}', 'selector: {app: third}')],
  'a new version, before it gets anything': [
    replaced(MESH, 'weight: 5}', 'weight: 0}').replace(/  - name: testers\n.*\n.*\n/, ''),
    replaced(MESH, 'weight: 5}', 'weight: 0}')
      .replace(/  - name: testers\n.*\n.*\n/, '')
      .replaceAll('v2', 'v3'),
  ],
  'the finish': [
    replaced(MESH, /95([^]*)weight: 5}/, '0$1weight: 100}')
      .replace(/  - name: api\n.*\n.*\n/, '')
      .replace('v1', 'v2'),
    replaced(MESH, /95([^]*)weight: 5}/, '100$1weight: 0}')
      .replace(/  - name: api\n.*\n.*\n/, '')
      .replace('v1', 'v2'),
  ],
  'everything away': [MESH, 'apiVersion: v1\nkind: Service\nmetadata: {name: third}\nspec: {selector: {app: third}}\n'],
  'a new Service for the canary': [
    MESH,
    `${MESH}---\napiVersion: v1\nkind: Service\nmetadata: {name: web-direct}\nspec: {selector: {app: web, version: v2}}\n`,
  ],
  'lower weights of a route': [PAIR, replaced(PAIR, 'weight: 5}', 'weight: 1}')],
  'one more label on all Services': [PAIR, PAIR.replaceAll('{app: web', '{env: x, app: web')],
}

for (const [what, [old, now]] of Object.entries(QUIET)) {
  test(`no more requests reach the canary: ${what}`, () => {
    assert.deepEqual(rises(old, now), [])
  })
}

const SECOND = (host: string): string =>
  `${MESH}---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: two}\nspec: {hosts: [${host}], http: [{route: [{destination: {host: web, subset: canary}}]}]}\n`

/** The stable version has pods here, and nothing says which pods the canary has. */
const LOST = replaced(MESH, 'name: canary, labels', 'name: old, labels').replace(
  'name: web-canary}\nspec: {template: {metadata: {labels: {app: web, version: v2',
  'name: web}\nspec: {template: {metadata: {labels: {app: web, version: v1',
)

const LOUD: Readonly<Record<string, readonly [string, string, string]>> = {
  'a method that everybody uses': [MESH, before('main', RULE('{method: {exact: GET}}')), 'raise http[2] 5 → 100'],
  'a header that everybody sends': [
    MESH,
    before('main', RULE('{headers: {user-agent: {regex: ".*"}}}')),
    'raise http[2] 5 → 100',
  ],
  'a host that is everybody’s': [MESH, before('api', RULE('{authority: {prefix: web}}')), 'raise http[1] 0 → 100'],
  'the prefix /': [MESH, before('api', RULE('{uri: {prefix: /}}')), 'raise http[1] 0 → 100'],
  'a header that nobody sends, left out': [
    MESH,
    before('main', RULE('{withoutHeaders: {x-nobody: {}}}')),
    'raise http[2] 5 → 100',
  ],
  'a scheme': [MESH, before('main', RULE('{scheme: {exact: http}}')), 'raise http[2] 5 → 100'],
  'a port': [MESH, before('main', RULE('{port: 80}')), 'raise http[2] 5 → 100'],
  'labels of the gateway': [MESH, before('main', RULE('{sourceLabels: {app: ingress}}')), 'raise http[2] 5 → 100'],
  'more testers': [MESH, replaced(MESH, 'x-tester: {exact: "1"}', 'x-tester: {}'), 'raise testers 0 → 100 for some'],
  'rules that change places': [MESH, replaced(MESH, /(  - name: api\n.*\n.*\n)([^]*)$/, '$2$1'), 'raise main 0 → 5'],
  'a step while the canary’s subset is gone': [
    LOST,
    LOST.replace('95', '50').replace('weight: 5}', 'weight: 50}'),
    'raise main 5 → 50',
  ],
  'a second object for the host': [MESH, SECOND('web'), 'raise http[0] 0 → 100'],
  'a host with a star': [MESH, SECOND('"*.default.svc.cluster.local"'), 'raise http[0] 0 → 100'],
  'a stable subset without labels': [MESH, replaced(MESH, '{version: v1}', '{}'), 'unknown main 5 → 100'],
  'a stable subset of the canary’s': [MESH, replaced(MESH, '{version: v1}', '{version: v2}'), 'raise main 5 → 100'],
  'a stable subset that is gone': [MESH, replaced(MESH, 'name: stable', 'name: old'), 'unknown main 5 → 100'],
  'the route taken away': [MESH, MESH.split('---\n').slice(0, 4).join('---\n'), 'unknown http 0 → 100'],
  'a weight that is text': [MESH, replaced(MESH, 'weight: 5}', 'weight: "5"}'), 'unknown main 5 → 100'],
  'pods that get the stable labels': [
    MESH,
    replaced(MESH, 'labels: {app: web, version: v2}', 'labels: {app: web, version: v1}'),
    'unknown main 5 → 100',
  ],
  'a stable Service that picks the canary': [
    PAIR,
    replaced(PAIR, 'track: stable', 'track: canary'),
    'raise rules[2] 5 → 100',
  ],
  'a stable Service that picks all': [PAIR, replaced(PAIR, ', track: stable', ''), 'unknown rules[2] 5 → 100'],
  'a Service that is another name of the canary': [
    PAIR,
    replaced(
      PAIR,
      'selector: {app: web, track: stable}',
      'type: ExternalName, externalName: web-canary.default.svc.cluster.local',
    ),
    'raise rules[2] 5 → 100',
  ],
  'a path that was the stable version’s, to those who ask for the canary': [
    IDLE,
    replaced(IDLE, 'value: /api}', 'value: /shop}'),
    'raise rules[0] 0 → 100 for some',
  ],
  'a longer path': [
    PAIR,
    replaced(
      PAIR,
      '  - backendRefs: [{name: web,',
      '  - matches: [{path: {value: /api/v2}}]\n    backendRefs: [{name: web-canary}]\n  - backendRefs: [{name: web,',
    ),
    'raise rules[2] 0 → 100',
  ],
}

for (const [what, [old, now, expected]] of Object.entries(LOUD)) {
  test(`more requests reach the canary: ${what}`, () => {
    assert.ok(rises(old, now).includes(expected), JSON.stringify(rises(old, now)))
  })
}

test('a route that moves from an inner listener to the public one sends more requests to the canary', () => {
  const testers = `${PAIR}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web-testers}
spec:
  parentRefs: [{name: public, sectionName: internal}]
  hostnames: [web.example.com]
  rules: [{backendRefs: [{name: web-canary}]}]
`
  for (const listener of ['', ', sectionName: open', ', port: 8443'])
    assert.notDeepEqual(rises(testers, replaced(testers, ', sectionName: internal', listener)), [])
  assert.deepEqual(rises(testers, replaced(testers, 'weight: 5}', 'weight: 1}')), [])
})

test('a host of its own that loses its rules raises the canary behind all hosts, as far as those rules left its requests alone', () => {
  const everywhere = replaced(PAIR, '  hostnames: [web.example.com]\n', '')
  const beside = (rule: string, parent = 'public'): string => `${everywhere}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: ${parent}}]
  hostnames: [shop.example.com]
  rules: [{${rule}backendRefs: [{name: web}]}]
`
  const main = 'raise rules[2] 0 → 5'
  const exact = 'matches: [{path: {type: Exact, value: /api/a}}], '
  assert.deepEqual(rises(beside(exact), everywhere).includes(main), true, 'the other paths of the shop were not served')
  assert.deepEqual(
    rises(beside(''), everywhere).includes(main),
    true,
    'the shop sent all requests to the stable version',
  )
  assert.deepEqual(rises(beside(exact, 'inner'), everywhere), [], 'it was served by another gateway')
  assert.deepEqual(rises(beside(exact), beside(exact.replace('/a', '/b'))), [], 'it still has rules')
  const moved = replaced(beside(exact), 'shop.example.com', 'web.example.com')
  assert.deepEqual(rises(beside(exact), moved).includes(main), true, 'another host has the rules now')
})

test('a rule of a delegate that takes fewer requests, or that Istio drops, leaves them to the canary', () => {
  const delegated = `${replaced(MESH, '  hosts: [web]\n', '')}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root}
spec:
  hosts: [web]
  gateways: [mesh, public]
  http:
  - match: [{uri: {prefix: /api}}, {uri: {prefix: /shop}, gateways: [public]}]
    delegate: {name: web}
  - route: [{destination: {host: web, subset: stable}}]
`
  const api = 'match: [{uri: {prefix: /api}}]\n    route'
  const matching = (...matches: readonly string[]): string =>
    replaced(delegated, api, `match: [${matches.join(', ')}]\n    route`)
  const raised = (after: string): boolean => rises(delegated, after).includes('raise main 0 → 5')
  assert.ok(raised(matching('{uri: {prefix: /api}, gateways: [mesh]}')), 'requests at the other gateway')
  assert.ok(raised(matching('{uri: {prefix: /api}}', '{uri: {prefix: /other}}')), 'no match of the root has /other')
  assert.ok(raised(matching('{uri: {prefix: /}}')), 'its root has fewer paths')
  assert.ok(raised(matching('{uri: {regex: /api.*}}')), 'Istio compares no expressions')
  assert.ok(raised(matching('{uri: {prefix: /api}, ignoreUriCase: true}')), 'the root minds the case')
  const filledIn = replaced(delegated, '{uri: {prefix: /api}}, {uri: {prefix: /shop}, ', '{uri: {prefix: "${PATH}"}, ')
  const testers = replaced(filledIn, 'headers: {x-tester: {exact: "1"}}', 'uri: {prefix: /new}')
  assert.notDeepEqual(rises(filledIn, testers), [], 'the path of the root is filled in later')
  assert.deepEqual(rises(delegated, matching('{uri: {prefix: /api}}', '{uri: {exact: /shop}}')), [])
  assert.deepEqual(rises(delegated, matching('{uri: {prefix: /api}}', '{uri: {exact: /shop}, gateways: [public]}')), [])
})

test('a match that names gateways counts for requests from everywhere, and only at gateways of its VirtualService', () => {
  const tester = '{sourceLabels: {app: tester}}'
  const own = replaced(MESH, '{headers: {x-tester: {exact: "1"}}}', tester)
  const named = replaced(own, tester, '{sourceLabels: {app: tester}, gateways: [mesh]}')
  assert.deepEqual(rises(own, named), ['raise testers 0 → 100'])
  assert.deepEqual(rises(named, replaced(named, 'sourceLabels: {app: tester}, ', '')), [])
  const elsewhere = replaced(MESH, '[{uri: {prefix: /api}}]', '[{uri: {prefix: /api}, gateways: [public]}]')
  assert.ok(rises(MESH, elsewhere).includes('raise main 0 → 5'), 'the stable version no longer takes /api in the mesh')
  assert.deepEqual(rises(elsewhere, replaced(elsewhere, /  - name: api\n.*\n.*\n/, '')), [], 'that rule took nothing')
  const header = 'headers: {x-tester: {exact: "1"}}'
  const unknown = replaced(MESH, header, `${header}, gateways: ["\${GATEWAY}"]`)
  const open = replaced(unknown, `${header}, `, '')
  assert.ok(rises(unknown, open).includes('raise testers 0 → 100'), 'the name of the gateway is filled in later')
})

test('a route that is no longer for all namespaces leaves the others to the Service, which selects the canary too', () => {
  const exported = (to: string): string => replaced(MESH, '  hosts: [web]\n', `  hosts: [web]\n  exportTo: [${to}]\n`)
  assert.notDeepEqual(rises(MESH, exported('.')), [])
  assert.notDeepEqual(rises(MESH, exported('shop, default')), [])
  assert.deepEqual(rises(MESH, exported('"*"')), [])
  assert.deepEqual(rises(exported('.'), exported('default')), [])
  assert.ok(rises(exported('.'), MESH).includes('raise main 0 → 5'), 'the others had no canary for sure')
  const lower = replaced(exported('.'), 'weight: 5}', 'weight: 1}')
  assert.deepEqual(rises(exported('.'), lower), [])
  assert.ok(rises(lower, exported('.')).some((rise) => rise.endsWith('→ 5')))
})

test('the canary’s Service is raised by whatever name a rule calls it', () => {
  const api = '[{destination: {host: web, subset: stable}}]'
  const sent = replaced(PAIR, 'backendRefs: [{name: web}]', 'backendRefs: [{group: G, kind: K, name: N}]')
  const called = (group: string, kind: string, name: string): string =>
    sent.replace('group: G, kind: K, name: N', `group: ${group}, kind: ${kind}, name: ${name}`)
  const canary = 'web-canary.default.svc.cluster.local'
  assert.deepEqual(rises(PAIR, called('networking.istio.io', 'Hostname', canary)), ['raise rules[1] 0 → 100'])
  assert.deepEqual(rises(PAIR, called('networking.istio.io', 'Hostname', 'web.default.svc.cluster.local')), [])
  assert.deepEqual(rises(PAIR, called('multicluster.x-k8s.io', 'ServiceImport', 'web-canary')), [
    'raise rules[1] 0 → 100',
  ])
  const everywhere = replaced(MESH, api, '[{destination: {host: web.default.svc.clusterset.local, subset: canary}}]')
  assert.deepEqual(rises(MESH, everywhere), ['raise api 0 → 100'])
})

test('requests that a route for some namespaces left unanswered reach the canary’s Service once it is not for them', () => {
  const direct = (exported: string, match: string): string =>
    directly('{port: 80}', `  exportTo: [${exported}]\n  http: [{${match}route: [{destination: {host: direct}}]}]\n`)
  const canary = [{ host: 'direct.default.svc.cluster.local', subset: undefined }]
  const some = 'match: [{uri: {prefix: /api}}], '
  const to = (after: string): readonly string[] => rises(direct('., shop', some), after, canary)
  assert.deepEqual(to(direct('., shop', some)), [])
  assert.deepEqual(to(direct('., shop, more', some)), [])
  assert.ok(to(direct('.', some)).includes('raise http 0 → 100'), JSON.stringify(to(direct('.', some))))
  const route = /---\napiVersion: networking.istio.io\/v1\nkind: VirtualService\nmetadata: {name: direct}[^]*/
  assert.ok(to(replaced(direct('., shop', some), route, '')).includes('raise http 0 → 100'))
  const all = direct('., shop', '')
  assert.deepEqual(rises(all, replaced(all, route, ''), canary), [], 'it sent all requests there already')
})

test('a ServiceEntry that selects the canary, or that has its Service for an endpoint, raises it where a rule names the entry', () => {
  const entry = (spec: string): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: entry}
spec: {hosts: [web.internal], location: MESH_INTERNAL, ${spec}}
`
  const picking = (labels: string): string => entry(`resolution: STATIC, workloadSelector: {labels: ${labels}}`)
  const sent = replaced(MESH, '[{destination: {host: web, subset: stable}}]', '[{destination: {host: web.internal}}]')
  assert.deepEqual(rises(MESH, sent + picking('{app: web, version: v2}')), ['raise api 0 → 100'])
  assert.deepEqual(rises(MESH, sent + picking('{app: other}')), [])
  assert.deepEqual(rises(sent + picking('{app: other}'), sent + picking('{app: web, version: v2}')), [
    'raise api 0 → 100',
  ])
  assert.deepEqual(rises(MESH, sent), [], 'it is nothing that is here')
  const named = replaced(
    PAIR,
    'backendRefs: [{name: web}]',
    'backendRefs: [{group: networking.istio.io, kind: Hostname, name: web.internal}]',
  )
  const endpoint = (host: string): string => entry(`resolution: DNS, endpoints: [{address: ${host}.default.svc}]`)
  assert.deepEqual(rises(PAIR, named + endpoint('web-canary')), ['raise rules[1] 0 → 100'])
  assert.deepEqual(rises(PAIR, named + endpoint('web')), [])
})

test('a canary that gets the labels of a version is raised where a rule begins to name that version', () => {
  const named = `${replaced(MESH, 'subset: stable}}]', 'subset: elsewhere}}]')}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-stable}
spec: {template: {metadata: {labels: {app: web, version: v1}}}}
`
  const relabelled = replaced(named, 'labels: {app: web, version: v2}', 'labels: {app: web, version: v1}')
  const both = replaced(relabelled, 'subset: elsewhere}}]', 'subset: stable}}]')
  assert.ok(
    rises(named, both).some((rise) => rise.startsWith('unknown api 0 →')),
    JSON.stringify(rises(named, both)),
  )
  assert.deepEqual(rises(named, replaced(named, '95}', '96}')), [], 'the labels of a subset are in another repository')
})

test('more requests reach a canary in other clusters: a second route sends everything to its ServiceImport', () => {
  const kind = 'group: multicluster.x-k8s.io, kind: ServiceImport'
  const old = PAIR.replaceAll('name: web-canary}', `name: web-canary, ${kind}}`).replace(
    'name: web-canary, weight',
    `name: web-canary, ${kind}, weight`,
  )
  const second = `${old}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web-shop}
spec:
  parentRefs: [{name: public}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web-canary, ${kind}}]}]
`
  const host = backendHost({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name: 'web-canary' }, 'default')
  const places = [{ host, subset: undefined }]
  assert.deepEqual(rises(old, second, places), ['raise rules[0] 0 → 100 for some'])
  assert.deepEqual(rises(old, old, places), [])
})

test('without its route, a service of the canary takes only requests of protocols that its ports speak', () => {
  const other = 'route: [{destination: {host: other}}]'
  const rules = {
    http: `  http: [{${other}}]\n`,
    tls: `  tls: [{match: [{sniHosts: [direct]}], ${other}}]\n`,
    tcp: `  tcp: [{match: [{port: 5000}], ${other}}]\n`,
  }
  const routed = (port: string, own: readonly string[]): string => directly(`{port: 80, ${port}}`, own.join(''))
  const all = Object.values(rules)
  const rising = (port: string): readonly string[] =>
    Object.entries(rules).flatMap(([section, rule]) => {
      const left = all.filter((one) => one !== rule)
      return rises(routed(port, all), routed(port, left)).length > 0 ? [section] : []
    })
  const table: Readonly<Record<string, readonly string[]>> = {
    'name: http': ['http'],
    'name: http-web': ['http'],
    'name: grpc': ['http'],
    'name: https': ['tls'],
    'name: tls-x': ['tls'],
    'name: tcp-db': ['tcp'],
    'name: redis': ['tcp'],
    'name: my-http': [],
    'name: https, appProtocol: http2': ['http'],
    'appProtocol: kubernetes.io/h2c': ['http'],
    'appProtocol: HTTP': ['http'],
    'name: metrics': [],
  }
  for (const [port, expected] of Object.entries(table)) assert.deepEqual(rising(port), expected, port)
})
