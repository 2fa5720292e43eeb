/** Applications that a kustomization patches or renames: only its build shows what they deploy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART } from '../../memory/builds.ts'
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

const BASE = 'apps/base/web.yaml'
const PATCH = 'apps/prod/patch.yaml'
const DEV_VALUES = 'charts/web/values-dev.yaml'
const PROD_VALUES = 'charts/web/values-prod.yaml'

/** An Application with the fields of its source. */
function application(source: string, namespace = 'shop'): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: ${namespace}, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source:
    repoURL: https://github.com/acme/gitops
    path: charts/web
${source}`
}

function patchOf(spec: string, name = 'web'): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  ${spec}
`
}

const FILES = {
  ...CHART,
  '.github/canary.yml': 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n',
  [DEV_VALUES]: 'canary:\n  weight: 0\n',
  [PROD_VALUES]: 'canary:\n  weight: 5\n',
  'apps/base/kustomization.yaml': 'resources: [web.yaml]\n',
  [BASE]: application('    helm: { valueFiles: [values-dev.yaml] }\n'),
  'apps/prod/kustomization.yaml': 'resources: [../base]\npatches: [{ path: patch.yaml }]\n',
  [PATCH]: patchOf('source: { helm: { valueFiles: [values-prod.yaml] } }'),
}
const POINTER = '[{ op: replace, path: /spec/source/helm/valueFiles/0, value: values-prod.yaml }]'
const RAISE = { [PROD_VALUES]: 'canary:\n  weight: 50\n' }
const README = { 'README.md': 'Hello.\n' }

function report({ state }: World, sha: string): string {
  return state.runs.findLast((run) => run.sha === sha && run.name === 'canary/validate')?.report?.summary ?? ''
}

for (const [kind, patch] of [
  ['a file', 'patches: [{ path: patch.yaml }]\n'],
  ['an old field', 'patchesStrategicMerge: [patch.yaml]\n'],
  ['a JSON pointer', `patches:\n  - { target: { kind: Application, name: web }, patch: "${POINTER}" }\n`],
] as const)
  test(`a raise in values that an overlay names by ${kind} waits for its gates`, async () => {
    const world = await aBuiltWorld({ ...FILES, 'apps/prod/kustomization.yaml': `resources: [../base]\n${patch}` })
    const pull = await aPull(world, RAISE)
    assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web/web 5% → 50%')
    assert.match(gateOf(world, pull), /^action_required: Waiting for live and bake/)
    assert.doesNotMatch(report(world, pull.head.sha) + comments(world, pull).join(), /kustomization `[^`]+` patches/)
  })

test('a command changes the values that an overlay names, and the next step follows', async () => {
  const world = await aBuiltWorld(FILES)
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25')
  assert.equal(textOn(world, pull.head.ref, PROD_VALUES), 'canary:\n  weight: 25\n')
  await world.pass(30)
  await merges(world, 'alice', pull)
  const [step] = openSteps(world)
  assert.equal(step?.head.ref, 'canary/web/web/100')
  await world.pass(30)
  assert.match(step === undefined ? '' : gateOf(world, step), /^success/)
})

test('two overlays of one base are two environments', async () => {
  const dev = { 'apps/dev/kustomization.yaml': 'resources: [../base]\n' }
  const world = await aBuiltWorld({ ...FILES, ...dev })
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 5 --env dev-web')
  assert.match(answers(world, pull).at(-1) ?? '', /`dev-web\/web`: 0% → \*\*5%\*\*/)
  assert.equal(textOn(world, pull.head.ref, DEV_VALUES), 'canary:\n  weight: 5\n')
  assert.equal(textOn(world, pull.head.ref, PROD_VALUES), FILES[PROD_VALUES])
})

test('a pull request that changes the patch is shown with what it changes in the release', async () => {
  const world = await aBuiltWorld(FILES)
  const pull = await aPull(world, { [PATCH]: patchOf('source: { helm: { valueFiles: [values-dev.yaml] } }') })
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web/web 5% → 0%')
})

test('an overlay may set the namespace of the destination', async () => {
  const world = await aBuiltWorld({ ...FILES, [PATCH]: patchOf('destination: { namespace: prod }') })
  const pull = await aPull(world, { [DEV_VALUES]: 'canary:\n  weight: 5\n' })
  assert.match(comments(world, pull).join(), /VirtualService prod\/web/)
})

test('the release is named like the Application after a prefix', async () => {
  const prefix = 'resources: [../base]\nnamePrefix: prod-\n'
  const world = await aBuiltWorld({ ...FILES, 'apps/prod/kustomization.yaml': prefix })
  const pull = await aPull(world, { [DEV_VALUES]: 'canary:\n  weight: 5\n' })
  assert.match(comments(world, pull).join(), /prod-web `VirtualService shop\/prod-web`/)
})

test('a pull request that breaks the overlay of a running rollout is red, and says what it hides', async () => {
  const world = await aBuiltWorld(FILES)
  const pull = await aPull(world, { [PATCH]: patchOf('project: shop', 'nobody') })
  assert.match(checkOf(world, pull, 'canary/validate'), /^failure/)
  assert.match(
    report(world, pull.head.sha),
    /cannot build the kustomization `apps\/prod`, so it does not know what the Argo CD and Flux objects in it deploy/,
  )
})

test('an overlay that is broken on the base branch makes other pull requests not red, and a note names it', async () => {
  const world = await aBuiltWorld({ ...FILES, [PATCH]: patchOf('project: shop', 'nobody') })
  const pull = await aPull(world, RAISE)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  assert.match(report(world, pull.head.sha), /cannot build the kustomization `apps\/prod`/)
})

const INLINE = '    helm:\n      valuesObject:\n        canary: { weight: 0 } # percent\n'

test('values that no patch changes are edited in the Application', async () => {
  const files = { ...FILES, [BASE]: application(INLINE), [PATCH]: patchOf('project: shop') }
  const world = await aBuiltWorld(files)
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25')
  assert.equal(textOn(world, pull.head.ref, BASE), application(INLINE.replace('weight: 0', 'weight: 25')))
  await merges(world, 'alice', pull)
  assert.equal(openSteps(world)[0]?.head.ref, 'canary/web/web/100')
})

test('a weight that a patch sets in an Application is changed in the patch', async () => {
  const patch = (weight: number): string =>
    patchOf(`source: { helm: { valuesObject: { canary: { weight: ${weight} } } } } # percent`)
  const world = await aBuiltWorld({ ...FILES, [BASE]: application(INLINE), [PATCH]: patch(5) })
  const pull = await aPull(world, README)
  await says(world, 'alice', pull, '/canary 25')
  assert.equal(textOn(world, pull.head.ref, PATCH), patch(25))
  assert.equal(textOn(world, pull.head.ref, BASE), application(INLINE))
  await world.pass(30)
  await merges(world, 'alice', pull)
  assert.equal(openSteps(world)[0]?.head.ref, 'canary/web/web/100')
})

