/** Whose approvals count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvalsOf } from '../../src/flows/approvals.ts'
import type { CommitMaker } from '../../src/ports/branches.ts'

/** A pull request by alice of some commits, which bob approves; GitHub lists the makers of the first few. */
async function approved(makers: readonly string[], listed: number | undefined): Promise<number | undefined> {
  const commits = makers.map((author, index): CommitMaker => ({
    sha: String(index),
    parents: [],
    author,
    isVerified: false,
  }))
  const never = async (): Promise<never> => assert.fail('not asked for')
  const mirror = {
    ahead: async () => commits.map(({ sha }) => ({ sha, message: '' })),
    merge: never,
    changed: never,
  }
  const branches = {
    makers: async () => (listed === undefined ? undefined : commits.slice(0, listed)),
    pushes: async () => [],
  }
  const desk = {
    mirror,
    branches,
    pulls: { approvers: async () => ['bob'] },
    people: { permission: async () => 'write' },
  }
  const pull = { number: 1, author: 'alice', branch: 'change', hasSay: true }
  return (await approvalsOf(desk as never, { base: 'base', head: 'head', around: { pull } }, 1))?.has
}

test('an approval counts only where it is known who wrote every commit', async () => {
  assert.equal(await approved(['alice', 'alice'], 2), 1)
  assert.equal(await approved(['alice', 'bob'], 2), 0)
  assert.equal(await approved(['alice', 'bob'], 1), 0, 'the last commit is beyond what GitHub lists')
  assert.equal(await approved(['alice', 'bob'], undefined), 0, 'GitHub does not know')
})
