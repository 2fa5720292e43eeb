/** GitHub's messages for permanent refusals, and how Perch reads them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubUnavailable } from '../../../src/adapters/github/client/client.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import { aGitHub, type GitHubWorld, REPO, SHA, TOKEN } from './github-api.ts'
import type { GitHubRefusal } from '../../../src/core/refusal/github-refusal.ts'

const BRANCH = 'canary/production/api/25'
const RULES = 'Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n'

async function refused(call: Promise<unknown>): Promise<GitHubRefusal> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof GitHubRefused, String(error))
  return error.refusal
}

const refOf = (name: string): string => `${REPO}/git/ref/heads%2F${name.replaceAll('/', '%2F')}`

test('a ruleset that forbids a branch is named by its words', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/git/refs`).reply(422, { message: RULES, status: '422' })
  world.api.get(refOf(BRANCH)).reply(404)
  assert.deepEqual(await refused(world.branches.create(BRANCH, SHA)), {
    action: 'create-branch',
    cause: 'rule',
    branch: BRANCH,
    reason: 'Repository rule violations found Cannot create ref due to creations being restricted.',
  })
})

test('a ruleset that forbids to move a branch is reported about that branch', async () => {
  const world = await aGitHub()
  world.api.get(REPO).reply(200, { node_id: 'R_1' })
  const refusal = { type: 'BRANCH_PROTECTION_RULE_VIOLATION', message: 'Repository rule violations found' }
  world.api.post('/graphql').reply(200, { data: { updateRefs: null }, errors: [refusal] })
  world.api.get(refOf(BRANCH)).reply(200, { object: { sha: SHA } })
  const { action, cause, branch } = await refused(world.branches.move(BRANCH, SHA, 'f'.repeat(40)))
  assert.deepEqual({ action, cause, branch }, { action: 'move-branch', cause: 'rule', branch: BRANCH })
})

test('a blocking branch is found, above the wanted one or below it', async () => {
  const above = await aGitHub()
  above.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference update failed' })
  above.api.get(refOf(BRANCH)).reply(404)
  above.api.get(refOf('canary')).reply(200, { object: { sha: SHA } })
  const { cause, rival } = await refused(above.branches.create(BRANCH, SHA))
  assert.deepEqual({ cause, rival }, { cause: 'in-the-way', rival: 'canary' })

  const below = await aGitHub()
  below.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference update failed' })
  for (const name of [BRANCH, 'canary', 'canary/production', 'canary/production/api'])
    below.api.get(refOf(name)).reply(404)
  below.api
    .get(`${REPO}/git/matching-refs/heads%2Fcanary%2Fproduction%2Fapi%2F25%2F`)
    .reply(200, [{ ref: `refs/heads/${BRANCH}/mine`, object: { sha: SHA } }])
  const found = await refused(below.branches.create(BRANCH, SHA))
  assert.deepEqual([found.cause, found.rival], ['in-the-way', `${BRANCH}/mine`])
})

test('a protected name without a blocking branch is a rule, and a name that is too long is reported as such', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference update failed' })
  world.api.get(refOf('perch')).times(2).reply(404)
  world.api.get(`${REPO}/git/matching-refs/heads%2Fperch%2F`).reply(200, [])
  world.api.get(refOf('perch/x')).reply(404)
  world.api.get(`${REPO}/git/matching-refs/heads%2Fperch%2Fx%2F`).optionally().reply(200, [])
  world.api.get(`${REPO}/git/matching-refs/heads%2Fperch%2F`).optionally().reply(200, [])
  assert.equal((await refused(world.branches.create('perch', SHA))).cause, 'rule')
  world.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference update failed' })
  assert.equal((await refused(world.branches.create('perch/x', SHA))).cause, 'rule')
  const long = `canary/${'x'.repeat(240)}`
  world.api.post(`${REPO}/git/refs`).reply(422, { message: 'Reference update failed' })
  world.api.get(refOf(long)).reply(404)
  assert.equal((await refused(world.branches.create(long, SHA))).cause, 'name-too-long')
})

const ANSWERS: readonly {
  readonly status: number
  readonly message: string
  readonly cause: GitHubRefusal['cause']
}[] = [
  { status: 403, message: 'Resource not accessible by integration', cause: 'permission' },
  { status: 403, message: 'Repository was archived so is read-only.', cause: 'archived' },
  { status: 403, message: 'Unable to create comment because issue is locked.', cause: 'locked' },
  { status: 403, message: 'This installation has been suspended', cause: 'suspended' },
  { status: 403, message: 'Repository access blocked', cause: 'permission' },
]

test('what GitHub answers with to a comment', async () => {
  for (const { status, message, cause } of ANSWERS) {
    const world = await aGitHub()
    const headers = { 'x-ratelimit-remaining': '4990' }
    world.api.post(`${REPO}/issues/3/comments`).reply(status, { message, documentation_url: 'https://docs' }, headers)
    const found = await refused(world.conversation.add(3, 'Hello'))
    assert.deepEqual(found, { action: 'comment', cause, branch: '', reason: message })
  }
})

test('a pull request that may not be opened', async () => {
  const draft = { head: BRANCH, base: 'main', title: 't', body: '' }
  const closed = await aGitHub()
  const errors = [{ resource: 'PullRequest', code: 'custom', message: 'must be a collaborator' }]
  closed.api.post(`${REPO}/pulls`).reply(422, { message: 'Validation Failed', errors })
  assert.deepEqual(await refused(closed.pulls.open(draft)), {
    action: 'open-pull',
    cause: 'pulls-disabled',
    branch: BRANCH,
    reason: 'must be a collaborator',
  })
  const there = await aGitHub()
  const exists = [
    { resource: 'PullRequest', code: 'custom', message: `A pull request already exists for acme:${BRANCH}.` },
  ]
  there.api.post(`${REPO}/pulls`).reply(422, { message: 'Validation Failed', errors: exists })
  assert.equal(await there.pulls.open(draft), 'exists')
})

test('a commit that a rule or a protection forbids', async () => {
  const cases = [
    { type: 'BRANCH_PROTECTION_RULE_VIOLATION', message: 'Changes must be made through a pull request.' },
    {
      type: 'UNPROCESSABLE',
      message: 'Repository rule violations found\n\nChanges must be made through a pull request.',
    },
    { message: 'Repository rule violations found' },
  ]
  for (const error of cases) {
    const world = await aGitHub()
    world.api.post('/graphql').reply(200, { data: { createCommitOnBranch: null }, errors: [error] })
    world.api.get(refOf('feature')).reply(200, { object: { sha: SHA } })
    const draft = { branch: 'feature', expectedHead: SHA, headline: 'h', body: '', files: new Map([['f', 'x']]) }
    const found = await refused(world.branches.commit(draft))
    assert.deepEqual([found.action, found.cause, found.branch], ['commit', 'rule', 'feature'])
  }
})

test('what may be gone a moment later is an outage, and not a refusal', async () => {
  const commit = (world: GitHubWorld): Promise<unknown> =>
    world.branches.commit({ branch: 'b', expectedHead: SHA, headline: 'h', body: '', files: new Map() })
  for (const error of [{ type: 'STALE_DATA', message: 'Pull' }, { message: 'Something went wrong' }]) {
    const world = await aGitHub()
    world.api.post('/graphql').reply(200, { data: null, errors: [error] })
    world.api.get(refOf('b')).reply(200, { object: { sha: SHA } })
    await assert.rejects(commit(world), GitHubUnavailable)
  }
  for (const status of [404, 410, 422, 500, 502]) {
    const world = await aGitHub()
    world.api.post(`${REPO}/issues/3/comments`).reply(status, { message: 'No' })
    await assert.rejects(world.conversation.add(3, 'Hello'), GitHubUnavailable)
  }
})

test('a repository that no longer exists for this App is not installed', async () => {
  const world = await aGitHub()
  world.api.get(/\/repos\/acme\/gitops\/pulls\?/).reply(404, { message: 'Not Found' })
  assert.deepEqual(await refused(world.pulls.allOpen()), {
    action: 'work',
    cause: 'not-installed',
    branch: '',
    reason: 'Not Found',
  })
})

test('a token in the words stays here', async () => {
  const world = await aGitHub()
  world.api.post(`${REPO}/issues/3/comments`).reply(403, { message: `Bad ${TOKEN}` })
  const { reason } = await refused(world.conversation.add(3, 'Hello'))
  assert.equal(reason, 'Bad ***')
})
