import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckReport, CheckRun, PullRequest } from '../../../src/core/rollout/facts.ts'
import { cleanUpForgotten, cleanUpClosed } from '../../../src/flows/review/clean-up.ts'
import { memoryMemo } from '../../memory/memo.ts'

const BOT = 'perch[bot]'
const HEAD = 'a'.repeat(40)
const BASE = 'b'.repeat(40)

function step(state: PullRequest['state']): PullRequest {
  return {
    number: 2,
    state,
    draft: false,
    title: 'x',
    body: '',
    author: { login: BOT, isBot: true },
    head: { ref: 'canary/production/api-service/50', sha: HEAD, isFork: false },
    base: { ref: 'main', sha: BASE, isDefault: true },
    mergeCommit: undefined,
    labels: [],
    assignees: [],
    createdAt: 0,
    closedAt: 1,
  }
}

type Needs = Parameters<typeof cleanUpForgotten>[0] & Parameters<typeof cleanUpClosed>[0]

/** A repository whose memory is empty, with a green gate on the head of a step. */
function repository(pull: PullRequest): { readonly context: Needs; readonly written: CheckReport[]; reads: number } {
  const written: CheckReport[] = []
  const never = (): Promise<never> => Promise.reject(new Error('nobody should ask that'))
  const run: CheckRun = {
    id: 7,
    name: 'canary/gate',
    conclusion: 'success',
    title: '',
    summary: '',
    text: undefined,
    subjects: [],
  }
  const world = {
    written,
    reads: 0,
    context: {
      botLogin: BOT,
      repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
      memo: memoryMemo(),
      clock: { now: () => 0 },
      ask: new Proxy({} as Needs['ask'], { get: () => async () => undefined }),
      pulls: new Proxy({} as Needs['pulls'], { get: (_, name) => (name === 'get' ? async () => pull : never) }),
      checks: {
        on: async () => {
          world.reads += 1
          return [run]
        },
        create: never,
        update: async (_: number, report: CheckReport) => void written.push(report),
      },
    },
  }
  return world
}

test('a step that was closed before memory was lost does not stay green, and is checked once', async () => {
  const closed = step('closed')
  const world = repository(closed)
  await cleanUpForgotten(world.context, {
    ref: 'main',
    pulls: [closed, { ...closed, number: 3, author: { login: 'alice', isBot: false } }],
  })
  await cleanUpForgotten(world.context, { ref: 'main', pulls: [closed] })
  assert.deepEqual(
    world.written.map(({ conclusion, title }) => [conclusion, title]),
    [['action_required', 'No open pull request has this commit']],
  )
  assert.equal(world.reads, 1)
})

for (const [state, expected] of [
  ['closed', 1],
  ['merged', 0],
] as const) {
  test(`a pull request that is ${state} and that memory does not know leaves ${expected === 0 ? 'nothing' : 'a green check'} to take back`, async () => {
    const world = repository(step(state))
    const why = { code: 'pull-ended', delivery: 'x', merged: state === 'merged' } as const
    const { repo } = world.context
    await cleanUpClosed(world.context, { type: 'clean-up', installation: 1, repo, pull: 2, why })
    assert.equal(world.written.length, expected)
  })
}
