/** A repository gets another name or owner during a rollout. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { leanRepository, VS } from '../play.ts'
import { ROLES } from '../process.ts'
import { openStage, waiting } from '../stage.ts'
import { weightsIn } from '../world.ts'

/**
 * A rollout at 25 % whose next step waits for a person to merge it. Git is reached over HTTP, where an old name is redirected.
 */
async function atFirstStep(t: TestContext) {
  const stage = await openStage({ isStepped: false })
  t.after(() => stage.close())
  const { box } = stage
  box.createRepository({ name: 'gitops', files: leanRepository({ autoMerge: 'never' }), roles: ROLES })
  const repo = box.repository('gitops')
  const alice = box.person('alice', 'gitops')
  const until = waiting(stage, false)
  const pull = alice.openPullRequest({ branch: 'note', title: 'Release v2', files: { 'note.md': 'v2\n' } })
  const answers = (number: number, comment: number): number =>
    repo.comments(number).filter(({ body }) => body.includes(`perch:answer:${comment} `)).length
  const answered = (number: number, comment: number): Promise<unknown> =>
    until('an answer', () => answers(number, comment) > 0)
  await answered(pull.number, alice.comment(pull.number, '/canary 25').id)
  alice.merge(pull.number, { method: 'squash' })
  const step = await until('a step', () => repo.pulls('open').find(({ head }) => head.ref.endsWith('/50')))
  return { box, repo, alice, until, step, answers, answered }
}

test('a rollout continues in a renamed repository, and a command that came under the old name is answered once', async (t) => {
  const { box, repo, alice, until, step, answers, answered } = await atFirstStep(t)
  // The webhook still has the old name.
  const last = alice.comment(step.number, '/canary hold')
  box.move('platform')
  await answered(step.number, last.id)
  const next = alice.comment(step.number, '/canary resume')
  await answered(step.number, next.id)
  assert.equal(answers(step.number, last.id), 1)
  alice.merge(step.number, { method: 'squash' })
  const finish = await until('the next step', () => repo.pulls('open').find(({ head }) => head.ref.endsWith('/100')))
  assert.equal(weightsIn(repo.file(VS) ?? ''), '50/50')
  await until('links to the new name', () =>
    repo.comments(finish.number).some(({ body }) => body.includes('/acme/platform/blob/')),
  )
})

test('a rollout continues in a repository that moves to another organization with Perch', async (t) => {
  const { box, repo, alice, until, step, answers, answered } = await atFirstStep(t)
  box.installation.installOn('other')
  const last = alice.comment(step.number, '/canary hold')
  box.move('other/gitops')
  await answered(step.number, last.id)
  await answered(step.number, alice.comment(step.number, '/canary resume').id)
  assert.equal(answers(step.number, last.id), 1)
  alice.merge(step.number, { method: 'squash' })
  await until('the next step', () => repo.pulls('open').find(({ head }) => head.ref.endsWith('/100')))
})
