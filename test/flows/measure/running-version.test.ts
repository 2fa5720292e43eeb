/** A version that images alone tell: it has to go live and bake like any other, and nobody brings it into a rollout under way unseen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CANARY_FILE, HOSTS_ROUTE, hostsRoute, imagesRepository, STABLE_FILE, versionFile } from '../../images.ts'
import { STATUS } from '../../simulate/repository.ts'
import { aBuiltWorld, aPull, checkOf, flux, gateOf, merges, openSteps, says, textOn, type World } from '../world.ts'

async function aRolloutOfImages(
  live?: string,
): Promise<{ readonly world: World; readonly step: ReturnType<typeof stepOf> }> {
  const world = await aBuiltWorld(imagesRepository(live))
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v2') }, 'web v2')
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  return { world, step: stepOf(world) }
}

function stepOf(world: World) {
  const [step] = openSteps(world)
  assert.ok(step !== undefined, 'no step is open')
  return step
}

async function pushes(world: World, files: Readonly<Record<string, string>>): Promise<void> {
  world.bob.push('main', files)
  await world.settle()
}

const WAITS = /^action_required: Waiting for live and bake/

test('an image of the canary that is pushed into a rollout goes live and bakes before the next step', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  assert.equal(gateOf(world, step), 'success: Live and baked')
  await pushes(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') })
  assert.match(gateOf(world, step), WAITS)
  await world.pass(12)
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
  await world.pass(3)
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('the image of the stable version, and a file beside it, leave the bake as it is', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  await pushes(world, { [STABLE_FILE]: versionFile('web', 'v1.1') })
  assert.equal(gateOf(world, step), 'success: Live and baked')
  await pushes(world, { 'README.md': '# Web\n' })
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('what a deployer said before the image came does not make it live', async () => {
  const { world, step } = await aRolloutOfImages(`{ status: "${STATUS}" }`)
  await flux(world, 'success')
  await world.pass(11)
  assert.equal(gateOf(world, step), 'success: Live and baked')
  await pushes(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') })
  assert.match(gateOf(world, step), WAITS)
  await world.pass(11)
  assert.match(gateOf(world, step), WAITS)
  await flux(world, 'success')
  await world.pass(11)
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('an image that came while Perch was down, or whose memory was lost, has to bake too', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  world.hears = false
  for (const [count, image] of ['v3', 'v3', 'v4'].entries())
    await pushes(world, { [CANARY_FILE]: versionFile('web-canary', image), 'README.md': `# ${count}\n` })
  world.hears = true
  await world.sweep()
  assert.match(gateOf(world, step), WAITS)
})

test('an image that was taken back again before anybody looked has its old bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  world.hears = false
  for (const image of ['v3', 'v2']) await pushes(world, { [CANARY_FILE]: versionFile('web-canary', image) })
  world.hears = true
  await world.sweep()
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('a change that cannot be built, and is mended, leaves the bake as it is', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  const kustomization = 'apps/production/kustomization.yaml'
  const whole = textOn(world, 'main', kustomization)
  await pushes(world, { [kustomization]: whole.replace('web.yaml', 'nowhere.yaml') })
  assert.doesNotMatch(checkOf(world, step, 'canary/validate'), /^success/)
  await pushes(world, { [kustomization]: whole })
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('a pull request with another image of a canary that has traffic is blocked, and so is a step that somebody gave one', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  const blocked = /^failure: Blocked by version: the canary has 5% of the traffic, and this pull request would replace/
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') }, 'web v3')
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: production/web canary v2 → v3')
  assert.match(checkOf(world, pull, 'canary/gate'), /^failure: Blocked by version/)
  world.bob.push(step.head.ref, { [CANARY_FILE]: versionFile('web-canary', 'v4') })
  await world.settle()
  assert.match(gateOf(world, step), blocked)
})

test('a pull request that lets the stable workload run the canary’s image waits like a raise to everybody', async () => {
  const { world } = await aRolloutOfImages()
  const pull = await aPull(world, { [STABLE_FILE]: versionFile('web', 'v2') }, 'Stable v2')
  assert.equal(checkOf(world, pull, 'canary/validate'), 'success: production/web stable v1 → v2')
  assert.match(gateOf(world, pull), /^action_required: Waiting for live, bake and conflict/)
})

test('the image of a canary whose share somebody set by hand is nobody else’s matter', async () => {
  const files = imagesRepository()
  const world = await aBuiltWorld({ ...files, [HOSTS_ROUTE]: hostsRoute(10, false) })
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') }, 'web v3')
  assert.equal(gateOf(world, pull), 'success: No canary traffic changes')
})
