/** What a command counts for, and that it is carried out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A_SECOND, answerTo, aRollout, openReviewed, say } from './commanding.ts'
import { aStory, VS, weightsIn } from '../world.ts'

test('a head that is pushed after the comment refuses raises and overrides, whatever the webhooks do; lowering works', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'late-push')
  story.box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'hold' })
  const raise = story.person('alice').comment(pull, '/canary 25 --env production')
  const pass = story.person('olga').comment(pull, '/canary override live it is urgent')
  await story.pass(A_SECOND)
  const theirs = story.person('alice').push('late-push', { 'notes.txt': 'mine\n' })
  story.box.webhooks.clearFaults()
  await story.box.webhooks.release()
  const refusal = new RegExp(`Somebody pushed \`${theirs.slice(0, 7)}\` after this comment was written`)
  for (const { id } of [raise, pass])
    assert.match(await story.until('an answer', () => answerTo(story, pull, id)), refusal)
  assert.equal(story.repository().branch('late-push'), theirs)

  await story.pass(A_SECOND)
  assert.match(await say(story, 'alice', '/canary 25 --env production', pull), /0% → \*\*25%\*\*/)
  story.box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'hold' })
  const lower = story.person('alice').comment(pull, '/canary 5 --env production')
  await story.pass(A_SECOND)
  story.person('alice').push('late-push', { 'notes.txt': 'more\n' })
  story.box.webhooks.clearFaults()
  await story.box.webhooks.release()
  assert.match(await story.until('an answer', () => answerTo(story, pull, lower.id)), /\*\*5%\*\*/)
})

test('what Perch commits for a command does not stand in the way of the next one, in a comment or by another person', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'in-a-row')
  story.box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'hold' })
  const first = story.person('alice').comment(pull, '/canary 5 --env production\n/canary 10 --env production')
  const second = story.person('olga').comment(pull, '/canary 25 --env production')
  story.box.webhooks.clearFaults()
  await story.box.webhooks.release()
  for (const { id } of [first, second]) {
    const words = await story.until('an answer', () => answerTo(story, pull, id))
    assert.doesNotMatch(words, /⛔/)
  }
  assert.equal(weightsIn(story.repository().file(VS, 'in-a-row') ?? ''), '75/25')
})

test('a command is carried out once, also when somebody deletes its answer', async () => {
  const story = await aRollout()
  assert.match(await say(story, 'alice', '/canary hold', story.step), /⏸️ Held/)
  assert.match(await say(story, 'alice', '/canary resume', story.step), /▶️/)
  const answers = story.repository().comments(story.step)
  for (const { id, body } of answers) if (body.includes('perch:answer')) story.person('olga').deleteComment(id)
  assert.match(await say(story, 'alice', '/canary status', story.step), /25%/)
  await story.box.idle()
  const left = story
    .repository()
    .comments(story.step)
    .filter(({ body }) => body.includes('perch:answer'))
  assert.equal(left.length, 1)
  assert.deepEqual(
    story
      .repository()
      .branches()
      .filter((name) => name.startsWith('perch/')),
    [],
  )
})

test('a comment that is edited within the second in which it was written is left alone', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'edited')
  const edited = story.person('alice').comment(pull, '/canary 25 --env production')
  story.person('olga').editComment(edited.id, '/canary 100 --env production')
  await say(story, 'alice', '/canary help', pull)
  assert.equal(answerTo(story, pull, edited.id), undefined)
  assert.equal(weightsIn(story.repository().file(VS, 'edited') ?? ''), '100/0')
})

test('a status on an open pull request tells what it does, and the plan agrees', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'status')
  await say(story, 'alice', '/canary 5 --env production', pull)
  const status = await say(story, 'alice', '/canary status', pull)
  assert.match(
    status,
    /This pull request is open\. Once it has merged:\n\n- `production\/api-service`: 0% → \*\*5%\*\*/,
  )
  const plan = await say(story, 'alice', '/canary plan', pull)
  assert.match(plan, /on the base branch it is at 0%\. This pull request sets 5%, and has not merged yet\./)
})

test('commands in a review are not carried out, and one answer says where they are read', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'in-a-review')
  story.person('olga').review(pull, 'COMMENT', 'Looks good.\n\n/canary 40 --env production')
  const told = (): number =>
    story
      .repository()
      .comments(pull)
      .filter(({ body }) => /Perch does not read commands in reviews/.test(body)).length
  await story.until('an answer', () => told() > 0)
  assert.equal(told(), 1)
  assert.equal(weightsIn(story.repository().file(VS, 'in-a-review') ?? ''), '100/0')
})
