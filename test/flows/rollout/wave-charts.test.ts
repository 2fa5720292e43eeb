/** Waves of environments that are releases of one chart. Each wave is one pull request that changes numbers in values. */
import assert from 'node:assert/strict'
import { CHART } from '../../memory/builds.ts'
import { repositoryFiles, routeFile, subsetsFile } from '../../simulate/repository.ts'
import {
  aBuiltWorld,
  answers,
  aPull,
  branches,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ENVIRONMENTS = ['eu-1', 'eu-2', 'us-1']
const valuesOf = (environment: string): string => `charts/web/values-${environment}.yaml`

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

const ROUTE = 'charts/web/templates/virtualservice.yaml'
/** The chart writes the share into the annotation that tells Perch to drive the rollout, so that Perch finishes it. */
const DRIVEN = {
  [ROUTE]: CHART[ROUTE].replace(
    'spec:',
    '  annotations: { perch.dev/canary-percentage: "{{ .Values.canary.weight }}" }\nspec:',
  ),
}

interface Fleet {
  readonly service?: string
  readonly files?: Readonly<Record<string, string>>
}

function aFleet({ service = '', files = {} }: Fleet = {}): Promise<World> {
  const values = ENVIRONMENTS.map((name) => [
    valuesOf(name),
    `# Of ${name}.\ncanary:\n    weight: 0   # percent\nversions: { stable: v1, canary: v2 }\n`,
  ])
  return aBuiltWorld({
    ...CHART,
    '.github/canary.yml': `services:\n  web: { steps: [25, 100], bake: 10m, waves: [[eu-1], [eu-2, us-1]]${service} }\n`,
    ...Object.fromEntries(ENVIRONMENTS.map((name) => [`apps/${name}.yaml`, application(name)])),
    ...Object.fromEntries(values),
    ...files,
  })
}

const shares = (world: World, branch = 'main'): readonly (string | undefined)[] =>
  ENVIRONMENTS.map((name) => /weight: (\d+)/.exec(textOn(world, branch, valuesOf(name)))?.[1])

/** A merged pull request that brings 25% to the first wave. */
async function aFleetRollout(world: World) {
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25')
  assert.deepEqual(shares(world, pull.head.ref), ['25', '0', '0'])
  await merges(world, 'bob', pull)
  return pull
}

/** Merges each step when its gate is green. Returns the opened steps in order. */
async function mergesAll(world: World): Promise<readonly string[]> {
  const seen: string[] = []
  for (
    let [step, ...more] = openSteps(world);
    step !== undefined && seen.length < 12;
    [step, ...more] = openSteps(world)
  ) {
    assert.deepEqual(more, [], 'one pull request at a time')
    if (shares(world).includes('25'))
      assert.match(gateOf(world, step), /^action_required: Waiting for order/, step.title)
    await world.pass(14)
    assert.match(gateOf(world, step), /^success/, step.title)
    seen.push(step.title)
    await merges(world, 'alice', step)
  }
  return seen
}

test('the releases of a chart take each step wave by wave, one pull request for each', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  assert.deepEqual(await mergesAll(world), [
    'Canary eu-2+us-1/web v2: 0% → 25%',
    'Canary eu-1/web v2: 25% → 100%',
    'Canary eu-2+us-1/web v2: 25% → 100%',
  ])
  assert.deepEqual(shares(world), ['100', '100', '100'])
  for (const name of ENVIRONMENTS)
    assert.equal(
      textOn(world, 'main', valuesOf(name)),
      `# Of ${name}.\ncanary:\n    weight: 100   # percent\nversions: { stable: v1, canary: v2 }\n`,
    )
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', /eu-2/)
})

test('the releases of a chart finish wave by wave, by the values that say their stable version', async () => {
  const world = await aFleet({ files: DRIVEN })
  await aFleetRollout(world)
  assert.deepEqual((await mergesAll(world)).slice(3), [
    'Finish eu-1/web: stable becomes v2',
    'Finish eu-2+us-1/web: stable becomes v2',
    'Finish eu-1/web: all traffic on stable v2',
    'Finish eu-2+us-1/web: all traffic on stable v2',
  ])
  assert.deepEqual(shares(world), ['0', '0', '0'])
  for (const name of ENVIRONMENTS)
    assert.match(textOn(world, 'main', valuesOf(name)), /versions: \{ stable: v2, canary: v2 \}/)
})

test('Perch merges the steps of a chart’s waves by itself where the config says so, but no finish', async () => {
  const world = await aFleet({ service: ', autoMerge: always', files: DRIVEN })
  await aFleetRollout(world)
  for (let count = 0; count < 4; count += 1) await world.pass(16)
  assert.deepEqual(shares(world), ['100', '100', '100'])
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-1/web/finish'])
})

test('an abort takes the traffic of a chart back in all waves, one pull request for each', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const [second] = openSteps(world)
  assert.ok(second !== undefined)
  await world.pass(14)
  await merges(world, 'alice', second)
  await says(world, 'alice', pull, '/canary abort slow')
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-1/web/0', 'canary/eu-2+us-1/web/0'])
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-1/web/0', 'canary/eu-2+us-1/web/0'])
  for (const step of openSteps(world)) await merges(world, 'bob', step)
  assert.deepEqual(shares(world), ['0', '0', '0'])
})

test('commands on the pull request that began a rollout move it, also where the chart itself says that Perch drives it', async () => {
  const world = await aFleet({ files: DRIVEN })
  const pull = await aFleetRollout(world)
  await says(world, 'alice', pull, '/canary hold wait')
  assert.match(answers(world, pull).at(-1) ?? '', /⏸️ Held: /)
  await says(world, 'alice', pull, '/canary abort slow')
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-1/web/0'])
})

