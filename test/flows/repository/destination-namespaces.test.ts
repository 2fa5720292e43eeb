/** Objects without a namespace, which Argo CD puts into the namespace of the Application's destination. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMetrics } from '../../memory/metrics.ts'
import { aBuiltWorld, answers, aPull, checkOf, comments, gateOf, merges, openSteps, says, textOn } from '../world.ts'

function application(name: string, path: string, namespace: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${namespace}, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source: { repoURL: https://github.com/acme/gitops, path: ${path} }
`
}

/** `weight`: of the canary. */
function route({ namespace, weight = 0, notes = '' }: { namespace?: string; weight?: number; notes?: string } = {}) {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web${namespace === undefined ? '' : `, namespace: ${namespace}`}${notes} }
spec:
  hosts: [web]
  http:
    - name: main
      route:
        - destination: { host: web, subset: stable }
          weight: ${100 - weight}
        - destination: { host: web, subset: canary }
          weight: ${weight}
`
}

function workload(version: string, image = version): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  selector: { matchLabels: { app: web, version: ${version} } }
  template:
    metadata: { labels: { app: web, version: ${version} } }
    spec: { containers: [{ name: web, image: "web:${image}" }] }
`
}

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec:
  host: web
  subsets:
    - { name: stable, labels: { version: v1 } }
    - { name: canary, labels: { version: v2 } }
`
const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n'
const CONFIG = '.github/canary.yml'
const SETTINGS = { [CONFIG]: 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n' }
const FOLDER = {
  ...SETTINGS,
  'web/rule.yaml': RULE,
  'web/service.yaml': SERVICE,
  'web/v1.yaml': workload('v1'),
  'web/v2.yaml': workload('v2'),
}
const APP = { 'apps/web.yaml': application('web', 'web', 'shop') }

/** A pull request that changes nothing about traffic, for commands. */
const README = { 'README.md': 'Hello.\n' }

for (const [what, more] of [
  ['plain files', {}],
  ['a kustomization', { 'web/kustomization.yaml': 'resources: [route.yaml, rule.yaml, service.yaml]\n' }],
] as const)
  test(`a route in ${what} is shown in the namespace of its Application, and its file stays without one`, async () => {
    const world = await aBuiltWorld({ ...FOLDER, ...APP, ...more, 'web/route.yaml': route() })
    const pull = await aPull(world, README)
    await says(world, 'alice', pull, '/canary 5')
    assert.match(comments(world, pull).join(), /VirtualService shop\/web/)
    assert.doesNotMatch(comments(world, pull).join(), /default\/web/)
    assert.match(
      textOn(world, pull.head.ref, 'web/route.yaml'),
      /name: web\b(?![^}]*namespace)[^]*weight: 95[^]*weight: 5\n/,
    )
    await merges(world, 'alice', pull)
    assert.equal(openSteps(world)[0]?.head.ref, 'canary/web/web/25')
  })

test('the Applications of a set put the same names into a namespace each', async () => {
  const set = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: teams, namespace: argocd }
spec:
  generators: [{ git: { directories: [{ path: teams/* }] } }]
  template:
    metadata: { name: '{{path.basename}}' }
    spec:
      destination: { namespace: '{{path.basename}}', server: https://kubernetes.default.svc }
      syncPolicy: { automated: {} }
      source: { repoURL: https://github.com/acme/gitops, path: '{{path}}' }
`
  const files = {
    ...SETTINGS,
    'apps/teams.yaml': set,
    'teams/red/route.yaml': route(),
    'teams/blue/route.yaml': route(),
  }
  const world = await aBuiltWorld(files)
  const pull = await aPull(world, { 'teams/red/route.yaml': route({ weight: 5 }) })
  assert.match(comments(world, pull).join(), /red `VirtualService red\/web`/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success: red\/web 0% → 5%/)
})

test('a pull request that moves an Application to another namespace is judged like a raise there', async () => {
  const world = await aBuiltWorld({ ...FOLDER, ...APP, 'web/route.yaml': route({ weight: 25 }) })
  const pull = await aPull(world, { 'apps/web.yaml': application('web', 'web', 'store') })
  assert.match(comments(world, pull).join(), /VirtualService store\/web/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success: web\/web more requests reach the canary/)
  assert.match(gateOf(world, pull), /^action_required/)
})

test('a pull request that changes other fields of an Application changes no environment', async () => {
  const world = await aBuiltWorld({ ...FOLDER, ...APP, 'web/route.yaml': route({ weight: 25 }) })
  const pull = await aPull(world, { 'apps/web.yaml': `${APP['apps/web.yaml']}  project: shop\n` })
  assert.match(checkOf(world, pull, 'canary/validate'), /^success: No canary traffic changes/)
})

