/** Perch reports once, and in the right place, what GitHub does not allow. Nothing else stops because of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultDraft } from '../../../src/sandbox/wire/faults.ts'
import { ask } from './commanding.ts'
import { aStory, checksOn, type Story, sweeps, VS } from '../world.ts'

const STEP = 'canary/production/api-service/25'

function open(story: Story, branch = 'v2'): number {
  const touch = { [VS]: `${story.repository().file(VS) ?? ''}# ${branch}\n` }
  return story.person('alice').openPullRequest({ branch, title: branch, files: touch }).number
}

async function green(story: Story, pull: number): Promise<void> {
  await story.until('green checks', () => {
    const checks = checksOn(story.repository(), story.repository().pull(pull).head.sha)
    return checks.validate === 'success' && checks.gate === 'success'
  })
}

function notices(story: Story, pull: number): readonly string[] {
  return story
    .repository()
    .comments(pull)
    .flatMap(({ body }) => (body.startsWith('<!-- perch:notice:') ? [body] : []))
}

/** Makes GitHub answer matching requests like this, only in this story's repository, until it is taken back. */
function refuse(story: Story, match: { method: string; path: RegExp }, answer: { status: number; message: string }) {
  const name = story.repository().fullName
  const draft: FaultDraft = {
    match: ({ method, path, body }) => {
      const isHere = path.includes(`/${name}/`) || JSON.stringify(body ?? '').includes(`"${name}"`)
      return isHere && method === match.method && match.path.test(path)
    },
    times: Infinity,
    kind: { status: answer.status, body: { message: answer.message } },
  }
  return story.box.faults.add(draft)
}

test('a ruleset that covers the branches of steps is reported once, and the rollout continues when it no longer does', async () => {
  const story = await aStory({ env: { reconcileSeconds: 2 } })
  const include = ['refs/heads/canary/**/*']
  const ruleset = story.box.addRuleset({ include, rules: ['creation'] }, story.repository().fullName)
  const pull = open(story)
  assert.match(await ask(story, 'alice', '/canary 5', pull), /0% → \*\*5%\*\*/)
  await green(story, pull)
  story.person('alice').merge(pull)
  const [notice = ''] = await story.until('the notice', () => notices(story, pull).length > 0 && notices(story, pull))
  assert.match(notice, /cannot continue by itself\. GitHub does not let Perch create the branch `canary\/production/)
  assert.match(notice, /“Repository rule violations found Cannot create ref due to creations being restricted\.”/)
  assert.match(notice, /bypass list .* `canary\/\*\*\/\*`/)
  assert.match(notice, /tries again by itself/)
  assert.match(
    await ask(story, 'alice', '/canary next', pull),
    /⛔ GitHub does not let Perch create .* Then comment again\./s,
  )
  assert.match(
    await ask(story, 'alice', '/canary status', pull),
    /⚠️ The rollout of `production\/api-service` cannot continue/,
  )
  await sweeps(story)
  assert.equal(notices(story, pull).length, 1, 'some sweeps later')
  ruleset.remove()
  await story.until('the step', () => story.repository().branch(STEP))
  await story.until('its pull request', () => story.repository().pulls('open')[0])
  assert.doesNotMatch(await ask(story, 'alice', '/canary status', pull), /cannot go on/)
  assert.equal(notices(story, pull).length, 1)
})

test("a command on a protected branch is answered with GitHub's reason", async () => {
  const story = await aStory()
  const message = 'Changes must be made through a pull request.'
  const name = story.repository().fullName
  story.box.faults.add({
    match: ({ operations, body }) =>
      operations.includes('createCommitOnBranch') && JSON.stringify(body).includes(JSON.stringify(name)),
    times: Infinity,
    kind: {
      status: 200,
      body: {
        data: { createCommitOnBranch: null },
        errors: [{ type: 'BRANCH_PROTECTION_RULE_VIOLATION', path: ['createCommitOnBranch'], message }],
      },
    },
  })
  const pull = open(story)
  const answer = await ask(story, 'alice', '/canary 5', pull)
  assert.match(answer, /⛔ GitHub does not let Perch commit to `v2`\. It says: “Changes must be made through a pull/)
  await green(story, pull)
})

test('checks are completed although the conversation is locked', async () => {
  const story = await aStory()
  const fault = refuse(
    story,
    { method: 'POST', path: /\/comments$/ },
    { status: 403, message: 'Unable to create comment because issue is locked.' },
  )
  const pull = open(story)
  story.person('alice').comment(pull, '/canary 5')
  await story.until('the commit', () => story.weights('v2') === '95/5')
  await story.until('the comment', () => fault.struck() > 0)
  await green(story, pull)
})
