/** Flux Kustomizations that another kustomization, or another Flux Kustomization, changes: only a build shows what they deploy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LARGE_BYTES } from '../../../src/ports/mirror.ts'
import {
  aBuiltWorld,
  answers,
  aPull,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'

const README = { 'README.md': 'Hello.\n' }
const CONFIG = { '.github/canary.yml': 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n' }

function object(spec: string, name = 'apps'): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  ${spec}
`
}

function kustomization(path: string, more = '', name = 'apps'): string {
  return object(`interval: 10m\n  sourceRef: { kind: GitRepository, name: flux-system }\n  path: ${path}${more}`, name)
}

function route(stable: number | string, canary: number | string, host = 'web'): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [web]
  http:
    - route:
        - destination: { host: "${host}", subset: stable }
          weight: ${stable}
        - destination: { host: "${host}", subset: canary }
          weight: ${canary}
`
}

/** A folder with a route. */
function app(folder: string, text: string): Readonly<Record<string, string>> {
  const subsets = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec:
  host: web
  subsets: [{ name: stable, labels: { version: v1 } }, { name: canary, labels: { version: v2 } }]
`
  return {
    [`${folder}/kustomization.yaml`]: 'resources: [route.yaml, subsets.yaml]\n',
    [`${folder}/route.yaml`]: text,
    [`${folder}/subsets.yaml`]: subsets,
  }
}

/** A Kustomization in a base, and the patches of two clusters. */
function clusters(base: string, patchOf: (cluster: 'staging' | 'production') => string) {
  const own = (['staging', 'production'] as const).flatMap((cluster) => [
    [`clusters/${cluster}/kustomization.yaml`, 'resources: [../base]\npatches: [{ path: patch.yaml }]\n'],
    [`clusters/${cluster}/patch.yaml`, patchOf(cluster)],
  ])
  const shared = { 'clusters/base/kustomization.yaml': 'resources: [apps.yaml]\n', 'clusters/base/apps.yaml': base }
  return { ...CONFIG, ...shared, ...Object.fromEntries(own) }
}

const PATCH = 'clusters/production/patch.yaml'

function variables(canary: number): string {
  return object(`postBuild: { substitute: { stable: "${100 - canary}", canary: "${canary}" } }`)
}

function report({ state }: World, sha: string): string {
  return state.runs.findLast((run) => run.sha === sha && run.name === 'canary/validate')?.report?.summary ?? ''
}

const VARIABLES = {
  ...app('apps/web', route('${stable}', '${canary}')),
  ...clusters(kustomization('./apps/web', '\n  postBuild: { substitute: { stable: "100", canary: "0" } }'), (cluster) =>
    variables(cluster === 'staging' ? 50 : 5),
  ),
}

test('a raise in variables that the patch of a cluster sets waits for its gates', async () => {
  const world = await aBuiltWorld(VARIABLES)
  const pull = await aPull(world, { [PATCH]: variables(25) })
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web-production/web 5% → 25%')
  assert.match(gateOf(world, pull), /^action_required: Waiting for live and bake/)
})

test('a command changes the variables in the patch of a cluster, and the next step follows', async () => {
  const world = await aBuiltWorld(VARIABLES)
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25 --env web-production')
  assert.equal(textOn(world, pull.head.ref, PATCH), variables(25))
  assert.equal(textOn(world, pull.head.ref, 'clusters/staging/patch.yaml'), variables(50))
  await world.pass(30)
  await merges(world, 'alice', pull)
  const [step] = openSteps(world)
  assert.equal(step?.head.ref, 'canary/web-production/web/100')
  await world.pass(30)
  assert.match(step === undefined ? '' : gateOf(world, step), /^success/)
})

/** The production cluster also deploys a file that is too large to be kept in memory. */
function withLargeFile(files: Readonly<Record<string, string>>) {
  const page = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: page }\ndata: { page: "${'x'.repeat(LARGE_BYTES)}" }\n`
  const own = 'resources: [../base, page.yaml]\npatches: [{ path: patch.yaml }]\n'
  return { ...files, 'clusters/production/kustomization.yaml': own, 'clusters/production/page.yaml': page }
}

test('a large file beside such a patch does not keep a command from changing the variables', async () => {
  const world = await aBuiltWorld(withLargeFile(VARIABLES))
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25 --env web-production')
  assert.equal(textOn(world, pull.head.ref, PATCH), variables(25))
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web-production/web 5% → 25%')
})

test('a folder without a kustomization is built with the variables of a cluster with a large file', async () => {
  const { 'apps/web/kustomization.yaml': _, ...bare } = VARIABLES
  const world = await aBuiltWorld(withLargeFile(bare))
  const pull = await aPull(world, { [PATCH]: variables(25) })
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web-production/web 5% → 25%')
})

test('a Kustomization deploys the path that the patch of a cluster sets, into the namespace of the base', async () => {
  const world = await aBuiltWorld({
    ...app('apps/staging', route(50, 50)),
    ...app('apps/production', route(95, 5)),
    ...clusters(kustomization('./apps/none', '\n  targetNamespace: shop'), (cluster) =>
      object(`path: ./apps/${cluster}`),
    ),
  })
  const pull = await aPull(world, { 'apps/production/route.yaml': route(75, 25) })
  assert.match(comments(world, pull).join(), /apps-production `VirtualService shop\/web`/)
})

