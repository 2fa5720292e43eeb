import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import nock from 'nock'
import { GitHubUnavailable } from '../../../src/adapters/github/client/client.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import { RetryLater } from '../../../src/ports/jobs.ts'
import {
  aComment,
  aConversation,
  aWrittenComment,
  aGitHub,
  anApp,
  aPull,
  type GitHubWorld,
  grantToken,
  OTHER_SHA,
  PLACE,
  REPO,
  SHA,
  TOKEN,
} from './github-api.ts'

const GATE = { name: 'canary/gate', conclusion: undefined, title: 'Looking', summary: '' } as const

/** One request of each kind that Perch makes. */
const CALLS: readonly {
  readonly what: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly path: string
  readonly call: (world: GitHubWorld) => Promise<unknown>
}[] = [
  { what: 'a read', method: 'get', path: `${REPO}/pulls/3`, call: ({ pulls }) => pulls.get(3) },
  {
    what: 'a list',
    method: 'get',
    path: `${REPO}/pulls/3/reviews?per_page=100&page=1`,
    call: ({ pulls }) => pulls.approvers(3, SHA),
  },
  {
    what: 'a comment',
    method: 'post',
    path: `${REPO}/issues/3/comments`,
    call: ({ conversation }) => conversation.add(3, 'Hello'),
  },
  { what: 'a check run', method: 'post', path: `${REPO}/check-runs`, call: ({ checks }) => checks.create(SHA, GATE) },
  { what: 'an edit', method: 'patch', path: `${REPO}/pulls/3`, call: ({ pulls }) => pulls.close(3) },
  { what: 'a merge', method: 'put', path: `${REPO}/pulls/3/merge`, call: ({ pulls }) => pulls.merge(3, SHA) },
  {
    what: 'a deletion',
    method: 'delete',
    path: `${REPO}/git/refs/heads%2Fold`,
    call: ({ branches }) => branches.remove('old'),
  },
  {
    what: 'a commit',
    method: 'post',
    path: '/graphql',
    call: ({ branches }) =>
      branches.commit({ branch: 'b', expectedHead: SHA, headline: 'h', body: '', files: new Map([['f', 'x']]) }),
  },
]

for (const { what, method, path, call } of CALLS) {
  test(`${what} that GitHub answers with 502 is made once and fails as an outage`, async () => {
    const world = await aGitHub()
    world.api[method](path).reply(502, 'Bad gateway')
    await assert.rejects(call(world), (error) => {
      assert.ok(error instanceof GitHubUnavailable)
      assert.match(error.message, /: 502 Bad gateway$/)
      return true
    })
    assert.equal(world.asked().length, 1)
  })

  test(`${what} whose connection is cut off is made once and fails as an outage without an answer`, async () => {
    const world = await aGitHub()
    world.api[method](path).replyWithError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    await assert.rejects(call(world), (error) => {
      assert.ok(error instanceof GitHubUnavailable)
      assert.match(error.message, /: no answer .*ECONNRESET/)
      return true
    })
    assert.equal(world.asked().length, 1)
  })
}

