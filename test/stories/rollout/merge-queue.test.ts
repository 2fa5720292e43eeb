/** What GitHub’s merge queue would merge is judged as one change, on a commit that git made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RepositoryView } from '../../../src/sandbox/read.ts'
import { ask } from '../commands/commanding.ts'
import { aStory, checksOn, FAST, gitops, type Story, VS, weightsIn } from '../world.ts'

const STAGING = VS.replace('production', 'staging')

function open(story: Story, branch: string, path = VS): number {
  const touch = { [path]: `${story.repository().file(path) ?? ''}# ${branch}\n` }
  return story.person('alice').openPullRequest({ branch, title: branch, files: touch }).number
}

function gateOf(story: Story, pull: number): { readonly conclusion: string; readonly summary: string } {
  const head = story.repository().pull(pull).head.sha
  return { conclusion: checksOn(story.repository(), head).gate, summary: summaryOf(story, head) }
}

function summaryOf(story: Story, sha: string): string {
  return gateRun(story, sha)?.summary ?? ''
}

function gateRun(story: Story, sha: string): ReturnType<RepositoryView['checkRuns']>[number] | undefined {
  return story
    .repository()
    .checkRuns(sha)
    .find(({ name }) => name === 'canary/gate')
}

/** Waits until the gate of a pull request's head has this conclusion with these words. */
async function gate(story: Story, pull: number, conclusion: string, words = /./): Promise<void> {
  await story.until(`gate ${conclusion} ${words.source}`, () => {
    const found = gateOf(story, pull)
    return found.conclusion === conclusion && words.test(found.summary)
  })
}

/** The conclusion of both checks on a commit of the merge queue. */
async function groupEnds(story: Story, sha: string): Promise<string> {
  return story.until('both checks of the group', () => {
    const { validate, gate: own } = checksOn(story.repository(), sha)
    return validate !== '-' && own !== '-' && own !== 'in_progress' && `${validate} ${own}`
  })
}

test('a merge group gets both checks, for its change as a whole', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const { repository } = story
  const alice = story.person('alice')
  const readme = alice.openPullRequest({ branch: 'readme', title: 'readme', files: { 'README.md': 'x\n' } }).number
  const first = open(story, 'v2')
  await ask(story, 'alice', '/canary 5', first)
  await gate(story, first, 'success')
  const quiet = alice.enqueue(readme)
  assert.equal(await groupEnds(story, quiet.sha), 'success success')
  quiet.remove()
  const raised = alice.enqueue(readme, first)
  assert.equal(await groupEnds(story, raised.sha), 'success success')
  raised.merge()
  assert.equal(weightsIn(repository().file(VS) ?? ''), '95/5')
})

test('in a merge group, an override counts only for its own pull request’s changes', async () => {
  const story = await aStory({
    files: gitops(FAST.replace('status: "kustomization/apps/*"', 'after: 0s')),
  })
  const alice = story.person('alice')
  const raise = (path: string, branch: string): number => {
    const text = (story.repository().file(path) ?? '').replace('weight: 100 ', 'weight: 95 ')
    const files = { [path]: text.replace(/weight: 0$/m, 'weight: 5') }
    return alice.openPullRequest({ branch, title: branch, files }).number
  }
  const passed = raise(STAGING, 'staging')
  const other = raise(VS, 'production')
  for (const environment of ['staging', 'production']) await ask(story, 'olga', `/freeze ${environment}`, passed)
  for (const pull of [passed, other]) await gate(story, pull, 'action_required', /frozen/)
  await ask(story, 'olga', '/canary override freeze urgent', passed)
  await gate(story, passed, 'success')
  const alone = alice.enqueue(passed)
  assert.equal(await groupEnds(story, alone.sha), 'success success')
  alone.remove()
  const both = alice.enqueue(passed, other)
  assert.equal(await groupEnds(story, both.sha), 'success action_required')
  assert.match(summaryOf(story, both.sha), /production.*frozen by `olga`/)
  both.remove()
  await ask(story, 'olga', '/canary override freeze urgent too', other)
  await gate(story, other, 'success')
  const again = alice.enqueue(other, passed)
  assert.equal(await groupEnds(story, again.sha), 'success success')
})
