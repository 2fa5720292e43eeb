/** Whole conversations about switches of all traffic, and about traffic that a controller in the cluster moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLUE_GREEN_SUBSETS, blueGreenPods, blueGreenRoute } from '../../blue-green.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import { aPull, merges, openSteps, says, textOn, type World } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = 'apps/production/web-route.yaml'
const PODS = 'apps/production/web-pods.yaml'

function blueGreen(): Promise<World> {
  return aTranscribedWorld({
    services: [],
    environments: [],
    files: {
      [ROUTE]: blueGreenRoute('blue', 'green'),
      [PODS]: blueGreenPods({ blue: '1', green: '2' }),
      'apps/production/web-subsets.yaml': BLUE_GREEN_SUBSETS,
      '.github/canary.yml': `environments:
  production: { path: apps/production, live: { after: 3m }, approvals: 1 }
services: { web: { bake: 10m } }
`,
    },
  })
}

test('a switch, the switch back without gates, and the next switch, which is gated again', async () => {
  const world = await blueGreen()
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  await says(world, 'alice', pull, '/canary 5')
  await says(world, 'alice', pull, '/switch red')
  world.alice.close(pull)
  await world.settle()
  await says(world, 'alice', pull, '/switch green')
  const [there] = openSteps(world)
  assert.ok(there !== undefined)
  world.bob.approve(there)
  await world.settle()
  await merges(world, 'bob', there)
  await says(world, 'alice', pull, '/switch green')
  await says(world, 'alice', pull, '/switch blue')
  const [back] = openSteps(world)
  assert.ok(back !== undefined)
  await merges(world, 'bob', back)
  await says(world, 'alice', pull, '/switch green')
  await says(world, 'alice', openSteps(world)[0] ?? pull, '/canary why')
  world.bob.push('main', { [PODS]: blueGreenPods({ blue: '3', green: '2' }) })
  await world.settle()
  await assertConversation(world, 'a-switch')
})

test('a switch whose answer was lost is found again, before and after its merge', async () => {
  const world = await blueGreen()
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  world.alice.close(pull)
  await world.settle()
  world.network.outages.set('rest', world.now() + 300)
  world.network.strikes.push({ nth: 16, when: 'after' })
  await says(world, 'alice', pull, '/switch green')
  world.service.crash('memo')
  await world.service.start()
  await world.pass(10)
  const [there] = openSteps(world)
  assert.ok(there !== undefined)
  world.bob.approve(there)
  await world.settle()
  await merges(world, 'bob', there)
  await says(world, 'alice', there, '/canary status')
  await assertConversation(world, 'a-switch-again')
})

test('what Argo Rollouts and Flagger move: limits, refusals, a controller that comes and one that goes', async () => {
  const [rollout, canary] = ['apps/production/web-rollout.yaml', 'apps/production/api-canary.yaml']
  const world = await aTranscribedWorld({
    services: ['web', 'other'],
    files: { [rollout]: argoRollout(), [canary]: flaggerCanary().replaceAll(/\bweb\b/g, 'api') },
  })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  for (const line of ['next web', '25 web', '23 api', '30 api', 'hold', 'status', 'abort'])
    await says(world, 'alice', pull, `/canary ${line}`)
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary 20 web')
  await says(world, 'alice', pull, '/canary 20 api')
  world.alice.push('main', { [ROUTE]: textOn(world, 'main', ROUTE).replace('weight: 0', 'weight: 1') })
  await world.settle()
  await aPull(world, { [rollout]: undefined }, 'Remove the Rollout')
  await assertConversation(world, 'owners')
})
