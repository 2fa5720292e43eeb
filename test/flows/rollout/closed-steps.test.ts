/** Steps that somebody closed without merging, in a repository with many newer pull requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMemo } from '../../memory/memo.ts'
import type { PullRequest } from '../../../src/core/rollout/facts.ts'
import { standingOf, stepKey } from '../../../src/core/rollout/standing.ts'
import { type ClosedSteps, closedSteps, readerOf } from '../../../src/flows/rollout/closed-steps.ts'
import { rememberStep } from '../../../src/flows/memory/rollout-memory.ts'
import type { Memo } from '../../../src/ports/memo.ts'
import type { RecentPulls } from '../../../src/ports/github/pull-requests.ts'
import { rolloutName } from '../../../src/core/rollout/rollout-name.ts'
import { pullRequest, sample } from '../../core/samples.ts'

const LANDED = 1_000_000
const standing = standingOf(sample(95, 5))
const STEP = 'canary/default/api-service/25'
const ROLLBACK = 'canary/default/api-service/0'

/** A pull request for each number: the given step, and others by people. One per minute since the step landed. */
function pullsUpTo(count: number, steps: Readonly<Record<number, PullRequest>>): PullRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1
    const pull = steps[number] ?? { ...pullRequest(number, `p${number}`), author: { login: 'alice', isBot: false } }
    return { ...pull, createdAt: LANDED + number * 60_000 }
  }).toReversed()
}

interface Looked extends ClosedSteps {
  readonly requests: number
}

interface LookOptions {
  readonly reach?: number
  readonly landing?: { readonly sha: string; readonly time: number }
  /** The pull requests that Perch itself has closed. */
  readonly closedByPerch?: readonly number[]
}

/** The result of a look at the base branch, and the number of its requests apart from the first list. */
async function look(
  pulls: readonly PullRequest[],
  memo: Memo,
  { reach = Infinity, landing = { sha: 'landing', time: LANDED }, closedByPerch = [] }: LookOptions = {},
): Promise<Looked> {
  let requests = 0
  const recent = async (_: string, since = Infinity): Promise<RecentPulls> => {
    requests += 1
    const end = pulls.findIndex(({ createdAt }) => createdAt < since)
    const length = Math.min(Math.max(100, end === -1 ? pulls.length : end + 1), reach)
    const found = pulls.slice(0, length)
    return { pulls: found, since: found.length < pulls.length ? (found.at(-1)?.createdAt ?? 0) : 0 }
  }
  const get = async (number: number): Promise<PullRequest | undefined> => {
    requests += 1
    return pulls.find((pull) => pull.number === number)
  }
  const of = async (number: number): Promise<unknown> =>
    closedByPerch.includes(number) ? [{ isOurs: true, body: 'Closed: a controller moves the traffic now.' }] : []
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  const context = { pulls: { recent, get }, conversation: { of }, memo, repo, botLogin: 'perch[bot]' } as never
  const history = { step: stepKey(standing), landing, checkedTo: 'head' }
  await rememberStep({ memo, repo }, rolloutName('main', standing.target), {
    ...history,
    wants: '',
    scannedTo: undefined,
    reported: [],
  })
  const first = await recent('main')
  requests = 0
  const at = { base: { ref: 'main', sha: 'head' }, recent: first, readBack: readerOf(context, 'main', first) }
  const found = await closedSteps(context, at, standing)
  return { ...found, requests }
}

test('a stop holds however many pull requests came since, with memory and without', async () => {
  const memo = memoryMemo()
  const closed = { 2: pullRequest(2, STEP, 'closed') }
  assert.equal((await look(pullsUpTo(50, closed), memo)).stoppedByHand, true)
  for (const count of [102, 150, 400]) {
    const lost = await look(pullsUpTo(count, closed), memoryMemo())
    assert.equal(lost.stoppedByHand, true, `${count} without memory`)
    assert.deepEqual(
      lost.older.map(({ number }) => number),
      [2],
    )
    assert.equal((await look(pullsUpTo(count, closed), memo)).stoppedByHand, true, `${count} with memory`)
  }
  assert.equal((await look(pullsUpTo(400, closed), memo)).requests, 0, 'what is known is not asked for again')
})

