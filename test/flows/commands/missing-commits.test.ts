/** Commands on pull requests whose commits are not in the mirror. */
import assert from 'node:assert/strict'
import { headOf, moveBranch, person } from '../../memory/github/github.ts'
import { recordedIn } from '../recorded/account.ts'
import { answers, aPull, aRollout, aWorld, merges, says, type World } from '../world.ts'

const test = recordedIn(import.meta.url)

/** Perch starts again without its database and its mirrors. */
async function losesAll(world: World): Promise<void> {
  world.service.crash('all')
  await world.service.start()
  await world.settle()
}

test('an abort on a pull request that was closed, and whose branch is gone, is answered', async () => {
  const world = await aWorld()
  await aRollout(world)
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  world.alice.close(pull)
  world.alice.deleteBranch(pull.head.ref)
  await losesAll(world)
  await says(world, 'alice', pull, '/canary abort')
  assert.match(answers(world, pull).join('\n'), /No rollout of this pull request has canary traffic/)
})

test('an abort, a hold and a share on a pull request whose merge somebody took off the base branch are answered', async () => {
  const world = await aWorld()
  const sha = headOf(world.state, 'main') ?? ''
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  await merges(world, 'bob', pull)
  moveBranch(world.state, 'main', { sha, by: person('alice') })
  await losesAll(world)
  for (const command of ['/canary abort', '/canary hold', '/canary 5']) await says(world, 'alice', pull, command)
  const [abort, hold, share] = answers(world, pull)
  assert.match(abort ?? '', /has canary traffic/)
  assert.match(hold ?? '', /moves no rollout/)
  assert.match(share ?? '', /✅ #2: Canary production\/web/)
})
