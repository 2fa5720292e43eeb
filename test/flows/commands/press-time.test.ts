/** When a button was pressed, if its webhook is heard of late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberPress } from '../../../src/flows/commands/answer-button.ts'
import { memoryMemo } from '../../memory/memo.ts'

test('a press that is heard of a second time keeps its time, so that a retry finds what the first try did', async () => {
  const memo = memoryMemo()
  const press = { id: 'delivery', at: 60_000, repo: 1 }
  await rememberPress(memo, press)
  const before = await memo.entries('')
  await rememberPress(memo, { ...press, at: 90_000 })
  assert.equal(before.size, 1)
  assert.deepEqual(await memo.entries(''), before)
})
