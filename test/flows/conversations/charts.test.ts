/** Whole conversations about routes that only a render shows: from charts, and from kustomizations with patches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE, CHART, SCHEMA } from '../../memory/builds.ts'
import { withShare } from '../../simulate/repository.ts'
import { aPull, merges, openSteps, says, textOn, type World } from '../world.ts'
import { aTranscribedBuiltWorld, assertConversation } from './page.ts'

const CONFIG = '.github/canary.yml'
const VALUES = 'charts/web/values-production.yaml'

function application(name: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source:
    path: charts/web
    helm: { releaseName: web, valueFiles: [values-${name}.yaml] }
`
}

async function aChart(files: Readonly<Record<string, string>> = {}): Promise<World> {
  return aTranscribedBuiltWorld({
    ...CHART,
    [CONFIG]: 'services:\n  web: { steps: [25, 100], bake: 1m }\n',
    'apps/staging.yaml': application('staging'),
    'apps/production.yaml': application('production'),
    'charts/web/values-staging.yaml': 'canary: { weight: 0 }\nversions: { stable: v1, canary: v2 }\n',
    [VALUES]: `# Traffic of production.
canary:
    weight: 0   # percent
versions:
  stable: v1
  canary: v2
`,
    ...files,
  })
}

async function mergesNext(world: World): Promise<void> {
  const [step] = openSteps(world)
  assert.ok(step !== undefined, 'no step is open')
  await world.pass(8)
  await merges(world, 'bob', step)
}

test('the rollout of a chart is numbers in its values, to the new stable version', async () => {
  const world = await aChart()
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 web')
  await says(world, 'alice', pull, '/canary 25 --env production')
  await merges(world, 'bob', pull)
  while (openSteps(world).length > 0) await mergesNext(world)
  await says(world, 'alice', pull, '/canary status')
  await says(world, 'alice', pull, '/canary next')
  await says(world, 'alice', pull, '/canary promote web --env production')
  await assertConversation(world, 'a-chart')
})

test('the rollout of a chart is rolled back, and pull requests break and repair the chart', async () => {
  const world = await aChart()
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env production')
  await merges(world, 'bob', pull)
  const template = 'charts/web/templates/virtualservice.yaml'
  const breaks = await aPull(world, { [template]: `${CHART[template]}{{ fail "no" }}\n` }, 'Break')
  await says(world, 'alice', breaks, '/canary 50 --env production')
  world.alice.push(breaks.head.ref, { [template]: CHART[template].replace('name: main', 'name: all') })
  await world.settle()
  await says(world, 'alice', pull, '/canary abort slow')
  await mergesNext(world)
  assert.match(textOn(world, 'main', VALUES), /weight: 0 {3}# percent/)
  await assertConversation(world, 'a-chart-goes-back')
})

test('a broken chart on the base branch, and its repair', async () => {
  const template = 'charts/web/templates/virtualservice.yaml'
  const world = await aChart({ [template]: `${CHART[template]}{{ fail "no" }}\n` })
  const other = await aPull(
    world,
    {
      'charts/web/values.yaml':
        'replicaCount: 3\nversions: { stable: v1, canary: v2 }\ncanary: { enabled: true, weight: 0 }\n',
    },
    'More',
  )
  await says(world, 'alice', other, '/canary 25 --env production')
  const values = textOn(world, 'main', VALUES)
  await aPull(world, { [template]: CHART[template] }, 'Mend')
  await aPull(
    world,
    { [template]: CHART[template], [VALUES]: values.replace('weight: 0 ', 'weight: 50 ') },
    'Mend and raise',
  )
  await assertConversation(world, 'a-broken-chart')
})

test('two kustomizations on one base: the share of one environment is a separate patch', async () => {
  const world = await aTranscribedBuiltWorld({
    ...BASE,
    [CONFIG]: `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production, live: { after: 3m } }
services:
  web: { steps: [25, 100], bake: 1m }
`,
    'overlays/staging/kustomization.yaml': 'resources: [../../base]\nnamespace: staging\n',
    'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
  })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env production')
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  const broken = await aPull(
    world,
    { 'overlays/staging/kustomization.yaml': 'resources: [../../base, gone.yaml]\n' },
    'Break',
  )
  world.alice.push(broken.head.ref, {
    'overlays/staging/gone.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  })
  await world.settle()
  while (openSteps(world).length > 0) await mergesNext(world)
  await assertConversation(world, 'overlays')
})

test('a rollout of a chart merges by itself, unless somebody changed more than its numbers', async () => {
  const world = await aChart({ [CONFIG]: 'services:\n  web: { steps: [25, 50, 100], bake: 1m, autoMerge: always }\n' })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env production')
  await merges(world, 'bob', pull)
  await world.pass(15)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  world.bob.push(step.head.ref, {
    [VALUES]: textOn(world, step.head.ref, VALUES).replace('# Traffic', '# All traffic'),
  })
  await world.settle()
  await world.pass(15)
  world.bob.push('main', { 'charts/web/values.yaml': `${CHART['charts/web/values.yaml']}# More\n` })
  await world.settle()
  await assertConversation(world, 'a-chart-by-itself')
})

test('a chart whose schema accepts no other numbers: single changes are tried, the most likely first', async () => {
  const values = `replicaCount: 0
Other: { share: 0 }
canary:
    weight: 0   # percent
versions: { stable: v1, canary: v2 }
`
  const world = await aChart({ ...SCHEMA, [VALUES]: values })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env production')
  const own = 'charts/web/templates/virtualservice.yaml'
  const apart = CHART[own].replace('sub 100 .Values.canary.weight', '.Values.stable.weight')
  const both = await aChart({
    ...SCHEMA,
    [own]: apart,
    'charts/web/values.yaml': `${CHART['charts/web/values.yaml']}stable: { weight: 100 }\n`,
    [VALUES]: `${values}stable: { weight: 100 }\n`,
  })
  const other = await aPull(both, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(both, 'alice', other, '/canary 25 --env production')
  await assertConversation(world, 'a-chart-with-a-schema')
  await assertConversation(both, 'a-chart-with-two-weights')
})

/** A chart that writes the share into the annotation that tells Perch to drive the rollout, with the pods of both versions. */
const DRIVEN = {
  'charts/web/templates/virtualservice.yaml': CHART['charts/web/templates/virtualservice.yaml'].replace(
    'spec:',
    '  annotations: { perch.dev/canary-percentage: "{{ .Values.canary.weight }}" }\nspec:',
  ),
  'charts/web/templates/pods.yaml': ['stable', 'canary']
    .map(
      (version) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  selector: { matchLabels: { app: web, version: {{ .Values.versions.${version} }} } }
  template:
    metadata: { labels: { app: web, version: {{ .Values.versions.${version} }} } }
    spec: { containers: [{ name: web, image: "shop/web:{{ .Values.${version}Tag }}" }] }
`,
    )
    .join(''),
  'charts/web/templates/service.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: { name: {{ .Release.Name }} }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n',
  'charts/web/values-staging.yaml':
    'canary: { weight: 0 }\nversions: { stable: v0, canary: v01 }\nstableTag: 0.9.0\ncanaryTag: 0.9.1\n',
  [VALUES]: `canary:
  weight: 0   # percent
versions: { stable: v1, canary: v2 }
stableTag: 1.0.0
canaryTag: 1.1.0
`,
}

test('the stable version of a chart becomes the canary’s by its values, and then gets all traffic', async () => {
  const world = await aChart(DRIVEN)
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 100 --env production')
  await merges(world, 'bob', pull)
  for (let steps = 0; openSteps(world).length > 0 && steps < 4; steps += 1) await mergesNext(world)
  await says(world, 'alice', pull, '/canary status')
  await assertConversation(world, 'a-chart-finishes')
})

test('a chart without versions in its values is left for a person to finish', async () => {
  const fixed = {
    ...DRIVEN,
    'charts/web/templates/pods.yaml': DRIVEN['charts/web/templates/pods.yaml']
      .replace('{{ .Values.stableTag }}', '1.0.0')
      .replace('{{ .Values.canaryTag }}', '1.1.0'),
  }
  const world = await aChart(fixed)
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 100 --env production')
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary next web --env production')
  const both = await aChart({ ...DRIVEN, 'charts/web/values-staging.yaml': DRIVEN[VALUES] })
  const other = await aPull(both, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(both, 'alice', other, '/canary 100 --env all')
  await merges(both, 'bob', other)
  await assertConversation(world, 'a-chart-not-finished')
  await assertConversation(both, 'two-charts-finish')
})

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: production
spec:
  interval: 5m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
  values:
    versions: { stable: v1, canary: v2 }
    canary:
      enabled: true
      weight: 0
`

test('a HelmRelease of Flux, alone and in a kustomization with a patch after it', async () => {
  const world = await aTranscribedBuiltWorld({
    ...CHART,
    [CONFIG]: 'services:\n  web: { steps: [25, 100], bake: 1m }\n',
    'clusters/production/web.yaml': RELEASE,
    'overlays/staging/kustomization.yaml': 'resources: [web.yaml, map.yaml]\nnamespace: staging\n',
    'overlays/staging/web.yaml': RELEASE.replace('namespace: production', 'namespace: staging').replace(
      '  values:',
      `  postRenderers:
    - kustomize:
        patches:
          - target: { kind: VirtualService, name: web }
            patch: |-
              - { op: add, path: /spec/http/0/timeout, value: 3s }
  values:`,
    ),
    'overlays/staging/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25')
  await says(world, 'alice', pull, '/canary 25 --env all')
  await says(world, 'alice', pull, '/canary status')
  const values = 'clusters/production/web.yaml'
  await aPull(world, { [values]: RELEASE.replace('enabled: true', 'enabled: false') }, 'Off')
  const broken = await aPull(
    world,
    {
      'overlays/staging/web.yaml': textOn(world, 'main', 'overlays/staging/web.yaml').replace(
        '/spec/http/0/',
        '/spec/tcp/0/',
      ),
    },
    'Break the patch',
  )
  await says(world, 'alice', broken, '/canary diff')
  await assertConversation(world, 'helm-releases')
})

test('a kustomization that Perch does not build: changes without traffic are noted, and those that may move it are red', async () => {
  const remote = 'resources: [../../base, "https://example.com/more?ref=v1"]\nnamespace: production\n'
  const world = await aTranscribedBuiltWorld({
    ...BASE,
    [CONFIG]: `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production }
services:
  web: { steps: [25, 100], bake: 1m }
`,
    'overlays/staging/kustomization.yaml': 'resources: [../../base, map.yaml]\nnamespace: staging\n',
    'overlays/staging/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    'overlays/production/kustomization.yaml': remote,
    'overlays/production/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  })
  await aPull(
    world,
    { 'overlays/production/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n' },
    'Calm',
  )
  await aPull(world, { 'overlays/production/kustomization.yaml': `${remote}# more\n` }, 'A word')
  const raise = await aPull(world, { 'base/route.yaml': withShare(BASE['base/route.yaml'], 25) }, 'By hand')
  await says(world, 'alice', raise, '/canary 30 --env production')
  await aPull(world, { 'overlays/staging/kustomization.yaml': remote.replace('production', 'staging') }, 'Remote too')
  await says(world, 'alice', raise, '/promote staging production')
  await says(world, 'alice', raise, '/promote production staging')
  await assertConversation(world, 'not-built')
})
