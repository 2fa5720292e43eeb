/** Whole conversations in which GitHub sends no webhooks, loses answers, or refuses requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headOf } from '../../memory/github/github.ts'
import { CONFIG, routeFile, withShare } from '../../simulate/repository.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  flux,
  merges,
  openSteps,
  presses,
  queue,
  says,
  textOn,
  type World,
} from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

async function sweepsFor(world: World, minutes: number): Promise<void> {
  for (let at = 0; at < minutes; at += 5) {
    await world.pass(5)
    await world.sweep()
  }
}

test('sweeps alone carry a rollout, its merge queue, a hold and an end', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status', steps: [5, 100] } })
  world.hears = false
  const pull = await aNewVersion(world)
  await world.sweep()
  await says(world, 'alice', pull, '/canary 5')
  await world.sweep()
  await merges(world, 'bob', pull)
  await world.sweep()
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  await queue(world, [step])
  await world.sweep()
  await flux(world, 'success')
  await sweepsFor(world, 15)
  world.state.refs.delete([...world.state.refs.keys()].find((ref) => ref.includes('gh-readonly-queue')) ?? '')
  await says(world, 'bob', step, '/canary hold')
  await world.sweep()
  world.bob.deleteBranch('perch/hold/production/web')
  await world.sweep()
  world.bob.setDraft(step, true)
  await world.sweep()
  world.bob.close(step)
  await world.sweep()
  await assertConversation(world, 'sweeps-alone')
})

test('a pull request from a fork is judged, and nothing is committed to it', async () => {
  const world = await aTranscribedWorld()
  const pull = world.mallory.openFromFork({ [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) }, 'From a fork')
  await world.settle()
  await says(world, 'mallory', pull, '/canary 10')
  await says(world, 'alice', pull, '/canary 10')
  await says(world, 'alice', pull, '/canary hold look first')
  await says(world, 'alice', pull, '/canary resume')
  await merges(world, 'bob', pull)
  await assertConversation(world, 'a-fork')
})

test('a branch that is no longer deployed loses everything of Perch, and one that becomes deployed begins', async () => {
  const world = await aTranscribedWorld()
  const { step } = await aRollout(world)
  world.alice.push('release', { 'docs/r.md': 'x\n' })
  const config = textOn(world, 'main', CONFIG)
  world.bob.push('main', { [CONFIG]: `branches: [release]\n${config}` })
  await world.settle()
  await world.sweep()
  await says(world, 'alice', step, '/canary next')
  await says(world, 'alice', step, '/canary override live now')
  world.bob.push('main', { [CONFIG]: `branches: [main, release]\n${config}` })
  await world.settle()
  await world.sweep()
  const other = world.bob.open('release', 'Into the release', 'release')
  assert.equal(other, undefined)
  world.alice.push('for-release', { [ROUTE]: withShare(textOn(world, 'release', ROUTE), 3) }, { from: 'release' })
  const pull = world.alice.open('for-release', 'By hand', 'release')
  assert.ok(pull !== undefined)
  await world.settle()
  await merges(world, 'bob', pull)
  await world.sweep()
  await assertConversation(world, 'deployed-branches')
})

test('commands whose answers were lost are recognized as done on a pull request that has merged since', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 50, 100] } })
  const pull = await aNewVersion(world)
  world.hears = false
  await says(world, 'alice', pull, '/canary 5')
  world.hears = true
  const reviews = world.network.requests
  world.network.strikes.push({ nth: 9, when: 'after' })
  await world.sweep()
  assert.notEqual(world.network.requests, reviews)
  world.service.crash('all')
  await merges(world, 'bob', pull)
  await world.service.start()
  await world.pass(5)
  world.service.crash('nothing')
  world.alice.comment(pull.number, '/canary 30')
  await world.service.start()
  for (const nth of [12, 13, 14]) world.network.strikes.push({ nth, when: 'after' })
  await world.sweep()
  world.service.crash('memo')
  const [step] = openSteps(world)
  if (step !== undefined) world.bob.merge(step, { ignoresChecks: true })
  await world.service.start()
  await world.pass(10)
  await assertConversation(world, 'found-done')
})

test('buttons and stops whose answers were lost happen once', async () => {
  const world = await aTranscribedWorld()
  const { step } = await aRollout(world)
  for (const nth of [3, 6, 8, 10]) world.network.strikes.push({ nth, when: 'after' })
  await presses(world, 'bob', step, 'hold')
  await world.pass(5)
  for (const nth of [4, 7, 9, 11]) world.network.strikes.push({ nth, when: 'after' })
  await presses(world, 'bob', step, 'abort')
  await world.pass(5)
  for (const nth of [5, 8]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'olga', step, '/freeze production --until 30m sale')
  await world.pass(5)
  for (const nth of [5, 7]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'olga', step, '/unfreeze production')
  await world.pass(40)
  await world.sweep()
  await assertConversation(world, 'lost-presses')
})

test('refs that block Perch’s branches are named, and unfinished work is completed', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 25, 100] } })
  world.bob.push('canary/production', { 'docs/mine.md': 'x\n' })
  await world.settle()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  assert.equal(openSteps(world).length, 0)
  world.bob.deleteBranch('canary/production')
  await world.settle()
  for (const nth of [14, 17]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'alice', pull, '/canary next')
  await world.pass(5)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  world.bob.push('main', { [ROUTE]: textOn(world, 'main', ROUTE).replace('hosts: [web]', 'hosts: [web, web2]') })
  world.network.strikes.push({ nth: 15, when: 'after' })
  await world.settle()
  await world.pass(5)
  world.bob.push(step.head.ref, { 'docs/mine.md': 'x\n' })
  await world.settle()
  await says(world, 'alice', step, '/canary 40')
  world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 7) })
  await world.settle()
  await world.sweep()
  assert.notEqual(headOf(world.state, step.head.ref), undefined)
  await assertConversation(world, 'in-the-way')
})

test('GitHub refuses: no permission for deployments, merges, labels or the person', async () => {
  const config = `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [5, 100], bake: 1m, autoMerge: always }
deployments: true
`
  const world = await aTranscribedWorld({ files: { [CONFIG]: config } })
  world.state.mayDeploy = false
  world.state.mayMerge = false
  world.state.required = []
  await world.pass(6 * 60 + 1)
  await world.sweep()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  world.state.roles.delete('alice')
  await merges(world, 'bob', pull)
  await sweepsFor(world, 15)
  const words = await aPull(world, { 'README.md': '# x\n' }, 'Words')
  await says(world, 'alice', words, '/canary status')
  await assertConversation(world, 'refused')
})
