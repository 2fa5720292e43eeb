/** Access rights: Apps, their tokens, people, and strangers. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { Octokit } from '@octokit/rest'
import { Probot } from 'probot'
import type { GitHubBox } from '../../src/sandbox/github.ts'
import { aBox, COMMIT, commitInput, graphql, rest } from './support.ts'

const HOUR = 3_600_000

interface Claims {
  readonly iat?: number
  readonly exp?: number
  readonly iss?: unknown
  readonly key?: string
}

function jwt(box: GitHubBox, now: number, claims: Claims = {}): string {
  const seconds = Math.floor(now / 1000)
  const { key = box.privateKey, ...rest } = claims
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: seconds, exp: seconds + 600, iss: box.appId, ...rest })}`
  return `${body}.${sign('sha256', Buffer.from(body), key).toString('base64url')}`
}

test('Probot and Octokit sign in as they do on a GitHub Enterprise Server', async (t) => {
  const { box } = await aBox(t)
  const baseUrl = `${box.url}/api/v3`
  const probot = new Probot({ appId: box.appId, privateKey: box.privateKey, baseUrl, logLevel: 'fatal' })
  const app = await probot.auth()
  const { data: installation } = await app.rest.apps.getRepoInstallation({ owner: 'acme', repo: 'infra' })
  const octokit = await probot.auth(installation.id)
  const { data: repo } = await octokit.rest.repos.get({ owner: 'acme', repo: 'infra' })
  assert.equal(repo.full_name, 'acme/infra')
  const answer = await octokit.graphql<{ viewer: { login: string } }>('{ viewer { login } }')
  assert.equal(answer.viewer.login, 'perch[bot]')
  const alice = new Octokit({ auth: box.person('alice').token, baseUrl })
  assert.equal((await alice.rest.repos.get({ owner: 'acme', repo: 'infra' })).data.permissions?.push, true)
})

test('A JSON web token must be signed by the App, lie in the present, and live ten minutes at most', async (t) => {
  const now = Date.now()
  const { box } = await aBox(t, { now: () => now })
  const seconds = Math.floor(now / 1000)
  const { privateKey: other } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const cases: [Claims, number, RegExp][] = [
    [{}, 200, /^$/],
    [{ iss: String(box.appId) }, 200, /^$/],
    [{ key: other }, 401, /could not be decoded/],
    [{ iat: seconds + 300 }, 401, /'Issued at' claim/],
    [{ exp: seconds - 300 }, 401, /'Expiration time' claim/],
    [{ exp: seconds + 1200 }, 401, /too far in the future/],
    [{ iss: 4711 }, 404, /Integration not found/],
  ]
  for (const [claims, status, message] of cases) {
    const reply = await rest(box, 'GET /app', { token: jwt(box, now, claims) })
    assert.equal(reply.status, status)
    assert.match(reply.body.message ?? '', message)
  }
})

test('Wrong credentials are 401, and a private repository does not exist for strangers', async (t) => {
  const { box } = await aBox(t)
  const bad = await rest(box, 'GET /repos/acme/infra', { token: 'ghs_wrong' })
  assert.deepEqual([bad.status, bad.body.message], [401, 'Bad credentials'])
  assert.equal((await rest(box, 'GET /repos/acme/infra')).status, 404)
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token: box.createUser('eve').token })).status, 404)
  box.createRepository({ name: 'open', files: { a: 'b' }, isPrivate: false })
  assert.equal((await rest(box, 'GET /repos/acme/open')).status, 200)
})

test('An installation token ends after an hour, and with the installation', async (t) => {
  let now = Date.now()
  const { box, token } = await aBox(t, { now: () => now })
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token })).status, 200)
  now += HOUR
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token })).status, 401)
  const fresh = box.installation.token()
  box.installation.suspend()
  const suspended = await rest(box, 'GET /repos/acme/infra', { token: fresh })
  assert.deepEqual([suspended.status, suspended.body.message], [403, 'This installation has been suspended'])
  box.installation.unsuspend()
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token: fresh })).status, 200)
  box.installation.remove()
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token: fresh })).status, 401)
})

test('A token can be narrowed to repositories and permissions, never widened', async (t) => {
  const { box } = await aBox(t)
  box.createRepository({ name: 'other', files: { a: 'b' } })
  const app = jwt(box, Date.now())
  const path = `POST /app/installations/${String(box.installationId)}/access_tokens`
  const minted = await rest(box, path, {
    token: app,
    body: { repositories: ['infra'], permissions: { contents: 'read' } },
  })
  assert.deepEqual(minted.body.permissions, { metadata: 'read', contents: 'read' })
  const { token } = minted.body
  assert.equal((await rest(box, 'GET /repos/acme/other', { token })).status, 404)
  assert.equal((await rest(box, 'GET /repos/acme/infra/contents/README.md', { token })).status, 200)
  const body = { ref: 'refs/heads/x', sha: box.repository('infra').branch('main') }
  const write = await rest(box, 'POST /repos/acme/infra/git/refs', { token, body })
  assert.deepEqual([write.status, write.body.message], [403, 'Resource not accessible by integration'])
  assert.equal(write.headers.get('x-accepted-github-permissions'), 'contents=write')
  const wider = await rest(box, path, { token: app, body: { permissions: { administration: 'write' } } })
  assert.deepEqual(
    [wider.status, wider.body.message],
    [422, 'The permissions requested are not granted to this installation.'],
  )
  const foreign = await rest(box, path, { token: app, body: { repositories: ['none'] } })
  assert.equal(foreign.status, 422)
})

test('People are held to their role', async (t) => {
  const { box, repo } = await aBox(t)
  const rita = box.person('rita').token
  const sha = repo.branch('main') ?? ''
  const refused = await rest(box, 'POST /repos/acme/infra/git/refs', {
    token: rita,
    body: { ref: 'refs/heads/x', sha },
  })
  assert.equal(refused.status, 403)
  assert.throws(() => box.person('rita').push('x', { a: 'b' }), /needs the role write/)
  const check = await rest(box, 'POST /repos/acme/infra/check-runs', {
    token: box.person('carol').token,
    body: { name: 'x', head_sha: sha },
  })
  assert.deepEqual([check.status, check.body.message], [403, 'You must authenticate via a GitHub App.'])
  const answer = await graphql(box, rita, COMMIT, commitInput('main', sha, { a: 'b' }))
  assert.equal(answer.body.errors[0].type, 'FORBIDDEN')
})

test('Only the App that made a check run may change it', async (t) => {
  const { box, repo, token } = await aBox(t)
  const other = box.addApp({ slug: 'github-actions', permissions: { metadata: 'read', checks: 'write' } })
  const sha = repo.branch('main') ?? ''
  const made = await rest(box, 'POST /repos/acme/infra/check-runs', {
    token: other.installation.token(),
    body: { name: 'canary/gate', head_sha: sha, conclusion: 'success' },
  })
  assert.equal(made.status, 201)
  const stolen = await rest(box, `PATCH /repos/acme/infra/check-runs/${String(made.body.id)}`, {
    token,
    body: { conclusion: 'failure' },
  })
  assert.equal(stolen.status, 403)
  const mine = await rest(box, `GET /repos/acme/infra/commits/main/check-runs?app_id=${String(box.appId)}`, { token })
  assert.equal(mine.body.total_count, 0)
})

test('An unknown route is 404 in GitHub’s words, and the log says that nothing handles it', async (t) => {
  const { box, token } = await aBox(t)
  const mark = box.requests.mark()
  const reply = await rest(box, 'GET /repos/acme/infra/pages', { token })
  assert.deepEqual([reply.status, reply.body.message], [404, 'Not Found'])
  await graphql(box, token, '{ repository(owner: "acme", name: "infra") { stargazerCount } }')
  assert.deepEqual(
    box.requestsSince(mark).records.map(({ isUnhandled }) => isUnhandled),
    [true, true],
  )
})

test('A body that does not fit is 422 and says what is wrong; fields that GitHub ignores are noted', async (t) => {
  const { box, repo, token } = await aBox(t)
  box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: 'b' } })
  const post = (path: string, body: unknown): ReturnType<typeof rest> =>
    rest(box, `POST /repos/acme/infra${path}`, { token, body })
  const said = async (path: string, body: unknown): Promise<string> => {
    const reply = await post(path, body)
    assert.equal(reply.status, 422)
    return reply.body.message
  }
  const head_sha = repo.branch('main')
  assert.equal(await said('/issues/1/comments', {}), 'Invalid request.\n\n"body" wasn\'t supplied.')
  assert.equal(
    await said('/issues/1/comments', { body: 5 }),
    "Invalid request.\n\nFor 'properties/body', 5 is not a string.",
  )
  const run = { name: 'x', head_sha, output: { title: 'T', summary: 'x'.repeat(65_536) } }
  assert.equal(
    await said('/check-runs', run),
    'Invalid request.\n\nOnly 65535 characters are allowed; 65536 were supplied.',
  )
  const one = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' }
  const many = {
    name: 'x',
    head_sha,
    output: { title: 'T', summary: 'S', annotations: Array.from({ length: 51 }, () => one) },
  }
  assert.equal(
    await said('/check-runs', many),
    'Invalid request.\n\nNo more than 50 items are allowed; 51 were supplied.',
  )
  assert.equal(
    await said('/check-runs', { name: 'x', head_sha, colour: 'red' }),
    'Invalid request.\n\n"colour" is not a permitted key.',
  )
  assert.equal(
    await said('/check-runs', { name: 'x', head_sha: 'f'.repeat(40) }),
    `No commit found for SHA: ${'f'.repeat(40)}`,
  )
  const mark = box.requests.mark()
  assert.equal((await post('/issues/1/comments', { body: 'x', colour: 'red' })).status, 201)
  assert.deepEqual(box.requestsSince(mark).records[0]?.ignored, ['colour'])
})

test('The hourly budget is counted, an unchanged answer is free, and an empty budget refuses', async (t) => {
  const { box, token } = await aBox(t, { rateLimit: 3 })
  const first = await rest(box, 'GET /repos/acme/infra', { token })
  assert.equal(first.headers.get('x-ratelimit-remaining'), '2')
  const etag = first.headers.get('etag') ?? ''
  const same = await rest(box, 'GET /repos/acme/infra', { token, headers: { 'if-none-match': etag } })
  assert.deepEqual([same.status, same.headers.get('x-ratelimit-remaining')], [304, '2'])
  box.person('alice').push('main', { 'README.md': 'new' })
  await rest(box, 'GET /repos/acme/infra', { token })
  await rest(box, 'GET /repos/acme/infra', { token })
  const empty = await rest(box, 'GET /repos/acme/infra', { token })
  assert.equal(empty.status, 403)
  assert.match(empty.body.message, /API rate limit exceeded/)
  assert.equal((await rest(box, 'GET /rate_limit', { token })).body.rate.remaining, 0)
})

test('Lists come in pages that their links lead through', async (t) => {
  const { box, token } = await aBox(t)
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: 'b' } })
  for (let index = 0; index < 205; index += 1) box.person('rita').comment(number, String(index))
  const octokit = new Octokit({ auth: token, baseUrl: `${box.url}/api/v3` })
  const issue = { owner: 'acme', repo: 'infra', issue_number: number }
  const all = await octokit.paginate(octokit.rest.issues.listComments, { ...issue, per_page: 100 })
  assert.deepEqual(
    all.map(({ body }) => body),
    Array.from({ length: 205 }, (_, index) => String(index)),
  )
  assert.equal((await octokit.rest.issues.listComments(issue)).data.length, 30)
  assert.equal((await octokit.rest.issues.listComments({ ...issue, per_page: 1000 })).data.length, 100)
})
