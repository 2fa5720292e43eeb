/** The order of environments if labels name the roles of pods, so that only images tell which version an environment runs. */
import assert from 'node:assert/strict'
import { CANARY_FILE, imagesFleet, inEnvironment, STABLE_FILE, versionFile } from '../../images.ts'
import { aBuiltWorld, aPull, gateOf, merges, openSteps, says, type World } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const FLEET = ['eu-1', 'eu-2']

function canaries(version: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [inEnvironment(CANARY_FILE, name), versionFile('web-canary', version)]))
}

function stables(version: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [inEnvironment(STABLE_FILE, name), versionFile('web', version)]))
}

async function pushes(world: World, files: Readonly<Record<string, string>>): Promise<void> {
  world.bob.push('main', files)
  await world.settle()
}

function aFleet(): Promise<World> {
  return aBuiltWorld(imagesFleet(FLEET, { service: ', waves: [[eu-1], [eu-2]]' }))
}

test('a wave waits while the previous one runs another image, and continues as soon as it has the same one', async () => {
  const world = await aFleet()
  const pull = await aPull(world, canaries('v2', ['eu-1']), 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  await world.pass(15)
  const [second] = openSteps(world)
  assert.equal(second?.head.ref, 'canary/eu-2/web/5')
  const another =
    /^action_required: Waiting for order: eu-1 must do this step first\. Its traffic goes to another version now/
  assert.match(gateOf(world, second), another)
  await pushes(world, canaries('v9', ['eu-2']))
  assert.match(gateOf(world, second), another)
  await pushes(world, canaries('v2', ['eu-2']))
  assert.equal(gateOf(world, second), 'success: In order')
})

test('the first wave takes no step while a later one has traffic on another image', async () => {
  const world = await aFleet()
  const pull = await aPull(world, canaries('v2', FLEET), 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  await world.pass(15)
  const [second] = openSteps(world)
  assert.ok(second)
  await merges(world, 'bob', second)
  await world.pass(15)
  const [next] = openSteps(world)
  assert.equal(next?.head.ref, 'canary/eu-1/web/100')
  assert.match(gateOf(world, next), /^success/)
  await pushes(world, canaries('v9', ['eu-2']))
  await world.pass(15)
  assert.match(gateOf(world, next), /Waiting for order: eu-2 has canary traffic on another version/)
})

test('the stable workloads get the image of the canary wave by wave', async () => {
  const world = await aFleet()
  const pull = await aPull(world, canaries('v2', FLEET), 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  for (let [step] = openSteps(world); step !== undefined; [step] = openSteps(world)) {
    await world.pass(15)
    await merges(world, 'bob', step)
  }
  await world.pass(15)
  const second = await aPull(world, stables('v2', ['eu-2']), 'v2 is stable in eu-2')
  assert.match(gateOf(world, second), /Waiting for order: eu-1 must make this version its stable one first/)
  const first = await aPull(world, stables('v2', ['eu-1']), 'v2 is stable in eu-1')
  await merges(world, 'bob', first)
  await world.pass(15)
  assert.match(gateOf(world, second), /^success/)
  await says(world, 'alice', first, '/canary 0 --env eu-1')
  const [flip] = openSteps(world)
  assert.equal(flip?.head.ref, 'canary/eu-1/web/0')
  await merges(world, 'bob', flip)
  await world.pass(15)
  assert.match(gateOf(world, second), /^success/, 'it has finished there')
})

/** A rollout of all waves from 0 to the end, with an image in the canary's workloads that the stable ones get at 100%. */
async function rollsOut(world: World, version: string): Promise<void> {
  const pull = await aPull(world, canaries(version, FLEET), `web ${version}`)
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  for (let [step] = openSteps(world); step !== undefined; [step] = openSteps(world)) {
    await world.pass(15)
    await merges(world, 'bob', step)
  }
  await world.pass(15)
  await pushes(world, stables(version, FLEET))
  for (const name of FLEET) await says(world, 'alice', pull, `/canary 0 --env ${name}`)
  for (const flip of openSteps(world)) await merges(world, 'bob', flip)
}

test('the waves of the next image begin by themselves after the end of the last rollout', async () => {
  const world = await aFleet()
  await rollsOut(world, 'v2')
  const pull = await aPull(world, canaries('v3', FLEET), 'web v3')
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  await world.pass(15)
  assert.deepEqual(
    openSteps(world).map(({ head }) => head.ref),
    ['canary/eu-2/web/5'],
  )
})

test('a wave that a person took back stays at 0% for the rest of its rollout, where only images tell versions', async () => {
  const world = await aFleet()
  const pull = await aPull(world, canaries('v2', FLEET), 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  await world.pass(15)
  const [second] = openSteps(world)
  assert.ok(second)
  await merges(world, 'bob', second)
  await says(world, 'alice', pull, '/canary 0 --env eu-2')
  const flip = openSteps(world).find(({ head }) => head.ref === 'canary/eu-2/web/0')
  assert.ok(flip)
  await merges(world, 'bob', flip)
  await world.pass(15)
  const [next, ...others] = openSteps(world)
  assert.deepEqual([next?.head.ref, others.length], ['canary/eu-1/web/100', 0])
  assert.match(next === undefined ? '' : gateOf(world, next), /Waiting for order: eu-2/)
})

test('production starts with the image that staging has finished with, and with no other one', async () => {
  const files = imagesFleet(['staging', 'production'], {
    service: '',
    environments: { production: ', after: staging' },
  })
  const world = await aBuiltWorld({ ...files, ...stables('v2', ['staging']) })
  await pushes(world, canaries('v2', ['production']))
  const pull = await aPull(world, { 'docs/begin.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env production')
  assert.equal(gateOf(world, pull), 'success: In order')
  const waits = /Waiting for order: staging must do this step first\. It is at 0% and must reach 5%/
  await pushes(world, canaries('v3', ['production']))
  assert.match(gateOf(world, pull), waits)
  await pushes(world, canaries('v2', ['production']))
  assert.equal(gateOf(world, pull), 'success: In order')
  await pushes(world, stables('v3', ['staging']))
  assert.match(gateOf(world, pull), waits)
})

test('an environment that cannot be built is not known to run the version', async () => {
  const files = imagesFleet(['staging', 'production'], {
    service: '',
    environments: { production: ', after: staging' },
  })
  const world = await aBuiltWorld({ ...files, ...stables('v2', ['staging']), ...canaries('v2', ['production']) })
  const pull = await aPull(world, { 'docs/begin.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env production')
  assert.equal(gateOf(world, pull), 'success: In order')
  await pushes(world, {
    'apps/staging/kustomization.yaml': 'resources: [gone.yaml, web.yaml, web-canary.yaml, route.yaml]\n',
  })
  assert.match(gateOf(world, pull), /Waiting for order: staging must do this step first/)
})
