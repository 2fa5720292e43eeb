import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../../../src/core/gate/gate.ts'
import { recallWatched, rememberGates, rememberRollouts } from '../../../src/flows/memory/watch-memory.ts'
import { memoryMemo } from '../../memory/memo.ts'

const repo = { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' }

function aContext() {
  const memo = memoryMemo()
  const time = { now: 1_000 }
  return { memo, repo, clock: { now: () => time.now }, time }
}

test('a rollout is as old as its state, unless its pull request has a better time', async () => {
  const context = aContext()
  const { memo, time } = context
  await memo.set('swept:7', 1_000)
  const look = async (state: 'stepping' | 'stuck', since?: number): Promise<unknown> => {
    await rememberRollouts(context, 'main', [{ name: 'production/web', state, since }])
    return (await recallWatched(memo, 0)).rollouts
  }
  assert.deepEqual(await look('stepping'), [{ state: 'stepping', since: 1_000 }])
  time.now = 2_000
  assert.deepEqual(await look('stepping'), [{ state: 'stepping', since: 1_000 }])
  assert.deepEqual(await look('stuck'), [{ state: 'stuck', since: 2_000 }])
  time.now = 3_000
  assert.deepEqual(await look('stuck', 500), [{ state: 'stuck', since: 500 }])
  await rememberRollouts(context, 'main', [])
  assert.deepEqual((await recallWatched(memo, 0)).rollouts, [])
})

test('the worst of several verdicts of a gate counts', async () => {
  const context = aContext()
  await context.memo.set('swept:7', 1_000)
  const verdict = (gate: string, state: string): Verdict => ({ gate, state, target: 'web', reason: {} }) as never
  await rememberGates(context, 3, [
    verdict('bake', 'wait'),
    verdict('bake', 'pass'),
    verdict('live', 'pass'),
    verdict('hold', 'wait'),
    verdict('hold', 'block'),
  ])
  assert.deepEqual((await recallWatched(context.memo, 0)).gates, [
    { gate: 'bake', state: 'wait' },
    { gate: 'live', state: 'pass' },
    { gate: 'hold', state: 'block' },
  ])
})

test('a repository without a recent look is unknown, and does not count', async () => {
  const context = aContext()
  await rememberRollouts(context, 'main', [{ name: 'production/web', state: 'stuck', since: 1 }])
  await rememberGates(context, 3, [{ gate: 'bake', state: 'wait' }] as never)
  const known = async (since: number): Promise<readonly number[]> => {
    const { rollouts, gates } = await recallWatched(context.memo, since)
    return [rollouts.length, gates.length]
  }
  assert.deepEqual(await known(0), [0, 0])
  await context.memo.set('swept:7', 1_000)
  assert.deepEqual(await known(1_000), [1, 1])
  assert.deepEqual(await known(1_001), [0, 0])
})