/** A GitHub that accepts requests and leaves some of them without an answer. nock cannot do that. */
async function aSilentGitHub(t: TestContext, isSilent: (path: string) => boolean): Promise<GitHubWorld> {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (isSilent(path)) return
    const answer = path === '/app' ? { slug: 'perch' } : { token: TOKEN, expires_at: '2099-01-01T00:00:00Z' }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  nock.enableNetConnect('127.0.0.1')
  t.after(() => {
    nock.disableNetConnect()
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return aGitHub({ apiUrl: `http://127.0.0.1:${address.port}`, isScripted: false })
}

for (const { what, call } of CALLS) {
  test(`${what} that GitHub does not answer is waited for ten seconds, once`, async (t) => {
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    const asked = t.mock.method(AbortSignal, 'timeout', (ms: number) => timeout(ms / 10))
    const world = await aSilentGitHub(t, (path) => path !== '/app' && !path.endsWith('/access_tokens'))
    await assert.rejects(call(world), (error) => {
      assert.ok(error instanceof GitHubUnavailable)
      assert.match(error.message, /: no answer .*(abort|timeout)/i)
      return true
    })
    assert.equal(world.asked().length, 1)
    assert.ok(asked.mock.calls.every((each) => each.arguments[0] === 10_000))
  })
}

test('a token that GitHub does not provide in ten seconds blocks nobody either', async (t) => {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  t.mock.method(AbortSignal, 'timeout', (ms: number) => timeout(ms / 10))
  const world = await aSilentGitHub(t, (path) => path !== '/app')
  await assert.rejects(world.pulls.get(3), GitHubUnavailable)
  await assert.rejects(world.access.tokenFor(5), GitHubUnavailable)
  assert.deepEqual([world.asked().length, world.tokensTaken()], [0, 2])
})

test('five writes in a row are sent immediately: nothing in Octokit delays them', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/issues/3/comments`).times(5).reply(201, aComment())
  const start = performance.now()
  for (let count = 0; count < 5; count += 1) await world.conversation.add(3, `comment ${count}`)
  // Octokit's throttling would put at least a second between two of them.
  assert.ok(performance.now() - start < 4_000, `${performance.now() - start} ms`)
  assert.deepEqual(
    world.asked().map(({ body }) => body),
    [0, 1, 2, 3, 4].map((count) => ({ body: `comment ${count}` })),
  )
})

test('a comment that GitHub created without an answer is not created twice', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/issues/3/comments`).reply(502)
  world.api.post(`${REPO}/issues/3/comments`).optionally().reply(201, aComment())
  await assert.rejects(world.conversation.add(3, 'Hello'), GitHubUnavailable)
  await sleep(1_200)
  assert.equal(world.asked().length, 1)
})

interface Limit {
  readonly answer: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** When the primary limit is reset, in milliseconds from the answer. */
  readonly resetsIn?: number
  readonly message?: string
  /** In milliseconds from now. */
  readonly waits: number
}

const SECONDARY = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
const reset = (inMs: number): string => String(Math.ceil((Date.now() + inMs) / 1_000))

const LIMITS: readonly Limit[] = [
  { answer: '429 with retry-after: 17', status: 429, headers: { 'retry-after': '17' }, waits: 17_000 },
  { answer: '429 with retry-after: 0', status: 429, headers: { 'retry-after': '0' }, waits: 1_000 },
  {
    answer: '429 with a date as retry-after',
    status: 429,
    headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
    waits: 60_000,
  },
  { answer: '429 with nothing else', status: 429, waits: 60_000 },
  {
    answer: '429 with the primary limit used up',
    status: 429,
    headers: { 'x-ratelimit-remaining': '0' },
    resetsIn: 900_000,
    waits: 900_000,
  },
  { answer: '403 with retry-after: 30', status: 403, headers: { 'retry-after': '30' }, waits: 30_000 },
  {
    answer: '403 with retry-after and a reset that is later',
    status: 403,
    headers: { 'retry-after': '30', 'x-ratelimit-remaining': '0' },
    resetsIn: 900_000,
    waits: 30_000,
  },
  {
    answer: '403 with nothing remaining and a reset in 40 minutes',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0' },
    resetsIn: 2_400_000,
    waits: 2_400_000,
  },
  {
    answer: '403 with nothing remaining and a reset that is past',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000' },
    waits: 1_000,
  },
  {
    answer: '403 with nothing remaining and no reset',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0' },
    waits: 60_000,
  },
  {
    answer: '403 that names the secondary limit only in words',
    status: 403,
    headers: { 'x-ratelimit-remaining': '4990' },
    resetsIn: 900_000,
    message: SECONDARY,
    waits: 60_000,
  },
]

