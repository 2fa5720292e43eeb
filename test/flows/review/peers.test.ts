import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMemo } from '../../memory/memo.ts'
import type { PullRequest } from '../../../src/core/rollout/facts.ts'
import { pullsWithHead, rememberPeer } from '../../../src/flows/memory/commit-memory.ts'
import type { RepositoryContext } from '../../../src/flows/repository/repository-context.ts'
import { peersOf } from '../../../src/flows/review/peers.ts'
import type { PullEnds } from '../../../src/flows/repository/pull-ends.ts'

const SHA = 'a'.repeat(40)
const OTHER = 'b'.repeat(40)

interface PullFacts {
  readonly base?: string
  readonly state?: PullRequest['state']
  readonly sha?: string
}

function pullOf(number: number, { base = 'main', state = 'open' }: PullFacts): PullRequest {
  return {
    number,
    state,
    draft: false,
    title: 'x',
    body: '',
    author: { login: 'alice', isBot: false },
    head: { ref: `p${number}`, sha: SHA, isFork: false },
    base: { ref: base, sha: OTHER, isDefault: base === 'main' },
    mergeCommit: undefined,
    labels: [],
    assignees: [],
    createdAt: 0,
    closedAt: undefined,
  }
}

/** A repository with these pull requests, its requests, and an empty memory. */
function repository(known: Readonly<Record<number, PullFacts>>): {
  readonly context: Pick<RepositoryContext, 'pulls' | 'mirror' | 'memo' | 'repo'>
  readonly asked: number[]
} {
  const asked: number[] = []
  const never = (): Promise<never> => Promise.reject(new Error('nobody should ask that'))
  const heads = Object.entries(known).map(([number, { sha = SHA }]) => [`refs/heads/p${number}`, sha] as const)
  const bases = ['main', 'decoy'].map((base) => [`refs/heads/${base}`, OTHER] as const)
  const pulls: RepositoryContext['pulls'] = {
    get: async (number) => {
      asked.push(number)
      const found = known[number]
      return found === undefined ? undefined : pullOf(number, found)
    },
    recent: never,
    mergedAs: never,
    allOpen: never,
    from: never,
    open: never,
    edit: never,
    close: never,
    merge: never,
    approvers: never,
    unlabel: never,
    label: never,
    mark: never,
  }
  const mirror: RepositoryContext['mirror'] = {
    fetch: async () => new Map([...heads, ...bases]),
    read: async () => new Map(),
    entries: never,
    changed: never,
    merge: never,
    landings: never,
    ahead: never,
    first: never,
  }
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  return { context: { pulls, mirror, memo: memoryMemo(), repo }, asked }
}

function endsOf(number: number): PullEnds {
  return { pull: pullOf(number, {}), judgedFor: 'main', base: OTHER, refs: new Map() }
}

test('a pull request that is alone with its commit costs nothing', async () => {
  const { context, asked } = repository({ 7: {} })
  await rememberPeer(context, SHA, 7)
  const { peers } = await peersOf(context, { ends: endsOf(7), subjects: [], earlier: [] })
  assert.deepEqual([peers, asked], [[], []])
})

test('the checks on a commit tell who shares it when the memory is lost', async () => {
  const { context } = repository({ 7: {}, 9: { base: 'decoy' }, 11: { state: 'closed' }, 12: { sha: OTHER } })
  const subjects = [9, 11, 12].map((pull) => ({ pull, base: 'main' }))
  const { peers } = await peersOf(context, { ends: endsOf(7), subjects, earlier: [] })
  assert.deepEqual(
    peers.map(({ pull, judgedFor }) => [pull.number, pull.base.ref, judgedFor]),
    [[9, 'decoy', 'main']],
  )
})

test('a pull request that is closed, or has another head now, is forgotten; GitHub may not have its number', async () => {
  const { context } = repository({ 7: {}, 8: { state: 'merged' }, 9: { sha: OTHER } })
  for (const number of [7, 8, 9, 10]) await rememberPeer(context, SHA, number)
  const { peers, known } = await peersOf(context, { ends: endsOf(7), subjects: [], earlier: [] })
  assert.deepEqual(peers, [])
  assert.deepEqual(
    [...known],
    [7, 10, 8, 9].sort((a, b) => a - b),
  )
  assert.deepEqual(await pullsWithHead(context, SHA), [7])
})

test('a pull request that does not write the checks asks only until it knows which one does', async () => {
  const { context, asked } = repository({ 3: { state: 'closed' }, 4: {}, 5: {}, 7: {}, 9: {} })
  for (const number of [3, 4, 5, 7, 9]) await rememberPeer(context, SHA, number)
  const { peers } = await peersOf(context, { ends: endsOf(7), subjects: [], earlier: [] })
  assert.deepEqual([peers.map(({ pull }) => pull.number), asked], [[4], [3, 4]])
})

test('pull requests that share a commit are listed by number, whichever was known first', async () => {
  const { context, asked } = repository({ 5: {}, 9: {}, 10: {}, 100: {} })
  const subjects = [100, 9, 10].map((pull) => ({ pull, base: 'main' }))
  const { peers } = await peersOf(context, { ends: endsOf(5), subjects, earlier: [] })
  assert.deepEqual(
    [peers.map(({ pull }) => pull.number), asked],
    [
      [9, 10, 100],
      [9, 10, 100],
    ],
  )
})
