import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as fc from 'fast-check'
import nock from 'nock'
import * as z from 'zod'
import { memoryMemo } from '../memory/memo.ts'
import { openWebhooks } from '../../src/entry/edge/open-webhooks.ts'
import { type EventName, EVENTS, isEventName } from '../../src/entry/edge/webhook-events.ts'
import { rememberDeployed } from '../../src/flows/memory/base-memory.ts'
import { rememberWaiting } from '../../src/flows/memory/pull-memory.ts'
import { Task } from '../../src/flows/tasks/tasks.ts'
import type { Job } from '../../src/ports/jobs.ts'

nock.disableNetConnect()

type Json = Readonly<Record<string, unknown>>

/** Real webhooks of GitHub, from Octokit's collection. */
const Examples = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))
const examples = Examples.parse(
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8')),
)

/** All examples of an event, with the installation that is in every webhook for an App. */
function real(name: EventName, action?: string): readonly Json[] {
  const found = examples
    .filter((event) => event.name === name)
    .flatMap((event) => event.examples)
    .filter((payload) => action === undefined || payload['action'] === action)
    .map((payload) => ({ installation: { id: 5, node_id: 'MDIz' }, ...payload }))
  assert.notEqual(found.length, 0, `${name}.${action}`)
  return found
}

/** A payload with one changed part. */
function but(payload: Json | undefined, part: string, fields: Json): Json {
  return { ...payload, [part]: { ...fieldsIn(payload, part), ...fields } }
}

function fieldsIn(payload: Json | undefined, part: string): Json {
  return z.record(z.string(), z.unknown()).parse(payload?.[part])
}

const NOW = Date.UTC(2026, 0, 5)

interface Receiver {
  readonly jobs: Job[]
  readonly memo: ReturnType<typeof memoryMemo>
  readonly hear: (name: string, payload: Json) => Promise<void>
}

/** Perch's handlers behind the part of Probot that dispatches events, without any network. */
async function aReceiver(store?: (...jobs: readonly Job[]) => Promise<void>): Promise<Receiver> {
  const jobs: Job[] = []
  const memo = memoryMemo()
  const receive = openWebhooks({
    appId: 7,
    jobs: { enqueue: store ?? (async (...more) => void jobs.push(...more)) },
    memo,
    clock: { now: () => NOW },
  })
  return { jobs, memo, hear: (name, payload) => receive({ id: 'guid', name, payload }) }
}

const forgetful = await aReceiver()

/** The tasks of a webhook in the form of the queue, with an empty memory. */
async function tasksFrom(name: EventName, payload: Json): Promise<readonly Json[]> {
  forgetful.jobs.length = 0
  await forgetful.hear(name, payload)
  for (const { data } of forgetful.jobs) Task.parse(data)
  return forgetful.jobs.map(({ data }) => JSON.parse(JSON.stringify(data)))
}

const delivery = 'guid'

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

test('the webhook about a pull request that Perch has opened comes after the review that Perch asks for itself', async () => {
  const [payload] = real('pull_request', 'opened')
  assert.ok(payload !== undefined)
  const pull = z.record(z.string(), z.unknown()).parse(payload['pull_request'])
  const branches = ['canary/production/web/25', 'switch/production/web/blue', 'promote/a/b', 'perch/limit/a/web/20']
  for (const ref of branches) {
    const head = { ...z.record(z.string(), z.unknown()).parse(pull['head']), ref }
    const ours = { ...pull, head, user: { login: 'perch[bot]', type: 'Bot' }, created_at: '2026-11-26T10:00:00Z' }
    const [task] = await tasksFrom('pull_request', { ...payload, pull_request: ours })
    const { due } = z.object({ due: z.number() }).parse(task?.['why'])
    assert.equal(due, Date.parse('2026-11-26T10:00:03Z'), ref)
  }
})

for (const action of ['opened', 'reopened', 'synchronize']) {
  test(`a pull request that is ${action} is reviewed at its head`, async () => {
    for (const payload of real('pull_request', action)) {
      const { number, head } = z
        .object({ number: z.int(), head: z.object({ sha: z.string() }) })
        .parse(payload['pull_request'])
      const why = action === 'reopened' ? { code: action, delivery } : { code: 'new-head', delivery, head: head.sha }
      assert.deepEqual(await tasksFrom('pull_request', payload), [
        { type: 'review', ...placeIn(payload), pull: number, why },
      ])
    }
  })
}

