/** Holds and freezes: who may set and lift them, what they stop, and when they end. */
import assert from 'node:assert/strict'
import { aNewVersion, aRollout, aWorld, answers, gateOf, merges, presses, says, type World } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

function stops({ state }: World): readonly string[] {
  return [...state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/perch/')).map((ref) => ref.slice(17))
}

test('a hold blocks the raise, marks the step, and ends with a resume', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  await world.pass(14)
  assert.match(gateOf(world, step), /^success/)
  await says(world, 'alice', step, '/canary hold it smells')
  assert.match(answers(world, step).at(-1) ?? '', /⏸️ Held: `production\/web`\./)
  assert.match(gateOf(world, step), /^action_required: Waiting for hold: held by alice: it smells\./)
  assert.deepEqual([step.labels, stops(world)], [['canary', 'canary:hold'], ['hold/production/web']])
  await says(world, 'bob', step, '/canary hold')
  assert.match(answers(world, step).at(-1) ?? '', /⏸️ Already held: `production\/web`\./)
  await says(world, 'mallory', step, '/canary resume')
  assert.match(answers(world, step).at(-1) ?? '', /⛔ .*write/)
  assert.deepEqual(stops(world), ['hold/production/web'])
  await says(world, 'bob', pull, '/canary resume')
  assert.match(answers(world, pull).at(-1) ?? '', /▶️ Resumed: `production\/web`\./)
  assert.match(gateOf(world, step), /^success/)
  assert.deepEqual([step.labels, stops(world)], [['canary'], []])
  await says(world, 'bob', pull, '/canary resume')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ Nothing is held: `production\/web` can continue\./)
})

test('a held rollout can be lowered, and a branch that somebody deletes lifts the hold', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  await says(world, 'alice', pull, '/canary hold')
  await world.pass(14)
  assert.match(gateOf(world, step), /^action_required: Waiting for hold/)
  world.bob.deleteBranch('perch/hold/production/web')
  await world.settle()
  assert.match(gateOf(world, step), /^success/)
})

test('a hold without anything to hold is refused', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  for (const text of ['/canary hold', '/canary resume']) {
    await says(world, 'alice', pull, text)
    assert.match(answers(world, pull).at(-1) ?? '', /⛔ /, text)
  }
  assert.deepEqual(stops(world), [])
})

test('a freeze stops all raises of an environment until it is thawed, by those who maintain', async () => {
  const world = await aWorld({ environments: ['staging', 'production'] })
  const { pull, step } = await aRollout(world)
  await world.pass(14)
  await says(world, 'alice', step, '/freeze production')
  assert.match(answers(world, step).at(-1) ?? '', /⛔ .*maintain/)
  await says(world, 'olga', step, '/freeze production party')
  assert.match(answers(world, step).at(-1) ?? '', /❄️ `production` is frozen\. /)
  assert.match(gateOf(world, step), /^action_required: Waiting for freeze: the environment is frozen by olga: party\./)
  await says(world, 'olga', pull, '/freeze production again')
  assert.match(answers(world, pull).at(-1) ?? '', /❄️ `production` is already frozen by `olga`/)
  await says(world, 'olga', pull, '/freeze staging')
  await says(world, 'olga', pull, '/unfreeze staging')
  assert.match(answers(world, pull).at(-1) ?? '', /▶️ Raises in `staging` can continue\./)
  assert.match(gateOf(world, step), /^action_required: Waiting for freeze/, 'production is frozen still')
  await says(world, 'olga', pull, '/unfreeze production')
  assert.match(gateOf(world, step), /^success/)
  await says(world, 'olga', pull, '/unfreeze production')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ .*`production` is not frozen/)
})

test('a freeze with an end ends by itself, and makes room for another one', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await world.pass(14)
  await says(world, 'olga', step, '/freeze production --until 20m party')
  assert.match(answers(world, step).at(-1) ?? '', /❄️ `production` is frozen until 2026-01-05 \d\d:\d\d/)
  assert.match(gateOf(world, step), /^(?:failure|action_required): .*freeze/)
  await world.pass(21)
  assert.match(gateOf(world, step), /^success/)
  assert.deepEqual(stops(world), ['freeze/production'])
  await says(world, 'olga', step, '/freeze production --until 10m again')
  assert.match(answers(world, step).at(-1) ?? '', /is frozen until/)
  assert.match(gateOf(world, step), /again/)
})

test('an impossible freeze is refused: of a missing environment, and with an end in the past', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await says(world, 'olga', pull, '/freeze prod')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ .*`prod`.*`production`/s)
  await says(world, 'olga', pull, '/freeze production --until 2020-01-01T00:00Z')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ .*(?:past|over)/)
  assert.deepEqual(stops(world), [])
})

test('the buttons of a step hold, resume and roll back, for those who may', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await presses(world, 'mallory', step, 'hold')
  assert.deepEqual(stops(world), [])
  await presses(world, 'alice', step, 'hold')
  assert.deepEqual(stops(world), ['hold/production/web'])
  await presses(world, 'bob', step, 'resume')
  assert.deepEqual(stops(world), [])
  assert.match(answers(world, step).at(-1) ?? '', /`resume`, a button, by `bob`\s+▶️ Resumed: `production\/web`\./)
})

test('a stop affects a pull request that waits for nothing else, and does not affect one in another environment', async () => {
  const world = await aWorld({ environments: ['staging', 'production'] })
  const staging = await aNewVersion(world, { environment: 'staging' })
  await says(world, 'alice', staging, '/canary 5 --env staging')
  assert.match(gateOf(world, staging), /^success/)
  await says(world, 'olga', staging, '/freeze production')
  assert.match(gateOf(world, staging), /^success/)
  await says(world, 'olga', staging, '/freeze staging')
  assert.match(gateOf(world, staging), /^action_required: Waiting for freeze/)
  assert.equal(world.bob.merge(staging), 'refused')
  world.olga.deleteBranch('perch/freeze/staging')
  await world.settle()
  await merges(world, 'bob', staging)
})
