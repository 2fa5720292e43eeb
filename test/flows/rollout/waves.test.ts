/** Environments that take each step one after the other, or together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subsetsFile, withCanaryVersion } from '../../simulate/repository.ts'
import { aPull, aWorld, gateOf, merges, says, textOn, type World, type WorldOptions } from '../world.ts'

const ENVIRONMENTS = ['eu-1', 'eu-2', 'us-1'] as const
const WAVES = [['eu-1'], ['eu-2', 'us-1']]

function aFleet(config: WorldOptions['config'] = {}, environments: readonly string[] = ENVIRONMENTS): Promise<World> {
  return aWorld({ environments, config: { waves: WAVES, ...config } })
}

/** A pull request of Alice's that brings v3 to some environments. */
function aFleetVersion(world: World, environments: readonly string[] = ENVIRONMENTS, version = 'v3') {
  const paths = environments.map((environment) => subsetsFile(environment, 'web'))
  const files = paths.map((path) => [path, withCanaryVersion(textOn(world, 'main', path), version)])
  return aPull(world, Object.fromEntries(files), `web ${version}`)
}

test('the second wave gets a share when the first has it, live and baked', async () => {
  const world = await aFleet()
  await merges(world, 'bob', await aFleetVersion(world))
  const [second, first] = [await aPull(world, { a: '1' }), await aPull(world, { b: '1' })]
  await says(world, 'alice', second, '/canary 5 --env eu-2')
  assert.match(
    gateOf(world, second),
    /^action_required: Waiting for order: eu-1 must do this step first, and is at 0%: it must reach 5%/,
  )
  await says(world, 'alice', first, '/canary 5 --env eu-1')
  await merges(world, 'bob', first)
  assert.match(gateOf(world, second), /eu-1 must do this step first\. There: taken as live at/)
  await world.pass(4)
  assert.match(gateOf(world, second), /eu-1 must do this step first: it bakes there until/)
  await world.pass(10)
  assert.match(gateOf(world, second), /^success: In order/)
})

test('the first wave goes on when all others have its share, and a lower share waits for nobody', async () => {
  const world = await aFleet()
  await merges(world, 'bob', await aFleetVersion(world))
  const first = await aPull(world, { a: '1' })
  await says(world, 'alice', first, '/canary 5 --env eu-1')
  await merges(world, 'bob', first)
  await world.pass(15)
  const next = await aPull(world, { b: '1' })
  await says(world, 'alice', next, '/canary 25 --env eu-1')
  assert.match(
    gateOf(world, next),
    /Waiting for order and conflict: eu-2 must do the step before this one first, and is at 0%: it must reach 5%/,
  )
  await says(world, 'alice', next, '/canary 0 --env eu-1')
  assert.match(gateOf(world, next), /^success/)
})

test('an environment in waves that Perch does not find blocks every raise', async () => {
  const files = { '.github/canary.yml': 'services: { web: { waves: [[default], [eu-7]] } }\n' }
  const world = await aWorld({ files })
  const pull = await aFleetVersion(world, ['production'])
  await says(world, 'alice', pull, '/canary 5')
  assert.match(
    gateOf(world, pull),
    /^failure: Blocked by order: waves names eu-7, but Perch finds no such service there\. Add it there, or take/,
  )
  await says(world, 'alice', pull, '/canary 0')
  assert.match(gateOf(world, pull), /^success/)
})
