/** Whoever re-runs the checks of a commit always gets a conclusion with words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, type Story, VS } from '../world.ts'

type Run = ReturnType<ReturnType<Story['repository']>['checkRuns']>[number]

function runs(story: Story, sha: string): readonly Run[] {
  return story
    .repository()
    .checkRuns(sha)
    .filter(({ name }) => name.startsWith('canary/'))
}

/** The latest run of each check, when both are concluded and there are this many runs in total. */
function concluded(story: Story, sha: string, count: number): Promise<readonly Run[]> {
  return story.until(`${count} runs, the newest concluded`, () => {
    const all = runs(story, sha)
    const newest = ['canary/validate', 'canary/gate'].flatMap((name) => all.find((run) => run.name === name) ?? [])
    return all.length >= count && newest.length === 2 && newest.every(({ status }) => status === 'completed') && newest
  })
}

test("a re-run whose webhook was lost is found in GitHub's log of webhooks at a later sweep", async () => {
  const story = await aStory({ env: { reconcileSeconds: 20 } })
  const alice = story.person('alice')
  const text = story.repository().file(VS) ?? ''
  const { head } = alice.openPullRequest({ branch: 'lost', title: 'lost', files: { [VS]: `${text}# lost\n` } })
  await concluded(story, head.sha, 2)
  await story.quiet()
  const fault = story.box.webhooks.addFault({ match: ({ event }) => event === 'check_suite', times: 1, kind: 'drop' })
  alice.rerunAll(head.sha, story.box.appSlug)
  await story.quiet()
  fault.remove()
  assert.equal(runs(story, head.sha).length, 2)
  await story.pass(60_000)
  const again = await concluded(story, head.sha, 4)
  assert.ok(again.every(({ conclusion }) => conclusion === 'success'))
})