test('a route in `default` and one that is deployed to `shop` are two rollouts', async () => {
  const other = 'web/other.yaml'
  const world = await aBuiltWorld({
    ...FOLDER,
    ...APP,
    'web/route.yaml': route(),
    [other]: route({ namespace: 'default' }),
  })
  const pull = await aPull(world, { [other]: route({ namespace: 'default', weight: 10 }) })
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web/default/web 0% → 10%')
})

test('a pull request that names the namespace of a route that is already deployed there is red', async () => {
  const world = await aBuiltWorld({ ...FOLDER, ...APP, 'web/route.yaml': route() })
  const pull = await aPull(world, { 'web/other.yaml': route({ namespace: 'shop' }) })
  assert.match(checkOf(world, pull, 'canary/validate'), /^failure: .*VirtualService shop\/web twice/)
})

test('two Applications that deploy one folder into two namespaces deploy no object twice', async () => {
  const two = { ...APP, 'apps/store.yaml': application('store', 'web', 'store') }
  const world = await aBuiltWorld({ ...FOLDER, ...two, 'web/route.yaml': route() })
  const pull = await aPull(world, { 'web/route.yaml': route({ weight: 5 }) })
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('a VirtualService delegates to the route in the namespace of its Application', async () => {
  const root = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: storefront, namespace: edge }
spec:
  hosts: [shop.example.com]
  http: [{ delegate: { name: web, namespace: shop } }]
`
  const world = await aBuiltWorld({ ...FOLDER, ...APP, 'web/route.yaml': route(), 'web/root.yaml': root })
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 5 storefront')
  assert.match(answers(world, pull).at(-1) ?? '', /0% → \*\*5%\*\*/)
})

for (const namespace of ['shop', 'default'])
  test(`the config may call the namespace of the route \`${namespace}\``, async () => {
    const entry = `services:\n  web: { steps: [7, 100], route: { kind: VirtualService, name: web, namespace: ${namespace} } }\n`
    const world = await aBuiltWorld({ ...FOLDER, ...APP, 'web/route.yaml': route(), [CONFIG]: entry })
    const pull = await aPull(world, README)
    await says(world, 'alice', pull, '/canary next')
    assert.match(answers(world, pull).at(-1) ?? '', /0% → \*\*7%\*\*/)
  })

test('the analysis of a step asks for requests in the namespace of the Application', async () => {
  const asked = new Set<string>()
  const prometheus = (query: string): number => {
    asked.add(query)
    return query.startsWith('sum(increase(') ? 1000 : 1
  }
  const analysis = 'analysis: { provider: prometheus, checks: [{ metric: success-rate, min: 99 }] }'
  const files = {
    ...FOLDER,
    ...APP,
    'web/route.yaml': route(),
    [CONFIG]: `services:\n  web: { steps: [5, 25, 100], bake: 10m, ${analysis} }\n`,
  }
  const world = await aBuiltWorld(files, { metrics: memoryMetrics({ prometheus }) })
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'alice', pull)
  await world.pass(30)
  assert.ok(asked.size > 0)
  for (const query of asked) assert.match(query, /destination_service_namespace="shop"/)
})

test('another image of a canary with traffic is found in each namespace of a shared base', async () => {
  const notes =
    ', annotations: { perch.dev/web.canary-percentage: "25", perch.dev/web.canary-version: v2, perch.dev/web.pr: "1" }'
  const build = 'resources: [route.yaml, rule.yaml, service.yaml, v1.yaml, v2.yaml]\n'
  const shared = Object.fromEntries(Object.entries(FOLDER).map(([path, text]) => [path.replace('web/', 'base/'), text]))
  const files = {
    ...shared,
    [CONFIG]:
      'services:\n  web: { route: { kind: VirtualService, name: web, rules: [main] } }\n  api: { route: { kind: VirtualService, name: web, rules: [api] } }\n',
    'base/kustomization.yaml': build,
    'base/route.yaml': route({ weight: 25, notes }),
    'red/kustomization.yaml': 'resources: [../base]\n',
    'blue/kustomization.yaml': 'resources: [../base]\n',
    'apps/red.yaml': application('red', 'red', 'red'),
    'apps/blue.yaml': application('blue', 'blue', 'blue'),
  }
  const world = await aBuiltWorld(files)
  const pull = await aPull(world, { 'base/v2.yaml': workload('v2', 'v3') })
  assert.match(gateOf(world, pull), /^failure: Blocked by version/)
})
