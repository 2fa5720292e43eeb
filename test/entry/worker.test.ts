/** What a worker does with a job. */
import { UNWATCHED } from '../../src/ports/meter.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubRefused } from '../../src/ports/github/github-refused.ts'
import { recallPull, rememberBegun } from '../../src/flows/memory/pull-memory.ts'
import type { NamedPlace } from '../../src/adapters/github/installations.ts'
import { memoryMemo } from '../memory/memo.ts'
import { giveUp } from '../../src/entry/worker/give-up.ts'
import { handleJobs } from '../../src/entry/worker/worker.ts'
import type { WorkerParts } from '../../src/entry/worker/worker-parts.ts'
import { readComment } from '../../src/flows/commands/acknowledge.ts'
import { askIn } from '../../src/flows/tasks/ask.ts'
import { redirect } from '../../src/flows/commands/redirect.ts'
import { jobOf, type Task, type TaskOf } from '../../src/flows/tasks/tasks.ts'
import type { ClaimedJob, Job } from '../../src/ports/jobs.ts'

const PLACE = { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }

interface World {
  readonly jobs: Job[]
  readonly warned: string[]
  readonly parts: WorkerParts
  readonly run: (task: Task) => Promise<void>
}

function aWorker(parts: Partial<WorkerParts> = {}): World {
  const jobs: Job[] = []
  const warned: string[] = []
  const silent = (): void => undefined
  const all: WorkerParts = {
    jobs: { enqueue: async (...more) => void jobs.push(...more) },
    log: { debug: silent, info: silent, error: silent, warn: (_, words) => void warned.push(words) },
    meter: UNWATCHED,
    clock: { now: () => Date.now() },
    contextFor: () => Promise.reject(new Error('no context today')),
    placeOf: async () => undefined,
    memo: memoryMemo(),
    webhooksSince: async () => ({ presses: [], lost: [], repositories: new Set<number>() }),
    redeliver: async () => undefined,
    pulses: async () => new Map<number, string>(),
    everyRepository: async () => [],
    ...parts,
  }
  const handle = handleJobs(all)
  return { jobs, warned, parts: all, run: (task) => handle(claimed(jobOf(task))) }
}

function claimed({ key, data, id = 'made' }: Pick<Job, 'key' | 'data' | 'id'>): ClaimedJob {
  return { key, data: JSON.parse(JSON.stringify(data)), attempt: 0, id }
}

test('the sweep is sent to every repository, for the same cause as the job that found them', async () => {
  const other = { installation: 6, repo: { id: 2, owner: 'other', name: 'x', defaultBranch: 'trunk' } }
  const { run, jobs } = aWorker({
    everyRepository: async () => [PLACE, other].map((place) => ({ ...place, nodeId: '' })),
  })
  const why = { code: 'interval', count: 7 } as const
  await run({ type: 'sweep-all', why })
  assert.deepEqual(jobs, [jobOf({ type: 'sweep', ...PLACE, why }), jobOf({ type: 'sweep', ...other, why })])
  assert.deepEqual(
    jobs.map(({ key }) => key),
    ['1:sweep', '2:sweep'],
  )
})

test('a task is done in its own repository', async () => {
  const asked: unknown[] = []
  const { run } = aWorker({
    contextFor: (place) => {
      asked.push(place.repo, place.installation)
      return Promise.reject(new Error('no context today'))
    },
  })
  const task = { type: 'acknowledge', ...PLACE, pull: 3, comment: 77, why: { code: 'missed' } } as const
  await assert.rejects(run(task), /no context today/)
  assert.deepEqual(asked, [PLACE.repo, 5])
})

test('a failed task is done where its repository is now, unless another repository has taken its name', async () => {
  const moved = { id: 1, owner: 'other', name: 'platform', defaultBranch: 'main' }
  const done = async (found: NamedPlace | undefined, attempt: number): Promise<unknown> => {
    let asked: unknown
    const contextFor = (place: unknown): Promise<never> => {
      asked = place
      return Promise.reject(new Error('no context today'))
    }
    const handle = handleJobs(aWorker({ placeOf: async () => found, contextFor }).parts)
    const task = { type: 'acknowledge', ...PLACE, pull: 3, comment: 77, why: { code: 'missed' } } as const
    await assert.rejects(handle({ ...claimed(jobOf(task)), attempt }), /no context today/)
    return asked
  }
  const at = { installation: 9, repo: moved, isArchived: false, isFork: false }
  const here = { type: 'acknowledge', ...PLACE, pull: 3, comment: 77, why: { code: 'missed' } }
  assert.deepEqual(await done(at, 0), here)
  assert.deepEqual(await done(at, 1), { ...here, installation: 9, repo: moved })
  assert.deepEqual(await done({ ...at, repo: { ...moved, id: 2 } }, 1), here)
  assert.deepEqual(await done(undefined, 1), here)
})

function aReport(name: string): TaskOf<'report'> {
  return {
    type: 'report',
    repository: { owner: 'acme', name },
    report: { name: 'argocd/web', commit: 'd'.repeat(40), state: 'success', at: 1, reason: '', teller: 'x' },
    receivedAt: 2,
    why: { code: 'delivered', delivery: 'hash' },
  }
}

test('a report goes to its repository, or nowhere for a repository without Perch, and never fails', async () => {
  const asked: unknown[] = []
  const place = { ...PLACE, isArchived: false, isFork: false }
  const { run, warned } = aWorker({
    placeOf: async (owner, repo) => {
      asked.push(`${owner}/${repo}`)
      return repo === 'gitops' ? place : undefined
    },
    contextFor: (at) => {
      asked.push(at)
      return Promise.reject(new Error('no context today'))
    },
  })
  await run(aReport('other'))
  assert.deepEqual(asked, ['acme/other'])
  assert.equal(warned.length, 1)
  await assert.rejects(run(aReport('gitops')), /no context today/)
  assert.deepEqual(asked.slice(1), ['acme/gitops', place])
})

