/**
 * The surroundings of a pull request: the older one that has its route, whose approvals count, and the protection of its branch.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullRequest } from '../../../src/core/rollout/facts.ts'
import { lookAtProtection, protectionNotes } from '../../../src/flows/judgement/protection.ts'
import { surroundingsOf } from '../../../src/flows/judgement/surroundings.ts'
import { recallPull, rememberBegun, rememberPull } from '../../../src/flows/memory/pull-memory.ts'
import { pullRequest } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'

const repo = { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
const HOUR = 3_600_000

function pull(number: number, change: Partial<PullRequest> = {}): PullRequest {
  const one = pullRequest(number, `change-${number}`)
  return { ...one, draft: false, head: { ...one.head, sha: `head-${number}` }, ...change }
}

/** A pull request #9 that moves a route, and others in memory that move some too. */
async function around(
  others: readonly (readonly [PullRequest, readonly string[]])[],
  own = pull(9),
  judgedFor = 'main',
) {
  const memo = memoryMemo()
  const context = { memo, repo }
  for (const [{ number }, targets] of others) {
    await rememberBegun(context, number, undefined)
    const seen = (await recallPull(context, number)) ?? assert.fail()
    await rememberPull(context, number, { ...seen, targets: [...targets] })
  }
  const asked: number[] = []
  const pulls = {
    get: async (number: number) => {
      asked.push(number)
      return others.find(([one]) => one.number === number)?.[0]
    },
  }
  const ends = { pull: own, judgedFor, base: 'base', refs: new Map() }
  let reads = 0
  const comments = async () => {
    reads += 1
    return []
  }
  const found = surroundingsOf(
    { memo, repo, pulls, seal: (text: string) => text } as never,
    { ends, stops: new Map() },
    comments,
  )
  return { found, asked, known: (number: number) => recallPull(context, number), reads: () => reads }
}

const WEB = ['production VirtualService default/web']

test('the oldest open pull request that moves the route has it, without drafts and those of another branch or commit', async () => {
  const others = [
    [pull(1, { state: 'merged' }), WEB],
    [pull(2, { draft: true }), WEB],
    [pull(3, { base: { ...pull(3).base, ref: 'release' } }), WEB],
    [pull(4, { head: pull(9).head }), WEB],
    [pull(12), WEB],
    [pull(7), ['production VirtualService default/api', ...WEB]],
    [pull(6), ['production VirtualService default/api']],
    [pull(8), WEB],
  ] as const
  const { found, asked, known } = await around(others)
  assert.equal(await found.claimant(WEB), 7)
  assert.deepEqual(asked, [1, 2, 3, 4, 7])
  assert.deepEqual([await known(1), (await known(2)) === undefined], [undefined, false])
  assert.equal(await found.claimant(['staging VirtualService default/web']), undefined)
  assert.equal(await found.claimant(['production VirtualService default/api']), 6)
})

test('if no older one is open, nobody has the route, and closed ones are forgotten', async () => {
  const { found, known } = await around([
    [pull(3, { state: 'closed' }), WEB],
    [pull(10), WEB],
  ])
  assert.equal(await found.claimant(WEB), undefined)
  assert.equal(await known(3), undefined)
})

test('approvals and overrides count if a pull request merges into the branch for which it is judged', async () => {
  const own = await around([])
  assert.deepEqual(own.found.pull, { number: 9, author: pull(9).author.login, branch: 'change-9', hasSay: true })
  assert.deepEqual([await own.found.overrides(), own.reads()], [[], 1])
  const fork = await around([], pull(9, { head: { ...pull(9).head, isFork: true } }))
  assert.equal(fork.found.pull?.branch, undefined)
  const stacked = await around([], pull(9), 'release')
  assert.equal(stacked.found.pull?.hasSay, false)
  assert.deepEqual([await stacked.found.overrides(), stacked.reads()], [[], 0])
})

test('the protection of a branch is read once in six hours, and what GitHub does not show is no gap', async () => {
  let now = 1_000_000
  const asked: string[] = []
  const protections = {
    of: async (branch: string) => {
      asked.push(branch)
      const checks = [{ name: 'canary/gate', isOurs: false }]
      return branch === 'main' ? { checks, isUpToDate: false, sparesAdmins: true } : undefined
    },
  }
  const context = { memo: memoryMemo(), repo, clock: { now: () => now }, protections } as never
  await lookAtProtection(context, ['main', 'release'])
  now += 6 * HOUR - 1
  await lookAtProtection(context, ['main', 'release'])
  assert.deepEqual(asked, ['main', 'release'])
  assert.deepEqual((await protectionNotes(context, 'release')).length, 0)
  assert.deepEqual((await protectionNotes(context, 'main')).length, 1)
  now += 1
  await lookAtProtection(context, ['main'])
  assert.deepEqual(asked, ['main', 'release', 'main'])
  // If memory is lost, it is read for the note.
  assert.deepEqual((await protectionNotes(context, 'next')).length, 0)
  assert.deepEqual(asked, ['main', 'release', 'main', 'next'])
})