for (const limit of LIMITS) {
  const { answer, status, headers = {}, message = 'API rate limit exceeded', waits, resetsIn } = limit
  test(`${answer} postpones reads and writes by ${waits / 1_000} s and repeats nothing`, async () => {
    const calls = CALLS.filter(({ what }) => ['a read', 'a comment', 'a merge', 'a commit'].includes(what))
    for (const { method, path, call } of calls) {
      const world = await aGitHub()
      const before = world.asked().length
      const start = Date.now()
      const later = resetsIn === undefined ? {} : { 'x-ratelimit-reset': reset(resetsIn) }
      world.api[method](path).reply(status, { message }, { ...headers, ...later })
      await assert.rejects(call(world), (error) => {
        assert.ok(error instanceof RetryLater)
        const wait = error.retryAt - start
        // Resets are given in whole seconds.
        assert.ok(wait >= waits && wait < waits + 2_000, `${wait} ms`)
        return true
      })
      assert.equal(world.asked().length - before, 1)
    }
  })
}

test('a limit is a limit even where 403 would be an answer: 👀 and labels wait for it', async () => {
  const first = await aGitHub()
  first.api.post(`${REPO}/issues/comments/70/reactions`).reply(403, { message: SECONDARY })
  await assert.rejects(first.conversation.acknowledge(70), RetryLater)
  const second = await aGitHub()
  second.api.post(`${REPO}/issues/3/labels`).reply(403, { message: 'No' }, { 'retry-after': '5' })
  await assert.rejects(second.pulls.label(3, ['canary']), RetryLater)
})

