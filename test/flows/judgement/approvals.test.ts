/** Whose approvals count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvalsOf } from '../../../src/flows/judgement/approvals.ts'
import type { CommitMaker } from '../../../src/ports/github/branches.ts'

interface Given {
  readonly hasSay?: boolean
  readonly approvers?: readonly string[]
  readonly wanted?: number
}

/** A pull request by alice that others approve, with commits by these makers. Undefined if some makers are unknown. */
async function approved(
  makers: readonly string[] | undefined,
  { hasSay = true, approvers = ['bob'], wanted = 1 }: Given = {},
): Promise<number | undefined> {
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
    pulls: { approvers: async () => approvers },
    people: { permission: async (login: string) => (login === 'mallory' ? 'read' : 'write') },
  }
  const pull = { number: 1, author: 'alice', branch: 'change', hasSay }
  return (await approvalsOf(context as never, { base: 'base', head: 'head', around: { pull } }, wanted))?.has
}

test('an approval counts only if the authors of all commits are known', async () => {
  assert.equal(await approved(['alice', 'alice']), 1)
  assert.equal(await approved(['alice', 'bob']), 0)
  assert.equal(await approved(undefined), 0, 'GitHub does not know all of them')
})

test('only approvals of people with write access count, never the author’s, and not more than are wanted', async () => {
  assert.equal(await approved(['alice'], { approvers: ['alice', 'mallory'] }), 0)
  assert.equal(await approved(['alice'], { approvers: ['mallory', 'carol', 'bob'], wanted: 2 }), 2)
  assert.equal(await approved(['alice'], { approvers: ['carol', 'bob'] }), 1)
  assert.equal(await approved(['alice'], { wanted: 0 }), undefined)
})

test('approvals of a pull request into another branch do not count for the branch that it is judged for', async () => {
  assert.equal(await approved(['alice'], { hasSay: false }), 0)
})
