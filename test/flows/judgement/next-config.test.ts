/** Pull requests that change which folders are environments, and the names of environments and services. */
import assert from 'node:assert/strict'
import { HOSTS_ROUTE, hostsRoute, imagesFleet, imagesRepository, inEnvironment } from '../../images.ts'
import { CONFIG } from '../../simulate/repository.ts'
import type { Pull } from '../../memory/github/github.ts'
import { aBuiltWorld, aPull, checkOf, gateOf, merges, openSteps, says, textOn, type World } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const FILES = imagesRepository()

/** `share`: the canary's share in production, with Perch's annotations. */
function aRunning(share: number): Promise<World> {
  return aBuiltWorld({ ...FILES, [HOSTS_ROUTE]: hostsRoute(share) })
}

/** The files of production in another folder, with another share. */
function copied(name: string, share: number, { isMoved = false } = {}): Record<string, string | undefined> {
  const files: Record<string, string | undefined> = {}
  for (const [path, text] of Object.entries(FILES)) {
    if (path === CONFIG) continue
    files[inEnvironment(path, name)] = path === HOSTS_ROUTE ? hostsRoute(share) : text
    if (isMoved) files[path] = undefined
  }
  return files
}

function config(edit: (text: string) => string): Record<string, string> {
  return { [CONFIG]: edit(FILES[CONFIG] ?? '') }
}

const elsewhere = (text: string): string => text.replace('apps/production', 'apps/prod')

function validateOf(world: World, pull: Pull): string {
  return checkOf(world, pull, 'canary/validate')
}

test('a config that takes the route from another folder cannot raise a canary without the gates', async () => {
  for (const share of [0, 5]) {
    const world = await aRunning(share)
    const pull = await aPull(world, { ...copied('prod', 50), ...config(elsewhere) })
    assert.match(
      validateOf(world, pull),
      /^failure: With \.github\/canary\.yml of this pull request, the canary of production\/web has 50%/,
    )
    const same = await aPull(world, { ...copied('prod', share), ...config(elsewhere) })
    assert.match(validateOf(world, same), /^success/, 'the same share somewhere else')
  }
})

test('it does not matter whether the folder came before its config, or has another name there', async () => {
  const world = await aRunning(0)
  await merges(world, 'bob', await aPull(world, copied('prod', 50), 'A copy that nobody deploys'))
  const later = await aPull(world, config(elsewhere))
  assert.match(validateOf(world, later), /^failure: With .* the canary of production\/web has 50%/)
  const renamed = await aPull(
    world,
    config((text) => elsewhere(text).replace('production:', 'prod:')),
  )
  assert.match(validateOf(world, renamed), /^failure: With .* the canary of prod\/web has 50%/)
  const beside = await aPull(
    world,
    config((text) => text.replace('services:', '  prod: { path: apps/prod }\nservices:')),
  )
  assert.match(validateOf(world, beside), /^success/, 'an environment beside the others')
})

test('a rollout under way keeps its names, so that its holds and freezes stay', async () => {
  const world = await aRunning(5)
  await world.pass(15)
  await says(world, 'alice', await aPull(world, { 'docs/a.md': 'a\n' }), '/canary 50')
  const wanted =
    /^failure: The canary of production\/web has 5% of the traffic on the base branch, and this pull request gives the rollout another name/
  const other = await aPull(
    world,
    config((text) => text.replace('production:', 'prod:')),
  )
  assert.match(validateOf(world, other), wanted)
  const service = config((text) => text.replace('  web: { ', '  shop: { route: { name: web }, '))
  assert.match(validateOf(world, await aPull(world, service)), wanted)
  const paces = await aPull(
    world,
    config((text) => text.replace('bake: 10m', 'bake: 20m')),
  )
  assert.match(validateOf(world, paces), /^success/)
})

test('without a rollout, environments and services may be renamed', async () => {
  const world = await aRunning(0)
  const pull = await aPull(
    world,
    config((text) => text.replace('production:', 'prod:').replace('  web: { ', '  shop: { route: { name: web }, ')),
  )
  assert.match(validateOf(world, pull), /^success/)
  await merges(world, 'bob', pull)
  assert.deepEqual(openSteps(world), [])
})