for (const action of ['ready_for_review', 'converted_to_draft']) {
  test(`a pull request that is ${action} is judged again, because a draft holds no other one back`, async () => {
    for (const payload of real('pull_request', action)) {
      const number = z.int().parse(fieldsIn(payload, 'pull_request')['number'])
      assert.deepEqual(await tasksFrom('pull_request', payload), [
        { type: 'review', ...placeIn(payload), pull: number, why: { code: 'pull-changed', delivery } },
      ])
    }
  })
}

test('labelling, assigning, locking or requesting a review of a pull request causes no task', async () => {
  const acted = ['opened', 'reopened', 'synchronize', 'ready_for_review', 'converted_to_draft', 'closed']
  const others = real('pull_request').filter((payload) => !acted.includes(String(payload['action'])))
  assert.ok(others.length >= 10)
  for (const payload of others) assert.deepEqual(await tasksFrom('pull_request', payload), [])
})

test('a closed pull request advances the rollouts of its base branch; a merged one names the merge commit', async () => {
  for (const payload of real('pull_request', 'closed')) {
    const place = placeIn(payload)
    const pull = z.int().parse(fieldsIn(payload, 'pull_request')['number'])
    const both = (why: Json): readonly Json[] => [
      { type: 'advance', ...place, base: 'master', why: { code: 'pull-ended', delivery, ...why } },
      { type: 'clean-up', ...place, pull, why: { code: 'pull-ended', delivery, ...why } },
    ]
    const closed = but(payload, 'pull_request', { merged: false, merge_commit_sha: 'c'.repeat(40) })
    assert.deepEqual(await tasksFrom('pull_request', closed), both({ merged: false }))
    const merged = but(payload, 'pull_request', { merged: true, merge_commit_sha: 'c'.repeat(40) })
    assert.deepEqual(await tasksFrom('pull_request', merged), both({ merged: true, head: 'c'.repeat(40) }))
    const strange = but(payload, 'pull_request', { merged: true, merge_commit_sha: null })
    assert.deepEqual(await tasksFrom('pull_request', strange), both({ merged: true }))
  }
})

test('a pull request is reviewed again when its base branch changes, and not when its texts do', async () => {
  const [opened] = real('pull_request', 'opened')
  const edited = { ...opened, action: 'edited' }
  const changes = { base: { ref: { from: 'old' }, sha: { from: 'a'.repeat(40) } } }
  const number = z.int().parse(fieldsIn(opened, 'pull_request')['number'])
  assert.deepEqual(await tasksFrom('pull_request', { ...edited, changes }), [
    { type: 'review', ...placeIn(edited), pull: number, why: { code: 'pull-changed', delivery } },
  ])
  assert.deepEqual(
    await tasksFrom('pull_request', { ...edited, changes: { title: { from: 'x' }, body: { from: 'y' } } }),
    [],
  )
  assert.deepEqual(await tasksFrom('pull_request', edited), [])
})

/** A real comment, on a pull request, with a command. */
function aCommand(body: string | null = '/canary 25'): Json {
  const [created] = real('issue_comment', 'created')
  const onPull = but(created, 'issue', { number: 31, pull_request: { url: 'https://api.github.com/x' } })
  return but(onPull, 'comment', { id: 77, body })
}

test('a comment that may contain commands is read on the worker thread', async () => {
  const bodies = [
    '/canary 25',
    'Looks good.\n\n/canary next',
    '/canary',
    '/canry 5',
    '/CANARY 25',
    '```\n/canary 100\n```',
  ]
  for (const body of bodies) {
    const payload = aCommand(body)
    assert.deepEqual(await tasksFrom('issue_comment', payload), [
      { type: 'comment', ...placeIn(payload), pull: 31, comment: 77, body, why: { code: 'command', delivery } },
    ])
  }
})

test('a comment without commands causes no task: talk, a quote, a path, an empty one', async () => {
  for (const body of [
    'You are totally right!',
    '> /canary 100',
    '`/canary 100`',
    'say /canary 100',
    '/usr/bin',
    '',
    null,
  ])
    assert.deepEqual(await tasksFrom('issue_comment', aCommand(body)), [], String(body))
})

test('the largest comment costs the answering thread almost nothing, because its Markdown is parsed elsewhere', async () => {
  for (const text of ['- a\n  b\n', '> a\n', '/canaryyyyyy\n', '/abcd\n', '/\n', '\n', '/canary 5 ']) {
    const body = `${text.repeat(65_536 / text.length - 4)}\n\n/canary 5`
    const payload = aCommand(body)
    const start = process.cpuUsage()
    assert.equal((await tasksFrom('issue_comment', payload)).length, 1)
    const tookMs = process.cpuUsage(start).user / 1_000
    assert.ok(tookMs < 250, `${JSON.stringify(text)} took ${tookMs} ms`)
  }
})

