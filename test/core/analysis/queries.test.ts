/** The queries: the canary's labels come from the route, and no name in a file changes the structure of a query. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { planAnalysis } from '../../../src/core/analysis/plan.ts'
import { fillTemplate, parseTemplate, type Values } from '../../../src/core/analysis/template.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { sample, targetOf } from '../samples.ts'
import { ENDS, SINCE } from './scene.ts'

type Files = Readonly<Record<string, string>>

function plan(files: Files, analysis: Record<string, unknown>, service = 'web') {
  const target = targetOf(files, { services: { [service]: { analysis } } })
  const config = target.settings.analysis
  assert.ok(config !== undefined)
  return planAnalysis({
    standing: standingOf(target),
    analysis: config,
    since: SINCE,
    now: ENDS,
    servers: ['prometheus'],
  })
}

/** The first query, or why there is none. */
function asked(files: Files, analysis: Record<string, unknown> = {}): string {
  const { asks, checks } = plan(files, { checks: [{ metric: 'success-rate', min: 99 }], minRequests: 0, ...analysis })
  const [check] = checks
  if (check?.sides.ok === true) return asks[0]?.query ?? ''
  const reason = check?.sides.error
  return reason?.code === 'side' ? reason.trouble : JSON.stringify(reason)
}

const vs = (stable: string, canary: string, section = 'http'): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  ${section}:
    - route:
        - { destination: ${stable}, weight: 75 }
        - { destination: ${canary}, weight: 25 }
`
const dr = (stable: string, canary: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: shop }
spec: { host: web, subsets: [{ name: stable, labels: ${stable} }, { name: canary, labels: ${canary} }] }
`
const service = (name: string, selector: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: ${selector} }
---
`
const route = (
  kind: string,
  stable = 'web-stable',
  canary = 'web-canary',
): string => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: web, namespace: shop }
spec: { rules: [{ backendRefs: [{ name: ${stable}, port: 80, weight: 75 }, { name: ${canary}, port: 80, weight: 25 }] }] }
`
const SUBSETS = vs('{ host: web, subset: stable }', '{ host: web, subset: canary }')
const HOSTS = vs('{ host: web-stable }', '{ host: web-canary.shop.svc.cluster.local }')
const subsets = (stable: string, canary: string): Files => ({ 'vs.yaml': SUBSETS, 'dr.yaml': dr(stable, canary) })

test('the built-in queries are exactly these', () => {
  const files = subsets('{ version: v1 }', '{ version: v2 }')
  const checks = [
    { metric: 'success-rate', min: 99 },
    { metric: 'latency-p99', max: 500 },
  ]
  const { asks } = plan(files, { checks })
  const canary =
    'reporter="destination",destination_service_name="web",destination_service_namespace="shop",destination_version="v2"'
  assert.deepEqual(
    asks.map(({ query }) => query),
    [
      `100 * (sum(rate(istio_requests_total{${canary},response_code!~"5..",grpc_response_status!~"2|4|12|13|14|15"}[63333ms])) or vector(0)) / sum(rate(istio_requests_total{${canary}}[63333ms]))`,
      `sum(increase(istio_requests_total{${canary}}[63333ms]))`,
      `histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{${canary}}[63333ms])))`,
    ],
  )
})

