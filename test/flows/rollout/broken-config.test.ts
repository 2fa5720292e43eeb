/** The config of the base branch breaks in the middle of a rollout, and the canary has to lose its traffic at once. */
import assert from 'node:assert/strict'
import {
  CONFIG,
  repositoryFiles,
  routeFile,
  subsetsFile,
  withCanaryVersion,
  withShare,
} from '../../simulate/repository.ts'
import { recordedIn } from '../recorded/account.ts'
import {
  aPull,
  aRollout,
  aWorld,
  answers,
  checkOf,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
} from '../world.ts'
import type { World } from '../world.ts'
import type { Pull } from '../../memory/github/github.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')
const BROKEN = 'environments: [\n'

async function breaks(world: World, text = BROKEN): Promise<void> {
  world.bob.push('main', { [CONFIG]: text })
  await world.settle()
}

function checks(world: World, pull: Pull): readonly string[] {
  return ['canary/validate', 'canary/gate'].map((name) => checkOf(world, pull, name).replace(/:.*/s, ''))
}

test('an abort opens the rollback although the config of the base branch is broken, and it merges', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  await breaks(world)
  assert.deepEqual(checks(world, step), ['failure', 'failure'], 'a raise waits for the repair')
  await says(world, 'alice', pull, '/canary abort errors everywhere')
  const [rollback, ...others] = openSteps(world)
  assert.ok(rollback)
  assert.deepEqual([rollback.head.ref, others.length, step.state], ['canary/production/web/0', 0, 'closed'])
  assert.match(answers(world, pull).at(-1) ?? '', /Merge #\d+ to send all traffic back/)
  assert.deepEqual(checks(world, rollback), ['success', 'success'])
  assert.deepEqual((await queue(world, [rollback])).gate(), 'success: Nothing to wait for')
  await merges(world, 'alice', rollback)
  assert.equal(shareOn(world, 'main'), 0)
})

test('an open rollback stays green when somebody breaks the config, and its comment says by which config it is judged', async () => {
  const world = await aWorld()
  const { pull } = await aRollout(world)
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  await breaks(world)
  assert.deepEqual(checks(world, rollback), ['success', 'success'])
  const summary = world.state.runs.findLast(({ sha, name }) => sha === rollback.head.sha && name === 'canary/validate')
  assert.match(JSON.stringify(summary?.report), /judged it with the last valid config/)
})

test('a hold is kept although the config is broken, and still holds when it is repaired', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  const valid = textOn(world, 'main', CONFIG)
  await breaks(world)
  await says(world, 'alice', pull, '/canary hold')
  await breaks(world, valid)
  await world.pass(14)
  assert.match(gateOf(world, step), /hold/i)
})

test('with a broken config, a pull request that also does anything else to traffic waits for the repair', async () => {
  const world = await aWorld({ services: ['web', 'api'] })
  await aRollout(world)
  await breaks(world)
  const lowered = withShare(textOn(world, 'main', ROUTE), 0)
  const others = {
    'raises another service': {
      [routeFile('production', 'api')]: withShare(textOn(world, 'main', routeFile('production', 'api')), 5),
    },
    'raises it': { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 50) },
    'brings a version': {
      [ROUTE]: lowered,
      [subsetsFile('production', 'web')]: withCanaryVersion(
        textOn(world, 'main', subsetsFile('production', 'web')),
        'v9',
      ),
    },
    'changes hosts': {
      [ROUTE]: lowered,
      [routeFile('production', 'api')]: textOn(world, 'main', routeFile('production', 'api')).replace(
        'hosts: [api]',
        'hosts: [api, web]',
      ),
    },
  }
  for (const [what, files] of Object.entries(others)) {
    const pull = await aPull(world, files)
    assert.equal(checks(world, pull)[0], 'failure', what)
  }
  const back = await aPull(world, { [ROUTE]: lowered })
  assert.deepEqual(checks(world, back), ['success', 'success'])
})

test('without any valid config in the history, a rollback waits for the repair too', async () => {
  const { [CONFIG]: valid = '' } = repositoryFiles({
    services: ['web'],
    environments: ['production'],
    config: { steps: [5, 25], bakeMinutes: 0, live: 'timer', isOrdered: false, autoMerge: 'never', approvals: 0 },
  })
  const world = await aWorld({ files: { [CONFIG]: BROKEN }, share: 25 })
  const back = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 0) })
  assert.deepEqual(checks(world, back), ['failure', 'failure'])
  await breaks(world, valid)
  assert.deepEqual(checks(world, back), ['success', 'success'])
})
