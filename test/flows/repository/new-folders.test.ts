/** Without a config, environments are called like their folders, so a new folder can change the name of an old one. */
import assert from 'node:assert/strict'
import { CONFIG, routeFile, withShare } from '../../simulate/repository.ts'
import { recordedIn } from '../recorded/account.ts'
import { aPull, aRollout, aWorld, branches, checkOf, openSteps, says, shareOn, textOn, type World } from '../world.ts'
import type { Pull } from '../../memory/github/github.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { mode: fast }\n'
const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  project: default
  source: { repoURL: https://github.com/acme/gitops, path: apps/production, targetRevision: main }
  destination: { name: in-cluster, namespace: default }
`
const SET = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: all, namespace: argocd }
spec:
  generators: [{ clusters: {} }]
  template:
    metadata: { name: '{{name}}' }
    spec:
      project: default
      source: { repoURL: https://github.com/acme/gitops, path: 'apps/{{name}}', targetRevision: main }
      destination: { name: '{{name}}', namespace: default }
`

/** A rollout at 5% in the only folder of a repository without configured environments. It is called `default`. */
async function aLoneRollout(): Promise<{ readonly world: World; readonly pull: Pull; readonly step: Pull }> {
  const world = await aWorld({ files: { [CONFIG]: 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n' } })
  const rollout = await aRollout(world)
  assert.equal(rollout.step.head.ref, 'canary/default/web/25')
  return { world, ...rollout }
}

function checks(world: World, pull: Pull): readonly string[] {
  return ['canary/validate', 'canary/gate'].map((name) => checkOf(world, pull, name))
}

const NEW_FILES = {
  'a folder with other objects': { 'other/config.yaml': CONFIG_MAP },
  'objects at the top': { 'config.yaml': CONFIG_MAP },
  'a folder with the same name': { 'other/production/config.yaml': CONFIG_MAP },
  'an Application that deploys the folder': { 'argocd/web.yaml': APPLICATION },
  'an ApplicationSet whose clusters nobody knows': { 'argocd/set.yaml': SET },
}
for (const [what, files] of Object.entries(NEW_FILES))
  test(`a pull request adds ${what} during a rollout: it is green, and the rollout goes on`, async () => {
    const { world } = await aLoneRollout()
    const pull = await aPull(world, files)
    const title = 'argocd/set.yaml' in files ? 'No known change of canary traffic' : 'No canary traffic changes'
    assert.deepEqual(checks(world, pull), [`success: ${title}`, `success: ${title}`])
    world.alice.merge(pull)
    await world.pass(14)
    const [step, ...others] = openSteps(world)
    assert.ok(step && others.length === 0, branches(openSteps(world)).join())
    assert.match(checks(world, step).join(), /^success: \S+\/web 5% → 25%,success: Live and baked$/)
  })

test('a pull request that adds a folder and raises the canary waits like any other raise', async () => {
  const { world } = await aLoneRollout()
  const raised = withShare(textOn(world, 'main', ROUTE), 100)
  const pull = await aPull(world, { [ROUTE]: raised, 'other/config.yaml': CONFIG_MAP })
  const [validate, gate] = checks(world, pull)
  assert.equal(validate, 'success: default/web 5% → 100%')
  assert.match(gate ?? '', /^action_required: Waiting for live, bake and conflict/)
})

test('while the rollout is on hold, a pull request that would give it another name is red', async () => {
  const { world, pull: first, step } = await aLoneRollout()
  await says(world, 'alice', first, '/canary hold')
  const pull = await aPull(world, { 'other/config.yaml': CONFIG_MAP })
  assert.match(checks(world, pull)[0] ?? '', /^failure: .*hold/)
  await says(world, 'alice', first, '/canary resume')
  assert.match(checks(world, pull)[0] ?? '', /^success/)
  assert.equal(step.state, 'open')
  assert.equal(shareOn(world, 'main'), 5)
})

test('a pull request that leaves one folder of two keeps the name of the other while it is judged', async () => {
  const world = await aWorld({
    files: { [CONFIG]: 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n', 'other/config.yaml': CONFIG_MAP },
  })
  await aRollout(world)
  world.alice.push('tidy', { 'other/config.yaml': undefined })
  const pull = world.alice.open('tidy', 'Remove the settings')
  await world.settle()
  assert.ok(pull)
  assert.deepEqual(checks(world, pull), ['success: No canary traffic changes', 'success: No canary traffic changes'])
})
