import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as fc from 'fast-check'
import nock from 'nock'
import { pino } from 'pino'
import { z } from 'zod'
import { memoryMemo } from '../memory/memo.ts'
import { openGitHub } from '../../src/entry/github.ts'
import { perchApp } from '../../src/entry/perch-app.ts'
import {
  type AwaitedName,
  type EventName,
  EVENTS,
  isEventName,
  readPayload,
  tasksOf,
} from '../../src/entry/webhook-events.ts'
import { deliveryJob, sweepJob, reportJob } from '../../src/entry/jobs.ts'
import { giveUp, handleJobs, type WorkerParts } from '../../src/entry/worker.ts'
import { rememberDeployed, rememberWaiting } from '../../src/flows/memory.ts'
import { jobOf, type Task } from '../../src/flows/work.ts'
import type { ClaimedJob, Job } from '../../src/ports/jobs.ts'

nock.disableNetConnect()

type Json = Readonly<Record<string, unknown>>

/** What GitHub really sent to somebody, as Octokit collects it. */
const Examples = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))
const examples = Examples.parse(
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8')),
)

/** All examples of an event, with the installation that an App's webhooks always name. */
function real(name: EventName, action?: string): readonly Json[] {
  const found = examples
    .filter((event) => event.name === name)
    .flatMap((event) => event.examples)
    .filter((payload) => action === undefined || payload['action'] === action)
    .map((payload) => ({ installation: { id: 5, node_id: 'MDIz' }, ...payload }))
  assert.notEqual(found.length, 0, `${name}.${action}`)
  return found
}

/** A payload with something else in one part of it. */
function but(payload: Json | undefined, part: string, fields: Json): Json {
  return { ...payload, [part]: { ...fieldsIn(payload, part), ...fields } }
}

function fieldsIn(payload: Json | undefined, part: string): Json {
  return z.record(z.string(), z.unknown()).parse(payload?.[part])
}

/** The way of a webhook without GitHub: what the edge stores, and what follows from that. */
const AWAITED: readonly string[] = ['status', 'deployment_status', 'pull_request_review'] satisfies AwaitedName[]

function isAwaited(name: EventName): name is AwaitedName {
  return AWAITED.includes(name)
}

function tasksFrom(name: Exclude<EventName, AwaitedName>, payload: unknown): readonly Task[] {
  const stored = readPayload(name, payload)
  return stored === undefined ? [] : tasksOf(name, JSON.parse(JSON.stringify(stored)), 'guid')
}

const RepositoryName = z.object({ id: z.int(), name: z.string(), owner: z.string(), defaultBranch: z.string() })