test('a step that is closed after a hundred newer pull requests is requested by its number', async () => {
  const memo = memoryMemo()
  const open = pullsUpTo(150, { 2: pullRequest(2, STEP) })
  assert.equal((await look(open, memo)).stoppedByHand, false)
  const closed = pullsUpTo(160, { 2: pullRequest(2, STEP, 'closed') })
  const found = await look(closed, memo)
  assert.deepEqual([found.stoppedByHand, found.requests], [true, 1])
  assert.deepEqual((await look(closed, memo)).requests, 0)
})

test('a refused rollback counts like a stop, and both end with the step that they were made for', async () => {
  const refused = { 2: pullRequest(2, ROLLBACK, 'closed'), 3: pullRequest(3, STEP) }
  const { stoppedByHand, rollbackRefused } = await look(pullsUpTo(140, refused), memoryMemo())
  assert.deepEqual([stoppedByHand, rollbackRefused], [false, true])
  const before = pullsUpTo(140, { 2: pullRequest(2, STEP, 'closed') }).map((pull) =>
    pull.number === 2 ? { ...pull, createdAt: LANDED - 60_000 } : pull,
  )
  assert.equal((await look(before, memoryMemo())).stoppedByHand, false)
})

test('if the list does not reach back far enough, nothing is opened automatically', async () => {
  assert.equal((await look(pullsUpTo(300, {}), memoryMemo(), { reach: 200 })).stoppedByHand, true)
  assert.equal((await look(pullsUpTo(300, {}), memoryMemo())).stoppedByHand, false)
})

test('what is known of the pull requests of an earlier step counts for that step alone', async () => {
  const memo = memoryMemo()
  const refused = pullsUpTo(140, { 2: pullRequest(2, ROLLBACK, 'closed'), 3: pullRequest(3, STEP, 'closed') })
  const first = await look(refused, memo)
  assert.deepEqual([first.stoppedByHand, first.rollbackRefused], [true, true])
  const landing = { sha: 'later', time: LANDED + 10 * 60_000 }
  const later = await look(refused, memo, { landing })
  assert.deepEqual([later.stoppedByHand, later.rollbackRefused, later.older], [false, false, []])
  // A pull request from the second before the landing counts as newer, because commit times are whole seconds.
  const near = (before: number) =>
    pullsUpTo(140, { 20: pullRequest(20, STEP, 'closed') }).map((pull) =>
      pull.number === 20 ? { ...pull, createdAt: LANDED - before } : pull,
    )
  assert.equal((await look(near(1_000), memoryMemo())).stoppedByHand, true)
  assert.equal((await look(near(1_001), memoryMemo())).stoppedByHand, false)
})

test('the latest of several pull requests of a step decides whether people stopped it', async () => {
  const closedThenOpen = { 2: pullRequest(2, STEP, 'closed'), 120: pullRequest(120, STEP) }
  assert.equal((await look(pullsUpTo(140, closedThenOpen), memoryMemo())).stoppedByHand, false)
  const openThenClosed = { 2: pullRequest(2, STEP), 120: pullRequest(120, STEP, 'closed') }
  const found = await look(pullsUpTo(140, openThenClosed), memoryMemo())
  assert.equal(found.stoppedByHand, true)
  assert.deepEqual(
    found.older.map(({ number }) => number),
    [2],
  )
})

test('a step that Perch itself closed stops nothing, and a stop of a person before it still counts', async () => {
  const memo = memoryMemo()
  const one = pullsUpTo(140, { 120: pullRequest(120, STEP, 'closed') })
  for (const closedByPerch of [[120], []])
    assert.equal((await look(one, memo, { closedByPerch })).stoppedByHand, false, 'it is remembered')
  const both = pullsUpTo(140, { 119: pullRequest(119, STEP, 'closed'), 120: pullRequest(120, STEP, 'closed') })
  assert.equal((await look(both, memoryMemo(), { closedByPerch: [120] })).stoppedByHand, true)
  assert.equal((await look(both, memoryMemo(), { closedByPerch: [119, 120] })).stoppedByHand, false)
})
