/** The requests that show a step as a deployment, with answers that the sandbox never gives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import { aGitHub, anAccount, OTHER_SHA, REPO, SHA } from './github-api.ts'

const LIST = `${REPO}/deployments?environment=production&task=canary%3Aweb&per_page=100&page=1`
const listed = (id: number, sha: string, fields: object = {}): object => ({
  id,
  sha,
  environment: 'production',
  creator: anAccount('perch[bot]', 'Bot'),
  ...fields,
})

test("other people's deployments are left alone, whatever their names are", async () => {
  const { api, deployments } = await aGitHub()
  api.get(LIST).reply(200, [
    listed(3, SHA, { creator: anAccount('mona') }),
    listed(1, OTHER_SHA),
    // GitHub lists the newest first, but does not document it.
    listed(2, SHA, { creator: null, performed_via_github_app: { id: 7, slug: 'perch' } }),
  ])
  assert.deepEqual(await deployments.of('production', 'canary:web'), [
    { id: 2, commit: SHA },
    { id: 1, commit: OTHER_SHA },
  ])
})

test('a deployment merges nothing, waits for no check and ends no other one', async () => {
  const { api, deployments } = await aGitHub()
  const draft = { environment: 'production', task: 'canary:web', description: 'web: 5%' }
  const body = { ...draft, ref: SHA, auto_merge: false, required_contexts: [] }
  api.post(`${REPO}/deployments`, body).reply(201, listed(9, SHA))
  assert.equal(await deployments.create({ ...draft, commit: SHA }), 9)
  const status = { state: 'success', description: 'live', auto_inactive: false }
  api.post(`${REPO}/deployments/9/statuses`, status).reply(201, {})
  await deployments.setState(9, 'success', 'live')
})

test('a state that Perch never sets is ignored', async () => {
  const { api, deployments } = await aGitHub()
  const created = { id: 1, environment: 'x', created_at: '2026-03-01T10:00:00Z' }
  for (const [state, expected] of [
    ['failure', 'failure'],
    ['queued', undefined],
  ] as const) {
    api.get(`${REPO}/deployments/9/statuses?per_page=1`).reply(200, [{ ...created, state }])
    assert.equal(await deployments.stateOf(9), expected)
  }
  api.get(`${REPO}/deployments/9/statuses?per_page=1`).reply(200, [])
  assert.equal(await deployments.stateOf(9), undefined)
})

test("without the permission, GitHub's refusal has its own kind", async () => {
  const { api, deployments } = await aGitHub()
  api.post(`${REPO}/deployments`).reply(403, { message: 'Resource not accessible by integration' })
  const draft = { commit: SHA, environment: 'production', task: 'canary:web', description: 'web: 5%' }
  await assert.rejects(deployments.create(draft), (error: unknown) => {
    assert.ok(error instanceof GitHubRefused)
    assert.deepEqual([error.refusal.action, error.refusal.cause], ['deploy', 'permission'])
    return true
  })
})
