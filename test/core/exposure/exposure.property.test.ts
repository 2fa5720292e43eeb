/**
 * Whatever a pull request changes, if a request reaches the canary's pods more often than before, the model says so. The model is
 * compared with a small mesh that routes sampled requests through the same objects.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type RenderedObject, parseRendered } from '../../../src/core/diff/objects.ts'
import { risesIn } from '../../../src/core/exposure/exposure.ts'
import { hopsOf } from '../../../src/core/finding/scene/hops.ts'
import { podsOf, type Request, routed } from './router.ts'
import { effectiveNamespace } from '../../../src/core/manifest/identity.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- objects of tests, changed without type checks
type Any = any

const SERVICE = (name: string, selector: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: ${selector}, ports: [{port: 80}]}`
const DEPLOYMENT = (name: string, labels: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec: {template: {metadata: {labels: ${labels}}}}`

const PODS = [
  DEPLOYMENT('web-stable', '{app: web, version: v1}'),
  DEPLOYMENT('web-canary', '{app: web, version: v2}'),
  DEPLOYMENT('other', '{app: other, version: v1}'),
  SERVICE('other', '{app: other}'),
]

const RULES = `  - match: [{headers: {x-t: {exact: "1"}}}]
    route: [{destination: {host: web, subset: canary}}]
  - match: [{uri: {prefix: /a}, method: {exact: GET}}, {uri: {exact: /ab}}]
    route: [{destination: {host: web, subset: stable}}]
  - route:
    - {destination: {host: web, subset: stable}, weight: 90}
    - {destination: {host: web, subset: canary}, weight: 10}`

const SUBSETS = [
  ...PODS,
  SERVICE('web', '{app: web}'),
  `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  subsets: [{name: stable, labels: {version: v1}}, {name: canary, labels: {version: v2}}]`,
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web, web.example.com]
  gateways: [mesh, public]
  http:
${RULES}`,
]

const HOSTS = [
  ...PODS,
  SERVICE('web', '{app: web, version: v1}'),
  SERVICE('web-canary', '{app: web, version: v2}'),
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: public}, {kind: Service, name: web, group: ""}]
  hostnames: [web.example.com]
  rules:
  - matches: [{headers: [{name: x-t, value: "1"}]}]
    backendRefs: [{name: web-canary}]
  - matches: [{path: {type: PathPrefix, value: /a}, method: GET}, {path: {type: Exact, value: /ab}}]
    backendRefs: [{name: web}]
  - backendRefs: [{name: web, weight: 90}, {name: web-canary, weight: 10}]`,
]

/** A root that hands some requests on to the route with the weights. */
const DELEGATES = [
  ...SUBSETS.slice(0, -1),
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: delegates}
spec:
  http:
${RULES}`,
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root}
spec:
  hosts: [web, web.example.com]
  gateways: [mesh, public]
  http:
  - match: [{uri: {prefix: /a}}, {headers: {x-t: {exact: "2"}}}]
    delegate: {name: web, namespace: delegates}
  - route: [{destination: {host: web, subset: stable}}]`,
]

function objectsOf(documents: readonly string[]): readonly RenderedObject[] {
  const parsed = parseRendered(documents.join('\n---\n'))
  assert.ok(parsed.ok)
  return parsed.objects
}