test('a command that is added by an edit, or in a deleted comment, does not count', async () => {
  for (const action of ['edited', 'deleted']) {
    assert.deepEqual(await tasksFrom('issue_comment', { ...aCommand(), action }), [])
    for (const payload of real('issue_comment', action)) {
      const onPull = but(payload, 'issue', { pull_request: {} })
      assert.deepEqual(await tasksFrom('issue_comment', but(onPull, 'comment', { body: '/canary 25' })), [])
    }
  }
})

test('a command on an ordinary issue does not count', async () => {
  for (const payload of real('issue_comment', 'created')) {
    const { pull_request: _, ...issue } = fieldsIn(payload, 'issue')
    assert.deepEqual(
      await tasksFrom('issue_comment', but({ ...payload, issue }, 'comment', { body: '/canary 25' })),
      [],
    )
  }
})

test('a command by any bot does not count', async () => {
  for (const login of ['perch[bot]', 'renovate[bot]'])
    assert.deepEqual(await tasksFrom('issue_comment', but(aCommand(), 'sender', { login, type: 'Bot' })), [])
})

test('a push to the default branch advances its rollouts at the new head', async () => {
  const toBranch = real('push').filter(({ ref }) => ref === 'refs/heads/master')
  assert.equal(toBranch.length, 2)
  for (const payload of toBranch) {
    assert.deepEqual(await tasksFrom('push', { ...payload, deleted: false }), [
      {
        type: 'advance',
        ...placeIn(payload),
        base: 'master',
        why: { code: 'pushed', delivery, head: payload['after'] },
      },
    ])
    // A deploy key has no account (OpenAPI: `sender` of a push may be absent).
    const { sender: _, ...byKey } = payload
    assert.equal((await tasksFrom('push', { ...byKey, deleted: false })).length, 1)
  }
})

test('a push of a tag, a push to another branch, and a deletion cause no task', async () => {
  const tags = real('push').filter(({ ref }) => String(ref).startsWith('refs/tags/'))
  assert.ok(tags.length > 0)
  for (const payload of tags) assert.deepEqual(await tasksFrom('push', payload), [])
  const [payload] = real('push')
  for (const ref of [
    'refs/heads/canary/prod/api/25',
    'refs/heads/perch/onboarding',
    'refs/tags/master',
    'master',
    'refs/heads/',
    'refs/heads/Master',
  ])
    assert.deepEqual(await tasksFrom('push', { ...payload, ref, deleted: false }), [], ref)
  assert.deepEqual(await tasksFrom('push', { ...payload, ref: 'refs/heads/master', deleted: true }), [])
})

for (const name of ['check_run', 'check_suite'] as const) {
  test(`a ${name} that somebody re-runs has its commit judged, whatever pull requests GitHub names`, async () => {
    for (const payload of real(name, 'rerequested')) {
      const head = fieldsIn(payload, name)['head_sha']
      for (const pulls of [[], [{ number: 2 }, { number: 9 }]]) {
        assert.deepEqual(await tasksFrom(name, but(payload, name, { pull_requests: pulls })), [
          { type: 'rerun', ...placeIn(payload), head, why: { code: 'delivered', delivery } },
        ])
      }
    }
  })

  test(`a ${name} with any other action causes no task`, async () => {
    for (const payload of real(name).filter(({ action }) => action !== 'rerequested'))
      assert.deepEqual(await tasksFrom(name, but(payload, name, { pull_requests: [{ number: 2 }] })), [])
  })
}

test('a merge group for which GitHub requests checks is judged, and one that is over is not', async () => {
  for (const payload of real('merge_group', 'checks_requested')) {
    const group = fieldsIn(payload, 'merge_group')
    const at = { base: 'main', ref: group['head_ref'], head: group['head_sha'] }
    const wanted = { type: 'group', ...placeIn(payload), ...at, why: { code: 'delivered', delivery } }
    assert.deepEqual(await tasksFrom('merge_group', payload), [wanted])
    assert.deepEqual(await tasksFrom('merge_group', { ...payload, action: 'destroyed' }), [])
  }
})