test('how each kind of route finds its canary, or why it does not', () => {
  const v = (canary: string): Files => subsets('{ version: v1 }', canary)
  const apex = service('web', '{ app: web }')
  const both = service('web-stable', '{ app: web, version: v1 }') + service('web-canary', '{ app: web, version: v2 }')
  const name = (found: string): string =>
    /istio_requests_total\{(.*?),response_code/.exec(found)?.[1]?.replaceAll('destination_', '') ?? found
  const table: [Files, Record<string, unknown>, string][] = [
    [v('{ version: v2 }'), {}, 'reporter="destination",service_name="web",service_namespace="shop",version="v2"'],
    [
      v('{ version: v2 }'),
      { reporter: 'waypoint' },
      'reporter="waypoint",service_name="web",service_namespace="shop",version="v2"',
    ],
    [
      v('{ app: web, version: v2 }'),
      {},
      'reporter="destination",service_name="web",service_namespace="shop",version="v2"',
    ],
    [
      v('{ service.istio.io/canonical-revision: r2 }'),
      {},
      'reporter="destination",service_name="web",service_namespace="shop",canonical_revision="r2"',
    ],
    [
      v('{ app.kubernetes.io/version: "2.0" }'),
      {},
      'reporter="destination",service_name="web",service_namespace="shop",canonical_revision="2.0"',
    ],
    [v('{ track: canary }'), {}, 'no-version-label'],
    [v('{ version: v1 }'), {}, 'same-labels'],
    [{ 'vs.yaml': SUBSETS }, {}, 'no-version-label'],
    [{ 'vs.yaml': HOSTS }, {}, 'reporter="destination",service_name="web-canary",service_namespace="shop"'],
    [
      { 'vs.yaml': HOSTS, 's.yaml': both },
      {},
      'reporter="destination",service_name="web-canary",service_namespace="shop"',
    ],
    [{ 'vs.yaml': HOSTS, 's.yaml': both + apex }, {}, 'shared-pods'],
    [
      { 'vs.yaml': HOSTS, 's.yaml': both + apex },
      { reporter: 'source' },
      'reporter="source",service_name="web-canary",service_namespace="shop"',
    ],
    [
      { 'vs.yaml': HOSTS, 's.yaml': both + service('db', '{ app: db }') },
      {},
      'reporter="destination",service_name="web-canary",service_namespace="shop"',
    ],
    [{ 'vs.yaml': vs('{ host: stable.example.com }', '{ host: canary.example.com }') }, {}, 'foreign-host'],
    [{ 'vs.yaml': vs('{ host: web-stable }', '{ host: web-canary }', 'tcp') }, {}, 'not-http'],
    [{ 'r.yaml': route('HTTPRoute') }, {}, 'reporter="source",service_name="web-canary",service_namespace="shop"'],
    [{ 'r.yaml': route('GRPCRoute') }, {}, 'reporter="source",service_name="web-canary",service_namespace="shop"'],
    [
      { 'r.yaml': route('HTTPRoute') },
      { reporter: 'waypoint' },
      'reporter="waypoint",service_name="web-canary",service_namespace="shop"',
    ],
    [{ 'r.yaml': route('HTTPRoute') }, { reporter: 'destination' }, 'needs-source'],
    [{ 'r.yaml': route('TCPRoute') }, {}, 'not-http'],
  ]
  for (const [files, analysis, expected] of table) {
    const services = { ...analysis }
    const found = asked(files, services)
    assert.equal(name(found), expected, JSON.stringify(analysis) + Object.values(files).join('\n'))
  }
})

test('a canary in several places is not told apart', () => {
  const rules = `- match: [{ uri: { prefix: /a } }]
      route:
        - { destination: { host: web-stable }, weight: 75 }
        - { destination: { host: web-canary }, weight: 25 }
    - route:`
  const two = SUBSETS.replace('- route:', rules)
  assert.equal(asked({ 'vs.yaml': two, 'dr.yaml': dr('{ version: v1 }', '{ version: v2 }') }), 'several-destinations')
})

test('a custom query is filled in for each side', () => {
  const query =
    'a{s="{{service}}",n="{{ namespace }}",e="{{environment}}",c=~"{{canary}}|{{stable}}",v="{{version}}",i="{{side}}",{{destination}}}[{{window}}]'
  const check = {
    metric: 'own',
    query,
    unit: 'x',
    max: 1,
    againstStable: { maxAbove: 1 },
    requests: 'r{v="{{version}}"}[{{window}}]',
  }
  const { asks } = plan(subsets('{ version: v1.0 }', '{ version: v2.0 }'), { checks: [check], interval: '2m' })
  const filled = (side: string, version: string): string =>
    `a{s="web",n="shop",e="default",c=~"canary|stable",v="${version}",i="${side}",reporter="destination",destination_service_name="web",destination_service_namespace="shop",destination_version="${version}"}[142500ms]`
  assert.deepEqual(
    asks.map((ask) => ask.query),
    [filled('canary', 'v2.0'), 'r{v="v2.0"}[142500ms]', filled('stable', 'v1.0'), 'r{v="v1.0"}[142500ms]'],
  )
})

test('a custom query needs only the variables that it uses', () => {
  const own = (query: string) => ({ checks: [{ metric: 'own', query, unit: 'x', max: 1 }] })
  const tcp = { 'vs.yaml': vs('{ host: web-stable }', '{ host: web-canary }', 'tcp') }
  assert.equal(asked(tcp, own('a{n="{{side}}"}')), 'a{n="web-canary"}')
  assert.equal(asked(tcp, own('a{{{destination}}}')), 'not-http')
})

test('a query with extremely long names is not sent', () => {
  const files = subsets('{ version: v1 }', `{ version: "${'x'.repeat(9_000)}" }`)
  assert.match(asked(files), /^\{"code":"long-query"\}$/)
})

test('problems of a query template are reported', () => {
  const problems = (query: string): string => parseTemplate(query).problems.join('; ')
  assert.equal(problems('sum(rate(x{a="{{service}}",b=~\'{{version}}.*\'}[{{window}}]))'), '')
  assert.equal(problems('x{a="\\"{{service}}"}'), '')
  assert.equal(problems('x{{{destination}}}'), '')
  assert.match(problems('{{services}}'), /^has the unknown variable \{\{services\}\}; known are service, /)
  assert.match(problems('{{constructor}}'), /unknown variable/)
  assert.match(problems('x{a="{{ }}"}'), /without the name/)
  assert.match(problems('x{a="{{service"}'), /without the name/)
  assert.match(problems('{{service}}_total'), /must have \{\{service\}\} inside of/)
  assert.match(problems('x # {{service}}'), /must have \{\{service\}\} inside of/)
  assert.match(problems('x{a=`{{service}}`}'), /must have \{\{service\}\} inside of/)
  assert.match(
    problems('x{a="\\\\"}{{service}}'),
    /must have \{\{service\}\} inside of/,
    'an escaped backslash ends no string late',
  )
  assert.match(problems('x{a="{{window}}"}'), /must not have \{\{window\}\} inside/)
  assert.match(problems('x{a="{{destination}}"}'), /must not have/)
  assert.match(problems('x{a="b'), /does not end/)
  assert.equal(problems('x{a="it\'s"} # isn\'t "\n > 1'), '')
})

/** Names that try to be PromQL. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        "'",
        '`',
        '\\',
        '{',
        '}',
        '{{service}}',
        '#',
        '\n',
        ')',
        ' or vector(0)',
        '$&',
        '.*',
        '|',
        '\uD800',
        '\u2028',
        ',',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

/** A query without its strings, which are found like in Prometheus' lexer (promql/parser/lex.go). The rest is the structure. */
function shapeOf(query: string): { readonly shape: string; readonly strings: readonly string[] } {
  const strings: string[] = []
  const shape = query.replaceAll(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/g, (whole) => {
    strings.push(whole)
    return 'S'
  })
  return { shape, strings }
}

/** The value of a string by Go's rules, which Prometheus follows (util/strutil/quote.go). */
function unquoted(text: string): string {
  const quote = text[0] ?? ''
  return text.slice(1, -1).replaceAll(/\\(u[0-9a-f]{4}|[\s\S])/g, (_, escape: string) => {
    if (escape.startsWith('u')) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16))
    assert.ok(escape === '\\' || escape === quote, `\\${escape} is no escape in ${quote}`)
    return escape
  })
}

