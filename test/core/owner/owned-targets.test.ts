/** Which rollouts a controller in the cluster moves, whichever file has its object. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { intend, intendStep } from '../../../src/core/rollout/intend.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import { abort, type OpenStep, transition } from '../../../src/core/rollout/transition.ts'
import { argoRollout, flaggerCanary, splitRoute } from '../../owners.ts'
import { snapshotOf } from '../samples.ts'

type Files = Readonly<Record<string, string>>

/** `environment/service: owner`, for each target. */
function owners(files: Files, config: object = {}): readonly string[] {
  return snapshotOf(files, config)
    .targets.map((target) => `${targetName(target)}: ${target.owner?.title ?? '–'}`)
    .sort()
}

const ROLLOUT = 'Rollout default/web'
const CANARY = 'Canary default/web'

test('a route next to its Rollout or Canary belongs to it', () => {
  assert.deepEqual(owners({ 'app/vs.yaml': splitRoute(), 'app/rollout.yaml': argoRollout() }), [
    `default/web: ${ROLLOUT}`,
  ])
  assert.deepEqual(owners({ 'app/vs.yaml': splitRoute(), 'app/canary.yaml': flaggerCanary() }), [
    `default/web: ${CANARY}`,
  ])
  assert.deepEqual(owners({ 'app/all.yaml': `${splitRoute()}---\n${argoRollout()}` }), [`default/web: ${ROLLOUT}`])
})

test('a Rollout without traffic routing, or with another route or rule, owns nothing', () => {
  const files = (rollout: string): Files => ({ 'app/vs.yaml': splitRoute(), 'app/rollout.yaml': rollout })
  const free = ['default/web: –']
  assert.deepEqual(owners(files(argoRollout().replace(/ +trafficRouting:\n.*\n/, ''))), free)
  assert.deepEqual(owners(files(argoRollout({ routing: 'nginx: { stableIngress: web }' }))), free)
  const other = 'istio: { virtualService: { name: web, routes: [other] } }'
  assert.deepEqual(owners(files(argoRollout({ routing: other }))), free)
  const main = 'istio: { virtualService: { name: web, routes: [main] } }'
  assert.deepEqual(owners(files(argoRollout({ routing: main }))), [`default/web: ${ROLLOUT}`])
})

