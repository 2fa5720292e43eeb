/** Which pull requests a sweep looks at again, by what the memory has of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullRequest } from '../../../src/core/rollout/facts.ts'
import { rememberBegun, rememberPull, recallPull, type ReviewMemory } from '../../../src/flows/memory/pull-memory.ts'
import { lookAtPulls } from '../../../src/flows/review/stale.ts'
import type { TaskRequests } from '../../../src/flows/tasks/ask.ts'
import { pullRequest } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'

const NOW = 1_000_000
const HEADS = new Map([
  ['refs/heads/main', 'base'],
  ['refs/heads/release', 'other'],
])

function pull(number: number, change: Partial<PullRequest> = {}): PullRequest {
  const sample = pullRequest(number, `change-${number}`)
  return { ...sample, draft: false, head: { ...sample.head, sha: `head-${number}` }, ...change }
}

interface Known {
  readonly open: readonly PullRequest[]
  readonly seen: Readonly<Record<number, Partial<ReviewMemory> | 'begun'>>
  readonly heads?: ReadonlyMap<string, string>
  /** The branch for which a base that nothing deploys is judged. */
  readonly homeOf?: (base: string) => string | undefined
}

/** The requested tasks, in order. */
async function asked({ open, seen, heads = HEADS, homeOf = (base) => base }: Known): Promise<readonly string[]> {
  const lines: string[] = []
  const ask: Pick<TaskRequests, 'review' | 'cleanUp' | 'advance'> = {
    review: async (number, why) => void lines.push(`review #${number} ${JSON.stringify(why)}`),
    cleanUp: async (number, why) => void lines.push(`clean up #${number} ${JSON.stringify(why)}`),
    advance: async (base, why) => void lines.push(`advance ${base} ${JSON.stringify(why)}`),
  }
  const context = {
    memo: memoryMemo(),
    repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    clock: { now: () => NOW },
    seal: (text: string) => `sealed ${text}`,
    ask,
  }
  await rememberBegun(context, 99, undefined)
  const unseen = (await recallPull(context, 99)) ?? assert.fail()
  await context.memo.forget('pull:7:99')
  for (const [number, one] of Object.entries(seen)) {
    const known = open.find((other) => other.number === Number(number))
    const fresh: ReviewMemory = {
      ...unseen,
      head: known?.head.sha ?? 'gone',
      base: 'base',
      into: 'main',
      judgedFor: 'main',
      peers: [Number(number)],
      traffic: false,
      stops: '',
    }
    await rememberPull(context, Number(number), one === 'begun' ? unseen : { ...fresh, ...one })
  }
  await lookAtPulls(context as never, { open, heads, deployed: { homeOf } as never }, 5)
  return lines
}

/** How one open pull request is looked at: `no`, `again`, or `moved to` a commit. */
async function look(seen: Partial<ReviewMemory> | 'begun' | undefined, known: Partial<Known> = {}): Promise<string> {
  const [line] = await asked({ open: [pull(3)], ...known, seen: seen === undefined ? {} : { 3: seen } })
  if (line === undefined) return 'no'
  const why: unknown = JSON.parse(line.replace('review #3 ', ''))
  const { moved, ...rest } = why as { readonly moved?: { readonly branch: string; readonly head: string } }
  assert.deepEqual(rest, { code: 'swept', head: pull(3).head.sha, at: 5 })
  return moved === undefined ? 'again' : `moved to ${moved.head} of ${moved.branch}`
}

test('known and unchanged pull requests are left alone; new, abandoned and lost ones are reviewed', async () => {
  assert.equal(await look({}), 'no')
  assert.equal(await look(undefined), 'again')
  assert.equal(await look({ abandoned: true, head: '' }), 'again')
  // Another task is working on it.
  assert.equal(await look('begun'), 'no')
})

test('a pull request with a changed head or base is reviewed', async () => {
  assert.equal(await look({ head: 'older' }), 'again')
  assert.equal(await look({ into: 'release' }), 'again')
  assert.equal(await look({ draft: true }), 'again')
  assert.equal(await look({ judgedFor: 'release' }), 'again')
  assert.equal(await look({}, { homeOf: () => undefined }), 'no')
  assert.equal(await look({ judgedFor: 'release', base: 'other' }, { homeOf: () => 'release' }), 'no')
  assert.equal(await look({ base: 'older' }), 'moved to base of main')
  assert.equal(await look({ base: 'older' }, { heads: new Map() }), 'no')
})

test('a pull request that waits for something that no ref shows is reviewed', async () => {
  assert.equal(await look({ waits: ['status flux'] }), 'again')
  assert.equal(await look({ polls: true }), 'again')
  assert.equal(await look({ until: NOW - 10_000 }), 'no')
  assert.equal(await look({ until: NOW - 10_001 }), 'again')
})

test('a stop that came or went and an older pull request that ended concern only what changes traffic', async () => {
  const heads = new Map([...HEADS, ['refs/heads/perch/hold/production/web', 'stop']])
  for (const seen of [{ stops: 'earlier' }, { behind: [2] }]) {
    assert.equal(await look({ ...seen, traffic: true }), 'again')
    assert.equal(await look({ ...seen, traffic: false }), 'no')
  }
  assert.equal(await look({ traffic: true, behind: [3] }), 'no')
  assert.equal(await look({ traffic: true }, { heads }), 'again')
  assert.equal(await look({ traffic: false }, { heads }), 'no')
})

test('among pull requests with one head, the lowest number writes the checks, and knows the others', async () => {
  const same = { head: pull(3).head }
  const open = [pull(11, same), pull(3), pull(20)]
  const seen = { 3: { peers: [3, 11] }, 11: { peers: [3, 11] }, 20: { peers: [20] } }
  assert.deepEqual(await asked({ open, seen }), [])
  const at = (number: number): string =>
    `review #${number} ${JSON.stringify({ code: 'swept', head: pull(3).head.sha, at: 5 })}`
  assert.deepEqual(await asked({ open, seen: { ...seen, 3: { peers: [3] } } }), [at(3)])
  assert.deepEqual(await asked({ open, seen: { ...seen, 3: { peers: [3, 7, 11] } } }), [at(3)])
  // The others only need to know which one writes.
  assert.deepEqual(await asked({ open, seen: { ...seen, 11: { peers: [3, 7, 11] } } }), [])
  assert.deepEqual(await asked({ open, seen: { ...seen, 11: { peers: [2, 11] } } }), [at(11)])
})

test('a pull request that is no longer open is cleaned up, and its rollout continues', async () => {
  const swept = JSON.stringify({ code: 'swept', at: 5 })
  const gone = async (seen: Partial<ReviewMemory>): Promise<readonly string[]> => asked({ open: [], seen: { 4: seen } })
  const ended = `advance main ${JSON.stringify({ code: 'ended', pull: 4, at: 5 })}`
  assert.deepEqual(await gone({}), [`clean up #4 ${swept}`])
  assert.deepEqual(await gone({ traffic: true }), [ended, `clean up #4 ${swept}`])
  assert.deepEqual(await gone({ commented: true }), [ended, `clean up #4 ${swept}`])
  assert.deepEqual(await gone({ traffic: true, into: '' }), [`clean up #4 ${swept}`])
})