test('no name changes the structure of a query, and each arrives unchanged', () => {
  const template = parseTemplate(
    'sum(x{a="{{service}}",b=\'p-{{version}}\',{{destination}},c=~"{{side}}",d!~\'{{canary}}\'}[{{window}}])',
  )
  const plain = { environment: 'e', namespace: 'n', reporter: 'r', stable: 's', window: '1m', destination: 'q="w"' }
  const fill = (name: string): string => {
    const values: Values = { ...plain, service: name, version: name, side: name, canary: name }
    return fillTemplate(template, values)
  }
  const { shape } = shapeOf(fill('web'))
  fc.assert(
    fc.property(hostile, (name) => {
      const found = shapeOf(fill(name))
      assert.equal(found.shape, shape)
      const [service, version, , side, canary] = found.strings.map(unquoted)
      const whole = name.toWellFormed()
      assert.equal(service, whole)
      assert.equal(version, `p-${whole}`)
      for (const regex of [side, canary]) assert.equal(regex?.replaceAll(/\\([\\.+*?()|[\]{}^$])/g, '$1'), whole)
      assert.ok(side === undefined || whole === '' || new RegExp(`^(?:${side})$`, 's').test(whole))
    }),
    { numRuns: 500 },
  )
})

test('only hosts of Services have metrics of their own', () => {
  const trouble = (host: string): string => asked({ 'vs.yaml': vs('{ host: web-stable }', `{ host: ${host} }`) })
  for (const host of ['web-canary', 'web-canary.shop', 'web-canary.shop.svc', 'web-canary.shop.svc.cluster.local'])
    assert.match(trouble(host), /destination_service_name="web-canary",destination_service_namespace="shop"/, host)
  for (const host of [
    'web-canary..svc.local',
    'web-canary.shop.svc.',
    'web-canary.shop.svc.x/y',
    'web-canary.shop.svc/x',
  ])
    assert.equal(trouble(host), 'foreign-host', host)
})