const Where = z.object({
  installation: z.object({ id: z.int() }),
  repository: z.object({
    id: z.int(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    default_branch: z.string(),
  }),
})

function placeIn(payload: Json): Json {
  const { installation, repository } = Where.parse(payload)
  return {
    installation: installation.id,
    repo: {
      id: repository.id,
      name: repository.name,
      owner: repository.owner.login,
      defaultBranch: repository.default_branch,
    },
  }
}

for (const action of ['opened', 'reopened', 'synchronize']) {
  test(`a pull request that is ${action} is reviewed at its head`, () => {
    for (const payload of real('pull_request', action)) {
      const { number, head } = z
        .object({ number: z.int(), head: z.object({ sha: z.string() }) })
        .parse(payload['pull_request'])
      assert.deepEqual(tasksFrom('pull_request', payload), [
        {
          type: 'review',
          ...placeIn(payload),
          pull: number,
          head: head.sha,
          ...(action === 'reopened' ? { comments: true } : {}),
        },
      ])
    }
  })
}

for (const action of ['ready_for_review', 'converted_to_draft']) {
  test(`a pull request that is ${action} is judged again, because a draft holds no other one back`, () => {
    for (const payload of real('pull_request', action)) {
      const number = z.int().parse(fieldsIn(payload, 'pull_request')['number'])
      assert.deepEqual(tasksFrom('pull_request', payload), [
        { type: 'review', ...placeIn(payload), pull: number, force: true },
      ])
    }
  })
}

test('a pull request that is labelled, assigned, locked or asked to be reviewed gives nothing to do', () => {
  const acted = ['opened', 'reopened', 'synchronize', 'ready_for_review', 'converted_to_draft', 'closed']
  const others = real('pull_request').filter((payload) => !acted.includes(String(payload['action'])))
  assert.ok(others.length >= 10)
  for (const payload of others) assert.deepEqual(tasksFrom('pull_request', payload), [])
})

test('a pull request that was closed brings the rollouts of its base branch on; a merged one names the merge commit', () => {
  for (const payload of real('pull_request', 'closed')) {
    const place = placeIn(payload)
    const left = { type: 'closed', ...place, pull: z.int().parse(fieldsIn(payload, 'pull_request')['number']) }
    const closed = but(payload, 'pull_request', { merged: false, merge_commit_sha: 'c'.repeat(40) })
    assert.deepEqual(tasksFrom('pull_request', closed), [{ type: 'advance', ...place, base: 'master' }, left])
    const merged = but(payload, 'pull_request', { merged: true, merge_commit_sha: 'c'.repeat(40) })
    assert.deepEqual(tasksFrom('pull_request', merged), [
      { type: 'advance', ...place, base: 'master', head: 'c'.repeat(40) },
      { ...left, merged: true },
    ])
    const strange = but(payload, 'pull_request', { merged: true, merge_commit_sha: null })
    assert.deepEqual(tasksFrom('pull_request', strange), [
      { type: 'advance', ...place, base: 'master' },
      { ...left, merged: true },
    ])
  }
})

test('a pull request is looked at again when its base branch is changed, and not when its words are', () => {
  const [opened] = real('pull_request', 'opened')
  const edited = { ...opened, action: 'edited' }
  const changes = { base: { ref: { from: 'old' }, sha: { from: 'a'.repeat(40) } } }
  const number = z.int().parse(fieldsIn(opened, 'pull_request')['number'])
  assert.deepEqual(tasksFrom('pull_request', { ...edited, changes }), [
    { type: 'review', ...placeIn(edited), pull: number, force: true },
  ])
  assert.deepEqual(tasksFrom('pull_request', { ...edited, changes: { title: { from: 'x' }, body: { from: 'y' } } }), [])
  assert.deepEqual(tasksFrom('pull_request', edited), [])
})

/** A real comment, on a pull request, with a command. */
function aCommand(body: string | null = '/canary 25'): Json {
  const [created] = real('issue_comment', 'created')
  const onPull = but(created, 'issue', { number: 31, pull_request: { url: 'https://api.github.com/x' } })
  return but(onPull, 'comment', { id: 77, body })
}

test('a command on a pull request gets 👀 and has the conversation read', () => {
  for (const body of ['/canary 25', 'Looks good.\n\n/canary next', '/canary', '/canry 5', '/CANARY 25']) {
    const payload = aCommand(body)
    assert.deepEqual(tasksFrom('issue_comment', payload), [
      { type: 'acknowledge', ...placeIn(payload), comment: 77, pull: 31 },
      { type: 'review', ...placeIn(payload), pull: 31, comments: true },
    ])
  }
})

test('a comment without a command gives nothing to do: talk, a quote, code, a hidden one, nothing', () => {
  for (const body of [
    'You are totally right!',
    '> /canary 100',
    '```\n/canary 100\n```',
    '<!--\n/canary 100\n-->',
    '`/canary 100`',
    'say /canary 100',
    '',
    null,
  ])
    assert.deepEqual(tasksFrom('issue_comment', aCommand(body)), [], String(body))
})

test('a command that is edited in, or in a comment that was deleted, is none', () => {
  for (const action of ['edited', 'deleted']) {
    assert.deepEqual(tasksFrom('issue_comment', { ...aCommand(), action }), [])
    for (const payload of real('issue_comment', action)) {
      const onPull = but(payload, 'issue', { pull_request: {} })
      assert.deepEqual(tasksFrom('issue_comment', but(onPull, 'comment', { body: '/canary 25' })), [])
    }
  }
})

test('a command on a plain issue is none', () => {
  for (const payload of real('issue_comment', 'created')) {
    const { pull_request: _, ...issue } = fieldsIn(payload, 'issue')
    assert.deepEqual(tasksFrom('issue_comment', but({ ...payload, issue }, 'comment', { body: '/canary 25' })), [])
  }
})

test('a command by a bot is none, ours or any other', () => {
  for (const login of ['perch[bot]', 'renovate[bot]'])
    assert.deepEqual(tasksFrom('issue_comment', but(aCommand(), 'sender', { login, type: 'Bot' })), [])
})

test('a push to the default branch brings its rollouts on to the new head', () => {
  const toBranch = real('push').filter(({ ref }) => ref === 'refs/heads/master')
  assert.equal(toBranch.length, 2)
  for (const payload of toBranch) {
    assert.deepEqual(tasksFrom('push', { ...payload, deleted: false }), [
      { type: 'advance', ...placeIn(payload), base: 'master', head: payload['after'] },
    ])
    // A deploy key has no account (OpenAPI: `sender` of a push may be absent).
    const { sender: _, ...byKey } = payload
    assert.equal(tasksFrom('push', { ...byKey, deleted: false }).length, 1)
  }
})

test('a push of a tag, to another branch, or that deletes gives nothing to do', () => {
  const tags = real('push').filter(({ ref }) => String(ref).startsWith('refs/tags/'))
  assert.ok(tags.length > 0)
  for (const payload of tags) assert.deepEqual(tasksFrom('push', payload), [])
  const [payload] = real('push')
  for (const ref of ['refs/heads/canary/prod/api/25', 'refs/tags/master', 'master', 'refs/heads/', 'refs/heads/Master'])
    assert.deepEqual(tasksFrom('push', { ...payload, ref, deleted: false }), [], ref)
  assert.deepEqual(tasksFrom('push', { ...payload, ref: 'refs/heads/master', deleted: true }), [])
})

for (const name of ['check_run', 'check_suite'] as const) {
  test(`a ${name} that somebody runs again has its commit judged, whatever pull requests GitHub names`, () => {
    for (const payload of real(name, 'rerequested')) {
      const head = fieldsIn(payload, name)['head_sha']
      for (const pulls of [[], [{ number: 2 }, { number: 9 }]]) {
        const [task, ...others] = tasksFrom(name, but(payload, name, { pull_requests: pulls }))
        assert.deepEqual(others, [])
        assert.ok(task?.type === 'rerun')
        assert.deepEqual({ ...task, id: '' }, { type: 'rerun', ...placeIn(payload), head, id: '' })
      }
    }
  })

  test(`a ${name} with any other action gives nothing to do`, () => {
    for (const payload of real(name).filter(({ action }) => action !== 'rerequested'))
      assert.deepEqual(tasksFrom(name, but(payload, name, { pull_requests: [{ number: 2 }] })), [])
  })
}

test('a merge group that GitHub asks checks for is judged, and one that is over is not', () => {
  for (const payload of real('merge_group', 'checks_requested')) {
    const group = fieldsIn(payload, 'merge_group')
    const wanted = { type: 'group', ...placeIn(payload), base: 'main', ref: group['head_ref'], head: group['head_sha'] }
    assert.deepEqual(tasksFrom('merge_group', payload), [wanted])
    assert.deepEqual(tasksFrom('merge_group', { ...payload, action: 'destroyed' }), [])
  }
})

test('a button of a check is pressed for its head by somebody, and one that is not ours does nothing', () => {
  const run = { pull_requests: [{ number: 2, base: { ref: 'main' } }], head_sha: 'a'.repeat(40) }
  const press = (identifier: string): Json => ({
    ...but(real('check_run')[0], 'check_run', run),
    action: 'requested_action',
    requested_action: { identifier },
    sender: { login: 'alice' },
  })
  const place = placeIn(press('hold'))
  const button = { pull: 2, name: 'hold', login: 'alice', head: 'a'.repeat(40), id: 'guid' }
  assert.deepEqual(tasksFrom('check_run', press('hold')), [{ type: 'advance', ...place, base: 'main', button }])
  assert.deepEqual(tasksFrom('check_run', press('retry')), [
    { type: 'review', ...place, pull: 2, force: true, anew: true },
  ])
  assert.deepEqual(tasksFrom('check_run', press('merge')), [])
})

test('what is stored of a webhook is a small part of it, and enough to do the same', () => {
  const limits = {
    pull_request: 1_000,
    push: 600,
    status: 600,
    deployment_status: 700,
    check_run: 1_000,
    check_suite: 1_000,
  } as const
  for (const [name, limit] of Object.entries(limits)) {
    assert.ok(isEventName(name))
    for (const payload of real(name)) {
      const stored = JSON.stringify(readPayload(name, payload))
      assert.ok(stored.length < limit, `${name}: ${stored.length} of ${JSON.stringify(payload).length}`)
    }
  }
  const comment = JSON.stringify(readPayload('issue_comment', aCommand('x'.repeat(1_000))))
  assert.ok(comment.length < 1_600, 'a comment is its text and little else')
})

test('every real webhook is read, and stored it says what it said before', () => {
  for (const name of Object.keys(EVENTS)) {
    assert.ok(isEventName(name))
    for (const payload of real(name)) {
      const stored = readPayload(name, payload)
      assert.notEqual(stored, undefined, `${name}.${String(payload['action'])}`)
      assert.deepEqual(readPayload(name, JSON.parse(JSON.stringify(stored))), stored)
      if (!isAwaited(name)) assert.deepEqual(tasksFrom(name, stored), tasksOf(name, payload, 'guid'))
    }
  }
})

test('an event that Perch does not know is none, even if every object has a property of that name', () => {
  for (const name of ['ping', 'installation', 'constructor', 'toString', '__proto__', 'hasOwnProperty', '', 'Push'])
    assert.equal(isEventName(name), false, name)
})

const OWN_PARTS: Readonly<Record<EventName, readonly string[]>> = {
  pull_request: ['pull_request', 'action'],
  issue_comment: ['issue', 'comment', 'sender', 'action'],
  push: ['ref', 'after'],
  status: ['sha', 'context', 'state'],
  deployment_status: ['deployment', 'deployment_status'],
  merge_group: ['merge_group', 'action'],
  pull_request_review: ['pull_request', 'action'],
  pull_request_review_comment: ['pull_request', 'comment', 'action'],
  check_run: ['check_run', 'action'],
  check_suite: ['check_suite', 'action'],
}

test('a webhook without an installation, a repository or its own part gives nothing to do and does not throw', () => {
  for (const [name, own] of Object.entries(OWN_PARTS)) {
    assert.ok(isEventName(name))
    const [payload] = real(name)
    const broken = ['installation', 'repository', ...own].flatMap((part) =>
      [undefined, null, 0, [], [null]].map((value) => ({ ...payload, [part]: value })),
    )
    for (const each of broken) assert.equal(readPayload(name, each), undefined, name)
  }
})

test('whatever comes in gives tasks or nothing, and never an error', () => {
  const names = Object.keys(EVENTS).filter(isEventName)
  const anyEvent = fc.constantFrom(...names)
  fc.assert(
    fc.property(anyEvent, fc.anything(), (name, payload) => {
      if (!isAwaited(name)) tasksFrom(name, payload)
      return readPayload(name, payload) === undefined
    }),
    { numRuns: 300 },
  )
  const broken = anyEvent.chain((name) => {
    const payload = real(name)[0] ?? {}
    const fields = fc.dictionary(fc.constantFrom(...Object.keys(payload)), fc.anything())
    return fc.tuple(
      fc.constant(name),
      fields.map((changed) => ({ ...payload, ...changed })),
    )
  })
  fc.assert(
    fc.property(broken, ([name, payload]) => {
      const stored = readPayload(name, payload)
      if (isAwaited(name) || stored === undefined) return
      for (const task of tasksOf(name, stored, 'guid')) jobOf(task)
    }),
    { numRuns: 300 },
  )
})

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

interface World {
  readonly jobs: Job[]
  readonly memo: ReturnType<typeof memoryMemo>
  readonly parts: WorkerParts
  readonly run: (job: Job) => Promise<void>
}

/** The worker with the real Probot, and no network at all. */
async function aWorker(parts: Partial<WorkerParts> = {}): Promise<World> {
  const jobs: Job[] = []
  const memo = memoryMemo()
  const log = pino({ level: 'silent' })
  const queue = { enqueue: async (job: Job) => void jobs.push(job) }
  const credentials = { appId: 7, privateKey, webhookSecret: 'a webhook secret', apiUrl: 'https://api.github.test' }
  const { probot } = openGitHub(credentials, log)
  await probot.load((app) => perchApp(app, { jobs: queue, memo, appId: 7 }), { cwd: '.', addHandler: () => undefined })
  const all: WorkerParts = {
    probot,
    jobs: queue,
    log,
    contextFor: () => Promise.reject(new Error('nobody asked for a context')),
    placeOf: async () => undefined,
    memo,
    pressedSince: async () => [],
    everyRepository: async () => [],
    ...parts,
  }
  const handle = handleJobs(all)
  return { jobs, memo, parts: all, run: (job) => handle(claimed(job)) }
}

function claimed(job: Job): ClaimedJob {
  return { key: job.key, data: JSON.parse(JSON.stringify(job.data)), attempt: 0, id: job.id ?? 'made' }
}

function delivery(name: EventName, payload: Json): Job {
  const stored = readPayload(name, payload)
  assert.ok(stored !== undefined)
  return deliveryJob({ id: 'guid-1', name, payload: stored })
}

test("a webhook goes from the queue through Probot back to the queue, as tasks under the delivery's id", async () => {
  const { run, jobs } = await aWorker()
  const payload = aCommand()
  await run(delivery('issue_comment', payload))
  const { repo } = z.object({ repo: z.object({ id: z.int() }) }).parse(placeIn(payload))
  assert.deepEqual(
    jobs.map(({ key, id, data }) => ({ key, id, type: data['type'] })),
    [
      { key: `${repo.id}!77`, id: 'guid-1', type: 'acknowledge' },
      { key: `${repo.id}#31`, id: 'guid-1', type: 'review' },
    ],
  )
})

test('a push to another branch gives work only where the branch is known to be deployed', async () => {
  const { run, jobs, memo } = await aWorker()
  const [payload] = real('push')
  assert.ok(payload !== undefined)
  const push = (branch: string): Job => delivery('push', { ...payload, ref: `refs/heads/${branch}`, deleted: false })
  await run(push('release/1'))
  assert.deepEqual(jobs, [])
  const { repo } = z.object({ repo: RepositoryName }).parse(placeIn(payload))
  await rememberDeployed({ memo, repo }, ['release/*'])
  for (const branch of ['feature', 'canary/@release/1/production/web/5', 'release/1']) await run(push(branch))
  assert.deepEqual(
    jobs.map(({ key }) => key),
    [`${repo.id}@release/1`],
  )
})

test('commands in a comment on a line are answered once a review, and those of bots are not', () => {
  const [payload] = real('pull_request_review_comment', 'created')
  const user = { login: 'alice', type: 'User' }
  const said = (fields: Json): readonly Task[] =>
    tasksFrom('pull_request_review_comment', but(payload, 'comment', { user, pull_request_review_id: 9, ...fields }))
  for (const id of [1, 2]) {
    const [task, ...more] = said({ id, body: 'Hm.\n\n/canary 25' })
    assert.deepEqual(
      [task?.type, task?.type === 'redirect' && [task.review, task.login], more],
      ['redirect', [9, 'alice'], []],
    )
  }
  assert.deepEqual(said({ body: 'Looks good' }), [])
  assert.deepEqual(said({ body: '/canary 25', user: { login: 'x[bot]', type: 'Bot' } }), [])
  assert.deepEqual(
    tasksFrom('pull_request_review_comment', { ...but(payload, 'comment', { body: '/canary 5' }), action: 'edited' }),
    [],
  )
})

test('every event that the edge lets in has a handler', async () => {
  const { run, jobs } = await aWorker()
  const check = { pull_requests: [{ number: 2 }] }
  const master = { ref: 'refs/heads/master', deleted: false }
  const payloads: Readonly<Record<Exclude<EventName, AwaitedName>, Json>> = {
    pull_request: real('pull_request', 'opened')[0] ?? {},
    issue_comment: aCommand(),
    push: { ...real('push')[0], ...master },
    pull_request_review_comment: but(real('pull_request_review_comment', 'created')[0], 'comment', {
      body: '/canary 5',
    }),
    merge_group: real('merge_group', 'checks_requested')[0] ?? {},
    check_run: but(real('check_run', 'rerequested')[0], 'check_run', check),
    check_suite: but(real('check_suite', 'rerequested')[0], 'check_suite', check),
  }
  for (const [name, payload] of Object.entries(payloads)) {
    assert.ok(isEventName(name))
    jobs.length = 0
    await run(delivery(name, payload))
    assert.notEqual(jobs.length, 0, name)
  }
})

test('two deliveries wait under different keys, and one that comes again under the same id', () => {
  const job = deliveryJob({ id: 'a', name: 'push', payload: {} })
  assert.deepEqual([job.key, job.id], ['delivery:a', 'a'])
  assert.notEqual(deliveryJob({ id: 'b', name: 'push', payload: {} }).key, job.key)
})

/** What is said in a webhook, the webhook, and what else is like it and says nothing. */
const SAID: Readonly<Record<string, { key: string; event: EventName; payload: Json; silent: readonly Json[] }>> = {
  'a commit status': {
    key: 'status:kustomization/istio-config/abc',
    event: 'status',
    payload: { ...real('status')[0], context: 'kustomization/istio-config/abc', sha: 'd'.repeat(40) },
    silent: [],
  },
  'a status of a deployment': {
    key: 'deployment:production/eu',
    event: 'deployment_status',
    payload: but(
      but(real('deployment_status')[0], 'deployment', { sha: 'd'.repeat(40), environment: 'old' }),
      'deployment_status',
      { environment: 'production/eu' },
    ),
    silent: [],
  },
  'a check run that another App has completed': {
    key: 'check:argocd/web',
    event: 'check_run',
    payload: aRun({ app: { id: 8 } }),
    silent: [
      // Ours would have us look for what we wrote ourselves, without end.
      aRun({ app: { id: 7 } }),
      aRun({ app: { id: 8 }, head_sha: null }),
      { ...aRun({ app: { id: 8 } }), action: 'created' },
    ],
  },
}

function aRun(fields: Json): Json {
  const run = { name: 'argocd/web', head_sha: 'd'.repeat(40), pull_requests: [], ...fields }
  return but(real('check_run', 'completed')[0], 'check_run', run)
}

for (const [what, { key, event, payload, silent }] of Object.entries(SAID)) {
  test(`${what} has those pull requests reviewed that wait for it, and no others`, async () => {
    const { run, jobs, memo } = await aWorker()
    await run(delivery(event, payload))
    assert.deepEqual(jobs, [], 'nobody waits')
    const { installation, repo } = z.object({ installation: z.int(), repo: RepositoryName }).parse(placeIn(payload))
    await rememberWaiting({ memo, repo }, 4, [`${key.slice(0, -3)}*`])
    await rememberWaiting({ memo, repo }, 5, ['status:argocd/*', 'report:*', `x${key}`, `${key}x`])
    await rememberWaiting({ memo, repo }, 6, ['status:other', key])
    for (const other of silent) await run(delivery(event, other))
    assert.deepEqual(jobs, [])
    await run(delivery(event, payload))
    const review = { type: 'review', installation, repo, commit: 'd'.repeat(40), force: true }
    assert.deepEqual(
      jobs.map(({ data }) => data),
      [4, 6].map((pull) => ({ ...review, pull })),
    )
  })
}

test('a deployment status that names no environment is about that of its deployment', async () => {
  const { run, jobs, memo } = await aWorker()
  for (const environment of [undefined, null, '']) {
    const deployed = but(real('deployment_status')[0], 'deployment', { environment: 'production' })
    const payload = but(deployed, 'deployment_status', { environment })
    await rememberWaiting(
      { memo, repo: { id: Where.parse(payload).repository.id, name: 'x', owner: 'x', defaultBranch: 'main' } },
      4,
      ['deployment:production'],
    )
    await run(delivery('deployment_status', payload))
  }
  assert.equal(jobs.length, 3)
})

test('a pattern of a status is plain text but for its stars', async () => {
  const { run, jobs, memo } = await aWorker()
  const [payload] = real('status')
  assert.ok(payload !== undefined)
  const repo = { id: Where.parse(payload).repository.id, name: 'x', owner: 'x', defaultBranch: 'main' }
  await rememberWaiting({ memo, repo }, 4, ['status:.*', 'a(b', ''])
  await run(delivery('status', { ...payload, context: 'anything' }))
  assert.deepEqual(jobs, [])
})

test('the sweep is sent to every repository, under the id of the job that found them', async () => {
  const found = [
    { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'trunk' } },
    { installation: 6, repo: { id: 2, owner: 'other', name: 'x', defaultBranch: 'main' } },
  ]
  const { run, jobs } = await aWorker({ everyRepository: async () => found })
  await run(sweepJob('at:7'))
  assert.deepEqual(jobs, [
    {
      key: '1:sweep',
      id: 'at:7',
      data: { type: 'sweep', installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'trunk' } },
    },
    {
      key: '2:sweep',
      id: 'at:7',
      data: { type: 'sweep', installation: 6, repo: { id: 2, owner: 'other', name: 'x', defaultBranch: 'main' } },
    },
  ])
})

