/** Somebody asked GitHub to run the checks of a commit again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recallPull, rememberBegun } from '../../../src/flows/memory/pull-memory.ts'
import { rerun } from '../../../src/flows/review/rerun.ts'
import { pullRequest } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'

const HEAD = 'a'.repeat(40)

/** `pulls`: the numbers of open pull requests with the commit as their head. `groups`: the heads of groups in the queue. */
async function ran({
  pulls = [],
  groups = [],
}: {
  readonly pulls?: readonly number[]
  readonly groups?: readonly string[]
}) {
  const asked: string[] = []
  const made: string[] = []
  const fetched: (readonly string[])[] = []
  const memo = memoryMemo()
  const repo = { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  const open = (number: number, sha: string) => {
    const pull = pullRequest(number, `change-${number}`)
    return { ...pull, head: { ...pull.head, sha } }
  }
  const ref = (index: number): string => `refs/heads/gh-readonly-queue/main/pr-${index}-${HEAD}`
  const context = {
    memo,
    repo,
    pulls: { allOpen: async () => [open(99, 'b'.repeat(40)), ...pulls.map((number) => open(number, HEAD))] },
    mirror: {
      fetch: async (refs: readonly string[]) => {
        fetched.push(refs)
        return new Map(groups.map((head, index) => [ref(index), head]))
      },
    },
    checks: {
      on: async () => assert.fail('nothing is looked for'),
      create: async (sha: string, { name, conclusion }: { readonly name: string; readonly conclusion?: string }) =>
        made.push(`${sha === HEAD} ${name} ${conclusion ?? 'running'}`),
    },
    ask: {
      review: async (number: number, why: object) => void asked.push(`review #${number} ${JSON.stringify(why)}`),
      group: async (group: object, why: object) =>
        void asked.push(`group ${JSON.stringify(group)} ${JSON.stringify(why)}`),
    },
  }
  for (const number of [99, ...pulls]) await rememberBegun({ memo, repo }, number, undefined)
  const task = { type: 'rerun', head: HEAD, why: { code: 'delivered', delivery: 'guid' } }
  await rerun(context as never, task as never)
  const forgotten = []
  for (const number of [99, ...pulls])
    if ((await recallPull({ memo, repo }, number)) === undefined) forgotten.push(number)
  return { asked, made, fetched, forgotten, ref }
}

const RERUN = JSON.stringify({ code: 'rerun', delivery: 'guid' })
const WORKING = ['true canary/validate running', 'true canary/gate running']

test('the pull requests of the commit are reviewed as if nothing were known of them, and the queue is not asked', async () => {
  const { asked, made, fetched, forgotten } = await ran({ pulls: [3, 4], groups: [HEAD] })
  assert.deepEqual(asked, [`review #3 ${RERUN}`, `review #4 ${RERUN}`])
  assert.deepEqual([made, fetched, forgotten], [WORKING, [], [3, 4]])
})

test('a group of the queue is judged again, and no other one', async () => {
  const { asked, made, forgotten, ref } = await ran({ groups: ['c'.repeat(40), HEAD] })
  assert.deepEqual(asked, [`group ${JSON.stringify({ base: 'main', ref: ref(1), head: HEAD })} ${RERUN}`])
  assert.deepEqual([made, forgotten], [WORKING, []])
})

test('the checks of a commit that is the head of nothing are concluded at once', async () => {
  const { asked, made } = await ran({ groups: ['c'.repeat(40)] })
  assert.deepEqual(asked, [])
  assert.deepEqual(made, ['true canary/validate action_required', 'true canary/gate action_required'])
})
