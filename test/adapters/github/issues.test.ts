/** The requests about the issue with all rollouts, with answers that the sandbox never gives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import { aGitHub, REPO } from './github-api.ts'

const issue = (number: number): object => ({ number, state: 'open', body: null, updated_at: '2026-01-05T09:00:00Z' })

test("without the permission, GitHub's refusal is about the issue", async () => {
  const { api, issues } = await aGitHub()
  const refusal = { message: 'Resource not accessible by integration' }
  api.post(`${REPO}/issues`).reply(403, refusal)
  api.patch(`${REPO}/issues/7`).reply(403, refusal)
  for (const work of [() => issues.open({ title: 'x', body: 'y' }), () => issues.edit(7, { body: 'y' })])
    await assert.rejects(work(), (error) => {
      assert.ok(error instanceof GitHubRefused)
      assert.deepEqual([error.refusal.action, error.refusal.cause], ['issue', 'permission'])
      return true
    })
})

test('an issue that was deleted, or moved to another repository, is gone', async () => {
  const { api, issues } = await aGitHub()
  api.get(`${REPO}/issues/7`).reply(410, { message: 'This issue was deleted' })
  api.get(`${REPO}/issues/8`).reply(200, issue(3))
  api.get(`${REPO}/issues/9`).reply(200, issue(9))
  assert.deepEqual([await issues.get(7), await issues.get(8)], [undefined, undefined])
  assert.deepEqual(await issues.get(9), { number: 9, isOpen: true, body: '', updatedAt: Date.UTC(2026, 0, 5, 9) })
})