test('until a limit ends, the installation sends no requests, whatever the route', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/issues/3/labels`).reply(429, { message: 'No' }, { 'retry-after': '5' })
  await assert.rejects(world.pulls.label(3, ['canary']), RetryLater)
  await assert.rejects(world.conversation.acknowledge(70), RetryLater)
  assert.equal(world.asked().length, 1)
})

test('403 for a missing permission is a refusal, not a limit to wait for', async () => {
  const world = await aGitHub()
  const headers = { 'x-ratelimit-remaining': '4990', 'x-ratelimit-reset': reset(900_000) }
  world.api.post(`${REPO}/check-runs`).reply(403, { message: 'Resource not accessible by integration' }, headers)
  await assert.rejects(world.checks.create(SHA, GATE), (error) => {
    assert.ok(error instanceof GitHubRefused)
    assert.equal(error.refusal.cause, 'permission')
    assert.equal(error.refusal.reason, 'Resource not accessible by integration')
    return true
  })
  assert.equal(world.asked().length, 1)
})

test('GraphQL reports a limit with 200 and an error of that type: the commit is postponed, and the head is not read', async () => {
  const draft = { branch: 'b', expectedHead: SHA, headline: 'h', body: '', files: new Map([['f', 'x']]) }
  const answers: [object, Record<string, string>, number][] = [
    [
      { type: 'RATE_LIMITED', message: 'API rate limit exceeded' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(600_000) },
      600_000,
    ],
    [{ message: SECONDARY }, {}, 60_000],
    [{ message: 'Slow down' }, { 'retry-after': '20' }, 20_000],
  ]
  for (const [problem, headers, waits] of answers) {
    const world = await aGitHub()
    world.api.post('/graphql').reply(200, { data: null, errors: [problem] }, headers)
    await assert.rejects(world.branches.commit(draft), (error) => {
      assert.ok(error instanceof RetryLater)
      assert.ok(Math.abs(error.retryAt - Date.now() - waits) < 3_000)
      return true
    })
  }
})

test('lists are read page by page, a hundred at a time, until a page is short', async () => {
  const world = await aGitHub()
  for (const [page, count] of [
    [1, 100],
    [2, 100],
    [3, 1],
  ] as const) {
    const pulls = Array.from({ length: count }, (_, index) => aPull({ number: page * 1_000 + index }))
    const query = 'sort=created&direction=desc&state=open&per_page=100'
    world.api.get(`${REPO}/pulls?${query}&page=${page}`).reply(200, pulls)
  }
  const found = await world.pulls.allOpen()
  assert.equal(found.length, 201)
  assert.deepEqual([found[0]?.number, found[100]?.number, found[200]?.number], [1_000, 2_000, 3_000])
  assert.equal(world.asked().length, 3)
})

test('comments are read page by page too, and an incomplete list is never used', async () => {
  const world = await aGitHub()
  world.api.post('/graphql').reply(200, aConversation([aWrittenComment({ fullDatabaseId: '71' })], 'next'))
  world.api
    .post('/graphql', ({ variables }: { variables: { after: unknown } }) => variables.after === 'next')
    .reply(200, aConversation([aWrittenComment({ fullDatabaseId: '72' })]))
  assert.deepEqual(
    (await world.conversation.of(3)).map(({ id }) => id),
    [71, 72],
  )
  for (const [status, body] of [
    [502, 'Bad Gateway'],
    [200, { data: { repository: null } }],
    [200, { data: null, errors: [{ type: 'NOT_FOUND', message: 'No' }] }],
  ] as const) {
    const half = await aGitHub()
    half.api.post('/graphql').reply(200, aConversation([aWrittenComment()], 'next'))
    half.api.post('/graphql').reply(status, body)
    await assert.rejects(half.conversation.of(3), GitHubUnavailable)
  }
})

test('after a list that ends with a full page, one more page is requested', async () => {
  const world = await aGitHub()
  const hundred = Array.from({ length: 100 }, (_, index) => aPull({ number: index + 1 }))
  const query = 'sort=created&direction=desc&state=open&per_page=100'
  world.api.get(`${REPO}/pulls?${query}&page=1`).reply(200, hundred)
  world.api.get(`${REPO}/pulls?${query}&page=2`).reply(200, [])
  assert.equal((await world.pulls.allOpen()).length, 100)
})

test('lists of which only the latest items matter stop at their limit', async () => {
  const world = await aGitHub()
  const hundred = Array.from({ length: 100 }, (_, index) => aPull({ number: index + 1 }))
  const newest = 'sort=created&direction=desc'
  world.api.get(`${REPO}/pulls?${newest}&base=main&state=all&per_page=100&page=1`).reply(200, hundred)
  const open = [aPull({ number: 100 }), aPull({ number: 0 })]
  world.api.get(`${REPO}/pulls?${newest}&base=main&state=open&per_page=100&page=1`).reply(200, open)
  const head = 'acme%3Acanary%2Fprod%2Fapi%2F25'
  world.api.get(`${REPO}/pulls?${newest}&head=${head}&state=all&per_page=100&page=1`).reply(200, hundred)
  // An open one is never too old.
  assert.deepEqual((await world.pulls.recent('main')).pulls.at(-1)?.number, 0)
  assert.equal((await world.pulls.from('canary/prod/api/25')).length, 100)
  const since = 'since=2026-03-01T10%3A00%3A00.000Z&sort=updated&direction=desc'
  for (const page of [1, 2, 3, 4, 5]) {
    const comments = Array.from({ length: 100 }, () => aComment())
    world.api.get(`${REPO}/issues/comments?${since}&per_page=100&page=${page}`).reply(200, comments)
  }
  assert.equal((await world.conversation.since(Date.parse('2026-03-01T10:00:00Z'))).length, 500)
})

test('pull requests are listed back to a moment, and the result tells how far the list reaches', async () => {
  const world = await aGitHub()
  const day = (date: number): string => new Date(Date.UTC(2026, 2, date)).toISOString()
  const pages = [3, 2, 1].map((date) => Array.from({ length: 100 }, () => aPull({ created_at: day(date) })))
  const query = 'sort=created&direction=desc&base=main&state=all&per_page=100'
  for (const page of [0, 1]) world.api.get(`${REPO}/pulls?${query}&page=${page + 1}`).reply(200, pages[page])
  const { pulls, since } = await world.pulls.recent('main', Date.UTC(2026, 2, 2, 12))
  assert.deepEqual([pulls.length, since], [200, Date.UTC(2026, 2, 2)])
  world.api.get(`${REPO}/pulls?${query}&page=1`).reply(200, pages[0])
  world.api.get(`${REPO}/pulls?${query}&page=2`).reply(200, [])
  const from = Date.UTC(2026, 2, 3)
  assert.equal(
    (await world.pulls.recent('main', from)).since,
    from - 1,
    'the list ended, and none since then is missing',
  )
  world.api.get(`${REPO}/pulls?${query}&page=1`).reply(200, pages[0]?.slice(1))
  assert.equal((await world.pulls.recent('main', 1)).since, 0)
})

test('the pull request that brought a commit is the one with that merge commit', async () => {
  const world = await aGitHub()
  const merged = { state: 'closed', merged_at: '2026-03-02T09:00:00Z', closed_at: '2026-03-02T09:00:00Z' }
  const found = [aPull({ number: 1 }), aPull({ ...merged, number: 2, merge_commit_sha: SHA })]
  world.api.get(`${REPO}/commits/${SHA}/pulls?per_page=100&page=1`).reply(200, found)
  world.api.get(`${REPO}/commits/${OTHER_SHA}/pulls?per_page=100&page=1`).reply(200, found)
  world.api.get(`${REPO}/commits/${SHA}/pulls?per_page=100&page=1`).reply(200, found)
  assert.equal((await world.pulls.mergedAs(SHA, 'main'))?.number, 2)
  assert.equal(await world.pulls.mergedAs(SHA, 'other'), undefined, 'it was merged into another branch')
  assert.equal(await world.pulls.mergedAs(OTHER_SHA, 'main'), undefined)
})

test('if a page fails, the list fails: an incomplete list is never used', async () => {
  const world = await aGitHub()
  const path = `${REPO}/pulls/3/reviews?per_page=100`
  const review = { user: null, state: 'COMMENTED', commit_id: SHA }
  world.api.get(`${path}&page=1`).reply(
    200,
    Array.from({ length: 100 }, () => review),
  )
  world.api.get(`${path}&page=2`).reply(500, { message: 'Server Error' })
  await assert.rejects(world.pulls.approvers(3, SHA), GitHubUnavailable)
})

test('an answer that is cut off or is no list is an outage, and never an empty list', async () => {
  const json = { 'content-type': 'application/json' }
  for (const body of ['[{"id": 1, "na', '', '{}', '{"check_runs": null}', 'null', '{"message": "hello"}']) {
    const world = await aGitHub()
    world.api.get(`${REPO}/pulls/3/reviews?per_page=100&page=1`).reply(200, body, json)
    world.api.get(`${REPO}/commits/${SHA}/check-runs?app_id=7&filter=all&per_page=100&page=1`).reply(200, body, json)
    await assert.rejects(world.pulls.approvers(3, SHA), GitHubUnavailable, body)
    await assert.rejects(world.checks.on(SHA), GitHubUnavailable, body)
  }
})

test('one token serves all calls of an installation, for the API and for Git, even if they come at the same time', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/pulls/3`).times(4).reply(200, aPull())
  await Promise.all([world.pulls.get(3), world.pulls.get(3), world.access.tokenFor(5)])
  assert.equal(await world.access.tokenFor(5), TOKEN)
  const again = await world.access.portsFor({
    installation: 5,
    repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
  })
  await again.pulls.get(3)
  await world.pulls.get(3)
  assert.equal(world.tokensTaken(), 1)
  assert.ok(world.asked().every(({ authorization }) => authorization === `token ${TOKEN}`))
})

