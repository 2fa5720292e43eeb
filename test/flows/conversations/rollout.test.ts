/**
 * Whole conversations about rollouts: everything that people see of Perch, and all of its requests to GitHub, on pages that
 * somebody has read.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMetrics } from '../../memory/metrics.ts'
import { CONFIG, routeFile, subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
import { aNewVersion, aPull, aRollout, flux, merges, openSteps, says, textOn, type World } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

async function mergesNext(world: World): Promise<void> {
  const [step] = openSteps(world)
  assert.ok(step !== undefined, 'no step is open')
  await merges(world, 'bob', step)
}

test('a rollout from its first command to the new stable version', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status', steps: [5, 100] } })
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  while (openSteps(world).length > 0) {
    await flux(world, 'success')
    await world.pass(11)
    await mergesNext(world)
  }
  await assertConversation(world, 'a-rollout')
})

test('a step fails to apply, is held, continues, and is rolled back by a command', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status', steps: [5, 50, 100] } })
  const { pull, step } = await aRollout(world)
  await flux(world, 'failure')
  await says(world, 'alice', step, '/canary hold the pager rings')
  await flux(world, 'success')
  await world.pass(11)
  await says(world, 'bob', step, '/canary resume')
  await merges(world, 'bob', step)
  await says(world, 'bob', pull, '/canary abort it is slow')
  await mergesNext(world)
  await says(world, 'alice', pull, '/canary next')
  await assertConversation(world, 'an-abort')
})

test('a canary that fails its analysis is rolled back without anybody asking', async () => {
  const config = `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web:
    steps: [5, 100]
    bake: 10m
    analysis: { checks: [{ metric: success-rate, min: 99 }], settle: 0s, interval: 1m }
`
  const rate = { is: 100 }
  const metrics = memoryMetrics({ prometheus: (query) => (query.startsWith('sum(increase(') ? 1000 : rate.is) })
  const world = await aTranscribedWorld({ metrics, files: { [CONFIG]: config } })
  await aRollout(world)
  await world.pass(6)
  rate.is = 90
  for (let count = 0; count < 6; count += 1) {
    await world.pass(2)
    await world.sweep()
  }
  await mergesNext(world)
  await assertConversation(world, 'a-failed-analysis')
})

test('a rollout with autoMerge continues by itself, unless somebody changed its step', async () => {
  const world = await aTranscribedWorld({ config: { autoMerge: 'always', steps: [5, 50, 100] } })
  const { step } = await aRollout(world)
  await world.pass(15)
  assert.equal(step.state, 'merged')
  const [next] = openSteps(world)
  assert.ok(next !== undefined)
  world.bob.push(next.head.ref, { 'README.md': '# Mine\n' })
  await world.settle()
  await world.pass(15)
  world.state.mayMerge = false
  await merges(world, 'bob', next)
  await world.pass(15)
  await assertConversation(world, 'auto-merge')
})

test('people move the share, close a step, take its branch and break the config', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 25, 100] } })
  const { pull, step } = await aRollout(world)
  world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 10) })
  await world.settle()
  world.bob.close(step)
  await world.settle()
  const config = textOn(world, 'main', CONFIG)
  world.bob.push('main', { [CONFIG]: config.replace('steps: [5, 25, 100]', 'steps: many') })
  await world.settle()
  await says(world, 'alice', pull, '/canary next')
  world.bob.push('main', { [CONFIG]: config })
  await world.settle()
  world.bob.push('canary/production/web/25', { 'README.md': '# Mine\n' })
  await world.settle()
  await says(world, 'alice', pull, '/canary next')
  await assertConversation(world, 'people-in-the-way')
})

test('a version comes during a rollout, and another pull request moves the same route', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 100], onNewVersion: 'restart' } })
  await aRollout(world)
  const rival = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 60) }, 'By hand')
  await says(world, 'alice', rival, '/canary why')
  const subsets = subsetsFile('production', 'web')
  world.bob.push('main', { [subsets]: withCanaryVersion(textOn(world, 'main', subsets), 'v4') })
  await world.settle()
  world.alice.close(rival)
  await world.settle()
  await world.pass(15)
  if (openSteps(world).length > 0) await mergesNext(world)
  await assertConversation(world, 'a-version-under-way')
})

test('staging goes first, production follows, with an approval and through a freeze', async () => {
  const world = await aTranscribedWorld({
    environments: ['staging', 'production'],
    config: { steps: [10, 100], isOrdered: true, approvals: 1 },
  })
  const files = Object.fromEntries(
    ['staging', 'production'].map((name) => {
      const path = subsetsFile(name, 'web')
      return [path, withCanaryVersion(textOn(world, 'main', path), 'v3')]
    }),
  )
  const pull = await aPull(world, files, 'web v3')
  await says(world, 'alice', pull, '/canary 10')
  await says(world, 'alice', pull, '/canary 10 --env all')
  await says(world, 'alice', pull, '/canary 0 --env production')
  world.bob.approve(pull)
  await world.settle()
  await merges(world, 'bob', pull)
  await says(world, 'olga', pull, '/freeze production --until 2h sale')
  await says(world, 'alice', pull, '/canary 10 --env production')
  await world.pass(15)
  const steps = openSteps(world)
  for (const step of steps) world.bob.approve(step)
  await world.settle()
  await says(world, 'alice', steps.at(-1) ?? pull, '/canary override freeze please')
  await world.pass(120)
  for (const step of openSteps(world)) await says(world, 'bob', step, '/canary status')
  await assertConversation(world, 'two-environments')
})
