/** What a sweep finds without a webhook, and what it leaves alone. */
import assert from 'node:assert/strict'
import { filesOf } from '../memory/github/github.ts'
import { setStatus } from '../memory/github/signals.ts'
import { routeFile, STATUS, subsetsFile, withShare } from '../simulate/repository.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  answers,
  branches,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  shareOn,
  textOn,
  type World,
} from './world.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')

/** A world whose webhooks are lost from now on. */
function deaf(world: World): World {
  world.hears = false
  return world
}

test('without any webhook a rollout goes from its first pull request to its second step', async () => {
  const world = deaf(await aWorld())
  const pull = await aNewVersion(world)
  assert.equal(gateOf(world, pull), 'none')
  await world.sweep()
  assert.match(gateOf(world, pull), /^success/)
  await says(world, 'alice', pull, '/canary 5')
  assert.deepEqual(answers(world, pull), [])
  await world.sweep()
  assert.equal(answers(world, pull).length, 1)
  assert.ok(
    world.state.comments.some(({ reactions }) => reactions.has('perch[bot]')),
    'with 👀',
  )
  await merges(world, 'bob', pull)
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/25'])
  await world.pass(20)
  await world.sweep()
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.match(gateOf(world, step), /^success/)
  await merges(world, 'bob', step)
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/100'])
})

test('a sweep without anything new needs two lists and one fetch, and does nothing', async () => {
  const world = await aWorld()
  await aRollout(world)
  await aPull(world, { 'README.md': '# Quiet\n' })
  await world.pass(20)
  await world.sweep()
  await world.sweep()
  const [requests, jobs, runs] = [world.network.requests, world.service.begun(), world.state.runs.length]
  await world.sweep()
  assert.equal(world.network.requests - requests, 3)
  assert.equal(world.service.begun() - jobs, 2, 'the sweep of all, and of this repository')
  assert.equal(world.state.runs.length, runs)
})

test('a push, a retargeting, a draft and a closed pull request are found by a sweep', async () => {
  const world = await aWorld()
  const older = await aNewVersion(world)
  await says(world, 'alice', older, '/canary 5')
  const path = subsetsFile('production', 'web')
  const younger = await aPull(world, { [path]: textOn(world, 'main', path).replace('version: v2', 'version: v4') })
  await says(world, 'alice', younger, '/canary 5')
  assert.match(gateOf(world, younger), /conflict/)
  deaf(world)
  world.alice.close(older)
  await world.settle()
  assert.match(gateOf(world, younger), /conflict/)
  await world.sweep()
  assert.match(gateOf(world, younger), /^success/)
  world.alice.push(younger.head.ref, {
    [ROUTE]: filesOf(world.state, younger.head.ref).get(ROUTE)?.replace('weight: 95', 'weight: x'),
  })
  await world.settle()
  assert.equal(gateOf(world, younger), 'none')
  await world.sweep()
  assert.match(gateOf(world, younger), /^failure/)
})

test('a status and a stop without a webhook change a gate at the next sweep', async () => {
  const world = deaf(await aWorld({ config: { live: 'status' } }))
  const pull = await aNewVersion(world)
  await world.sweep()
  await says(world, 'alice', pull, '/canary 5')
  await world.sweep()
  await merges(world, 'bob', pull)
  await world.sweep()
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  setStatus(world.state, world.state.refs.get('refs/heads/main') ?? '', {
    context: STATUS,
    said: 'success',
    by: 'flux',
  })
  await world.settle()
  assert.match(gateOf(world, step), /waits for a successful/)
  await world.sweep()
  assert.match(gateOf(world, step), /Waiting for bake/)
  await world.pass(11)
  assert.match(gateOf(world, step), /^success/, 'a timer needs no webhook')
  world.olga.push('perch/freeze/production', { 'README.md': 'frozen\n' })
  await world.sweep()
  assert.match(gateOf(world, step), /^action_required: Waiting for freeze/)
  world.olga.deleteBranch('perch/freeze/production')
  await world.sweep()
  assert.match(gateOf(world, step), /^success/)
})

test('a command without a webhook is carried out on a merged pull request too, and the author of an old one is told that it is late', async () => {
  const world = await aWorld()
  const { pull } = await aRollout(world)
  deaf(world)
  await says(world, 'alice', pull, '/canary status')
  const told = answers(world, pull).length
  await world.sweep()
  assert.equal(answers(world, pull).length, told + 1)
  await world.sweep()
  assert.equal(answers(world, pull).length, told + 1, 'once')
  await says(world, 'alice', pull, '/canary status')
  await world.pass(23 * 60)
  await world.sweep()
  assert.match(answers(world, pull).at(-1) ?? '', /On the base branch/)
  await says(world, 'alice', pull, '/canary status')
  await world.pass(25 * 60)
  await world.sweep()
  assert.match(answers(world, pull).at(-1) ?? '', /On the base branch|could not finish this within a day/)
})

test('a Perch that lost its memory posts nothing twice', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  await says(world, 'alice', pull, '/canary status')
  await world.pass(20)
  const before = [comments(world, pull), comments(world, step), gateOf(world, step), branches(openSteps(world))]
  world.service.crash('all')
  await world.service.start()
  await world.settle()
  await world.pass(2)
  await world.sweep()
  assert.deepEqual(
    [comments(world, pull), comments(world, step), gateOf(world, step), branches(openSteps(world))],
    before,
  )
})

test('a closed step from before the memory begins is no longer green', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await world.pass(20)
  assert.match(gateOf(world, step), /^success/)
  deaf(world)
  world.bob.close(step)
  world.service.crash('all')
  await world.service.start()
  await world.settle()
  await world.sweep()
  assert.equal(gateOf(world, step), 'action_required: No open pull request has this commit')
})

test('a merge into the base branch is noticed for every open pull request', async () => {
  const world = await aWorld()
  const other = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) })
  assert.match(gateOf(world, other), /^success/)
  deaf(world)
  world.olga.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 7) })
  await world.sweep()
  assert.match(gateOf(world, other), /^failure/)
  assert.equal(shareOn(world, 'main'), 7)
})

test('a step whose closing no webhook told, and that a comment has looked at first, is told to stand still', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  deaf(world)
  world.bob.close(step)
  world.hears = true
  await says(world, 'alice', step, '/canary status')
  assert.ok(comments(world, step).some((body) => body.includes('has stopped at')))
})