function settings(canary: number): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: { name: cluster, namespace: flux-system }
data: { stable: "${100 - canary}", canary: "${canary}" }
`
}

test('each cluster has its own variables in a ConfigMap beside the Kustomization of a shared base', async () => {
  const from = '\n  postBuild: { substituteFrom: [{ kind: ConfigMap, name: cluster }] }'
  const production = 'clusters/production/settings.yaml'
  const world = await aBuiltWorld({
    ...CONFIG,
    ...app('apps/web', route('${stable}', '${canary}')),
    'clusters/base/kustomization.yaml': 'resources: [apps.yaml]\n',
    'clusters/base/apps.yaml': kustomization('./apps/web', from),
    'clusters/staging/kustomization.yaml': 'resources: [../base, settings.yaml]\n',
    'clusters/staging/settings.yaml': settings(50),
    'clusters/production/kustomization.yaml': 'resources: [../base, settings.yaml]\n',
    [production]: settings(5),
  })
  const raise = await aPull(world, { [production]: settings(25) })
  assert.equal(checkOf(world, raise, 'canary/validate'), 'success: web-production/web 5% → 25%')
  assert.match(gateOf(world, raise), /^action_required: Waiting for live and bake/)
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25 --env web-production')
  assert.equal(textOn(world, pull.head.ref, production), settings(25))
})

for (const [what, fleet] of Object.entries({
  'with a kustomization': { 'fleet/kustomization.yaml': 'resources: [web.yaml]\n' },
  'without one': {},
}))
  test(`each cluster has its own variables for the Kustomizations of one folder ${what}`, async () => {
    const from = '\n  postBuild: { substituteFrom: [{ kind: ConfigMap, name: cluster }] }'
    const production = 'clusters/production/settings.yaml'
    const world = await aBuiltWorld({
      ...CONFIG,
      ...app('apps/web', route('${stable}', '${canary}')),
      ...fleet,
      'fleet/web.yaml': kustomization('./apps/web', from, 'web'),
      'clusters/staging/fleet.yaml': kustomization('./fleet'),
      'clusters/staging/settings.yaml': settings(50),
      'clusters/production/fleet.yaml': kustomization('./fleet'),
      [production]: settings(5),
    })
    const raise = await aPull(world, { [production]: settings(25) })
    assert.equal(checkOf(world, raise, 'canary/validate'), 'success: web-production/web 5% → 25%')
    assert.match(gateOf(world, raise), /^action_required: Waiting for live and bake/)
    const pull = await aPull(world, README)
    await says(world, 'alice', pull, '/canary 25 --env web-production')
    assert.equal(textOn(world, pull.head.ref, production), settings(25))
    const equal = await aPull(world, { [production]: settings(50) })
    assert.equal(checkOf(world, equal, 'canary/validate'), 'success: web-production/web 5% → 50%')
  })

const SECRETS = `
  patches:
    - target: { group: kustomize.toolkit.fluxcd.io, kind: Kustomization }
      patch: |
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata: { name: any }
        spec:
          postBuild: { substituteFrom: [{ kind: Secret, name: cluster-secrets }] }`

test('a variable stays unknown if a Kustomization patches the ones that it deploys with those of a Secret', async () => {
  const world = await aBuiltWorld({
    ...CONFIG,
    ...app('apps/web/app', route(95, 5, 'web.${NAMESPACE}')),
    'apps/kustomization.yaml': 'resources: [web/ks.yaml]\n',
    'apps/web/ks.yaml': kustomization('./apps/web/app', '\n  postBuild: { substitute: { APP: web } }', 'web'),
    'clusters/production/apps.yaml': kustomization('./apps', SECRETS),
  })
  const pull = await aPull(world, { 'apps/web/app/route.yaml': route(75, 25, 'web.${NAMESPACE}') })
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: app/web 5% → 25%')
  assert.match(comments(world, pull).join(), /host: web\.\$\{NAMESPACE\}/)
})

test('a Kustomization may have a variable of its parent in its path', async () => {
  const parent = (cluster: string): string =>
    kustomization('./fleet', `\n  postBuild: { substitute: { CLUSTER: ${cluster} } }`)
  const world = await aBuiltWorld({
    ...CONFIG,
    ...app('apps/staging', route(50, 50)),
    ...app('apps/production', route(95, 5)),
    'fleet/kustomization.yaml': 'resources: [web.yaml]\n',
    'fleet/web.yaml': kustomization('./apps/${CLUSTER}', '\n  targetNamespace: shop', 'web'),
    'clusters/staging/apps.yaml': parent('staging'),
    'clusters/production/apps.yaml': parent('production'),
  })
  const pull = await aPull(world, { 'apps/production/route.yaml': route(75, 25) })
  assert.match(comments(world, pull).join(), /production `VirtualService shop\/web`/)
})

test('a pull request that breaks the patch of a cluster is red, and says what it hides', async () => {
  const world = await aBuiltWorld(VARIABLES)
  const pull = await aPull(world, { [PATCH]: object('prune: true', 'nobody') })
  assert.match(checkOf(world, pull, 'canary/validate'), /^failure/)
  assert.match(
    report(world, pull.head.sha),
    /cannot build the kustomization `clusters\/production`, so it does not know what the Argo CD and Flux objects in it deploy/,
  )
})

test('a Kustomization that a patch renames still deploys its folder', async () => {
  const operation = '[{ op: replace, path: /metadata/name, value: shop }]'
  const world = await aBuiltWorld({
    ...VARIABLES,
    'clusters/production/kustomization.yaml': `resources: [../base]\npatches:\n  - path: patch.yaml\n  - { target: { kind: Kustomization }, patch: "${operation}" }\n`,
  })
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', /5%/)
})
