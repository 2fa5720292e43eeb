/** With `start: first-step` the rollout of a version that automation brings begins by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPerson } from '../../memory/github/person.ts'
import { CONFIG, subsetsFile, withCanaryVersion } from '../../simulate/repository.ts'
import {
  aNewVersion,
  aRollout,
  aWorld,
  branches,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
} from '../world.ts'

const SUBSETS = subsetsFile('production', 'web')
const BY_ITSELF = { start: 'first-step', automation: ['flux'] } as const

/** A pull request of a bot that brings a version of the canary. */
async function anUpdate(world: World, version = 'v3', login = 'renovate[bot]') {
  const bot = memoryPerson(world.state, login, 'write')
  const branch = `update-${version}`
  bot.push(branch, { [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), version) })
  const pull = bot.open(branch, `Update web to ${version}`)
  assert.ok(pull)
  await world.settle()
  return { bot, pull }
}

/** Image automation pushes a version to the base branch. */
async function aPush(world: World, version = 'v3', login = 'flux'): Promise<void> {
  const flux = memoryPerson(world.state, login, 'write')
  flux.push('main', { [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), version) })
  await world.settle()
}

test('a pull request of a bot gets the first step, held by its gate, and nobody is asked', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, approvals: 1 } })
  const { pull } = await anUpdate(world)
  assert.equal(shareOn(world, pull.head.ref), 5)
  assert.match(gateOf(world, pull), /^action_required: Waiting for approvals/)
  const said = comments(world, pull)
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /production\/web 0% → 5%/)
  assert.match(world.state.objects.find(pull.head.sha)?.message ?? '', /Asked by the config \(`start: first-step`\)/)
})

test('it is one commit, whatever is lost, and what people make of it stays', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull } = await anUpdate(world)
  const { sha } = pull.head
  world.service.crash('all')
  await world.service.start()
  await world.settle()
  await world.sweep()
  assert.equal(pull.head.sha, sha)
  await says(world, 'alice', pull, '/canary 0')
  await world.sweep()
  assert.equal(shareOn(world, pull.head.ref), 0, 'a person took it back')
})

test('a person is asked, and so is everybody on a draft', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const pull = await aNewVersion(world)
  assert.equal(shareOn(world, pull.head.ref), 0)
  assert.match(comments(world, pull)[0] ?? '', /New canary version/)
})

test('a version that image automation pushes begins with a step pull request, once', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world)
  const [step] = openSteps(world)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
  assert.ok(step)
  world.service.crash('all')
  await world.service.start()
  await world.sweep()
  assert.equal(openSteps(world).length, 1)
  world.alice.close(step)
  await world.settle()
  world.service.crash('all')
  await world.service.start()
  await world.sweep()
  assert.deepEqual(openSteps(world), [], 'a person refused it')
  await aPush(world, 'v4')
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'], 'another version is another question')
})

test('what is rolled back, and what is finished, does not begin again', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world)
  const [step] = openSteps(world)
  assert.ok(step)
  await merges(world, 'bob', step)
  await says(world, 'alice', step, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('a push of a person, and a version from before the config, are left to people', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world, 'v3', 'carol')
  assert.deepEqual(openSteps(world), [])
  const other = await aWorld({ config: { automation: ['flux'] } })
  await aPush(other)
  other.olga.push('main', { [CONFIG]: textOn(other, 'main', CONFIG).replace('start: ask', 'start: first-step') })
  await other.settle()
  assert.deepEqual(openSteps(other), [])
})

test('a bot whose pull request was merged before its first step is followed by a step', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  world.hears = false
  const { pull } = await anUpdate(world)
  assert.equal(world.bob.merge(pull, { ignoresChecks: true }), 'merged')
  world.hears = true
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`restart`: a new version during a rollout takes the traffic away first, and then begins', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  await aRollout(world)
  const { pull } = await anUpdate(world, 'v4')
  assert.equal(shareOn(world, pull.head.ref), 0)
  assert.match(gateOf(world, pull), /^success/)
  await merges(world, 'bob', pull)
  assert.deepEqual([shareOn(world, 'main'), versionsOn(world, 'main')], [0, ['v1', 'v4']])
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`restart`: a version that is pushed into a rollout is rolled back, and then begins', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  await aRollout(world)
  await aPush(world, 'v4')
  const [rollback, ...others] = openSteps(world)
  assert.deepEqual([rollback?.head.ref, others], ['canary/production/web/0', []])
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`finish-first`: a new version waits for the rollout, and begins when that is over', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull: first } = await aRollout(world)
  const { pull, bot } = await anUpdate(world, 'v4')
  assert.match(gateOf(world, pull), /^failure/)
  await says(world, 'alice', first, '/canary abort')
  const rollback = openSteps(world).find(({ head }) => head.ref.endsWith('/0'))
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  assert.match(comments(world, pull).join(), /New canary version/, 'its branch is from before')
  assert.ok(bot.mergeBranch('main', pull.head.ref))
  await world.settle()
  assert.deepEqual([shareOn(world, 'main'), shareOn(world, pull.head.ref)], [0, 5])
  assert.match(gateOf(world, pull), /^success/)
})

test('what Flagger drives is not begun', async () => {
  const canary =
    'apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web}\nspec: {targetRef: {name: web}}\n'
  const world = await aWorld({ config: BY_ITSELF, files: { 'apps/production/flagger.yaml': canary } })
  const { pull } = await anUpdate(world)
  assert.deepEqual([shareOn(world, pull.head.ref), comments(world, pull)], [0, []])
  await aPush(world, 'v4')
  assert.deepEqual(openSteps(world), [])
})
