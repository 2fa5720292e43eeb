import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as z from 'zod'
import { GitHubUnavailable } from '../../../src/adapters/github/client/client.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import type { CommitDraft } from '../../../src/ports/github/branches.ts'
import { aCheckRun, aGitHub, aPull, type GitHubWorld, OTHER_SHA, REPO, SHA } from './github-api.ts'

const BRANCH = 'canary/production/api/25'
const REF = `${REPO}/git/ref/heads%2Fcanary%2Fproduction%2Fapi%2F25`
const REFS = `${REPO}/git/refs/heads%2Fcanary%2Fproduction%2Fapi%2F25`

function aDraft(files: Readonly<Record<string, string>> = { 'a.yaml': 'a: 1\n' }): CommitDraft {
  return {
    branch: BRANCH,
    expectedHead: SHA,
    headline: 'Set the canary to 25 %',
    body: 'Perch-Move: x',
    files: new Map(Object.entries(files)),
  }
}

test('a commit names the branch, the head it expects and whole new texts', async () => {
  const world = await aGitHub()
  world.api.post('/graphql').reply(200, { data: { createCommitOnBranch: { commit: { oid: OTHER_SHA } } } })
  assert.deepEqual(await world.branches.commit(aDraft({ 'a.yaml': 'a: 1\n', 'b/c.yaml': '' })), { sha: OTHER_SHA })
  const [request] = world.asked()
  assert.deepEqual(inputOf(request?.body), {
    branch: { repositoryNameWithOwner: 'acme/gitops', branchName: BRANCH },
    expectedHeadOid: SHA,
    message: { headline: 'Set the canary to 25 %', body: 'Perch-Move: x' },
    fileChanges: {
      additions: [
        { path: 'a.yaml', contents: 'YTogMQo=' },
        { path: 'b/c.yaml', contents: '' },
      ],
    },
  })
})

test('the bytes of a text arrive as they are: byte order mark, line ends, emoji and all', async () => {
  const world = await aGitHub()
  const answer = { data: { createCommitOnBranch: { commit: { oid: OTHER_SHA } } } }
  world.api.post('/graphql').times(60).optionally().reply(200, answer)
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      await world.branches.commit(aDraft({ 'a.yaml': text }))
      const contents = /"contents":"([^"]*)"/.exec(JSON.stringify(world.asked().at(-1)?.body))?.[1] ?? 'none'
      assert.ok(Buffer.from(contents, 'base64').equals(Buffer.from(text, 'utf8')))
    }),
    {
      numRuns: 40,
      examples: [['\uFEFFa: 1\r\nb: "🐤"\r\n'], ['no end of line'], ['\u0000\u2028'], ['ä'.repeat(5_000)], ['']],
    },
  )
  const [first] = world.asked()
  assert.match(JSON.stringify(first?.body), /"77u\/YTogMQ0KYjog/)
})

test('STALE_DATA on a head that has moved is "head-moved"', async () => {
  const world = await aGitHub()
  const message = `Expected branch to point to "${SHA}" but it did not. Pull and try again.`
  world.api.post('/graphql').reply(200, { data: null, errors: [{ type: 'STALE_DATA', message }] })
  world.api.get(REF).reply(200, { ref: `refs/heads/${BRANCH}`, object: { type: 'commit', sha: OTHER_SHA } })
  assert.equal(await world.branches.commit(aDraft()), 'head-moved')
})

test('a commit to a branch that is not there is "gone"', async () => {
  const world = await aGitHub()
  world.api.post('/graphql').reply(200, { data: null, errors: [{ type: 'NOT_FOUND', message: 'No such branch' }] })
  world.api.get(REF).reply(404)
  assert.equal(await world.branches.commit(aDraft()), 'gone')
})

test('what GraphQL refuses while the head stands still is a refusal, with its words and without the files', async () => {
  const world = await aGitHub()
  const errors = [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }]
  world.api.post('/graphql').reply(200, { data: { createCommitOnBranch: null }, errors })
  world.api.get(REF).reply(200, { object: { sha: SHA } })
  await assert.rejects(world.branches.commit(aDraft({ f: 'the text' })), (error) => {
    assert.ok(error instanceof GitHubRefused)
    assert.match(error.message, /Resource not accessible by integration/)
    assert.ok(!inspect(error, { depth: 10 }).includes('contents'))
    return true
  })
})

test('a commit that GitHub answers with 200 and no commit is not taken for made', async () => {
  for (const body of [{}, { data: null }, { data: { createCommitOnBranch: { commit: null } } }, '']) {
    const world = await aGitHub()
    world.api.post('/graphql').reply(200, body, { 'content-type': 'application/json' })
    await assert.rejects(world.branches.commit(aDraft()))
  }
})

