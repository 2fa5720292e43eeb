/** Whose approvals count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvalsOf } from '../../../src/flows/judgement/approvals.ts'
import type { CommitMaker } from '../../../src/ports/github/branches.ts'

/** A pull request by alice that bob approves, with commits by these makers. Undefined if some makers are unknown. */
async function approved(makers: readonly string[] | undefined): Promise<number | undefined> {
  const commits = makers?.map((author, index): CommitMaker => ({
    sha: String(index),
    parents: [],
    author,
    isVerified: false,
  }))
  const never = async (): Promise<never> => assert.fail('not asked for')
  const mirror = { merge: never, changed: never }
  const branches = {
    makers: async () => commits,
    pushes: async () => [],
  }
  const context = {
    mirror,
    branches,
    pulls: { approvers: async () => ['bob'] },
    people: { permission: async () => 'write' },
  }
  const pull = { number: 1, author: 'alice', branch: 'change', hasSay: true }
  return (await approvalsOf(context as never, { base: 'base', head: 'head', around: { pull } }, 1))?.has
}

test('an approval counts only if the authors of all commits are known', async () => {
  assert.equal(await approved(['alice', 'alice']), 1)
  assert.equal(await approved(['alice', 'bob']), 0)
  assert.equal(await approved(undefined), 0, 'GitHub does not know all of them')
})