const string = fc.oneof(
  fc.constantFrom('/', '/a', '/a/b', '/ab', '1', '2', 'GET', 'web.example.com', '').map((exact) => ({ exact })),
  fc.constantFrom('/', '/a', '/a/', '1', '', 'G', 'web').map((prefix) => ({ prefix })),
  fc.constantFrom('.*', '.+', '/a.*', '[12]').map((regex) => ({ regex })),
  fc.constant({}),
)
const headers = fc.dictionary(fc.constantFrom('x-t', 'x-u', 'user-agent'), string, { maxKeys: 2 })
const istioMatch = fc.record(
  {
    uri: string,
    method: fc.constantFrom({ exact: 'GET' }, { exact: 'POST' }, { regex: '.*' }, { prefix: 'G' }),
    authority: fc.constantFrom({ exact: 'web.example.com' }, { prefix: 'web' }, { regex: '.*' }),
    headers,
    withoutHeaders: headers,
    queryParams: fc.dictionary(fc.constant('q'), string, { maxKeys: 1 }),
    sourceLabels: fc.constantFrom({ app: 'front' }, { app: 'back' }, {}),
    gateways: fc.constantFrom(['mesh'], ['public'], ['mesh', 'public']),
  },
  { requiredKeys: [] },
)
const gatewayMatch = fc.record(
  {
    path: fc.record({
      type: fc.constantFrom('PathPrefix', 'Exact'),
      value: fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab'),
    }),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.subarray([
      { name: 'x-t', value: '1' },
      { name: 'x-u', value: '1' },
      { name: 'user-agent', value: 'curl' },
    ]),
    queryParams: fc.subarray([{ name: 'q', value: '1' }]),
  },
  { requiredKeys: [] },
)
const weight = fc.constantFrom(0, 1, 5, 10, 50, 90, 100, undefined)
const destination = fc.constantFrom(
  { host: 'web', subset: 'stable' },
  { host: 'web', subset: 'canary' },
  { host: 'web', subset: 'third' },
  { host: 'web' },
  { host: 'web-canary' },
  { host: 'other' },
)
const istioRule = fc.record({
  match: fc.array(istioMatch, { minLength: 1, maxLength: 2 }),
  route: fc.array(fc.record({ destination, weight }), { maxLength: 2 }),
})
const gatewayRule = fc.record({
  matches: fc.array(gatewayMatch, { minLength: 1, maxLength: 2 }),
  backendRefs: fc.array(
    fc.record({ name: fc.constantFrom('web', 'web-canary', 'other'), weight: fc.constantFrom(0, 1, 5, 90) }),
    { maxLength: 2 },
  ),
})
const labels = fc.constantFrom({}, { version: 'v1' }, { version: 'v2' }, { app: 'web' }, { app: 'other' })
const selector = fc.constantFrom(
  { app: 'web' },
  { app: 'web', version: 'v1' },
  { app: 'web', version: 'v2' },
  { version: 'v2' },
  { app: 'other' },
)
const place = fc.nat(4)
const name = fc.constantFrom('web', 'web-canary', 'other', 'web-stable')

