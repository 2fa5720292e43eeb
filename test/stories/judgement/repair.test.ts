/** A base branch whose config is broken is repaired by pull request, with both checks required. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, DR, FAST, gitops, type Story, VS } from '../world.ts'

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

const STARTED = gitops(FAST, [95, 5])

/** The gate of a pull request with these files, and its words. */
async function gateOf(story: Story, files: Record<string, string>): Promise<string> {
  const branch = `change-${story.repository().pulls().length}`
  const { head } = story.person('alice').openPullRequest({ branch, title: branch, files })
  const gate = await story.until('a gate', () => {
    const found = checksOn(story.repository(), head.sha).gate
    return ['success', 'failure', 'action_required'].includes(found) && found
  })
  const run = story
    .repository()
    .checkRuns(head.sha)
    .find(({ name }) => name === 'canary/gate')
  return `${gate} ${run?.summary ?? ''}`
}

test('who makes a share readable again does not bring another version with it', async () => {
  const { [VS]: good = '', [DR]: rule = '' } = STARTED
  const story = await aStory({ files: { ...STARTED, [VS]: good.replace(/weight: 5$/m, 'weight: "5"') } })
  assert.match(await gateOf(story, { [VS]: good }), /^success/)
  const swapped = { [VS]: good, [DR]: rule.replace('version: v2', 'version: v3') }
  assert.match(await gateOf(story, swapped), /^failure.*Perch cannot read this rollout on the base branch/s)
})

test('who makes a share readable again does not raise it above what it was', async () => {
  const { [VS]: good = '' } = STARTED
  const story = await aStory({ files: STARTED })
  story.person('alice').push('main', { [VS]: good.replace(/weight: 5$/m, 'weight: "5"') })
  const raised = good.replace('weight: 95 ', 'weight: 0 ').replace(/weight: 5$/m, 'weight: 100')
  assert.match(await gateOf(story, { [VS]: good }), /^success/)
  assert.match(await gateOf(story, { [VS]: raised }), /^failure.*Perch cannot read this rollout on the base branch/s)
})

test('who repairs the file of a route does not start it with any share', async () => {
  const { [VS]: good = '' } = STARTED
  const story = await aStory({ files: { ...STARTED, [VS]: good.replace('  http:', '  http: [') } })
  const at = (stable: number, canary: number): Record<string, string> => ({
    [VS]: good.replace('weight: 95 ', `weight: ${stable} `).replace(/weight: 5$/m, `weight: ${canary}`),
  })
  assert.match(await gateOf(story, at(0, 100)), /^failure.*Perch cannot read this rollout on the base branch/s)
  assert.match(await gateOf(story, at(100, 0)), /^success/)
})

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