test('no name in a file changes the structure of a built-in query', () => {
  const shapes = new Set<string>()
  fc.assert(
    fc.property(hostile, (name) => {
      const files = subsets('{ version: v1 }', `{ version: ${JSON.stringify(`x${name}`.toWellFormed())} }`)
      shapes.add(shapeOf(asked(files)).shape)
    }),
    { numRuns: 100 },
  )
  assert.equal(shapes.size, 1, [...shapes].join('\n'))
})

test('the version of the sample is the canary’s', () => {
  const target = sample(75, 25)
  assert.equal(target.settings.analysis, undefined)
  assert.equal(target.settings.onFailure, 'rollback')
  assert.deepEqual(target.settings.unchecked, [])
})

test('a route with rules for HTTP and for TCP is not measured by HTTP’s metrics', () => {
  const both = `${HOSTS}${vs('{ host: web-stable }', '{ host: web-canary }', 'tcp').slice(vs('', '', '').indexOf('  :'))}`
  assert.match(both, /http:[^]*tcp:/)
  assert.equal(asked({ 'vs.yaml': both }), 'not-http')
})

test('requests are counted only where the config sets a number that is needed', () => {
  const files = subsets('{ version: v1 }', '{ version: v2 }')
  const checks = [{ metric: 'success-rate', min: 99 }]
  const count = (minRequests: number): number =>
    plan(files, { checks, minRequests }).asks.filter(({ query }) => query.startsWith('sum(increase(')).length
  assert.equal(count(0), 0)
  assert.equal(count(1), 1)
})

test('a route in several namespaces is in no metric that the query could name', () => {
  const bare = (text: string): string => text.replaceAll(', namespace: shop', '')
  const base = {
    'base/vs.yaml': bare(SUBSETS),
    'base/dr.yaml': bare(dr('{ version: v1 }', '{ version: v2 }')),
    'base/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n',
  }
  const overlays = (eu: string, us: string): Files => ({
    ...base,
    'eu/kustomization.yaml': `resources: [../base]\nnamespace: ${eu}\n`,
    'us/kustomization.yaml': `resources: [../base]\nnamespace: ${us}\n`,
  })
  assert.match(asked(overlays('shop', 'shop')), /destination_service_namespace="shop"/)
  assert.equal(asked(overlays('shop-eu', 'shop-us')), 'several-namespaces')
  const application = (name: string, namespace: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${namespace}, server: https://kubernetes.default.svc }
  source: { repoURL: https://github.com/acme/shop, path: base, targetRevision: HEAD }
`
  const deployed = (eu: string, us: string): Files => ({
    ...base,
    'eu.yaml': application('eu', eu),
    'us.yaml': application('us', us),
  })
  assert.match(asked(deployed('shop', 'shop')), /destination_service_namespace="shop"/)
  assert.equal(asked(deployed('shop-eu', 'shop-us')), 'several-namespaces')
  const own = [{ metric: 'own', query: 'a{n="{{namespace}}"}', unit: 'x', max: 1 }]
  assert.match(asked(deployed('shop-eu', 'shop-us'), { checks: own }), /no-variable.*namespace/)
})