test('if the head cannot be read after a refused commit, Perch does not say that it has moved', async () => {
  const world = await aGitHub()
  world.api.post('/graphql').reply(200, { data: null, errors: [{ type: 'STALE_DATA', message: 'Pull' }] })
  world.api.get(REF).reply(502)
  await assert.rejects(world.branches.commit(aDraft()), GitHubUnavailable)
})

test('a branch is created by its full name', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/git/refs`, { ref: `refs/heads/${BRANCH}`, sha: SHA }).reply(201, {})
  assert.equal(await world.branches.create(BRANCH, SHA), 'created')
})

test('422 for a branch whose name is taken is "exists", wherever it points', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference already exists' })
  world.api.get(REF).reply(200, { object: { sha: OTHER_SHA } })
  assert.equal(await world.branches.create(BRANCH, SHA), 'exists')
})

test('422 for a commit that GitHub does not have is an error: no branch is there', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/git/refs`).reply(422, { message: 'Object does not exist' })
  world.api.get(REF).reply(404)
  await assert.rejects(world.branches.create(BRANCH, SHA), new RegExp(`${BRANCH} at ${SHA}`))
})

test('a branch is moved only from where it is expected to be, and removed even when it is gone', async () => {
  const world = await aGitHub()
  world.api.get(REPO).times(3).reply(200, { node_id: 'R_1' })
  world.api.post('/graphql').reply(200, { data: { updateRefs: { clientMutationId: null } } })
  assert.equal(await world.branches.move(BRANCH, SHA, OTHER_SHA), 'moved')
  assert.deepEqual(inputOf(world.asked().at(-1)?.body), {
    repositoryId: 'R_1',
    refUpdates: [{ name: `refs/heads/${BRANCH}`, beforeOid: SHA, afterOid: OTHER_SHA, force: true }],
  })
  const stale = { data: { updateRefs: null }, errors: [{ type: 'UNPROCESSABLE', message: 'expected' }] }
  world.api.post('/graphql').times(2).reply(200, stale)
  world.api.get(REF).reply(200, { object: { sha: 'e'.repeat(40) } })
  assert.equal(await world.branches.move(BRANCH, SHA, OTHER_SHA), 'head-moved')
  world.api.get(REF).reply(200, { object: { sha: SHA } })
  await assert.rejects(world.branches.move(BRANCH, SHA, OTHER_SHA), 'it is where it was expected')

  world.api.delete(REFS).reply(204)
  world.api.delete(REFS).reply(422, { message: 'Reference does not exist' })
  world.api.delete(REFS).reply(404)
  for (let count = 0; count < 3; count += 1) await world.branches.remove(BRANCH)
})

test("the makers of commits and pushes are those in GitHub's records", async () => {
  const world = await aGitHub()
  const commit = (sha: string, over: object): object => ({
    sha,
    commit: { author: { name: 'perch[bot]' }, verification: { verified: true, reason: 'valid' } },
    author: { login: 'perch[bot]' },
    parents: [{ sha: OTHER_SHA }],
    ...over,
  })
  world.api
    .get(`${REPO}/compare/${OTHER_SHA}...${SHA}?per_page=100&page=1`)
    .reply(200, { total_commits: 2, commits: [commit(SHA, {}), commit('c'.repeat(40), { author: null, commit: {} })] })
  assert.deepEqual(await world.branches.makers(OTHER_SHA, SHA), [
    { sha: SHA, author: 'perch[bot]', isVerified: true, parents: [OTHER_SHA] },
    { sha: 'c'.repeat(40), author: undefined, isVerified: false, parents: [OTHER_SHA] },
  ])
  const activity = `${REPO}/activity?ref=${encodeURIComponent(`refs/heads/${BRANCH}`)}&per_page=100`
  world.api.get(activity).reply(200, [
    { after: SHA, actor: { login: 'mallory' } },
    { after: OTHER_SHA, actor: null },
  ])
  assert.deepEqual(await world.branches.pushes(BRANCH), [{ login: 'mallory', head: SHA }])
  for (const status of [403, 404, 422]) {
    world.api.get(activity).reply(status, { message: 'No' })
    assert.equal(await world.branches.pushes(BRANCH), undefined)
  }
})