test('a Rollout owns the routes of the Gateway API that its plugin selects by labels', () => {
  const route = (labels: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, labels: ${labels} }
spec:
  rules:
    - backendRefs:
        - { name: web-stable, port: 80, weight: 100 }
        - { name: web-canary, port: 80, weight: 0 }
`
  const owned = (labels: string, plugin: string): readonly string[] => {
    const routing = `plugins: { argoproj-labs/gatewayAPI: { ${plugin} } }`
    return owners({ 'app/route.yaml': route(labels), 'app/rollout.yaml': argoRollout({ routing }) })
  }
  const [its, free] = [[`default/web: ${ROLLOUT}`], ['default/web: –']]
  const app = 'httpRouteSelector: { matchLabels: { app: web } }'
  assert.deepEqual(owned('{ app: web, tier: edge }', app), its)
  assert.deepEqual(owned('{ app: api }', app), free)
  assert.deepEqual(owned('{}', app), free)
  const edge = 'httpRouteSelector: { matchExpressions: [{ key: tier, operator: In, values: [edge] }] }'
  assert.deepEqual(owned('{ tier: edge }', edge), its)
  assert.deepEqual(owned('{ tier: inner }', edge), free)
  assert.deepEqual(owned('{}', 'httpRouteSelector: {}'), its)
  assert.deepEqual(owned('{ app: web }', `namespace: other, ${app}`), its, 'the route names no namespace')
  assert.deepEqual(owned('{ app: web }', app.replace('http', 'grpc')), free)
  const labelled = `${route('{}')}---\n${argoRollout({ routing: `plugins: { argoproj-labs/gatewayAPI: { ${app} } }` })}`
  const patch =
    'patches: [{ patch: "[{op: add, path: /metadata/labels/app, value: web}]", target: { kind: HTTPRoute } }]\n'
  assert.deepEqual(
    owners({
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': labelled,
      'overlays/eu/kustomization.yaml': `resources: [../../base]\n${patch}`,
      'overlays/us/kustomization.yaml': 'resources: [../../base]\n',
    }),
    [`eu/web: ${ROLLOUT}`, 'us/web: –'],
  )
})

test("a route that Flagger makes is a rollout of the Canary's", () => {
  const files = { 'app/canary.yaml': flaggerCanary() }
  assert.deepEqual(owners(files), [`default/web: ${CANARY}`])
  const [target] = snapshotOf(files).targets
  assert.deepEqual(target?.route.place, { file: 'app/canary.yaml', line: 1 })
  assert.equal(target?.route.kind, 'VirtualService')
  const gateway = snapshotOf({ 'app/canary.yaml': flaggerCanary({ provider: 'gatewayapi:v1' }) }).targets
  assert.deepEqual(
    gateway.map((one) => one.route.kind),
    ['HTTPRoute'],
  )
  assert.deepEqual(owners({ 'app/canary.yaml': flaggerCanary({ provider: 'linkerd' }) }), [])
})

const OVERLAYS = {
  'base/kustomization.yaml': 'resources: [vs.yaml]\n',
  'base/vs.yaml': splitRoute(),
  'overlays/staging/kustomization.yaml': 'resources: [../../base, rollout.yaml]\n',
  'overlays/staging/rollout.yaml': argoRollout(),
  'overlays/production/kustomization.yaml': 'resources: [../../base]\n',
}

test('environments that share a route are split if only one has an owner', () => {
  assert.deepEqual(owners(OVERLAYS), ['production/web: –', `staging/web: ${ROLLOUT}`])
  const both = {
    ...OVERLAYS,
    'base/kustomization.yaml': 'resources: [vs.yaml, rollout.yaml]\n',
    'base/rollout.yaml': argoRollout(),
  }
  const same = {
    ...both,
    'overlays/staging/kustomization.yaml': 'resources: [../../base]\n',
    'overlays/staging/rollout.yaml': '',
  }
  assert.deepEqual(owners(same), [`all/web: ${ROLLOUT}`])
})

test('owner and route are compared as they are rendered', () => {
  const files: Files = {
    'app/kustomization.yaml': 'namespace: shop\nresources: [vs.yaml, rollout.yaml]\n',
    'app/vs.yaml': splitRoute(),
    'app/rollout.yaml': argoRollout(),
  }
  assert.deepEqual(owners(files), ['app/web: Rollout shop/web'])
  const patched = {
    ...files,
    'app/kustomization.yaml': `${files['app/kustomization.yaml'] ?? ''}patches:\n  - target: { kind: Rollout }\n    patch: |\n      - { op: remove, path: /spec/strategy/canary/trafficRouting }\n`,
  }
  assert.deepEqual(owners(patched), ['app/web: –'])
})

const MESH = { 'mesh/production/vs.yaml': splitRoute(), 'mesh/staging/vs.yaml': splitRoute() }

/** Environments in these folders, named after them. */
function folders(...paths: readonly string[]): object {
  return { environments: Object.fromEntries(paths.map((path) => [path.replaceAll('/', '-'), { path }])) }
}

const HALVES = folders('mesh/production', 'mesh/staging', 'apps/staging')
const FREE = ['mesh-production/web: –', 'mesh-staging/web: –']

test('a Rollout in another folder owns the route of the folder that differs only in its first part', () => {
  const apps = { ...MESH, 'apps/staging/rollout.yaml': argoRollout() }
  assert.deepEqual(owners(apps, HALVES), ['mesh-production/web: –', `mesh-staging/web: ${ROLLOUT}`])
  const shared = {
    'mesh/base/kustomization.yaml': 'resources: [vs.yaml]\n',
    'mesh/base/vs.yaml': splitRoute(),
    'mesh/production/kustomization.yaml': 'resources: [../base]\n',
    'mesh/staging/kustomization.yaml': 'resources: [../base]\n',
    'apps/staging/rollout.yaml': argoRollout(),
  }
  assert.deepEqual(owners(shared, HALVES), ['mesh-production/web: –', `mesh-staging/web: ${ROLLOUT}`])
})

test('the steps of a Rollout in another environment are not changed for its route', () => {
  const snapshot = snapshotOf({ ...MESH, 'apps/staging/rollout.yaml': argoRollout() }, HALVES)
  const wish = { kind: 'share', percent: 25, service: 'web', environment: 'mesh-staging' } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  assert.ok(!change.ok && change.error.code === 'owned')
  assert.deepEqual(change.error.why, { code: 'elsewhere', environment: 'apps-staging' })
})

test('a Rollout owns no route of a folder that is less like its own', () => {
  const alone = { 'mesh/production/vs.yaml': splitRoute(), 'apps/staging/rollout.yaml': argoRollout() }
  assert.deepEqual(owners(alone, folders('mesh/production', 'apps/staging')), [
    `apps-staging/web: ${ROLLOUT}`,
    'mesh-production/web: –',
  ])
  const deep = { 'x/mesh/production/vs.yaml': splitRoute(), 'x/apps/staging/rollout.yaml': argoRollout() }
  assert.ok(owners(deep, folders('x/mesh/production', 'x/apps/staging')).includes('x-mesh-production/web: –'))
  // Two would match.
  const two = { 'mesh/eu/vs.yaml': splitRoute(), 'net/eu/vs.yaml': splitRoute(), 'apps/eu/rollout.yaml': argoRollout() }
  const free = owners(two, folders('mesh/eu', 'net/eu', 'apps/eu')).slice(1)
  assert.deepEqual(free, ['mesh-eu/web: –', 'net-eu/web: –'])
})

/** Argo CD Applications for these folders: `path: [server, namespace]`. */
function applications(places: Readonly<Record<string, readonly [string, string]>>): Files {
  const texts = Object.entries(places).map(
    ([path, [server, namespace]]) =>
      `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${path}, namespace: argocd }\n` +
      `spec:\n  source: { repoURL: https://github.com/acme/shop, path: ${path} }\n  destination: { server: "${server}", namespace: ${namespace} }\n`,
  )
  return { 'argocd/apps.yaml': texts.join('---\n') }
}