test('a task is done with the context of its own repository', async () => {
  const asked: unknown[] = []
  const { run } = await aWorker({
    contextFor: (place) => {
      asked.push(place.repo, place.installation)
      return Promise.reject(new Error('no context today'))
    },
  })
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  await assert.rejects(run(jobOf({ type: 'acknowledge', installation: 5, repo, comment: 77 })), /no context today/)
  assert.deepEqual(asked, [repo, 5])
})

test('a report goes to the context of its repository, one of a repository without Perch nowhere, and none fails', async () => {
  const asked: unknown[] = []
  const place = { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
  const { run } = await aWorker({
    placeOf: async (owner, repo) => {
      asked.push(`${owner}/${repo}`)
      return repo === 'gitops' ? place : undefined
    },
    contextFor: (at) => {
      asked.push(at)
      return Promise.reject(new Error('no context today'))
    },
  })
  const report = {
    name: 'argocd/web',
    commit: 'd'.repeat(40),
    state: 'success',
    at: 1,
    reason: '',
    teller: 'x',
  } as const
  const told = (repo: string): Job => reportJob({ owner: 'acme', repo, report, receivedAt: 2 }, 'id')
  await run(told('other'))
  assert.deepEqual(asked, ['acme/other'])
  await assert.rejects(run(told('gitops')), /no context today/)
  assert.deepEqual(asked.slice(1), ['acme/gitops', place])
  assert.equal(told('GitOps').key, told('gitops').key)
  assert.notEqual(told('other').key, told('gitops').key)
})

test('a job that is neither a webhook nor a task fails, so that it is seen', async () => {
  const { run } = await aWorker()
  await assert.rejects(run({ key: 'x', data: { type: 'dance' } }))
  await assert.rejects(run({ key: 'x', data: {} }))
})

test('the head that a pull request is opened with is remembered, unless something changed since', async () => {
  const { run, memo } = await aWorker()
  const [payload] = real('pull_request', 'opened')
  const times = { created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z' }
  const opened = but(payload, 'pull_request', { ...times, number: 41 })
  await run(delivery('pull_request', but(opened, 'pull_request', { updated_at: '2026-11-20T10:00:02Z' })))
  assert.equal((await memo.entries('head:')).size, 0)
  await run(delivery('pull_request', opened))
  const { sha } = z.object({ sha: z.string() }).parse(fieldsIn(payload, 'pull_request')['head'])
  assert.deepEqual([...(await memo.entries('head:')).values()], [{ sha, at: Date.parse(times.created_at) - 1 }])
  // A late webhook says nothing about a head that came after it.
  const [key = ''] = [...(await memo.entries('head:')).keys()]
  await memo.set(key, { sha: 'f'.repeat(40), at: 1 })
  await run(delivery('pull_request', opened))
  assert.deepEqual(await memo.get(key), { sha: 'f'.repeat(40), at: 1 })
})

test('a webhook whose tasks cannot be stored fails and is tried again', async () => {
  const log = pino({ level: 'silent' })
  const credentials = { appId: 7, privateKey, webhookSecret: 's', apiUrl: 'https://api.github.test' }
  const { probot } = openGitHub(credentials, log)
  const jobs = { enqueue: () => Promise.reject(new Error('disk full')) }
  await probot.load((app) => perchApp(app, { jobs, memo: memoryMemo(), appId: 7 }), {
    cwd: '.',
    addHandler: () => undefined,
  })
  const { parts } = await aWorker()
  await assert.rejects(handleJobs({ ...parts, probot })(claimed(delivery('issue_comment', aCommand()))), /disk full/)
})

test('when a job is given up, only a review has somebody to tell', async () => {
  const places: unknown[] = []
  const { parts } = await aWorker({
    contextFor: (place) => {
      places.push(place)
      return Promise.reject(new Error('no context today'))
    },
  })
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  const end = giveUp(parts)
  const cause = new Error('again and again')
  await end(claimed(jobOf({ type: 'advance', installation: 5, repo, base: 'main' })), cause, true)
  await end(claimed(jobOf({ type: 'acknowledge', installation: 5, repo, comment: 1 })), cause, true)
  await end(claimed(sweepJob('x')), cause, true)
  await end(claimed(deliveryJob({ id: 'a', name: 'push', payload: {} })), cause, true)
  assert.deepEqual(places, [])
  await assert.rejects(
    end(claimed(jobOf({ type: 'review', installation: 5, repo, pull: 3 })), cause, true),
    /no context today/,
  )
})