test('a button of a check is pressed by somebody for its head, and another App’s button does nothing', async () => {
  const run = { pull_requests: [{ number: 2, base: { ref: 'main' } }], head_sha: 'a'.repeat(40) }
  const press = (identifier: string): Json => ({
    ...but(real('check_run')[0], 'check_run', run),
    action: 'requested_action',
    requested_action: { identifier },
    sender: { login: 'alice' },
  })
  const place = placeIn(press('hold'))
  const why = { code: 'button', delivery, pull: 2, name: 'hold', login: 'alice', head: 'a'.repeat(40) }
  assert.deepEqual(await tasksFrom('check_run', press('hold')), [{ type: 'advance', ...place, base: 'main', why }])
  assert.deepEqual(await tasksFrom('check_run', press('retry')), [
    { type: 'review', ...place, pull: 2, why: { code: 'rerun', delivery } },
  ])
  assert.deepEqual(await tasksFrom('check_run', press('merge')), [])
})

test('a review whose text may hold commands is answered', async () => {
  const payload = but(real('pull_request_review', 'submitted')[0], 'review', {
    id: 9,
    body: '/canary 25',
    user: { login: 'alice', type: 'User' },
  })
  const number = z.int().parse(fieldsIn(payload, 'pull_request')['number'])
  const text = { pull: number, review: 9, login: 'alice', body: '/canary 25' }
  assert.deepEqual(await tasksFrom('pull_request_review', payload), [
    { type: 'redirect', ...placeIn(payload), ...text, why: { code: 'delivered', delivery } },
  ])
  for (const other of [{ body: 'fine' }, { body: null }, { user: null }, { user: { login: 'x[bot]', type: 'Bot' } }])
    assert.deepEqual(await tasksFrom('pull_request_review', but(payload, 'review', other)), [])
  assert.deepEqual(await tasksFrom('pull_request_review', { ...payload, action: 'edited' }), [])
})

test('commands in comments on lines are answered once per review, and those of bots are not', async () => {
  const [payload] = real('pull_request_review_comment', 'created')
  const user = { login: 'alice', type: 'User' }
  const tasks = (fields: Json): Promise<readonly Json[]> => {
    const comment = { user, pull_request_review_id: 9, ...fields }
    return tasksFrom('pull_request_review_comment', but(payload, 'comment', comment))
  }
  for (const id of [1, 2]) {
    const found = await tasks({ id, body: '/canary 25' })
    assert.deepEqual(
      found.map(({ type, review, login }) => [type, review, login]),
      [['redirect', 9, 'alice']],
    )
  }
  assert.deepEqual(await tasks({ body: 'Looks good' }), [])
  assert.deepEqual(await tasks({ body: '/canary 25', user: { login: 'x[bot]', type: 'Bot' } }), [])
  const edited = { ...but(payload, 'comment', { body: '/canary 5' }), action: 'edited' }
  assert.deepEqual(await tasksFrom('pull_request_review_comment', edited), [])
})

test('an installation causes one task for each new repository, with a growing delay', async () => {
  const [created] = real('installation', 'created')
  const why = { code: 'installed', delivery, repository: 186853002, due: NOW }
  const repository = { owner: 'Codertocat', name: 'Hello-World' }
  const task = { type: 'onboard', installation: 957387, repository, why }
  assert.deepEqual(await tasksFrom('installation', created ?? {}), [task])
  const more = [1, 2].map((id) => ({ id, full_name: `acme/r${id}` }))
  const found = await tasksFrom('installation', { ...created, repositories: more })
  assert.deepEqual(
    found.map((one) => [one['repository'], z.object({ due: z.number() }).parse(one['why']).due - NOW]),
    [
      [{ owner: 'acme', name: 'r1' }, 0],
      [{ owner: 'acme', name: 'r2' }, 3_000],
    ],
  )
  const [added] = real('installation_repositories', 'added')
  assert.equal((await tasksFrom('installation_repositories', added ?? {})).length, 1)
})

test('an installation that is removed, suspended or changes its permissions causes no task', async () => {
  for (const payload of real('installation').filter(({ action }) => action !== 'created'))
    assert.deepEqual(await tasksFrom('installation', payload), [])
  for (const payload of real('installation_repositories', 'removed'))
    assert.deepEqual(await tasksFrom('installation_repositories', payload), [])
})