const APART = { 'istio/vs.yaml': splitRoute(), 'base/rollout.yaml': argoRollout() }
const NOT_OWNED = ['base/web: Rollout shop/web', 'istio/web: –']

test('a Rollout owns the route of any folder that is applied to the same namespace of its cluster', () => {
  const one = applications({ istio: ['https://eu', 'shop'], base: ['https://eu', 'shop'] })
  assert.deepEqual(owners({ ...APART, ...one }), ['istio/web: Rollout shop/web'])
  const flux = (path: string): string =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${path}, namespace: flux-system }\n` +
    `spec: { interval: 1m, prune: true, path: ./${path}, sourceRef: { kind: GitRepository, name: flux-system } }\n`
  const fleet = { 'clusters/eu/base.yaml': flux('base'), 'clusters/eu/istio.yaml': flux('istio') }
  assert.deepEqual(owners({ ...APART, ...fleet }), [`istio/web: ${ROLLOUT}`])
  // The objects say where they are, whatever the deployers set.
  const named = Object.fromEntries(
    Object.entries(APART).map(([path, text]) => [
      path,
      text.replace('  name: web\n', '  name: web\n  namespace: shop\n'),
    ]),
  )
  const two = applications({ istio: ['https://eu', 'mesh'], base: ['https://eu', 'shop'] })
  assert.deepEqual(owners({ ...named, ...two }), ['istio/web: Rollout shop/web'])
})

test('a Rollout owns no route of another cluster or namespace, and none that another folder has too', () => {
  const clusters = applications({ istio: ['https://us', 'shop'], base: ['https://eu', 'shop'] })
  assert.deepEqual(owners({ ...APART, ...clusters }), NOT_OWNED)
  const namespaces = applications({ istio: ['https://eu', 'mesh'], base: ['https://eu', 'shop'] })
  assert.deepEqual(owners({ ...APART, ...namespaces }), NOT_OWNED)
  const several = applications({
    istio: ['https://eu', 'shop'],
    base: ['https://eu', 'shop'],
    net: ['https://eu', 'shop'],
  })
  assert.deepEqual(owners({ ...APART, 'net/vs.yaml': splitRoute(), ...several }), [...NOT_OWNED, 'net/web: –'])
  const twice = applications({
    istio: ['https://eu', 'shop'],
    base: ['https://eu', 'shop'],
    more: ['https://eu', 'shop'],
  })
  assert.ok(owners({ ...APART, 'more/rollout.yaml': argoRollout(), ...twice }).includes('istio/web: –'))
})

test('an application with its own route next to it owns no other route', () => {
  const pods =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { selector: { matchLabels: { app: web } } }\n'
  const files = {
    'production/web/vs.yaml': splitRoute(),
    'production/web/pods.yaml': pods,
    'staging/web/rollout.yaml': argoRollout(),
  }
  const paths = folders('production/web', 'staging/web')
  assert.deepEqual(owners(files, paths), ['production-web/web: –', `staging-web/web: ${ROLLOUT}`])
  const other = {
    ...MESH,
    'apps/staging/rollout.yaml': argoRollout(),
    'apps/staging/vs.yaml': splitRoute().replaceAll('web', 'api'),
  }
  assert.deepEqual(
    owners(other, HALVES).filter((line) => line.startsWith('mesh')),
    FREE,
  )
})

test('a Canary owns no route of another folder', () => {
  const files = { ...MESH, 'apps/staging/canary.yaml': flaggerCanary() }
  assert.deepEqual(owners(files, HALVES), [`apps-staging/web: ${CANARY}`, ...FREE])
})

test('an owner is found in any spelling of its kind', () => {
  const kinds = ['!!str Rollout', '&kind Rollout', '"Rollout"', '>-\n  Rollout', '!!str &kind "Rollout"']
  for (const kind of kinds) {
    const rollout = argoRollout().replace('kind: Rollout', `kind: ${kind}`)
    assert.deepEqual(
      owners({ 'app/vs.yaml': splitRoute(), 'app/rollout.yaml': rollout }),
      [`default/web: ${ROLLOUT}`],
      kind,
    )
  }
  const alias = argoRollout().replace('kind: Rollout', 'x-kind: &kind Rollout\nkind: *kind')
  assert.deepEqual(owners({ 'app/vs.yaml': splitRoute(), 'app/rollout.yaml': alias }), [`default/web: ${ROLLOUT}`])
})

test('a route with that annotation is left to Perch', () => {
  const note = '  annotations: { perch.dev/ignore: two-writers }\n'
  assert.deepEqual(owners({ 'app/vs.yaml': splitRoute(0, note), 'app/rollout.yaml': argoRollout() }).slice(0, 1), [
    'default/web: –',
  ])
})

const WISHES = [
  { kind: 'next' },
  { kind: 'promote' },
  { kind: 'plan', steps: [5, 100] },
  { kind: 'switch', version: 'green' },
] as const

test('no wish changes the weights of a route that is owned', () => {
  const snapshot = snapshotOf({ 'app/vs.yaml': splitRoute(), 'app/rollout.yaml': argoRollout() })
  for (const wish of WISHES) {
    const asked = { service: undefined, environment: undefined, ...wish }
    const direct = intend({ snapshot, base: undefined, changed: [] }, asked)
    assert.deepEqual(!direct.ok && direct.error.code, 'owned', wish.kind)
    if (asked.kind === 'plan') continue
    const step = intendStep({ snapshot, related: [], changed: [] }, asked)
    assert.deepEqual(!step.ok && step.error, {
      code: 'owned',
      name: 'default/web',
      writer: 'argo-rollouts',
      title: ROLLOUT,
      why: undefined,
      file: 'app/rollout.yaml',
      line: 1,
    })
  }
})

test('nothing follows from weights that a controller writes, and open steps are closed', () => {
  const notes = '  annotations: { perch.dev/canary-percentage: "5" }\n'
  const [target] = snapshotOf({ 'app/vs.yaml': splitRoute(5, notes), 'app/rollout.yaml': argoRollout() }).targets
  assert.ok(target !== undefined)
  const standing = standingOf(target)
  assert.deepEqual([standing.phase, standing.share], ['owned', 5])
  const pull = { number: 7, head: { ref: 'canary/app/web/25' } } as OpenStep['pull']
  const open: readonly OpenStep[] = (['share', 'rollback'] as const).map((kind) => ({ pull, kind, fits: true }))
  const facts = { standing, open, stoppedByHand: false, rollbackRefused: false }
  const closed = open.map(() => ({ type: 'close', pull, reason: 'owned' }))
  assert.deepEqual(transition(facts), closed)
  assert.deepEqual(abort(facts), closed)
})
