import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPulseTime, needsSweep, rememberCalm } from '../../src/flows/calm.ts'
import { rememberPull, type ReviewMemory } from '../../src/flows/memory/pull-memory.ts'
import { rememberWatch } from '../../src/flows/memory/base-memory.ts'
import { memoryMemo } from '../memory/memo.ts'

const HOUR_MS = 3_600_000
const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
const seen: ReviewMemory = {
  head: 'a',
  base: 'b',
  judgedFor: 'main',
  into: 'main',
  draft: false,
  peers: [7],
  digest: 'd',
  green: false,
  waits: [],
  traffic: false,
  grounds: '',
  commented: false,
  offer: '',
  targets: [],
  awaited: [],
  polls: false,
  stops: '',
  abandoned: false,
  behind: [],
}

interface CalmWorld {
  readonly context: { memo: ReturnType<typeof memoryMemo>; repo: typeof repo; clock: { now: () => number } }
  readonly pass: (ms: number) => void
  readonly needs: (pulse?: string, ...active: readonly number[]) => Promise<boolean>
}

function aWorld(): CalmWorld {
  let now = 0
  const context = { memo: memoryMemo(), repo, clock: { now: () => now } }
  return {
    context,
    pass: (ms) => void (now += ms),
    needs: (pulse, ...active) =>
      needsSweep(context, repo, {
        pulses: pulse === undefined ? undefined : new Map([[1, pulse]]),
        active: new Set(active),
      }),
  }
}

test('a repository in which nothing has happened since a sweep that found nothing is left alone for a day', async () => {
  const { context, needs, pass } = aWorld()
  assert.equal(await needs('x'), true)
  await rememberCalm(context, { pulse: 'x', asked: false })
  assert.equal(await needs('x'), false)
  assert.equal(await needs(), false)
  pass(23 * HOUR_MS)
  assert.equal(await needs('x'), false)
  pass(HOUR_MS)
  assert.equal(await needs(), false, 'until GitHub is asked for its pulse')
  assert.equal(await needs('x'), true)
})

test('it is swept as before if GitHub does not tell for which repositories it sent webhooks', async () => {
  const { context } = aWorld()
  await rememberCalm(context, { pulse: 'x', asked: false })
  assert.equal(await needsSweep(context, repo, { pulses: undefined, active: undefined }), true)
})

test('it is swept when its pulse changes or cannot be read, and after any webhook about it', async () => {
  const { context, needs } = aWorld()
  await rememberCalm(context, { pulse: 'x', asked: false })
  assert.equal(await needs('y'), true)
  assert.equal(await needs(undefined, 1), true)
  assert.equal(await needs(undefined, 2), false)
  assert.equal(await needsSweep(context, repo, { pulses: new Map(), active: new Set() }), true)
})

test('a repository in which something was found, or something waits, is swept each time', async () => {
  const { context, needs } = aWorld()
  const isLeftAlone = async (): Promise<boolean> => {
    await rememberCalm(context, { pulse: 'x', asked: false })
    return !(await needs('x'))
  }
  assert.equal(await isLeftAlone(), true)
  await rememberCalm(context, { pulse: 'x', asked: true })
  assert.equal(await needs('x'), true)
  await rememberCalm(context, { pulse: undefined, asked: false })
  assert.equal(await needs('x'), true)
  for (const waits of [
    { traffic: true },
    { waits: ['status flux/*'] },
    { polls: true },
    { until: 5 },
    { behind: [3] },
    { head: '' },
  ]) {
    await rememberPull(context, 7, { ...seen, ...waits })
    assert.equal(await isLeftAlone(), false, JSON.stringify(waits))
  }
  await rememberPull(context, 7, seen)
  assert.equal(await isLeftAlone(), true)
  await rememberWatch(context, 'main', true)
  assert.equal(await isLeftAlone(), false)
})

test('the pulse is requested from GitHub at the start and at every tenth sweep', () => {
  assert.equal(isPulseTime({ code: 'started', at: 1 }), true)
  const asked = Array.from({ length: 30 }, (_, count) => isPulseTime({ code: 'interval', count }))
  assert.equal(asked.filter((one) => one).length, 3)
})
