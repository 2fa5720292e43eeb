/** The memory of comments with commands that wait for their answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answeredCommands,
  knownCommands,
  rememberAnswered,
  rememberWaitingCommand,
  settleWaiting,
} from '../../../src/flows/memory/command-memory.ts'
import { memoryMemo } from '../../memory/memo.ts'

const HOUR = 3_600_000

function aMemory() {
  let at = 1_000_000
  const context = {
    memo: memoryMemo(),
    repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    clock: { now: () => at },
  }
  return { context, pass: (hours: number) => (at += hours * HOUR), now: () => at }
}

test('a comment waits from its first look until its answer', async () => {
  const { context, pass, now } = aMemory()
  const since = now()
  await rememberWaitingCommand(context, { pull: 3, comment: 30 })
  await rememberWaitingCommand(context, { pull: 4, comment: 40 })
  pass(1)
  await rememberWaitingCommand(context, { pull: 3, comment: 30 })
  await rememberAnswered(context, { pull: 4, comment: 40 })
  await rememberWaitingCommand(context, { pull: 4, comment: 40 })
  const { waiting, done } = await knownCommands(context)
  assert.deepEqual(waiting, [{ pull: 3, comment: 30, at: since }])
  assert.deepEqual([...done], [40])
  assert.deepEqual([...(await answeredCommands(context, 4))], [40])
  assert.deepEqual([...(await answeredCommands(context, 3))], [])
})

test('comments that are too old or unreadable are forgotten, and other repositories keep theirs', async () => {
  const { context, pass, now } = aMemory()
  const another = { ...context, repo: { ...context.repo, id: 70 } }
  await rememberWaitingCommand(context, { pull: 3, comment: 30 })
  await rememberAnswered(context, { pull: 3, comment: 31 })
  await rememberWaitingCommand(another, { pull: 3, comment: 32 })
  await context.memo.set('command:7:3:33', { state: 'of another version' })
  // Commands count for a day, and their authors are told for two more hours. The memory lasts twice as long.
  pass(52)
  assert.deepEqual((await knownCommands(context)).waiting, [{ pull: 3, comment: 30, at: now() - 52 * HOUR }])
  assert.equal(await context.memo.get('command:7:3:33'), undefined)
  pass(0.001)
  assert.deepEqual(await knownCommands(context), { done: new Set(), waiting: [] })
  assert.deepEqual([...(await context.memo.entries('command:7:')).keys()], [])
  assert.equal((await context.memo.entries('command:70:')).size, 1)
})

test('waiting comments are updated from the conversation: answered, still waiting, or gone', async () => {
  const { context } = aMemory()
  for (const comment of [30, 31, 32]) await rememberWaitingCommand(context, { pull: 3, comment })
  await rememberAnswered(context, { pull: 3, comment: 33 })
  await rememberWaitingCommand(context, { pull: 30, comment: 40 })
  await settleWaiting(context, 3, { pending: new Set([30]), answered: new Set([30, 31, 40]) })
  const { waiting, done } = await knownCommands(context)
  assert.deepEqual(
    waiting.map(({ comment }) => comment),
    [30, 40],
  )
  assert.deepEqual([...done], [31, 33])
  await settleWaiting(context, 3, { pending: new Set(), answered: new Set() })
  assert.deepEqual([...(await context.memo.entries('command:7:3:')).keys()], ['command:7:3:31', 'command:7:3:33'])
})