test('a frozen environment keeps its name, whether the freeze came first or the pull request', async () => {
  const world = await aRunning(0)
  const other = await aPull(world, { 'docs/a.md': 'a\n' })
  const names = config((text) => text.replace('production:', 'prod:'))
  const early = await aPull(world, names)
  assert.match(validateOf(world, early), /^success/)
  await says(world, 'olga', other, '/freeze production --until 2h incident')
  const frozen =
    /^failure: production is frozen by olga until 2026-01-05 \S+ UTC: incident\. This pull request renames or removes the environment, so the freeze would be lost\./
  assert.match(validateOf(world, early), frozen)
  const late = await aPull(world, names)
  assert.match(validateOf(world, late), frozen)
  await says(world, 'olga', other, '/unfreeze production')
  assert.match(validateOf(world, early), /^success/)
  await says(world, 'olga', other, '/freeze production --until 2h incident')
  assert.match(validateOf(world, late), frozen)
  await world.pass(130)
  assert.match(validateOf(world, late), /^success/, 'the freeze is over')
})

test('where folders name environments, a frozen one may not move to another folder', async () => {
  const world = await aBuiltWorld({ ...FILES, [CONFIG]: 'branches: [main]\n' })
  await says(world, 'olga', await aPull(world, { 'docs/a.md': 'a\n' }), '/freeze production')
  const moved = await aPull(world, copied('prod', 0, { isMoved: true }))
  assert.match(validateOf(world, moved), /^failure: production is frozen by olga: no reason was given\./)
})

test('a rollout on hold keeps its name, although its canary has no traffic yet', async () => {
  const world = await aRunning(0)
  const first = await aPull(world, { 'docs/a.md': 'a\n' })
  await says(world, 'alice', first, '/canary 5')
  await says(world, 'alice', first, '/canary hold errors')
  const renamed = await aPull(
    world,
    config((text) => text.replace('  web: { ', '  shop: { route: { name: web }, ')),
  )
  assert.match(validateOf(world, renamed), /^failure: The rollout of production\/web is on hold by alice: errors\./)
  await says(world, 'alice', first, '/canary resume')
  assert.match(validateOf(world, renamed), /^success/)
})

test('an environment may go together with its entry, and may move with it', async () => {
  const world = await aBuiltWorld(imagesFleet(['staging', 'production'], { service: '' }))
  const gone = Object.fromEntries(
    Object.keys(FILES).flatMap((path) => (path === CONFIG ? [] : [[inEnvironment(path, 'staging'), undefined]])),
  )
  const text = textOn(world, 'main', CONFIG)
  const without = text.replace(/  staging: .*\n/, '')
  const whole = await aPull(world, { ...gone, [CONFIG]: without })
  assert.match(validateOf(world, whole), /^success/)
  assert.match(gateOf(world, whole), /^success/)
  const half = await aPull(world, gone)
  assert.match(validateOf(world, half), /^failure: The entry apps\/staging is a folder that does not exist/)
  const moved = await aPull(world, {
    ...gone,
    ...copied('stage', 0),
    [CONFIG]: text.replace('apps/staging', 'apps/stage'),
  })
  assert.match(validateOf(world, moved), /^success/)
  const raised = await aPull(world, {
    ...gone,
    ...copied('stage', 50),
    [CONFIG]: text.replace('apps/staging', 'apps/stage'),
  })
  assert.match(validateOf(world, raised), /^failure: With .* the canary of staging\/web has 50%/)
})

test('a rollout under way does not move to another folder', async () => {
  const world = await aRunning(5)
  const pull = await aPull(world, { ...copied('prod', 5, { isMoved: true }), ...config(elsewhere) })
  assert.match(
    validateOf(world, pull),
    /^failure: The canary of production\/web has 5% of the traffic on the base branch, but here/,
  )
})
