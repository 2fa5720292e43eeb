/** Who is judged again when a stop comes or goes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberBegun, recallPull, rememberPull } from '../../../src/flows/repository/memory.ts'
import { judgeStopsAgain } from '../../../src/flows/stop/judge-again.ts'
import { memoryMemo } from '../../memory/memo.ts'

function aMemory() {
  const asked: number[] = []
  const context = {
    memo: memoryMemo(),
    repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    clock: { now: () => 1_000_000 },
    seal: (text: string) => `sealed ${text}`,
    mirror: { fetch: async () => new Map<string, string>() } as never,
    ask: { review: async (pull: number) => void asked.push(pull) } as never,
  }
  return { context, asked }
}

test('a stop that goes while a pull request is judged by it has that one judged again', async () => {
  const { context, asked } = aMemory()
  await rememberBegun(context, 3, undefined)
  const judged = await recallPull(context, 3)
  assert.ok(judged !== undefined)
  // Judged by the stops that there are now, which are none.
  await rememberPull(context, 4, { ...judged, stops: '' })
  await judgeStopsAgain(context)
  assert.deepEqual(asked, [3])
})
