/** Steps that Perch merges by itself, because they do exactly what it proposes. */
import assert from 'node:assert/strict'
import { BASE } from '../../memory/builds.ts'
import { routeFile } from '../../simulate/repository.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { recordedIn } from '../recorded/account.ts'
import { aPull, aRollout, aWorld, comments, gateOf, merges, says, textOn, type World } from '../world.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')

for (const [autoMerge, state] of [
  ['never', 'open'],
  ['always', 'merged'],
] as const)
  test(`with \`autoMerge: ${autoMerge}\`, the first step for one of two environments with one route is ${state}`, async () => {
    const config = `environments:
  eu: { path: eu, live: { after: 3m } }
  us: { path: us, live: { after: 3m } }
services:
  web: { steps: [5, 100], bake: 5m, autoMerge: ${autoMerge} }
`
    const files = {
      ...BASE,
      'eu/kustomization.yaml': 'resources: [../base]\n',
      'us/kustomization.yaml': 'resources: [../base]\n',
      '.github/canary.yml': config,
    }
    const world = await aWorld({ services: [], environments: [], files, renderer: memoryRenderer() })
    const pull = await aPull(world, { 'base/subsets.yaml': BASE['base/subsets.yaml'].replace('v2', 'v3') })
    await merges(world, 'bob', pull)
    await says(world, 'alice', pull, '/canary 5 web --env eu')
    await world.sweep()
    const step = [...world.state.pulls.values()].find(({ head }) => head.ref === 'canary/eu/web/5')
    assert.ok(step !== undefined, comments(world, pull).at(-1))
    assert.equal(step.state, state, comments(world, step).at(-1))
  })

/** The open step of a rollout that Perch merges by itself, with an older pull request that Perch no longer remembers. */
async function aStepBehind(older: (world: World) => Promise<{ readonly number: number }>) {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  world.alice.push('release', { 'README.md': 'Another branch\n' })
  const { number } = await older(world)
  const { step } = await aRollout(world)
  await world.service.memo().forget(`pull:${world.state.repo.id}:${number}`)
  await world.pass(14)
  assert.match(gateOf(world, step), /^success/)
  return { world, step }
}

test('after a loss of memory, Perch merges no step before it has looked at the older pull requests', async () => {
  const { world, step } = await aStepBehind((world) => aPull(world, { 'README.md': 'No traffic\n' }))
  assert.equal(step.state, 'open')
  await world.sweep()
  assert.equal(step.state, 'merged')
})

test('an unknown draft, and an unknown pull request for another branch, hold no step back', async () => {
  const elsewhere = await aStepBehind(async (world) => {
    world.alice.push('change-1', { 'README.md': 'No traffic\n' }, { from: 'release' })
    return world.alice.open('change-1', 'Change', 'release') ?? assert.fail()
  })
  assert.equal(elsewhere.step.state, 'merged')
  const draft = await aStepBehind(async (world) => {
    const pull = await aPull(world, { 'README.md': 'No traffic\n' })
    world.alice.setDraft(pull, true)
    return pull
  })
  assert.equal(draft.step.state, 'merged')
})

test('a step that would leave a new rule of the base branch behind is not merged by Perch', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const { step } = await aRollout(world)
  const route = textOn(world, 'main', ROUTE)
  const [, rule = ''] = /http:\n([^]*)/.exec(route) ?? []
  const beta = rule.replace('    - route:', '    - match: [{ headers: { beta: { exact: "1" } } }]\n      route:')
  world.alice.push('main', { [ROUTE]: route.replace('http:\n', `http:\n${beta}`) })
  await world.pass(30)
  assert.match(gateOf(world, step), /^success/)
  assert.equal(step.state, 'open')
})
