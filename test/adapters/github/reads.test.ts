import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ZodError } from 'zod'
import { commentOf, pullRequestOf } from '../../../src/adapters/github/schema.ts'
import { PERMISSIONS } from '../../../src/core/rollout/facts.ts'
import {
  aCheckRun,
  aComment,
  aConversation,
  aGitHub,
  anAccount,
  aPull,
  aWrittenComment,
  OTHER_SHA,
  REPO,
  SHA,
} from './github-api.ts'

const PERCH = { appId: 7, login: 'perch[bot]' }

test("a pull request is read in Perch's own terms", async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/pulls/3`).reply(200, aPull())
  assert.deepEqual(await world.pulls.get(3), {
    number: 3,
    state: 'open',
    draft: false,
    title: 'Bring 2.0',
    body: '',
    author: { login: 'mona', isBot: false },
    head: { ref: 'feature', sha: SHA, isFork: false },
    base: { ref: 'main', sha: OTHER_SHA, isDefault: true },
    mergeCommit: undefined,
    labels: ['canary'],
    assignees: ['mona'],
    createdAt: Date.UTC(2026, 2, 1, 10),
    closedAt: undefined,
  })
})

test('a pull request that is not there is undefined', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/pulls/4`).reply(404, { message: 'Not Found' })
  assert.equal(await world.pulls.get(4), undefined)
})

test('only a pull request with a merge time is merged, and only then has its merge commit landed', () => {
  const closed = { state: 'closed', closed_at: '2026-03-02T10:00:00+01:00' }
  const merged = pullRequestOf(aPull({ ...closed, merged_at: '2026-03-02T09:00:00Z', merge_commit_sha: SHA }))
  assert.deepEqual([merged.state, merged.mergeCommit, merged.closedAt], ['merged', SHA, Date.UTC(2026, 2, 2, 9)])
  // GitHub's test merge commit, which no branch has.
  const dropped = pullRequestOf(aPull({ ...closed, merged_at: null, merge_commit_sha: SHA }))
  assert.deepEqual([dropped.state, dropped.mergeCommit], ['closed', undefined])
  const open = pullRequestOf(aPull({ merge_commit_sha: SHA }))
  assert.deepEqual([open.state, open.mergeCommit], ['open', undefined])
  const bare = pullRequestOf(aPull({ ...closed, merged_at: '2026-03-02T09:00:00Z', merge_commit_sha: null }))
  assert.deepEqual([bare.state, bare.mergeCommit], ['merged', undefined])
})

test('a head in another repository, or in one that was deleted, is a fork', () => {
  const head = { ref: 'feature', sha: SHA }
  assert.equal(pullRequestOf(aPull({ head: { ...head, repo: { id: 1 } } })).head.isFork, false)
  assert.equal(pullRequestOf(aPull({ head: { ...head, repo: { id: 2 } } })).head.isFork, true)
  assert.equal(pullRequestOf(aPull({ head: { ...head, repo: null, user: null } })).head.isFork, true)
})

test('the author of a pull request may be a bot, or be gone', () => {
  assert.deepEqual(pullRequestOf(aPull({ user: anAccount('perch[bot]', 'Bot') })).author, {
    login: 'perch[bot]',
    isBot: true,
  })
  assert.deepEqual(pullRequestOf(aPull({ user: null })).author, { login: 'ghost', isBot: false })
})

test('an answer without a field that Perch needs fails and names the field', async () => {
  const lacks = (field: string): RegExp => new RegExp(`"${field}"`)
  for (const field of ['number', 'state', 'title', 'user', 'head', 'base', 'created_at']) {
    const world = await aGitHub()
    world.api.get(`${REPO}/pulls/3`).reply(200, aPull({ [field]: undefined }))
    await assert.rejects(world.pulls.get(3), (error) => error instanceof ZodError && lacks(field).test(error.message))
  }
  for (const field of ['id', 'user', 'created_at', 'updated_at', 'issue_url'])
    assert.throws(() => commentOf(aComment({ [field]: undefined }), PERCH), lacks(field))
  const world = await aGitHub()
  world.api.get(`${REPO}/commits/${SHA}/check-runs?app_id=7&filter=all&per_page=100&page=1`).reply(200, {
    check_runs: [aCheckRun({ conclusion: undefined })],
  })
  world.api.get(`${REPO}/collaborators/mona/permission`).reply(200, { role_name: 'write' })
  world.api.post(`${REPO}/pulls`).reply(201, {})
  world.api.post(`${REPO}/check-runs`).reply(201, {})
  await assert.rejects(world.checks.on(SHA), lacks('conclusion'))
  await assert.rejects(world.people.permission('mona'), lacks('permission'))
  await assert.rejects(world.pulls.open({ head: 'h', base: 'main', title: 't', body: '' }), lacks('number'))
  const report = { name: 'canary/gate', conclusion: undefined, title: 't', summary: '' } as const
  await assert.rejects(world.checks.create(SHA, report), lacks('id'))
})