test('if GitHub does not list all commits, the makers of all are unknown', async () => {
  const world = await aGitHub()
  const commit = { sha: SHA, commit: {}, author: { login: 'perch[bot]' }, parents: [] }
  const reply = (total: number, listed: readonly number[]): void => {
    for (const [index, count] of listed.entries())
      world.api
        .get(`${REPO}/compare/${OTHER_SHA}...${SHA}?per_page=100&page=${index + 1}`)
        .reply(200, { total_commits: total, commits: Array.from({ length: count }, () => commit) })
  }
  reply(201, [100, 100, 1])
  assert.equal((await world.branches.makers(OTHER_SHA, SHA))?.length, 201)
  reply(300, [100, 100, 100])
  assert.equal((await world.branches.makers(OTHER_SHA, SHA))?.length, 300)
  reply(301, [100, 100, 100])
  assert.equal(await world.branches.makers(OTHER_SHA, SHA), undefined)
  reply(251, [100, 100, 50, 0].slice(0, 3))
  assert.equal(await world.branches.makers(OTHER_SHA, SHA), undefined)
})

test('a pull request is opened with its texts, and returned as it is', async () => {
  const world = await aGitHub()
  const draft = { head: BRANCH, base: 'main', title: 'Set 25 %', body: 'Why' }
  world.api.post(`${REPO}/pulls`, draft).reply(201, aPull({ number: 12 }))
  const opened = await world.pulls.open(draft)
  assert.equal(opened === 'exists' ? opened : opened.number, 12)
})

