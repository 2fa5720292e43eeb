/** The branches of steps for which the first try did not open a pull request. */
import assert from 'node:assert/strict'
import { rememberUnopened, removeUnopened } from '../../../src/flows/rollout/unopened.ts'
import { headOf } from '../../memory/github/github.ts'
import { memoryContext } from '../../memory/context.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { aRollout, aWorld, merges } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const BRANCH = 'canary/production/web/25'

async function aStep() {
  const world = await aWorld()
  const { step } = await aRollout(world)
  assert.equal(step.head.ref, BRANCH)
  const { state } = world
  const jobs = { enqueue: async () => undefined }
  const context = memoryContext(state, { jobs, memo: memoryMemo(), clock: { now: () => world.now() } })
  const tidied = async (): Promise<boolean> => {
    await rememberUnopened(context, 'main', BRANCH)
    await removeUnopened(context, { ref: 'main', sha: headOf(state, 'main') ?? '' })
    return !state.refs.has(`refs/heads/${BRANCH}`)
  }
  return { world, step, tidied }
}

test('the branch of a step that is open stays, and so does that of one that was merged before anybody looked again', async () => {
  const { world, step, tidied } = await aStep()
  assert.equal(await tidied(), false)
  await world.pass(20)
  await merges(world, 'bob', step)
  world.state.refs.set(`refs/heads/${BRANCH}`, step.head.sha)
  assert.equal(await tidied(), false)
})

test('a step’s branch without a pull request is removed, even if an earlier step had its name', async () => {
  const { world, step, tidied } = await aStep()
  world.bob.close(step)
  await world.settle()
  world.state.refs.set(`refs/heads/${BRANCH}`, headOf(world.state, 'main') ?? '')
  assert.equal(await tidied(), true)
})