test('an installation without a token is a refusal, whatever the status, and not an answer to the question', async () => {
  const cases = [
    { status: 404, call: ({ pulls }: GitHubWorld) => pulls.get(3) },
    { status: 404, call: ({ people }: GitHubWorld) => people.permission('mona') },
    { status: 404, call: ({ branches }: GitHubWorld) => branches.remove('old') },
    { status: 403, call: ({ conversation }: GitHubWorld) => conversation.acknowledge(70) },
    {
      status: 422,
      call: ({ pulls }: GitHubWorld) => pulls.open({ head: 'h', base: 'main', title: 't', body: '' }),
    },
    { status: 404, call: ({ access }: GitHubWorld) => access.tokenFor(6) },
  ]
  for (const { status, call } of cases) {
    const { access, api, logged } = anApp()
    api.get('/app').reply(200, { slug: 'perch' })
    api.post('/app/installations/6/access_tokens').reply(status, { message: 'This installation has been suspended' })
    const ports = await access.portsFor({
      installation: 6,
      repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    })
    const world: GitHubWorld = { ...ports, access, api, logged, asked: () => [], tokensTaken: () => 0 }
    await assert.rejects(call(world), (error) => {
      assert.ok(error instanceof GitHubRefused, inspect(error))
      assert.equal(error.refusal.action, 'work')
      assert.match(error.message, /has been suspended/)
      return true
    })
  }
})

