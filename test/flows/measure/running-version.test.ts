/**
 * A version that only images tell: like any other, it has to go live and bake, and nobody can bring it into a running rollout
 * unnoticed.
 */
import assert from 'node:assert/strict'
import { CANARY_FILE, HOSTS_ROUTE, hostsRoute, imagesRepository, STABLE_FILE, versionFile } from '../../images.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { STATUS } from '../../simulate/repository.ts'
import {
  aBuiltWorld,
  aPull,
  aWorld,
  checkOf,
  flux,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

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

const KUSTOMIZATION = 'apps/production/kustomization.yaml'
const OTHER_FILE = 'apps/production/other.yaml'

const WAITS = /^action_required: Waiting for live and bake/

test('a canary image that is pushed into a rollout goes live and bakes before the next step', async () => {
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

test('the image of the stable version, and an unrelated file, do not change the bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  await pushes(world, { [STABLE_FILE]: versionFile('web', 'v1.1') })
  assert.equal(gateOf(world, step), 'success: Live and baked')
  await pushes(world, { 'README.md': '# Web\n' })
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('a deployer’s report from before the image does not make it live', async () => {
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

test('an image that was reverted before anybody looked has its old bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  world.hears = false
  for (const image of ['v3', 'v2']) await pushes(world, { [CANARY_FILE]: versionFile('web-canary', image) })
  world.hears = true
  await world.sweep()
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('if the tool is too busy to show the previous image, the bake does not count', async () => {
  const memory = memoryRenderer()
  const tool = { isBusy: false }
  const renderer: Renderer = {
    ...memory,
    render: async (files, source) =>
      tool.isBusy && source.kind === 'kustomize' && source.root === 'apps/staging'
        ? { ok: false, code: 'tool-busy', detail: '' }
        : memory.render(files, source),
  }
  const files = imagesRepository()
  const inStaging = (path: string): string => path.replace('production', 'staging')
  for (const [path, text] of Object.entries(files)) if (path.startsWith('apps/')) files[inStaging(path)] = text
  files[inStaging(HOSTS_ROUTE)] = hostsRoute(5)
  files[inStaging(CANARY_FILE)] = versionFile('web-canary', 'v2')
  files['.github/canary.yml'] = `environments:
  staging: { path: apps/staging, live: { after: 3m } }
  production: { path: apps/production, live: { after: 3m }, after: staging }
services:
  web: { steps: [5, 50, 100], bake: 10m }
`
  const world = await aWorld({ services: [], environments: [], renderer, files })
  await world.pass(15)
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v2') }, 'web v2')
  await says(world, 'alice', pull, '/canary 5 --env production')
  assert.match(gateOf(world, pull), /^success/)
  tool.isBusy = true
  await pushes(world, { [inStaging(CANARY_FILE)]: versionFile('web-canary', 'v3') })
  await says(world, 'alice', pull, '/canary retry')
  assert.match(gateOf(world, pull), /^action_required: Waiting for order/)
})

test('a change that cannot be built, and is repaired, does not change the bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  const whole = textOn(world, 'main', KUSTOMIZATION)
  await pushes(world, { [KUSTOMIZATION]: whole.replace('web.yaml', 'nowhere.yaml') })
  assert.doesNotMatch(checkOf(world, step, 'canary/validate'), /^success/)
  await pushes(world, { [KUSTOMIZATION]: whole })
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

function moved(world: World, image: string): Readonly<Record<string, string>> {
  const list = textOn(world, 'main', KUSTOMIZATION).replace('web-canary.yaml', 'other.yaml')
  return { [OTHER_FILE]: versionFile('web-canary', image), [KUSTOMIZATION]: list }
}

test('an image in a renamed file has to bake, and a rename alone does not change the bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  await pushes(world, moved(world, 'v2'))
  assert.equal(gateOf(world, step), 'success: Live and baked')
  const second = await aRolloutOfImages()
  await second.world.pass(15)
  await pushes(second.world, moved(second.world, 'v3'))
  assert.match(gateOf(second.world, second.step), WAITS)
})

test('an image in a renamed file, after one without a report, has its own bake', async () => {
  const { world, step } = await aRolloutOfImages()
  await world.pass(15)
  world.hears = false
  await pushes(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') })
  await world.pass(20)
  await pushes(world, moved(world, 'v4'))
  world.hears = true
  await world.sweep()
  assert.match(gateOf(world, step), WAITS)
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

test('the image of a canary whose share somebody set by hand is not gated', async () => {
  const files = imagesRepository()
  const world = await aBuiltWorld({ ...files, [HOSTS_ROUTE]: hostsRoute(10, false) })
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v3') }, 'web v3')
  assert.equal(gateOf(world, pull), 'success: No canary traffic changes')
})

test('a pull request that raises a share that somebody set by hand brings no other image with it', async () => {
  const files = {
    ...imagesRepository(),
    [HOSTS_ROUTE]: hostsRoute(10, false),
    [CANARY_FILE]: versionFile('web-canary', 'v2'),
  }
  const world = await aBuiltWorld(files)
  await world.pass(15)
  const raise = { [HOSTS_ROUTE]: hostsRoute(50) }
  const pull = await aPull(world, { ...raise, [CANARY_FILE]: versionFile('web-canary', 'v3') }, 'web v3 at 50%')
  assert.match(gateOf(world, pull), /^failure: Blocked by version/)
})

test('a promotion of one version beside another canary is blocked too', async () => {
  const { world } = await aRolloutOfImages()
  await world.pass(15)
  const both = { [STABLE_FILE]: versionFile('web', 'v2'), [CANARY_FILE]: versionFile('web-canary', 'v3') }
  const pull = await aPull(world, both, 'Stable v2, canary v3')
  assert.match(gateOf(world, pull), /^failure: Blocked by version/)
})
