/** Whole conversations about routes that only a render shows: of charts, and of kustomizations with patches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE, CHART } from '../../memory/builds.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { aPull, aWorld, merges, openSteps, says, textOn, type World } from '../world.ts'
import { assertConversation } from './page.ts'

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
  return aWorld({
    services: [],
    environments: [],
    renderer: memoryRenderer(),
    files: {
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
    },
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
  assertConversation(world, 'a-chart')
})

test('the rollout of a chart is rolled back, and a pull request breaks the chart and mends it', async () => {
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
  assertConversation(world, 'a-chart-goes-back')
})

test('what a broken chart on the base branch shows, and a repair of it', async () => {
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
  assertConversation(world, 'a-broken-chart')
})

test('two kustomizations on one base: the share of one environment is a patch of its own', async () => {
  const world = await aWorld({
    services: [],
    environments: [],
    renderer: memoryRenderer(),
    files: {
      ...BASE,
      [CONFIG]: `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production, live: { after: 3m } }
services:
  web: { steps: [25, 100], bake: 1m }
`,
      'overlays/staging/kustomization.yaml': 'resources: [../../base]\nnamespace: staging\n',
      'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
    },
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
  assertConversation(world, 'overlays')
})