test('a token that GitHub refuses is replaced immediately, and the request is repeated', async (t) => {
  const { api, access } = anApp()
  const [old, good, newest] = ['ghs_old', 'ghs_good', 'ghs_newest']
  const grant = (token: string): unknown =>
    api.post('/app/installations/7/access_tokens').reply(201, {
      token,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      permissions: {},
      repository_selection: 'all',
    })
  const answer = (token: string): nock.Interceptor =>
    api.get(`${REPO}/pulls/3`).matchHeader('authorization', `token ${token}`)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  api.get('/app').reply(200, { slug: 'perch' })
  const ports = await access.portsFor({ installation: 7, repo: PLACE.repo })
  grant(old)
  answer(old).reply(200, aPull())
  assert.equal((await ports.pulls.get(3))?.number, 3)
  // Octokit retries a token that is refused in its first seconds, because it may not be known everywhere yet.
  t.mock.timers.tick(60_000)
  answer(old).reply(401, { message: 'Bad credentials' })
  grant(good)
  answer(good).reply(200, aPull())
  assert.equal((await ports.pulls.get(3))?.number, 3)
  assert.equal(await access.tokenFor(7), good)
  assert.equal(await access.tokenFor(7, 'another'), good)
  grant(newest)
  assert.equal(await access.tokenFor(7, good), newest)
})

test("if this machine's clock is wrong, the App signs with GitHub's time", async () => {
  const { api, access } = anApp()
  const theirs = Date.now() - 5 * 60_000
  const issued: number[] = []
  const sees = (authorization: string | null): boolean => {
    const claims: unknown = JSON.parse(Buffer.from((authorization ?? '').split('.')[1] ?? '', 'base64url').toString())
    const iat = Number(Reflect.get(Object(claims), 'iat'))
    issued.push(iat)
    return true
  }
  const message = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
  const path = '/app/installations/8/access_tokens'
  api
    .post(path)
    .matchHeader('authorization', sees)
    .reply(401, { message }, { date: new Date(theirs).toUTCString() })
  api
    .post(path)
    .matchHeader('authorization', sees)
    .reply(201, { token: 'ghs_8', expires_at: '2099-01-01T00:00:00Z', permissions: {} })
  assert.equal(await access.tokenFor(8), 'ghs_8')
  assert.ok(Math.abs((issued.at(-1) ?? 0) - (theirs / 1000 - 30)) <= 2, String(issued))
})

test('a limit on tokens postpones what needs one', async () => {
  const { access, api } = anApp()
  api.get('/app').reply(200, { slug: 'perch' })
  api.post('/app/installations/5/access_tokens').twice().reply(429, {}, { 'retry-after': '9' })
  const { pulls } = await access.portsFor({
    installation: 5,
    repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
  })
  await assert.rejects(pulls.get(3), RetryLater)
  await assert.rejects(access.tokenFor(5), RetryLater)
})