test('an invalid time, and a comment without a pull request, are refused instead of read as NaN', () => {
  assert.throws(() => pullRequestOf(aPull({ created_at: 'yesterday' })), ZodError)
  assert.throws(() => commentOf(aComment({ issue_url: 'https://api.github.test/repos/acme/gitops' }), PERCH), ZodError)
})

test('whatever an answer contains, it is read as a pull request or refused by the schema', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(aPull())), fc.anything()), (fields) => {
      try {
        const pull = pullRequestOf(aPull(fields))
        assert.ok(Number.isFinite(pull.createdAt) && Number.isInteger(pull.number))
      } catch (error) {
        assert.ok(error instanceof ZodError)
      }
    }),
    { numRuns: 300 },
  )
})

for (const { answer, means } of [
  { answer: { permission: 'admin', role_name: 'admin' }, means: 'admin' },
  { answer: { permission: 'write', role_name: 'maintain' }, means: 'maintain' },
  { answer: { permission: 'write', role_name: 'write' }, means: 'write' },
  { answer: { permission: 'read', role_name: 'triage' }, means: 'triage' },
  { answer: { permission: 'read', role_name: 'read' }, means: 'read' },
  { answer: { permission: 'none', role_name: '' }, means: 'none' },
  { answer: { permission: 'write', role_name: 'Release captain' }, means: 'write' },
  { answer: { permission: 'read', role_name: 'Admin' }, means: 'read' },
  { answer: { permission: 'write' }, means: 'write' },
  { answer: { permission: 'read', role_name: 'constructor' }, means: 'read' },
  { answer: { permission: 'owner', role_name: 'owner' }, means: 'none' },
] as const) {
  test(`GitHub's ${JSON.stringify(answer)} is the permission ${means}`, async () => {
    const world = await aGitHub()
    world.api.get(`${REPO}/collaborators/mona/permission`).reply(200, answer)
    assert.equal(await world.people.permission('mona'), means)
  })
}

test('somebody whom GitHub does not know has no permission', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/collaborators/nobody/permission`).reply(404, { message: 'nobody is not a user' })
  assert.equal(await world.people.permission('nobody'), 'none')
})

test('reading an unreadable permission fails, and grants nothing', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/collaborators/mona/permission`).reply(500)
  world.api.get(`${REPO}/collaborators/mona/permission`).reply(403, { message: 'Must have push access' })
  await assert.rejects(world.people.permission('mona'), /500/)
  await assert.rejects(world.people.permission('mona'), /Must have push access/)
})

test('a login is one part of the address, whatever it contains', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), async (login) => {
      const world = await aGitHub()
      const isAddress = login === '.' || login === '..'
      const asked = world.asked().length
      if (!isAddress) world.api.get(/.*/).reply(404)
      assert.equal(await world.people.permission(login), 'none')
      if (isAddress) return assert.equal(world.asked().length, asked)
      const [before = '', after = ''] = (world.asked().at(-1)?.path ?? '').split('/collaborators/')
      assert.equal(before, REPO)
      assert.match(after, /^[^/?#]+\/permission$/)
    }),
    { numRuns: 25, examples: [['perch[bot]'], ['../../../user'], ['a/b?c#d'], ['%2e%2e'], ['.'], ['..']] },
  )
})

test('for an unknown role, `permission` counts, and two unknown words grant nothing', async () => {
  const word = fc.oneof(fc.constantFrom(...PERMISSIONS), fc.string(), fc.constantFrom('Admin', 'owner', '__proto__'))
  await fc.assert(
    fc.asyncProperty(word, word, async (permission, role_name) => {
      const world = await aGitHub()
      world.api.get(`${REPO}/collaborators/mona/permission`).reply(200, { permission, role_name })
      const isKnown = (name: string): boolean => PERMISSIONS.some((known) => known === name)
      const expected = [role_name, permission].find(isKnown) ?? 'none'
      assert.equal(await world.people.permission('mona'), expected)
    }),
    { numRuns: 30 },
  )
})