test('a pull request that raises the values of an overlay waits for its gates, also if the config lists the environment', async () => {
  const config = `environments: { live: { path: charts/web, deployer: web } }\n${FILES['.github/canary.yml']}`
  const world = await aBuiltWorld({ ...FILES, '.github/canary.yml': config })
  const pull = await aPull(world, RAISE)
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: live/web 5% → 50%')
  assert.match(gateOf(world, pull), /^action_required: Waiting for live and bake/)
})

const NOTE = /The kustomization `apps\/prod\/kustomization\.yaml` patches `Application argocd\/web`/

test('if the file of a patched Application has other objects, a note says that its deployments are unknown', async () => {
  const release =
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: api, namespace: argocd }\nspec: {}\n'
  const world = await aBuiltWorld({ ...FILES, [BASE]: `${FILES[BASE]}---\n${release}` })
  const pull = await aPull(world, RAISE)
  assert.match(report(world, pull.head.sha) + comments(world, pull).join(), NOTE)
})

for (const [what, patch] of [
  ['another Application', `patches:\n  - { target: { kind: Application, name: api }, patch: "${POINTER}" }\n`],
  [
    'another field',
    'patches:\n  - { target: { kind: Application }, patch: "[{ op: remove, path: /spec/syncPolicy }]" }\n',
  ],
] as const)
  test(`a patch of ${what} leaves the values as they are`, async () => {
    const world = await aBuiltWorld({ ...FILES, 'apps/prod/kustomization.yaml': `resources: [../base]\n${patch}` })
    const pull = await aPull(world, { [DEV_VALUES]: 'canary:\n  weight: 5\n' })
    assert.equal(checkOf(world, pull, 'canary/validate'), 'success: web/web 0% → 5%')
    assert.doesNotMatch(report(world, pull.head.sha) + comments(world, pull).join(), /kustomization `[^`]+` patches/)
  })
