/** Steps that are opened for a merged pull request while its canary has no traffic yet. */
import assert from 'node:assert/strict'
import { destinationRule } from '../../manifests.ts'
import { splitRoute } from '../../owners.ts'
import { CONFIG } from '../../simulate/repository.ts'
import type { Pull } from '../../memory/github/github.ts'
import { recordedIn } from '../recorded/account.ts'
import { aBuiltWorld, aPull, answers, branches, merges, openSteps, says, textOn, type World } from '../world.ts'

const test = recordedIn(import.meta.url)

const RULE = 'base/rule.yaml'
const OVERLAYS = {
  [CONFIG]:
    'environments:\n  eu: { path: eu }\n  us: { path: us }\nservices:\n  web: { steps: [5, 25, 100], bake: 10m }\n',
  'base/kustomization.yaml': 'resources: [route.yaml, rule.yaml]\n',
  'base/route.yaml': splitRoute(),
  [RULE]: destinationRule('web', 'v2'),
  'eu/kustomization.yaml': 'resources: [../base]\n',
  'us/kustomization.yaml': 'resources: [../base]\n',
}

/** A merged pull request with a new version, and the first step that somebody asked for there. */
async function asked(command: string): Promise<{ readonly world: World; readonly pull: Pull; readonly step: Pull }> {
  const world = await aBuiltWorld(OVERLAYS)
  const pull = await aPull(world, { [RULE]: textOn(world, 'main', RULE).replace('v2', 'v3') })
  await merges(world, 'alice', pull)
  await says(world, 'alice', pull, command)
  const [step, ...others] = openSteps(world)
  assert.ok(step && others.length === 0, answers(world, pull).at(-1))
  return { world, pull, step }
}

for (const scope of ['all', 'eu'])
  for (const where of ['the pull request that brought the version', 'the step itself'])
    test(`an abort on ${where} closes the open first step of --env ${scope}`, async () => {
      const { world, pull, step } = await asked(`/canary 5 web --env ${scope}`)
      const on = where === 'the step itself' ? step : pull
      await says(world, 'alice', on, '/canary abort not today')
      assert.deepEqual([step.state, openSteps(world).length], ['closed', 0])
      assert.match(answers(world, on).at(-1) ?? '', new RegExp(`🛑 Closed #${step.number}\\.`))
    })

test('an abort closes the step of one environment although it conflicts with the base branch', async () => {
  const { world, pull, step } = await asked('/canary 5 web --env eu')
  world.bob.push('main', { 'eu/kustomization.yaml': 'resources: [../base]\ncommonAnnotations: { a: b }\n' })
  await world.settle()
  assert.equal(step.state, 'open', 'a person may still rebase it')
  await says(world, 'alice', pull, '/canary abort')
  assert.equal(step.state, 'closed')
})

test('the status on the pull request that brought the version names the open step of one environment', async () => {
  const { world, pull, step } = await asked('/canary 5 web --env eu')
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', new RegExp(`#${step.number}\\b`))
})

test('an abort rolls all environments back, although a rollback of one of them is open', async () => {
  const { world, pull, step } = await asked('/canary 5 web --env all')
  await merges(world, 'alice', step)
  await says(world, 'alice', pull, '/canary 0 web --env eu')
  assert.ok(branches(openSteps(world)).includes('canary/eu/web/0'), answers(world, pull).at(-1))
  await says(world, 'alice', pull, '/canary abort')
  assert.deepEqual(branches(openSteps(world)).toSorted(), ['canary/all/web/0', 'canary/eu/web/0'])
})
