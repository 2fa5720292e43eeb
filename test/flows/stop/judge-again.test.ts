/** Which pull requests are judged again when a stop is set or lifted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberGroup } from '../../../src/flows/memory/commit-memory.ts'
import { rememberBegun, recallPull, rememberPull, type ReviewMemory } from '../../../src/flows/memory/pull-memory.ts'
import { canariesMark } from '../../../src/flows/stop/canary-memory.ts'
import { judgeMoved, judgeStopsAgain, judgeTrafficAgain, judgeWaitingFor } from '../../../src/flows/stop/judge-again.ts'
import { memoryMemo } from '../../memory/memo.ts'

const SHA = 'c'.repeat(40)

/** `refs`: the current stops. `config`: that of the default branch. */
function aMemory({
  refs = {},
  config,
}: { readonly refs?: Readonly<Record<string, string>>; readonly config?: string } = {}) {
  const asked: number[] = []
  const told: string[] = []
  const context = {
    memo: memoryMemo(),
    repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    clock: { now: () => 1_000_000 },
    seal: (text: string) => `sealed ${text}`,
    mirror: {
      fetch: async () => new Map(Object.entries(refs)),
      read: async () => new Map(config === undefined ? [] : [['.github/canary.yml', config]]),
    } as never,
    ask: {
      review: async (pull: number, why: object) => {
        asked.push(pull)
        told.push(`#${pull} ${JSON.stringify(why)}`)
      },
      group: async (group: object, why: object) => void told.push(`${JSON.stringify(group)} ${JSON.stringify(why)}`),
    } as never,
  }
  /** Stores a pull request that changes traffic and is judged for `main`. */
  const remember = async (pull: number, change: Partial<ReviewMemory> = {}): Promise<void> => {
    await rememberBegun(context, pull, undefined)
    const seen = (await recallPull(context, pull)) ?? assert.fail()
    await rememberPull(context, pull, {
      ...seen,
      stops: '',
      head: 'h',
      base: 'b',
      into: 'main',
      judgedFor: 'main',
      ...change,
    })
  }
  return { context, asked, told, remember }
}

const GROUP = { base: 'main', ref: 'refs/x', traffic: true, waits: [], stops: '' }

test('a stop that is lifted while a pull request is judged with it makes Perch judge that one again', async () => {
  const { context, asked } = aMemory()
  await rememberBegun(context, 3, undefined)
  const judged = await recallPull(context, 3)
  assert.ok(judged !== undefined)
  // Judged with the current stops, of which there are none.
  await rememberPull(context, 4, { ...judged, stops: '' })
  await judgeStopsAgain(context)
  assert.deepEqual(asked, [3])
})

test('a changed measurement affects pull requests and groups that change traffic', async () => {
  const { context, told, remember } = aMemory()
  await remember(3)
  await remember(4, { traffic: false })
  await rememberGroup(context, 'one', GROUP)
  await rememberGroup(context, 'two', { ...GROUP, traffic: false })
  const why = { code: 'measured', rollout: 'main:production/web', outcome: 'fail', at: 5 } as const
  await judgeTrafficAgain(context, why)
  assert.deepEqual(told, [
    `#3 ${JSON.stringify(why)}`,
    `${JSON.stringify({ ...GROUP, head: 'one' })} ${JSON.stringify(why)}`,
  ])
})

test('changed stops affect everything that was judged with others, and the known state of Canaries no longer counts', async () => {
  const refs = { 'refs/heads/perch/hold/production/web': SHA }
  const { context, told, remember } = aMemory({ refs })
  const now = `sealed refs/heads/perch/hold/production/web ${SHA}\n`.slice(0, 32)
  await remember(3)
  await remember(4, { stops: now })
  await remember(5, { traffic: false })
  await rememberGroup(context, 'one', GROUP)
  await rememberGroup(context, 'two', { ...GROUP, stops: now })
  await rememberGroup(context, 'three', { ...GROUP, traffic: false })
  await judgeStopsAgain(context)
  const why = JSON.stringify({ code: 'stops', change: `sealed >${now}`, at: 1_000_000 })
  assert.deepEqual(told, [`#3 ${why}`, `${JSON.stringify({ ...GROUP, head: 'one' })} ${why}`])
  assert.equal(await canariesMark(context.memo, context.repo), `1000000 ${now}`)
})

test('a moved branch affects everything that was judged at another commit of it, or not at all', async () => {
  const { context, told, remember } = aMemory()
  await remember(3)
  await remember(4, { base: SHA })
  await remember(5, { judgedFor: 'release', into: 'release' })
  await remember(6, { judgedFor: '', into: '' })
  await remember(8)
  const pulls = [
    { number: 8, state: 'merged' },
    { number: 3, state: 'open' },
  ] as never
  await judgeMoved(context, { ref: 'release', sha: SHA, pulls })
  const moved = (branch: string): string => JSON.stringify({ code: 'base-moved', branch, head: SHA, at: 1_000_000 })
  assert.deepEqual(told, [`#5 ${moved('release')}`, `#6 ${moved('release')}`])
  assert.equal(await canariesMark(context.memo, context.repo), `1000000 ${SHA}`)
  told.length = 0
  await judgeMoved(context, { ref: 'release', sha: SHA })
  assert.equal(told.length, 2)
})

test('the default branch may say that other branches are deployed: what is judged for another one then is told so', async () => {
  const { context, told, remember } = aMemory({ config: 'branches: [main, release]\n' })
  await remember(3)
  await remember(4, { base: SHA })
  await remember(5, { into: 'release' })
  await remember(6, { into: 'topic', base: SHA })
  await remember(7, { judgedFor: 'release', into: 'release' })
  await judgeMoved(context, { ref: 'main', sha: SHA })
  const at = 1_000_000
  assert.deepEqual(told, [
    `#3 ${JSON.stringify({ code: 'base-moved', branch: 'main', head: SHA, at })}`,
    `#5 ${JSON.stringify({ code: 'home-moved', head: SHA, at })}`,
  ])
})

test('the end of an older pull request affects those that waited for it', async () => {
  const { context, told, remember } = aMemory()
  await remember(7, { behind: [3, 5] })
  await remember(8, { behind: [4] })
  await judgeWaitingFor(context, 3)
  assert.deepEqual(told, [`#7 ${JSON.stringify({ code: 'older-ended', older: 3, at: 1_000_000 })}`])
})