test('a rollback of a chart’s wave that somebody pushed to is said to be changed, and one that nobody touched is not', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const [second] = openSteps(world)
  assert.ok(second !== undefined)
  await world.pass(14)
  await merges(world, 'alice', second)
  await says(world, 'alice', pull, '/canary abort slow')
  const [, back] = openSteps(world)
  assert.ok(back !== undefined && back.head.ref === 'canary/eu-2+us-1/web/0')
  const changed = /Somebody pushed to this step/
  assert.doesNotMatch(comments(world, back).join('\n'), changed)
  // Only half of it.
  world.bob.push(back.head.ref, { [valuesOf('us-1')]: textOn(world, 'main', valuesOf('us-1')) })
  await world.settle()
  assert.match(comments(world, back).join('\n'), changed)
})

test('a command that names a wave of a chart moves all of its environments, and only those', async () => {
  const world = await aFleet()
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 10 --env eu-2+us-1')
  assert.deepEqual(shares(world, pull.head.ref), ['0', '10', '10'])
  assert.match(gateOf(world, pull), /^action_required: Waiting for order: eu-1 must do this step first/)
  await says(world, 'alice', pull, '/canary 0 --env us-1')
  assert.deepEqual(shares(world, pull.head.ref), ['0', '10', '0'])
})

test('a wave of a chart and of plain files moves one environment at a time', async () => {
  const plain = application('us-1').replace(/    path: charts.*\n.*\n/, '    path: plain/us-1\n')
  const route = repositoryFiles({
    services: ['web'],
    environments: ['us-1'],
    config: { steps: [], bakeMinutes: 0, live: 'timer', isOrdered: false, autoMerge: 'never', approvals: 0 },
  })
  const world = await aFleet({
    files: {
      'apps/us-1.yaml': plain,
      'plain/us-1/route.yaml': route[routeFile('us-1', 'web')] ?? '',
      'plain/us-1/subsets.yaml': route[subsetsFile('us-1', 'web')] ?? '',
    },
  })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25')
  await merges(world, 'bob', pull)
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-2/web/25', 'canary/us-1/web/25'])
  await world.pass(14)
  for (const step of openSteps(world)) await merges(world, 'alice', step)
  assert.deepEqual(branches(openSteps(world)), ['canary/eu-1/web/100'])
})

/** The values of each environment in a separate folder, so that changing one touches no file of the chart. */
const APART = Object.fromEntries(
  ENVIRONMENTS.flatMap((name) => [
    [`apps/${name}.yaml`, application(name).replace(/values-/, '../../clusters/')],
    [`clusters/${name}.yaml`, 'canary: { weight: 0 }\nversions: { stable: v1, canary: v2 }\n'],
  ]),
)

test('values outside of the chart’s folder change nothing about the order of waves', async () => {
  const world = await aFleet({ files: APART })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25')
  assert.match(gateOf(world, pull), /^success/)
  await merges(world, 'bob', pull)
  const [second] = openSteps(world)
  assert.ok(second !== undefined && second.head.ref === 'canary/eu-2+us-1/web/25')
  assert.match(
    gateOf(world, second),
    /^action_required: Waiting for order: eu-1 must do this step first\. There: counts/,
  )
  await world.pass(14)
  await merges(world, 'alice', second)
  const [first] = openSteps(world)
  assert.ok(first !== undefined)
  assert.match(gateOf(world, first), /^action_required: Waiting for order: eu-2 must do the step before this one/)
})

test('an environment that comes after another waits for the other’s chart, which its own change does not touch', async () => {
  const entry = (name: string, more = ''): string =>
    `  ${name}: { helm: { chart: charts/web, values: [clusters/${name}.yaml] }${more} }\n`
  const config = `environments:\n${entry('eu-1')}${entry('eu-2', ', after: eu-1')}services:\n  web: { steps: [25, 100], bake: 10m }\n`
  const world = await aFleet({ files: { ...APART, '.github/canary.yml': config } })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env eu-2')
  assert.match(gateOf(world, pull), /^action_required: Waiting for order: eu-1 must do this step first\. It is at 0%/)
})

test('a wave whose chart takes the weight from values that all waves share is refused, and nothing is opened', async () => {
  const shared = Object.fromEntries(ENVIRONMENTS.map((name) => [valuesOf(name), 'replicaCount: 3\n']))
  const world = await aFleet({ files: shared })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ .*`charts\/web\/values.yaml/)
  assert.deepEqual(openSteps(world), [])
  assert.equal(comments(world, pull).length, 1)
})

test('labels of a chart that name roles are not made equal', async () => {
  const rule = 'charts/web/templates/destinationrule.yaml'
  const values = '# Roles.\ncanary:\n    weight: 0   # percent\nversions: { stable: stable, canary: canary }\n'
  const named = ENVIRONMENTS.map((name) => [valuesOf(name), values])
  const files = { ...DRIVEN, ...Object.fromEntries(named), [rule]: CHART[rule].replaceAll('version:', 'track:') }
  const world = await aFleet({ files })
  await aFleetRollout(world)
  assert.equal((await mergesAll(world)).length, 3)
  for (const name of ENVIRONMENTS)
    assert.match(textOn(world, 'main', valuesOf(name)), /versions: \{ stable: stable, canary: canary \}/)
  const words = world.state.comments
    .map(({ body }) => body)
    .filter((body) => body.includes('cannot continue by itself'))
  assert.match(
    words.join('\n'),
    /`DestinationRule eu-1\/web` at `charts\/web\/templates\/destinationrule.yaml:2` picks pods by the label `track`, which is `stable` or `canary`/,
  )
})
