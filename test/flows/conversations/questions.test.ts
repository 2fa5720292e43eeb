/** Whole conversations of people who ask questions, and of commands at a bad moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headOf } from '../../memory/github/github.ts'
import { routeFile, withShare } from '../../simulate/repository.ts'
import { aNewVersion, aPull, aRollout, merges, openSteps, presses, says, textOn } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

test('each command on an open pull request, on a step, and on one that has merged', async () => {
  const world = await aTranscribedWorld()
  const pull = await aNewVersion(world)
  for (const line of [
    'status',
    'why',
    'diff',
    'plan',
    'plan 10,100',
    'next',
    'abort',
    'retry',
    'hold',
    'resume',
    '200',
    'nxt',
  ])
    await says(world, 'alice', pull, `/canary ${line}`)
  await says(world, 'mallory', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  for (const line of ['status', 'why', 'diff', 'plan 20,100', '15', 'next', 'hold wait', 'resume'])
    await says(world, 'alice', step, `/canary ${line}`)
  for (const line of ['status', 'why', 'diff', '12', 'override bake done', 'plan', 'promote'])
    await says(world, 'alice', pull, `/canary ${line}`)
  await assertConversation(world, 'each-command')
})

test('commands on pull requests that are closed, merged elsewhere, or in conflict', async () => {
  const world = await aTranscribedWorld()
  world.alice.push('other', { 'README.md': '# Other\n' })
  world.alice.push('elsewhere', { 'docs/a.md': 'x\n' }, { from: 'other' })
  const elsewhere = world.alice.open('elsewhere', 'Elsewhere', 'other')
  assert.ok(elsewhere !== undefined)
  await world.settle()
  await says(world, 'alice', elsewhere, '/canary 5')
  const closed = await aPull(world, { 'docs/b.md': 'x\n' }, 'Closed')
  world.alice.close(closed)
  await world.settle()
  for (const line of ['5', 'status', 'abort']) await says(world, 'alice', closed, `/canary ${line}`)
  const pull = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) }, 'By hand')
  world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 7) })
  await world.settle()
  for (const line of ['10', 'diff', 'status', 'why']) await says(world, 'alice', pull, `/canary ${line}`)
  world.alice.merge(elsewhere, { ignoresChecks: true })
  await world.settle()
  await says(world, 'alice', elsewhere, '/canary status')
  await assertConversation(world, 'in-the-wrong-place')
})

test('buttons of a step, pressed by people with and without permission', async () => {
  const world = await aTranscribedWorld()
  const { step } = await aRollout(world)
  await presses(world, 'mallory', step, 'hold')
  await presses(world, 'bob', step, 'hold')
  await presses(world, 'bob', step, 'resume')
  await presses(world, 'bob', step, 'retry')
  await presses(world, 'bob', step, 'abort')
  await presses(world, 'bob', step, 'abort')
  await assertConversation(world, 'buttons')
})

test('a hold, a freeze and windows of several environments and services begin and end', async () => {
  const world = await aTranscribedWorld({ services: ['api', 'web'], environments: ['staging', 'production'] })
  const pull = await aNewVersion(world, { service: 'api' })
  await says(world, 'alice', pull, '/canary 5')
  await says(world, 'olga', pull, '/freeze production the sale')
  await says(world, 'olga', pull, '/freeze production again')
  await says(world, 'alice', pull, '/freeze staging me')
  await says(world, 'olga', pull, '/freeze all --until 1h')
  await says(world, 'olga', pull, '/unfreeze staging')
  await says(world, 'alice', pull, '/canary hold')
  await says(world, 'alice', pull, '/canary hold --env all')
  await says(world, 'olga', pull, '/unfreeze production')
  await says(world, 'alice', pull, '/canary resume')
  await world.pass(61)
  await world.sweep()
  await assertConversation(world, 'stops')
})

test('answers that GitHub lost, a process that ends, and memory that is gone repeat nothing', async () => {
  const world = await aTranscribedWorld()
  const pull = await aNewVersion(world)
  for (const nth of [4, 8, 9]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'alice', pull, '/canary 5')
  world.service.crash('memo')
  await world.service.start()
  await world.pass(15)
  await merges(world, 'bob', pull)
  for (const nth of [7, 11]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'alice', pull, '/canary 12')
  world.service.crash('all')
  await world.service.start()
  await world.pass(15)
  await world.sweep()
  world.hears = false
  await says(world, 'alice', pull, '/canary abort')
  world.hears = true
  await world.sweep()
  assert.notEqual(headOf(world.state, 'canary/production/web/0'), undefined)
  await assertConversation(world, 'lost-answers')
})

test('GitHub is down for more than a day: authors of commands are told that they came too late', async () => {
  const world = await aTranscribedWorld()
  const { step } = await aRollout(world)
  world.network.outages.set('git', world.now() + 28 * 60 * 60_000)
  await says(world, 'alice', step, '/canary 10')
  world.alice.push(step.head.ref, { 'README.md': '# Mine\n' })
  await world.settle()
  await world.pass(29 * 60)
  await world.sweep()
  await assertConversation(world, 'a-long-outage')
})