/** One change that a pull request may make, by its subject. */
const change = fc.oneof(
  fc.record({ do: fc.constant('insert' as const), place, rule: istioRule, backend: gatewayRule }),
  fc.record({ do: fc.constant('match' as const), place, rule: istioRule, backend: gatewayRule }),
  fc.record({ do: fc.constant('route' as const), place, rule: istioRule, backend: gatewayRule }),
  fc.record({
    do: fc.constant('root' as const),
    place,
    rule: istioRule,
    how: fc.constantFrom('delegate', 'route', 'match', 'remove'),
  }),
  fc.record({ do: fc.constant('remove' as const), place }),
  fc.record({ do: fc.constant('swap' as const), place }),
  fc.record({ do: fc.constant('weigh' as const), place, weight: fc.constantFrom(0, 1, 5, 10, 50, 100) }),
  fc.record({ do: fc.constant('label' as const), place, labels }),
  fc.record({ do: fc.constant('rename' as const), place, to: fc.constantFrom('stable', 'canary', 'third') }),
  fc.record({ do: fc.constant('select' as const), name, selector }),
  fc.record({ do: fc.constant('alias' as const), name, to: fc.constantFrom('web', 'web-canary', 'other') }),
  fc.record({ do: fc.constant('relabel' as const), name, selector }),
  fc.record({
    do: fc.constant('drop' as const),
    kind: fc.constantFrom('VirtualService', 'HTTPRoute', 'DestinationRule', 'Service'),
  }),
  fc.record({
    do: fc.constant('hosts' as const),
    hosts: fc.subarray(['web', 'web.example.com', '*.example.com', 'other']),
  }),
  fc.record({
    do: fc.constant('export' as const),
    to: fc.constantFrom(['.'], ['*'], ['elsewhere'], ['.', 'elsewhere']),
  }),
  fc.record({ do: fc.constant('gateways' as const), gateways: fc.subarray(['mesh', 'public'], { minLength: 1 }) }),
  fc.record({
    do: fc.constant('second' as const),
    hosts: fc.subarray(['web', 'web.example.com', '*.example.com', 'other'], { minLength: 1 }),
    gateways: fc.subarray(['mesh', 'public'], { minLength: 1 }),
    rules: fc.array(istioRule, { minLength: 1, maxLength: 2 }),
    backends: fc.array(gatewayRule, { minLength: 1, maxLength: 2 }),
  }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** The objects during the changes. */
interface Draft {
  objects: Any[]
}

function all({ objects }: Draft, kind: string): Any[] {
  return objects.filter((one) => one.kind === kind)
}

function isIstio(draft: Draft): boolean {
  return all(draft, 'VirtualService').length > 0
}

function rulesIn(draft: Draft): Any[] {
  return all(draft, 'VirtualService')[0]?.data.spec.http ?? all(draft, 'HTTPRoute')[0]?.data.spec.rules ?? []
}

/** VirtualServices that have hosts of their own. */
function served(draft: Draft): Any[] {
  return all(draft, 'VirtualService').filter(({ data }) => data.spec.hosts !== undefined)
}

/** The item of a list that a number selects. */
function pick(list: Any[], at: number): Any {
  return list[list.length === 0 ? 0 : at % list.length]
}

function named(draft: Draft, kind: string, own: string): Any {
  return all(draft, kind).find((one) => one.name === own)?.data.spec
}

const CHANGES: { readonly [K in Change['do']]: (draft: Draft, change: Extract<Change, { do: K }>) => void } = {
  insert: (draft, { place: at, rule, backend }) => {
    rulesIn(draft).splice(at, 0, isIstio(draft) ? rule : backend)
  },
  match: (draft, { place: at, rule, backend }) => {
    Object.assign(pick(rulesIn(draft), at) ?? {}, isIstio(draft) ? { match: rule.match } : { matches: backend.matches })
  },
  route: (draft, { place: at, rule, backend }) => {
    Object.assign(
      pick(rulesIn(draft), at) ?? {},
      isIstio(draft) ? { route: rule.route } : { backendRefs: backend.backendRefs },
    )
  },
  root: (draft, { place: at, rule: { match, route }, how }) => {
    const list: Any[] = all(draft, 'VirtualService').find(({ name: own }) => own === 'root')?.data.spec.http ?? []
    if (how === 'delegate') list.splice(at, 0, { match, delegate: { name: 'web', namespace: 'delegates' } })
    else if (how === 'route') list.splice(at, 0, { match, route })
    else if (how === 'match') Object.assign(pick(list, at) ?? {}, { match })
    else list.splice(at, 1)
  },
  remove: (draft, { place: at }) => {
    rulesIn(draft).splice(at, 1)
  },
  swap: (draft, { place: at }) => {
    const list = rulesIn(draft)
    list.unshift(...list.splice(at, 1))
  },
  weigh: (draft, { place: at, weight: to }) => {
    const rule = pick(rulesIn(draft), at)
    Object.assign(pick(rule?.route ?? rule?.backendRefs ?? [], at) ?? {}, { weight: to })
  },
  label: (draft, { place: at, labels: to }) => {
    Object.assign(pick(all(draft, 'DestinationRule')[0]?.data.spec.subsets ?? [], at) ?? {}, { labels: to })
  },
  rename: (draft, { place: at, to }) => {
    Object.assign(pick(all(draft, 'DestinationRule')[0]?.data.spec.subsets ?? [], at) ?? {}, { name: to })
  },
  select: (draft, { name: own, selector: to }) => {
    Object.assign(named(draft, 'Service', own) ?? {}, { selector: to })
  },
  alias: (draft, { name: own, to }) => {
    const alias = { type: 'ExternalName', externalName: `${to}.default.svc.cluster.local` }
    if (own !== to) Object.assign(named(draft, 'Service', own) ?? {}, alias)
  },
  relabel: (draft, { name: own, selector: to }) => {
    Object.assign(named(draft, 'Deployment', own)?.template.metadata ?? {}, { labels: { version: 'v1', ...to } })
  },
  drop: (draft, { kind }) => {
    const [first] = all(draft, kind)
    draft.objects = draft.objects.filter((object) => object !== first)
  },
  hosts: (draft, { hosts }) => {
    for (const { data } of served(draft)) data.spec.hosts = hosts
    for (const { data } of all(draft, 'HTTPRoute')) data.spec.hostnames = hosts.filter((host) => host.includes('.'))
  },
  export: (draft, { to }) => {
    const [first] = served(draft)
    if (first !== undefined) first.data.spec.exportTo = to
  },
  gateways: (draft, { gateways }) => {
    for (const { data } of served(draft)) data.spec.gateways = gateways
  },
  second: (draft, { hosts, gateways, rules, backends }) => {
    if (draft.objects.some(({ name: own }) => own === 'second')) return
    const hostnames = hosts.filter((host) => host.includes('.'))
    const parentRefs = gateways.map((gateway) =>
      gateway === 'mesh' ? { kind: 'Service', name: 'web', group: '' } : { name: gateway },
    )
    const [group, kind, spec] = isIstio(draft)
      ? ['networking.istio.io', 'VirtualService', { hosts, gateways, http: rules }]
      : ['gateway.networking.k8s.io', 'HTTPRoute', { parentRefs, hostnames, rules: backends }]
    const data = { apiVersion: `${group}/v1`, kind, metadata: { name: 'second' }, spec }
    draft.objects.push({ group, kind, namespace: '', name: 'second', data })
  },
}

function changed(base: readonly RenderedObject[], changes: readonly Change[]): readonly RenderedObject[] {
  const draft: Draft = { objects: structuredClone(base) as Any[] }
  for (const one of structuredClone(changes) as Change[]) {
    const carryOut: (draft: Draft, one: Any) => void = CHANGES[one.do]
    carryOut(draft, one)
  }
  for (const { namespace, data } of draft.objects) if (namespace === 'delegates') nameHosts(data)
  // Like rendered objects: nothing is shared, and nothing is undefined.
  return JSON.parse(JSON.stringify(draft.objects))
}

/** The services are in another namespace than the delegate. */
function nameHosts({ spec }: Any): void {
  const destinations: Any[] = spec.http.flatMap(({ route = [] }: Any) => route.map((one: Any) => one.destination))
  for (const one of destinations) if (!one.host.includes('.')) one.host += '.default.svc.cluster.local'
}

const REQUESTS: readonly Request[] = [
  'web.default.svc.cluster.local',
  'web.example.com',
  'other.default.svc.cluster.local',
  'x.example.com',
].flatMap((host) =>
  (host.includes('svc') ? ['mesh', 'elsewhere'] : ['mesh', 'default/public']).flatMap((place) =>
    ['/', '/a', '/a/b', '/ab'].flatMap((path) =>
      ['GET', 'POST'].flatMap((method) =>
        [{}, { 'x-t': '1' }, { 'x-t': '2' }, { 'x-u': '1' }, { 'x-t': '1', 'x-u': '2' }].flatMap((own) =>
          [{}, { q: '1' }].flatMap((query) =>
            ['front', 'back'].map((app): Request => ({
              host,
              gateway: place === 'elsewhere' ? 'mesh' : place,
              from: place === 'elsewhere' ? 'elsewhere' : 'default',
              protocol: 'http',
              path,
              method,
              headers: { 'user-agent': 'curl', ...own },
              query,
              source: { app },
            })),
          ),
        ),
      ),
    ),
  ),
)

function canariesOf(
  objects: readonly RenderedObject[],
): readonly { readonly host: string; readonly subset: string | undefined }[] {
  const own = objects.filter((one) => one.name === 'web' && (one.kind === 'VirtualService' || one.kind === 'HTTPRoute'))
  return own.flatMap((object) =>
    hopsOf(object)
      .filter(
        ({ host, subset }) =>
          subset === 'canary' || host === `web-canary.${effectiveNamespace(object)}.svc.cluster.local`,
      )
      .map(({ host, subset }) => ({ host, subset })),
  )
}

/** The first request that reaches the canary more often, with both shares. */
function worse(before: readonly RenderedObject[], after: readonly RenderedObject[], isOldFirst: boolean): unknown {
  // The workloads behind the base branch's canary destinations are the canary.
  const canary = new Set(canariesOf(before).flatMap((place) => podsOf(before, place)))
  const order = (one: RenderedObject): number => (one.name === 'second' ? (isOldFirst ? 1 : -1) : 0)
  for (const request of REQUESTS) {
    const [old, now] = [before, after].map((objects) => routed(objects, request, { canary, first: order }))
    if ((now ?? 0) > (old ?? 0) + 1e-6) return { request, old, now }
  }
  return undefined
}

for (const [what, documents] of [
  ['subsets of a VirtualService', SUBSETS],
  ['backends of an HTTPRoute', HOSTS],
  ['a root and its delegate', DELEGATES],
] as const) {
  test(`no change of ${what} sends more requests to the canary unseen`, () => {
    const base = objectsOf(documents)
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 3 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (history, changes, isOldFirst) => {
          const before = changed(base, history)
          const after = changed(before, changes)
          const canary = { id: 'web', before: canariesOf(before), after: canariesOf(after), share: 0 }
          // Without a canary on the base branch, there is no version to hold back.
          if (canary.before.length === 0) return
          // A destination without pods leads to pods that are rendered elsewhere, so its requests count as the canary's.
          if (canary.before.some((place) => podsOf(before, place).length === 0)) return
          if (risesIn({ before, after }, [canary]).length > 0) return
          assert.deepEqual(worse(before, after, isOldFirst), undefined)
        },
      ),
      { numRuns: Number(process.env['PERCH_RUNS'] ?? 200) },
    )
  })
}
