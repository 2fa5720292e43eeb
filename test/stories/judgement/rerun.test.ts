/** Who re-runs the checks of a commit always gets a conclusion with words. */
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

/** The newest of each check, once both are concluded and there are so many in all. */
function concluded(story: Story, sha: string, count: number): Promise<readonly Run[]> {
  return story.until(`${count} runs, the newest concluded`, () => {
    const all = runs(story, sha)
    const newest = ['canary/validate', 'canary/gate'].flatMap((name) => all.find((run) => run.name === name) ?? [])
    return all.length >= count && newest.length === 2 && newest.every(({ status }) => status === 'completed') && newest
  })
}

test('a re-run concludes again: of an open pull request, of one that is closed, and of a push without any', async () => {
  const story = await aStory()
  const alice = story.person('alice')
  const slug = story.box.appSlug
  const text = story.repository().file(VS) ?? ''
  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [VS]: `${text}# v2\n` } })
  const head = pull.head.sha
  await concluded(story, head, 2)
  alice.rerunAll(head, slug)
  const again = await concluded(story, head, 4)
  assert.ok(again.every(({ conclusion }) => conclusion === 'success'))

  const second = alice.push('v2', { [VS]: `${text}# v3\n` })
  await concluded(story, second, 2)
  alice.rerunAll(head, slug)
  const old = await concluded(story, head, 6)
  assert.ok(old.every(({ conclusion, title }) => conclusion === 'action_required' && title === 'Nothing to judge'))

  alice.close(pull.number)
  const [gate] = runs(story, second)
  alice.rerunCheck(gate?.id ?? 0)
  const closed = await concluded(story, second, 4)
  assert.match(closed[0]?.summary ?? '', /not the head of an open pull request/)

  const main = alice.push('main', { 'README.md': 'Words.\n' })
  alice.rerunAll(main, slug)
  const push = await concluded(story, main, 2)
  assert.ok(push.every(({ conclusion }) => conclusion === 'action_required'))
})

test("a re-run whose webhook was lost is found in GitHub's log of webhooks, and happens at a later sweep", async () => {
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