test('422 for a pull request that is open already is "exists"', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/pulls`).reply(422, {
    message: 'Validation Failed',
    errors: [{ resource: 'PullRequest', code: 'custom', message: 'A pull request already exists for acme:x.' }],
  })
  assert.equal(await world.pulls.open({ head: BRANCH, base: 'main', title: 't', body: '' }), 'exists')
})

test('the texts of a pull request are replaced, and it is closed, by number', async () => {
  const world = await aGitHub()
  world.api.patch(`${REPO}/pulls/3`, { title: 'T', body: 'B' }).reply(200, aPull())
  world.api.patch(`${REPO}/pulls/3`, { state: 'closed' }).reply(200, aPull({ state: 'closed' }))
  await world.pulls.edit(3, { title: 'T', body: 'B' })
  assert.equal(await world.pulls.close(3), 'closed')
})

test('closing a pull request that was merged in the meantime is answered with 200, and reported as "merged"', async () => {
  const world = await aGitHub()
  const merged = aPull({ state: 'closed', merged_at: '2026-03-02T09:00:00Z', merge_commit_sha: SHA })
  world.api.patch(`${REPO}/pulls/3`, { state: 'closed' }).reply(200, merged)
  assert.equal(await world.pulls.close(3), 'merged')
})

const MERGE = `${REPO}/pulls/3/merge`

async function mergedBy(world: GitHubWorld): Promise<unknown[]> {
  const outcome = await world.pulls.merge(3, SHA)
  return [outcome, ...world.asked().map(({ body }) => body)]
}

test('200 to a merge is "merged", pinned to the head and squashed', async () => {
  const world = await aGitHub()
  world.api.put(MERGE).reply(200, { merged: true, sha: OTHER_SHA })
  assert.deepEqual(await mergedBy(world), ['merged', { sha: SHA, merge_method: 'squash' }])
})

test('405 for a method that the repository forbids leads to the next one', async () => {
  const world = await aGitHub()
  world.api.put(MERGE).reply(405, { message: 'Squash merges are not allowed on this repository.' })
  world.api.put(MERGE).reply(200, { merged: true, sha: OTHER_SHA })
  assert.deepEqual(await mergedBy(world), [
    'merged',
    { sha: SHA, merge_method: 'squash' },
    { sha: SHA, merge_method: 'merge' },
  ])
})

test('405 to all methods is "refused": branch protection or a conflict', async () => {
  const world = await aGitHub()
  world.api.put(MERGE).times(3).reply(405, { message: 'Required status check "canary/gate" is failing.' })
  assert.deepEqual((await mergedBy(world))[0], 'refused')
})

test('409 to a merge is "head-moved", and no other method is tried', async () => {
  const world = await aGitHub()
  world.api.put(MERGE).reply(405)
  world.api.put(MERGE).reply(409, { message: 'Head branch was modified. Review and try the merge again.' })
  const [outcome, ...requests] = await mergedBy(world)
  assert.equal(outcome, 'head-moved')
  assert.equal(requests.length, 2)
})

test('any other status of a merge is an outage, and no other method is tried', async () => {
  for (const status of [404, 422, 500]) {
    const world = await aGitHub()
    const before = world.asked().length
    world.api.put(MERGE).reply(status, { message: 'No' })
    await assert.rejects(world.pulls.merge(3, SHA), GitHubUnavailable)
    assert.equal(world.asked().length, before + 1)
  }
})

test('labels, assignees and 👀 are decoration: without them nothing fails', async () => {
  const world = await aGitHub()
  for (const status of [403, 404, 410, 422]) {
    world.api.post(`${REPO}/issues/3/labels`, { labels: ['canary'] }).reply(status, { message: 'No' })
    world.api.post(`${REPO}/issues/comments/70/reactions`, { content: 'eyes' }).reply(status, { message: 'No' })
    world.api.patch(`${REPO}/issues/3`, { labels: ['canary'], assignees: ['alice'] }).reply(status, { message: 'No' })
    await world.pulls.label(3, ['canary'])
    assert.equal(await world.pulls.mark(3, { labels: ['canary'], assignee: 'alice' }), 'refused')
    await world.conversation.acknowledge(70)
  }
  world.api.post(`${REPO}/issues/comments/70/reactions`).reply(200, { id: 1 })
  await world.conversation.acknowledge(70)
})

test('a comment is edited by its own number', async () => {
  const world = await aGitHub()
  world.api.patch(`${REPO}/issues/comments/70`, { body: 'New' }).reply(200, {})
  await world.conversation.edit(70, 'New')
})

test('a check run in progress says so, and is found again by its name, which is also its external id', async () => {
  const world = await aGitHub()
  const report = { name: 'canary/gate', conclusion: undefined, title: 'Looking', summary: 'Soon.' } as const
  world.api
    .post(`${REPO}/check-runs`, {
      head_sha: SHA,
      name: 'canary/gate',
      external_id: 'canary/gate',
      status: 'in_progress',
      output: { title: 'Looking', summary: 'Soon.' },
    })
    .reply(201, aCheckRun({ id: 99, status: 'in_progress', conclusion: null }))
  assert.equal(await world.checks.create(SHA, report), 99)
})

test('a check run that ends has its conclusion, its text and its annotations, fifty a request', async () => {
  const world = await aGitHub()
  const annotations = Array.from({ length: 120 }, (_, index) => ({
    path: 'a.yaml',
    line: index + 1,
    level: 'failure' as const,
    message: 'Weights do not sum to 100.',
    title: 'Traffic',
  }))
  const report = { name: 'canary/validate', conclusion: 'failure', title: 'T', summary: 'S', text: 'More' } as const
  world.api.patch(`${REPO}/check-runs/99`).times(3).reply(200, aCheckRun())
  await world.checks.update(99, { ...report, annotations })
  const sent = annotations.map(({ line }) => ({
    path: 'a.yaml',
    start_line: line,
    end_line: line,
    annotation_level: 'failure',
    message: 'Weights do not sum to 100.',
    title: 'Traffic',
  }))
  const [first, ...further] = world.asked().slice(-3)
  assert.deepEqual(first?.body, {
    name: 'canary/validate',
    external_id: 'canary/validate',
    status: 'completed',
    conclusion: 'failure',
    output: { title: 'T', summary: 'S', text: 'More', annotations: sent.slice(0, 50) },
  })
  assert.deepEqual(
    further.map(({ body }) => body),
    [sent.slice(50, 100), sent.slice(100)].map((part) => ({ output: { title: 'T', summary: 'S', annotations: part } })),
  )
})

test('a new check run gets its further annotations too', async () => {
  const world = await aGitHub()
  const one = { path: 'a.yaml', line: 1, level: 'failure' as const, message: 'm', title: 't' }
  world.api.post(`${REPO}/check-runs`).reply(201, aCheckRun({ id: 99 }))
  world.api.patch(`${REPO}/check-runs/99`).reply(200, aCheckRun())
  const report = { name: 'canary/validate', conclusion: 'failure', title: 'T', summary: 'S' } as const
  assert.equal(await world.checks.create(SHA, { ...report, annotations: Array.from({ length: 51 }, () => one) }), 99)
})

test('a check run lists the merges that it covers, as far as there is room', async () => {
  const world = await aGitHub()
  const report = { name: 'canary/gate', conclusion: 'success', title: 'T', summary: 'S' } as const
  world.api.patch(`${REPO}/check-runs/99`).times(2).reply(200, aCheckRun())
  const subjects = [
    { pull: 12, base: 'main' },
    { pull: undefined, base: 'main' },
  ]
  await world.checks.update(99, { ...report, subjects })
  const many = Array.from({ length: 100 }, (_, index) => ({ pull: index + 1, base: 'b'.repeat(255) }))
  await world.checks.update(99, { ...report, subjects: many })
  const ids = world
    .asked()
    .slice(-2)
    .map(({ body }) => z.object({ external_id: z.string() }).parse(body).external_id)
  assert.equal(ids[0], 'canary/gate 12:main queue:main')
  assert.match(ids[1] ?? '', /^canary\/gate 1:b{60} 2:b{60} 3:b{60}$/)
})

function inputOf(body: unknown): unknown {
  assert.ok(typeof body === 'object' && body !== null && 'variables' in body)
  const { variables } = body
  assert.ok(typeof variables === 'object' && variables !== null && 'input' in variables)
  return variables.input
}
