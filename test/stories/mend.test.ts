/** A base branch whose config is broken is repaired by pull request, with both checks required. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, FAST, gitops, type Story, VS } from './world.ts'

function validateOf(story: Story, pull: number): { readonly title: string; readonly summary: string } {
  const runs = story.repository().checkRuns(story.repository().pull(pull).head.sha)
  const run = runs.find(({ name }) => name === 'canary/validate')
  return { title: run?.title ?? '', summary: run?.summary ?? '' }
}

async function checks(story: Story, pull: number, validate: string, gate: string): Promise<void> {
  await story.until(`checks ${validate}, ${gate}`, () => {
    const found = checksOn(story.repository(), story.repository().pull(pull).head.sha)
    return found.validate === validate && found.gate === gate
  })
}

test('the pull request that repairs the config merges, and what waited for it is judged by it', async () => {
  const story = await aStory({ files: gitops(FAST.replace('bake:', 'bakes:')), env: { reconcileSeconds: 2 } })
  const required = ['canary/validate', 'canary/gate'].map((context) => ({ context }))
  story.box.protect('main', { checks: required, enforceAdmins: true }, story.repository().fullName)
  const alice = story.person('alice')
  const raise = (story.repository().file(VS) ?? '')
    .replace('weight: 100', 'weight: 95')
    .replace('weight: 0', 'weight: 5')
  const waiting = alice.openPullRequest({ branch: 'raise', title: 'Raise', files: { [VS]: raise } }).number
  await checks(story, waiting, 'failure', 'failure')
  assert.match(validateOf(story, waiting).summary, /config is not valid.*Repair it first: a pull request that/)
  const files = { '.github/canary.yml': FAST, 'base/notes.yaml': '# nothing\n' }
  const repair = alice.openPullRequest({ branch: 'repair', title: 'Repair', files }).number
  await checks(story, repair, 'success', 'success')
  assert.match(validateOf(story, repair).summary, /This pull request repairs it/)
  alice.merge(repair)
  await checks(story, waiting, 'success', 'success')
  const worse = alice.openPullRequest({
    branch: 'worse',
    title: 'Worse',
    files: { '.github/canary.yml': 'environment: {}\n' },
  }).number
  await checks(story, worse, 'failure', 'failure')
  assert.match(validateOf(story, worse).summary, /Fix it in this pull request/)
})