test('what is stored of a webhook is a small part of it', async () => {
  for (const name of Object.keys(EVENTS).filter(isEventName))
    for (const payload of real(name)) {
      const stored = JSON.stringify(await tasksFrom(name, payload))
      assert.ok(stored.length < 900, `${name}: ${stored.length} of ${JSON.stringify(payload).length}`)
    }
  const comment = JSON.stringify(await tasksFrom('issue_comment', aCommand('/canary '.padEnd(1_000, 'x'))))
  assert.ok(comment.length < 1_300, 'a comment is its text and little else')
})

test('every real webhook is read', () => {
  for (const name of Object.keys(EVENTS).filter(isEventName))
    for (const payload of real(name))
      assert.ok(EVENTS[name].safeParse(payload).success, `${name}.${String(payload['action'])}`)
})

test('an unknown event is ignored, even if every object has a property of that name', async () => {
  for (const name of [
    'ping',
    'installation_target',
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
    '',
    'Push',
  ])
    assert.equal(isEventName(name), false, name)
})

const OWN_PARTS: Readonly<Record<EventName, readonly string[]>> = {
  installation: ['action', 'repositories'],
  installation_repositories: ['action', 'repositories_added'],
  pull_request: ['pull_request', 'action'],
  issue_comment: ['issue', 'comment', 'sender', 'action'],
  issues: ['issue', 'action'],
  push: ['ref', 'after'],
  status: ['sha', 'context', 'state'],
  deployment_status: ['deployment', 'deployment_status'],
  merge_group: ['merge_group', 'action'],
  pull_request_review: ['pull_request', 'action'],
  pull_request_review_comment: ['pull_request', 'comment', 'action'],
  check_run: ['check_run', 'action'],
  check_suite: ['check_suite', 'action'],
}

test('a webhook without an installation, a repository or its own part causes no task and does not throw', async () => {
  for (const [name, own] of Object.entries(OWN_PARTS)) {
    assert.ok(isEventName(name))
    const [payload] = real(name)
    // Those about an installation have no repository.
    const place = payload?.['repository'] === undefined ? ['installation'] : ['installation', 'repository']
    const broken = [...place, ...own].flatMap((part) =>
      [undefined, null, 0, [], [null]].map((value) => ({ ...payload, [part]: value })),
    )
    for (const each of broken) assert.deepEqual(await tasksFrom(name, each), [], name)
  }
})

test('any payload causes tasks or nothing, and never an error', async () => {
  const names = Object.keys(EVENTS).filter(isEventName)
  const anyEvent = fc.constantFrom(...names)
  await fc.assert(
    fc.asyncProperty(anyEvent, fc.object(), async (name, payload) => void (await tasksFrom(name, { ...payload }))),
    { numRuns: 200 },
  )
  const broken = anyEvent.chain((name) => {
    const payload = real(name)[0] ?? {}
    const fields = fc.dictionary(fc.constantFrom(...Object.keys(payload)), fc.anything())
    return fc.tuple(
      fc.constant(name),
      fields.map((changed) => ({ ...payload, ...changed })),
    )
  })
  await fc.assert(
    fc.asyncProperty(broken, async ([name, payload]) => void (await tasksFrom(name, payload))),
    { numRuns: 200 },
  )
})

test('a webhook is kept under its id, each task with the key of what it is about', async () => {
  const { hear, jobs } = await aReceiver()
  const payload = but(real('pull_request', 'closed')[0], 'pull_request', { number: 31 })
  await hear('pull_request', payload)
  const { repo } = z.object({ repo: z.object({ id: z.int() }) }).parse(placeIn(payload))
  assert.deepEqual(
    jobs.map(({ key }) => key),
    [`${repo.id}@master`, `${repo.id}#31`],
  )
  for (const { id } of jobs) assert.match(String(id), /"delivery":"guid"/)
})

test('the tasks of a webhook are stored together, and a webhook without tasks stores nothing', async () => {
  const calls: number[] = []
  const { hear } = await aReceiver(async (...jobs) => void calls.push(jobs.length))
  await hear('pull_request', real('pull_request', 'closed')[0] ?? {})
  await hear('issue_comment', aCommand('thanks'))
  assert.deepEqual(calls, [2, 0])
})

test('a push to another branch causes work only if the branch is known to be deployed', async () => {
  const { hear, jobs, memo } = await aReceiver()
  const [payload] = real('push')
  assert.ok(payload !== undefined)
  const push = (branch: string): Promise<void> =>
    hear('push', { ...payload, ref: `refs/heads/${branch}`, deleted: false })
  await push('release/1')
  assert.deepEqual(jobs, [])
  const { repo } = z.object({ repo: RepositoryName }).parse(placeIn(payload))
  await rememberDeployed({ memo, repo }, ['release/*'])
  for (const branch of ['feature', 'canary/@release/1/production/web/5', 'release/1']) await push(branch)
  assert.deepEqual(
    jobs.map(({ key }) => key),
    [`${repo.id}@release/1`],
  )
})