test("only Perch's own check runs count, by App and by name, newest first", async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/commits/${SHA}/check-runs?app_id=7&filter=all&per_page=100&page=1`).reply(200, {
    total_count: 6,
    check_runs: [
      aCheckRun({
        id: 41,
        external_id: 'canary/gate 12:main 9:canary/@x queue:main',
        output: { title: 'Green', summary: 'All gates pass.', text: 'The diff.' },
      }),
      aCheckRun({ id: 43, name: 'canary/validate', conclusion: 'failure', external_id: 'canary/validate' }),
      // For example GitHub Actions under Perch's name, and an App that is gone.
      aCheckRun({ id: 44, app: { id: 15368 } }),
      aCheckRun({ id: 45, app: null }),
      aCheckRun({ id: 46, app: undefined }),
      aCheckRun({ id: 47, name: 'canary/other' }),
      aCheckRun({ id: 42, conclusion: 'action_required', output: { title: null, summary: null } }),
    ],
  })
  assert.deepEqual(await world.checks.on(SHA), [
    {
      id: 43,
      name: 'canary/validate',
      conclusion: 'failure',
      title: 'Green',
      summary: 'All gates pass.',
      text: undefined,
      subjects: [],
    },
    {
      id: 42,
      name: 'canary/gate',
      conclusion: 'action_required',
      title: '',
      summary: '',
      text: undefined,
      subjects: [],
    },
    {
      id: 41,
      name: 'canary/gate',
      conclusion: 'success',
      title: 'Green',
      summary: 'All gates pass.',
      text: 'The diff.',
      subjects: [
        { pull: 12, base: 'main' },
        { pull: 9, base: 'canary/@x' },
        { pull: undefined, base: 'main' },
      ],
    },
  ])
})

test('neutral, skipped, stale, cancelled and unfinished check runs are not green', async () => {
  const world = await aGitHub()
  const conclusions = ['neutral', 'skipped', 'stale', 'cancelled', 'timed_out', 'startup_failure', 'Success', null]
  world.api.get(`${REPO}/commits/${SHA}/check-runs?app_id=7&filter=all&per_page=100&page=1`).reply(200, {
    check_runs: [
      ...conclusions.map((conclusion) => aCheckRun({ conclusion })),
      aCheckRun({ status: 'in_progress', conclusion: null }),
      aCheckRun({ status: 'in_progress', conclusion: 'success' }),
      aCheckRun({ status: 'queued', conclusion: 'success' }),
    ],
  })
  const found = await world.checks.on(SHA)
  assert.equal(found.length, 11)
  assert.ok(found.every(({ conclusion }) => conclusion === undefined))
})

test("a comment is Perch's own if the App made it, or else the App's account did", () => {
  const bot = anAccount('perch[bot]', 'Bot')
  const isOurs = (fields: Readonly<Record<string, unknown>>): boolean =>
    commentOf(aComment(fields), PERCH).comment.isOurs
  assert.equal(isOurs({ user: bot, performed_via_github_app: { id: 7 } }), true)
  assert.equal(isOurs({ user: bot, performed_via_github_app: null }), true)
  assert.equal(isOurs({ user: bot, performed_via_github_app: undefined }), true)
  assert.equal(isOurs({ user: anAccount('other[bot]', 'Bot'), performed_via_github_app: { id: 8 } }), false)
  // Nobody can have this name, but a name alone proves nothing.
  assert.equal(isOurs({ user: anAccount('perch[bot]', 'User') }), false)
  assert.equal(isOurs({ user: null }), false)
  assert.equal(isOurs({}), false)
})

test('comments have their author, their time, and whether the text was edited', () => {
  const { pull, comment } = commentOf(
    aComment({ issue_url: 'https://api.github.test/repos/acme/7/issues/31', body: null, user: null }),
    PERCH,
  )
  assert.equal(pull, 31)
  assert.deepEqual(comment, {
    id: 70,
    author: { login: 'ghost', isBot: false },
    body: '',
    createdAt: Date.UTC(2026, 2, 1, 10),
    isEdited: false,
    isOurs: false,
  })
  const edited = commentOf(aComment({ updated_at: '2026-03-01T10:00:01Z' }), PERCH).comment
  assert.equal(edited.isEdited, true)
  assert.equal(commentOf(aComment({ user: anAccount('renovate[bot]', 'Bot') }), PERCH).comment.author.isBot, true)
})

test('comments come oldest first, with their author and whether anybody edited them', async () => {
  const world = await aGitHub()
  const app = { kind: 'Bot', login: PERCH.login.replace('[bot]', '') }
  world.api.post('/graphql').reply(
    200,
    aConversation([
      aWrittenComment({ fullDatabaseId: '1' }),
      // Edited within the same second.
      aWrittenComment({ fullDatabaseId: '2', lastEditedAt: '2026-03-01T10:00:00Z', includesCreatedEdit: true }),
      aWrittenComment({ fullDatabaseId: '3', author: null }),
      aWrittenComment({ fullDatabaseId: '4', author: { kind: 'Bot', login: 'renovate' } }),
      aWrittenComment({ fullDatabaseId: '5', author: app, viewerDidAuthor: true }),
      // A person may have the App's name.
      aWrittenComment({ fullDatabaseId: '6', author: { ...app, kind: 'User' } }),
    ]),
  )
  assert.deepEqual(
    (await world.conversation.of(3)).map(({ id, author, isEdited, isOurs }) => [id, author, isEdited, isOurs]),
    [
      [1, { login: 'mona', isBot: false }, false, false],
      [2, { login: 'mona', isBot: false }, true, false],
      [3, { login: 'ghost', isBot: false }, false, false],
      [4, { login: 'renovate[bot]', isBot: true }, false, false],
      [5, { login: PERCH.login, isBot: true }, false, true],
      [6, { login: app.login, isBot: false }, false, false],
    ],
  )
})

test('a conversation that has not changed is asked for by its ETag, and what came and went between two requests is not kept', async () => {
  const world = await aGitHub()
  const ids = async (): Promise<readonly number[]> => (await world.conversation.of(3)).map(({ id }) => id)
  const writes = (...numbers: readonly number[]): void => {
    const nodes = numbers.map((id) => aWrittenComment({ fullDatabaseId: String(id), body: 'Hello' }))
    world.api.post('/graphql').reply(200, aConversation(nodes))
  }
  const lists = (etag: string, ...numbers: readonly number[]): void => {
    const items = numbers.map((id) => aComment({ id, body: 'Hello' }))
    world.api.get(`${REPO}/issues/3/comments`).query({ per_page: 100 }).reply(200, items, { etag })
  }
  const isUnchanged = (etag: string): void => {
    const api = world.api.get(`${REPO}/issues/3/comments`).query({ per_page: 100 }).matchHeader('if-none-match', etag)
    api.reply(304)
  }
  writes(1)
  assert.deepEqual(await ids(), [1])
  // Comment 2 is written after the list, and deleted soon.
  lists('"a"', 1)
  writes(1, 2)
  assert.deepEqual(await ids(), [1, 2])
  isUnchanged('"a"')
  writes(1)
  assert.deepEqual(await ids(), [1])
  isUnchanged('"a"')
  assert.deepEqual(await ids(), [1])
  lists('"b"', 1, 3)
  writes(1, 3)
  assert.deepEqual(await ids(), [1, 3])
})

test('where a server does not know a field of the conversation, it is read over REST', async () => {
  const unknown = [
    { message: "Field 'fullDatabaseId' doesn't exist on type 'IssueComment'", extensions: { code: 'undefinedField' } },
    { message: 'Cannot query field "fullDatabaseId" on type "IssueComment".' },
  ]
  for (const error of unknown) {
    const world = await aGitHub()
    world.api.post('/graphql').reply(200, { errors: [error] })
    world.api
      .get(`${REPO}/issues/3/comments`)
      .query(true)
      .reply(200, [aComment({ id: 8 })])
    assert.deepEqual(
      (await world.conversation.of(3)).map(({ id }) => id),
      [8],
    )
  }
  const world = await aGitHub()
  world.api.post('/graphql').reply(200, { errors: [{ message: 'Something went wrong' }] })
  await assert.rejects(world.conversation.of(3))
})

test('the moves of a branch come newest first, and are unknown if GitHub does not list them', async () => {
  const world = await aGitHub()
  const move = {
    id: 1,
    before: SHA,
    after: OTHER_SHA,
    ref: 'refs/heads/b',
    timestamp: '2026-03-01T10:00:00Z',
    activity_type: 'force_push',
    actor: anAccount('mona'),
  }
  const path = `${REPO}/activity?ref=refs%2Fheads%2Fb&per_page=100`
  world.api.get(path).reply(200, [move, { ...move, activity_type: 'push', actor: anAccount(PERCH.login, 'Bot') }])
  const at = Date.UTC(2026, 2, 1, 10)
  assert.deepEqual(await world.activity.movesOf('b'), [
    { kind: 'force-push', before: SHA, after: OTHER_SHA, at, isOurs: false },
    { kind: 'push', before: SHA, after: OTHER_SHA, at, isOurs: true },
  ])
  for (const [status, body] of [
    [404, { message: 'Not Found' }],
    [200, { message: 'odd' }],
  ] as const) {
    world.api.get(path).reply(status, body)
    assert.equal(await world.activity.movesOf('b'), undefined)
  }
})
