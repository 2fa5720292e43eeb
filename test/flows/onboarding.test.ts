/** When Perch is installed on a repository, it proposes a config: once, and only if there is something to configure. */
import assert from 'node:assert/strict'
import type { Pull } from '../memory/github/github.ts'
import { CONFIG, routeFile, subsetsFile } from '../simulate/repository.ts'
import {
  aPull,
  aWorld,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  textOn,
  type World,
  type WorldOptions,
} from './world.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

let deliveries = 0

/** The App is installed, or the repository is added to its installation. */
async function installs(world: World, how: 'created' | 'added' = 'created', delivery?: string): Promise<void> {
  const { id, owner, name } = world.state.repo
  const named = [{ id, name, full_name: `${owner}/${name}`, private: true }]
  const where = { action: how, installation: { id: world.state.installation } }
  const guid = delivery ?? `installed-${(deliveries += 1)}`
  if (how === 'created') await world.service.receive(guid, 'installation', { ...where, repositories: named })
  else await world.service.receive(guid, 'installation_repositories', { ...where, repositories_added: named })
  await world.settle()
}

/** A repository without a config. */
async function withoutConfig({ files, ...options }: WorldOptions = {}): Promise<World> {
  const world = await aWorld({ environments: ['staging', 'production'], ...options, files: { ...files } })
  world.alice.push('main', { [CONFIG]: undefined })
  await world.settle()
  return world
}

function onboardings(world: World): readonly Pull[] {
  return [...world.state.pulls.values()].filter(({ head }) => head.ref === 'perch/onboarding')
}

async function theOnboarding(world: World): Promise<Pull> {
  await installs(world)
  const [pull, ...more] = onboardings(world)
  assert.ok(pull !== undefined && more.length === 0)
  return pull
}

test('an installation opens one pull request with the config that init writes, and both its checks are green', async () => {
  const world = await withoutConfig()
  const pull = await theOnboarding(world)
  assert.deepEqual([pull.title, pull.author.login, pull.state], ['Set up Perch', 'perch[bot]', 'open'])
  const text = textOn(world, 'perch/onboarding', CONFIG)
  assert.match(text, /^environments:\n {2}production:\n {4}path: apps\/production$/m)
  assert.deepEqual(world.state.objects.changed(pull.base.sha, pull.head.sha), [CONFIG])
  assert.match(checkOf(world, pull, 'canary/validate'), /^success: /)
  assert.match(gateOf(world, pull), /^success: /)
  assert.match(pull.body, /^Perch found \*\*2 rollouts in 2 environments\*\* here\. Merge this .* or close it/)
  assert.match(pull.body, /^\| `production` +\| `web` +\| 0% +\|$/m)
  assert.match(pull.body, /comment `\/canary 5 web --env production` there/)
})

test('the same webhook again, a sweep, and another installation open no second one', async () => {
  const world = await withoutConfig()
  await installs(world, 'created', 'same')
  await installs(world, 'created', 'same')
  await installs(world, 'added')
  await world.sweep()
  assert.equal(onboardings(world).length, 1)
})

test('a repository that is added later is proposed one too', async () => {
  const world = await withoutConfig()
  await installs(world, 'added')
  assert.equal(onboardings(world).length, 1)
})

test('closing it means no, even if its branch is deleted and the App is installed again', async () => {
  const world = await withoutConfig()
  const pull = await theOnboarding(world)
  world.alice.close(pull)
  await world.settle()
  world.state.refs.delete('refs/heads/perch/onboarding')
  await installs(world)
  assert.deepEqual(onboardings(world), [pull])
  assert.equal(pull.state, 'closed')
})

test('a merged config is not proposed again, whatever happened to the file', async () => {
  const world = await withoutConfig()
  const pull = await theOnboarding(world)
  await merges(world, 'bob', pull)
  assert.notEqual(textOn(world, 'main', CONFIG), '')
  assert.deepEqual(openSteps(world), [])
  world.alice.push('main', { [CONFIG]: undefined })
  await installs(world)
  assert.deepEqual(onboardings(world), [pull])
})

test('nothing is proposed if there is a config', async () => {
  const world = await aWorld()
  await installs(world)
  assert.deepEqual(onboardings(world), [])
})

test('nothing is proposed if no route has a stable and a canary entry', async () => {
  const world = await withoutConfig({ environments: ['production'] })
  const path = routeFile('production', 'web')
  const [one = ''] = textOn(world, 'main', path).split(/^ {8}- destination: .*subset: canary.*$/m)
  world.alice.push('main', { [path]: one, [subsetsFile('production', 'web')]: undefined })
  await installs(world)
  assert.deepEqual(onboardings(world), [])
})

test('nothing is proposed to a fork, an archive or a repository without a commit, and none of them fails', async () => {
  for (const what of ['isFork', 'isArchived', 'empty'] as const) {
    const world = await withoutConfig()
    if (what === 'empty') world.state.refs.clear()
    else world.state[what] = true
    const { service } = world
    const before = service.repeated()
    await installs(world)
    assert.deepEqual([onboardings(world), service.repeated()], [[], before], what)
  }
})

test('a branch with that name and a person’s work is left alone', async () => {
  const world = await withoutConfig()
  world.alice.push('perch/onboarding', { 'README.md': 'mine\n' })
  await installs(world)
  assert.deepEqual(onboardings(world), [])
  assert.equal(textOn(world, 'perch/onboarding', 'README.md'), 'mine\n')
})

test('whichever request fails, before or after its effect, there is one pull request in the end', async () => {
  for (const when of ['before', 'after'] as const)
    for (let nth = 0; nth < 7; nth += 1) {
      const world = await withoutConfig({ environments: ['production'] })
      world.network.strikes.push({ nth, when })
      await installs(world)
      await world.pass(60)
      const [pull, ...more] = onboardings(world)
      assert.ok(pull !== undefined && more.length === 0, `${when} request ${nth}`)
      assert.equal(world.state.objects.ahead(pull.base.sha, pull.head.sha).length, 1)
    }
})

test('after a process that dies on the way, another one opens the only pull request', async () => {
  const found = new Set<string>()
  for (let ms = 10; ms <= 400; ms += 10) {
    const world = await withoutConfig({ environments: ['production'] })
    const { id, owner, name } = world.state.repo
    const repositories = [{ id, full_name: `${owner}/${name}` }]
    await world.service.receive('died', 'installation', { action: 'created', installation: { id: 7 }, repositories })
    await world.network.timeline.runUntil(world.now() + ms)
    found.add(`${world.state.refs.has('refs/heads/perch/onboarding')} ${onboardings(world).length}`)
    world.service.crash('nothing')
    await world.service.start()
    await world.pass(60)
    const [pull, ...more] = onboardings(world)
    assert.ok(pull !== undefined && more.length === 0, `after ${ms} ms`)
    assert.equal(world.state.objects.ahead(pull.base.sha, pull.head.sha).length, 1)
    assert.match(gateOf(world, pull), /^success: /)
  }
  assert.deepEqual([...found], ['false 0', 'true 0', 'true 1'], 'it died before, between and after')
})

test('a person’s pull request from a branch with the same name does not count', async () => {
  const world = await withoutConfig()
  const pull = await aPull(world, { 'README.md': 'x\n' })
  world.alice.push('perch/onboarding', { 'README.md': 'x\n' })
  const theirs = world.alice.open('perch/onboarding', 'mine')
  assert.ok(theirs !== undefined)
  world.alice.close(theirs)
  world.state.refs.delete('refs/heads/perch/onboarding')
  await installs(world)
  assert.equal(onboardings(world).length, 2)
  assert.deepEqual(comments(world, pull), [])
})