/** A signal, a webhook with it, and similar webhooks that have no signal. */
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
      // With Perch's own checks, Perch would look for what it wrote itself, without end.
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
    const { hear, jobs, memo } = await aReceiver()
    await hear(event, payload)
    assert.deepEqual(jobs, [], 'nobody waits')
    const { installation, repo } = z.object({ installation: z.int(), repo: RepositoryName }).parse(placeIn(payload))
    await rememberWaiting({ memo, repo }, 4, [`${key.slice(0, -3)}*`])
    await rememberWaiting({ memo, repo }, 5, ['status:argocd/*', 'report:*', `x${key}`, `${key}x`])
    await rememberWaiting({ memo, repo }, 6, ['status:other', key])
    for (const other of silent) await hear(event, other)
    assert.deepEqual(jobs, [])
    await hear(event, payload)
    const why = { code: 'signal', delivery, commit: 'd'.repeat(40) }
    assert.deepEqual(
      jobs.map(({ data }) => data),
      [4, 6].map((pull) => ({ type: 'review', installation, repo, pull, why })),
    )
  })
}

test('a deployment status without an environment has that of its deployment', async () => {
  const { hear, jobs, memo } = await aReceiver()
  for (const environment of [undefined, null, '']) {
    const deployed = but(real('deployment_status')[0], 'deployment', { environment: 'production' })
    const payload = but(deployed, 'deployment_status', { environment })
    await rememberWaiting(
      { memo, repo: { id: Where.parse(payload).repository.id, name: 'x', owner: 'x', defaultBranch: 'main' } },
      4,
      ['deployment:production'],
    )
    await hear('deployment_status', payload)
  }
  assert.equal(jobs.length, 3)
})

test('a status of Perch’s own deployment wakes nobody', async () => {
  const { hear, jobs, memo } = await aReceiver()
  const app = { id: 7 }
  const payload = but(real('deployment_status')[0], 'deployment', {
    environment: 'production',
    performed_via_github_app: app,
  })
  const repo = { id: Where.parse(payload).repository.id, name: 'x', owner: 'x', defaultBranch: 'main' }
  await rememberWaiting({ memo, repo }, 4, ['deployment:*'])
  await hear('deployment_status', payload)
  assert.deepEqual(jobs, [])
})

test('a pattern for a status is plain text except for its stars', async () => {
  const { hear, jobs, memo } = await aReceiver()
  const [payload] = real('status')
  assert.ok(payload !== undefined)
  const repo = { id: Where.parse(payload).repository.id, name: 'x', owner: 'x', defaultBranch: 'main' }
  await rememberWaiting({ memo, repo }, 4, ['status:.*', 'a(b', ''])
  await hear('status', { ...payload, context: 'anything' })
  assert.deepEqual(jobs, [])
})

test('the head that a pull request is opened with is remembered, unless something changed since', async () => {
  const { hear, memo } = await aReceiver()
  const [payload] = real('pull_request', 'opened')
  const times = { created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z' }
  const opened = but(payload, 'pull_request', { ...times, number: 41 })
  await hear('pull_request', but(opened, 'pull_request', { updated_at: '2026-11-20T10:00:02Z' }))
  assert.equal((await memo.entries('head:')).size, 0)
  await hear('pull_request', opened)
  const { sha } = z.object({ sha: z.string() }).parse(fieldsIn(payload, 'pull_request')['head'])
  assert.deepEqual([...(await memo.entries('head:')).values()], [{ sha, at: Date.parse(times.created_at) - 1 }])
  // A late webhook says nothing about a later head.
  const [key = ''] = [...(await memo.entries('head:')).keys()]
  await memo.set(key, { sha: 'f'.repeat(40), at: 1 })
  await hear('pull_request', opened)
  assert.deepEqual(await memo.get(key), { sha: 'f'.repeat(40), at: 1 })
})

test('a webhook whose tasks cannot be stored fails, so that GitHub shows it', async () => {
  const { hear } = await aReceiver(() => Promise.reject(new Error('disk full')))
  await assert.rejects(hear('issue_comment', aCommand()), /disk full/)
})