test('an unreadable job from another version of Perch is dropped with a line in the log', async () => {
  const { parts, warned } = aWorker()
  const old: readonly Job['data'][] = [
    { delivery: { id: 'guid', name: 'push', payload: {} } },
    { told: { owner: 'acme', repo: 'gitops', report: {}, receivedAt: 1 } },
    { type: 'review', ...PLACE, pull: 3, force: true },
    { type: 'advance', ...PLACE, base: 'main', command: { pull: 3, comment: 4 } },
    { type: 'sweep-all' },
    { type: 'dance' },
    {},
  ]
  for (const data of old) {
    await handleJobs(parts)(claimed({ key: 'x', data }))
    await giveUp(parts)(claimed({ key: 'x', data }), new Error('again and again'), true)
  }
  assert.equal(warned.length, old.length)
  assert.match(warned[0] ?? '', /dropped/)
})

test('a review that GitHub keeps refusing for the same reason is left to the next sweep each time', async () => {
  const refusal = { action: 'check', cause: 'archived', branch: '', reason: 'read-only' } as const
  const memo = memoryMemo()
  const { run, warned } = aWorker({ memo, contextFor: () => Promise.reject(new GitHubRefused(refusal)) })
  for (const at of [1, 2, 3]) {
    // A review stores this when it begins, so that no sweep requests a second one in the meantime.
    await rememberBegun({ memo, ...PLACE }, 3, undefined)
    await run({ type: 'review', ...PLACE, pull: 3, why: { code: 'swept', at } })
    assert.equal((await recallPull({ memo, ...PLACE }, 3))?.abandoned, true)
  }
  assert.deepEqual(warned, ['GitHub refuses a task', 'GitHub takes no checks'])
})

test('when a job is given up, only a review, a group and commands tell somebody', async () => {
  const places: unknown[] = []
  const { parts } = aWorker({
    contextFor: (place) => {
      places.push(place)
      return Promise.reject(new Error('no context today'))
    },
  })
  const end = (task: Task): Promise<void> => giveUp(parts)(claimed(jobOf(task)), new Error('again and again'), true)
  const swept = { code: 'swept', at: 1 } as const
  await end({ type: 'advance', ...PLACE, base: 'main', why: swept })
  await end({ type: 'acknowledge', ...PLACE, pull: 3, comment: 1, why: { code: 'missed' } })
  await end({ type: 'sweep-all', why: { code: 'started', at: 1 } })
  await end(aReport('gitops'))
  assert.deepEqual(places, [])
  const command = { code: 'command', delivery: 'guid' } as const
  const heard: readonly Task[] = [
    { type: 'review', ...PLACE, pull: 3, why: swept },
    { type: 'group', ...PLACE, base: 'main', ref: 'x', head: 'a'.repeat(40), why: swept },
    { type: 'comment', ...PLACE, pull: 3, comment: 4, body: '/canary 5', why: command },
    { type: 'advance', ...PLACE, base: 'main', why: { code: 'handed-over', pull: 3, comment: 4 } },
  ]
  for (const task of heard) await assert.rejects(end(task), /no context today/, task.type)
})

interface Conversed {
  readonly jobs: Job[]
  readonly done: string[]
  readonly context: Parameters<typeof readComment>[0] & Parameters<typeof redirect>[0]
}

function aConversation(): Conversed {
  const jobs: Job[] = []
  const done: string[] = []
  const context = {
    repo: PLACE.repo,
    memo: memoryMemo(),
    clock: { now: () => 1_000 },
    ask: askIn(PLACE, { enqueue: async (...more) => void jobs.push(...more) }),
    conversation: {
      of: async () => [],
      since: async () => [],
      acknowledge: async (comment: number) => void done.push(`👀 ${comment}`),
      add: async (pull: number) => void done.push(`said on ${pull}`),
      edit: async () => undefined,
    },
  }
  return { jobs, done, context }
}

const CODE = '```\n/canary 100\n```'

test('a comment with commands is stored, carried out and gets 👀; one that only quotes them is ignored', async () => {
  const { context, jobs, done } = aConversation()
  const why = { code: 'command', delivery: 'guid' } as const
  const comment = { type: 'comment', ...PLACE, pull: 31, comment: 77, why } as const
  for (const body of [CODE, '<!--\n/canary 100\n-->', '- /canary 5']) await readComment(context, { ...comment, body })
  assert.deepEqual([jobs, done, (await context.memo.entries('')).size], [[], [], 0])
  await readComment(context, { ...comment, body: 'Fine.\n\n/canary next' })
  assert.deepEqual(jobs, [jobOf({ type: 'review', ...PLACE, pull: 31, why })])
  assert.deepEqual(done, ['👀 77'])
  assert.equal((await context.memo.entries('command:1:31:77')).size, 1)
})

test('commands in a review are answered, and a review that only quotes them is not', async () => {
  const { context, done } = aConversation()
  const why = { code: 'delivered', delivery: 'guid' } as const
  const text = { type: 'redirect', ...PLACE, pull: 31, review: 9, login: 'alice', why } as const
  await redirect(context, { ...text, body: CODE })
  assert.deepEqual(done, [])
  await redirect(context, { ...text, body: '/canary 25' })
  assert.deepEqual(done, ['said on 31'])
})
