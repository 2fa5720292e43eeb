/** Failures on demand. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { badGateway, type FaultRequest, primaryLimit, secondaryLimit } from '../../src/sandbox/wire/faults.ts'
import { aBox, COMMIT, commitInput, graphql, rest, type Reply, type Sandbox } from './support.ts'

const COMMENTS = { method: 'POST', path: /\/issues\/\d+\/comments$/ }

async function withPull(sandbox: Sandbox): Promise<{ comment: () => Promise<Reply>; count: () => number }> {
  const { box, repo, token } = sandbox
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  return {
    comment: () =>
      rest(box, `POST /repos/acme/infra/issues/${String(number)}/comments`, { token, body: { body: 'x' } }),
    count: () => repo.comments(number).length,
  }
}

test('An answer can be lost before or after the work is done', async (t) => {
  const sandbox = await aBox(t)
  const { faults, requests } = sandbox.box
  const { comment, count } = await withPull(sandbox)
  const before = faults.add({ match: COMMENTS, kind: 'lose-answer-before' })
  await assert.rejects(comment())
  assert.deepEqual([count(), before.struck()], [0, 1])
  faults.add({ match: COMMENTS, kind: 'lose-answer-after' })
  await assert.rejects(comment())
  assert.equal(count(), 1)
  assert.equal((await comment()).status, 201)
  assert.deepEqual(
    requests.records.map(({ status, fault }) => fault ?? status),
    ['lose-answer-before', 'lose-answer-after', 201],
  )
})

test('A gateway can fail with or without the work being done, as often as wanted, after some that pass', async (t) => {
  const sandbox = await aBox(t)
  const { faults } = sandbox.box
  const { comment, count } = await withPull(sandbox)
  faults.add({ match: COMMENTS, kind: badGateway({ isDone: false }), skip: 1, times: 2 })
  const statuses = [await comment(), await comment(), await comment(), await comment()].map(({ status }) => status)
  assert.deepEqual(statuses, [201, 502, 502, 201])
  assert.equal(count(), 2)
  faults.add({ match: COMMENTS, kind: badGateway({ isDone: true }) })
  assert.equal((await comment()).status, 502)
  assert.equal(count(), 3)
})

test('Rate limits look like GitHub’s', async (t) => {
  const sandbox = await aBox(t)
  const { faults } = sandbox.box
  const { comment } = await withPull(sandbox)
  faults.add({ match: COMMENTS, kind: secondaryLimit({ status: 429, retryAfter: 60 }) })
  const secondary = await comment()
  assert.deepEqual([secondary.status, secondary.headers.get('retry-after')], [429, '60'])
  assert.match(secondary.body.message, /^You have exceeded a secondary rate limit/)
  const resetAt = Date.now() + 40 * 60_000
  faults.add({ match: COMMENTS, kind: primaryLimit({ resetAt }) })
  const primary = await comment()
  assert.deepEqual([primary.status, primary.headers.get('x-ratelimit-remaining')], [403, '0'])
  assert.equal(primary.headers.get('x-ratelimit-reset'), String(Math.ceil(resetAt / 1000)))
  assert.match(primary.body.message, /^API rate limit exceeded/)
})

test('A fault can pick a GraphQL field, tell when it strikes, and be taken away', async (t) => {
  const { box, repo, token } = await aBox(t)
  const head = repo.branch('main') ?? ''
  let seen = ''
  const fault = box.faults.add({
    match: { path: 'graphql:createCommitOnBranch' },
    kind: 'lose-answer-after',
    times: 9,
    onStrike: () => (seen = repo.branch('main') ?? ''),
  })
  assert.equal((await graphql(box, token, '{ viewer { login } }')).status, 200)
  await assert.rejects(graphql(box, token, COMMIT, commitInput('main', head, { a: '1' })))
  assert.notEqual(seen, head)
  assert.equal(repo.branch('main'), seen)
  fault.remove()
  assert.equal((await graphql(box, token, COMMIT, commitInput('main', seen, { a: '2' }))).body.errors, undefined)
})

test('An answer can be late, also from git', async (t) => {
  const { box, token } = await aBox(t)
  box.faults.add({ match: ({ path }) => path.endsWith('/info/refs'), kind: { delay: 80 } })
  const start = performance.now()
  const headers = { authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}` }
  const response = await fetch(`${box.url}/acme/infra.git/info/refs?service=git-upload-pack`, { headers })
  assert.equal(response.status, 200)
  await response.arrayBuffer()
  assert.ok(performance.now() - start >= 80)
})

test('A client that dies in the middle of a push does not stop the others from writing', async (t) => {
  const { box, repo, token } = await aBox(t)
  const socket = connect(Number(new URL(box.url).port), '127.0.0.1')
  const auth = Buffer.from(`x-access-token:${token}`).toString('base64')
  const head = ['POST /acme/infra.git/git-receive-pack HTTP/1.1', 'Host: x', `Authorization: Basic ${auth}`]
  const type = 'Content-Type: application/x-git-receive-pack-request'
  socket.write(`${[...head, type, 'Content-Length: 9999'].join('\r\n')}\r\n\r\n0094`)
  await sleep(100)
  const made = graphql(box, token, COMMIT, commitInput('main', repo.branch('main') ?? '', { a: '1' }))
  socket.destroy()
  assert.equal((await made).body.errors, undefined)
})

test('A request can go without an answer for as long as the client waits, and is named like others of its kind', async (t) => {
  const { box, repo, token } = await aBox(t)
  box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const named: string[] = []
  const match = ({ name }: FaultRequest): boolean => named.push(name) > 0
  const fault = box.faults.add({ match, times: 1, kind: 'never-answer' })
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(300)
  const asked = fetch(`${box.url}/api/v3/repos/acme/infra/pulls/1`, {
    method: 'PATCH',
    headers,
    body: '{"title":"x"}',
    signal,
  })
  await assert.rejects(asked, { name: 'TimeoutError' })
  assert.equal(fault.struck(), 1)
  assert.equal(repo.pull(1).title, 'v2')
  await rest(box, 'PATCH /repos/acme/infra/pulls/1', { token, body: { title: 'x' } })
  assert.equal(repo.pull(1).title, 'x')
  assert.deepEqual(named, ['PATCH /repos/{owner}/{repo}/pulls/{pull_number}'])
})