test("Perch's own identity is requested once, and again if GitHub gave no answer", async () => {
  const { access, api } = anApp()
  const place = { installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
  api.get('/app').reply(502)
  api.get('/app').reply(200, { slug: 'perch' })
  await assert.rejects(access.portsFor(place), GitHubUnavailable)
  assert.equal((await access.portsFor(place)).botLogin, 'perch[bot]')
  assert.equal((await access.portsFor(place)).botLogin, 'perch[bot]')
})

test('an App without a name is refused, because a bot called "[bot]" could not recognize itself', async () => {
  const { access, api } = anApp()
  api.get('/app').reply(200, { id: 7 })
  await assert.rejects(
    access.portsFor({ installation: 5, repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }),
    /slug/,
  )
})

test('the token is in no error and in no log, not even when the answer shows it', async () => {
  const world = await aGitHub()
  const echo = { message: `Bad request with authorization: token ${TOKEN}` }
  for (const { method, path } of CALLS) world.api[method](path).reply(500, echo)
  for (const { call } of CALLS) {
    await assert.rejects(call(world), (error) => {
      assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(TOKEN), inspect(error))
      return true
    })
  }
  world.api.post('/graphql').reply(200, { errors: [{ type: 'FORBIDDEN', message: `No: ${TOKEN}` }] })
  world.api.get(`${REPO}/git/ref/heads%2Fb`).reply(200, { object: { sha: SHA } })
  const draft = { branch: 'b', expectedHead: SHA, headline: 'h', body: '', files: new Map([['f', 'x']]) }
  await assert.rejects(world.branches.commit(draft), (error) => !inspect(error, { depth: 10 }).includes(TOKEN))
  assert.ok(!world.logged().includes(TOKEN))
})

test('a whole error page of a proxy does not end up in a message', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/pulls/3`).reply(502, `<html>${'x'.repeat(100_000)}</html>`, { 'content-type': 'text/html' })
  await assert.rejects(world.pulls.get(3), (error) => error instanceof Error && error.message.length < 2_000)
})

test('on an Enterprise Server, REST and GraphQL are found under its own addresses', async () => {
  const world = await aGitHub({ apiUrl: 'https://ghe.test/api/v3' })
  world.api.get(`/api/v3${REPO}/pulls/3`).reply(200, aPull())
  world.api.post('/api/graphql').reply(200, { data: { createCommitOnBranch: { commit: { oid: OTHER_SHA } } } })
  assert.equal((await world.pulls.get(3))?.number, 3)
  const draft = { branch: 'b', expectedHead: SHA, headline: 'h', body: '', files: new Map([['f', 'x']]) }
  assert.deepEqual(await world.branches.commit(draft), { sha: OTHER_SHA })
})

test("Git's token comes from where GitHub is, and the App's key signs for nobody else", async () => {
  const world = await aGitHub({ apiUrl: 'https://ghe.test/api/v3' })
  assert.equal(await world.access.tokenFor(5), TOKEN)
})

test('every page of installations and repositories is read; suspended and archived ones are left out', async () => {
  const { access, api } = anApp()
  const installations = Array.from({ length: 100 }, (_, index) => ({
    id: index + 1_000,
    suspended_at: '2026-01-01T00:00:00Z',
  }))
  api.get('/app/installations?per_page=100&page=1').reply(200, installations)
  api.get('/app/installations?per_page=100&page=2').reply(200, [{ id: 5, suspended_at: null }, { id: 6 }])
  grantToken(api, '', 5)
  grantToken(api, '', 6)
  const repository = (id: number, rest: object = {}): object => ({
    id,
    name: `repo-${id}`,
    owner: { login: 'acme' },
    default_branch: 'main',
    archived: false,
    ...rest,
  })
  const hundred = Array.from({ length: 100 }, (_, index) => repository(index + 1, { archived: index !== 41 }))
  api.get('/installation/repositories?per_page=100&page=1').reply(200, { total_count: 101, repositories: hundred })
  api
    .get('/installation/repositories?per_page=100&page=2')
    .reply(200, { total_count: 101, repositories: [repository(101, { default_branch: 'trunk' })] })
  api.get('/installation/repositories?per_page=100&page=1').reply(200, { total_count: 0, repositories: [] })
  const found = await access.everyRepository()
  const places = found.map(({ installation, repo }) => ({ installation, repo }))
  assert.deepEqual(places, [
    { installation: 5, repo: { id: 42, name: 'repo-42', owner: 'acme', defaultBranch: 'main' } },
    { installation: 5, repo: { id: 101, name: 'repo-101', owner: 'acme', defaultBranch: 'trunk' } },
  ])
})
