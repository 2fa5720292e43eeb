import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, FAST, gitops, type Story, sweeps, VS } from '../world.ts'

/** Longer than everything that is due soon after an event. */
const QUIET_MS = 2_000

/** The protection of the base branch is read once in six hours. */
const ONCE = ['/repos/{owner}/{repo}/branches/{branch}', '/repos/{owner}/{repo}/rules/branches/{branch}']

/**
 * Perch's requests to GitHub from before `act` until nothing happens any more, without tokens and what is requested once in
 * hours.
 */
async function cost(
  story: Story,
  act: () => Promise<unknown>,
): Promise<{ api: number; gitFetches: number; asked: string[] }> {
  await story.pass(QUIET_MS)
  const mark = story.box.requests.mark()
  await act()
  await story.pass(QUIET_MS)
  const { api, gitFetches, records } = story.box.requestsSince(mark, 'perch')
  const once = records.filter(({ method, route }) => method === 'GET' && ONCE.includes(route ?? ''))
  return { api: api - once.length, gitFetches, asked: records.map(({ method, route }) => `${method} ${route}`) }
}

function within(
  found: Awaited<ReturnType<typeof cost>>,
  budget: { readonly api: number; readonly gitFetches?: number },
): void {
  assert.ok(found.api <= budget.api, `${found.api} API requests, not ${budget.api}:\n${found.asked.join('\n')}`)
  if (budget.gitFetches !== undefined)
    assert.ok(found.gitFetches <= budget.gitFetches, `${found.gitFetches} git fetches:\n${found.asked.join('\n')}`)
}

test('a pull request and a push that touch no traffic cost at most 4 API requests', async () => {
  const story = await aStory({ isStepped: false })
  const alice = story.person('alice')
  // Perch's own identity and its token are requested once.
  const first = alice.openPullRequest({ branch: 'first', title: 'first', files: { 'README.md': 'first\n' } })
  await story.until('checks', () => checksOn(story.repository(), first.head.sha).gate === 'success')
  const opened = await cost(story, async () => {
    const pull = alice.openPullRequest({ branch: 'readme', title: 'readme', files: { 'README.md': 'x\n' } })
    await story.until('checks', () => checksOn(story.repository(), pull.head.sha).gate === 'success')
  })
  within(opened, { api: 4 })
  const pushed = await cost(story, async () => {
    const head = alice.push('readme', { 'README.md': 'y\n' })
    await story.until('checks', () => checksOn(story.repository(), head).gate === 'success')
  })
  within(pushed, { api: 4 })
  within(await cost(story, async () => alice.push('main', { 'docs/x.md': 'z\n' })), { api: 4 })
  within(await cost(story, async () => alice.push('elsewhere', { 'docs/x.md': 'z\n' })), { api: 0 })
})

test('/canary 25 costs at most 9 API requests and 2 git fetches, and the merge that follows at most 10 until the next step is open', async () => {
  const files = gitops(FAST)
  // The size of the repository must not matter.
  for (let index = 0; index < 60; index += 1) {
    files[`overlays/region-${index}/kustomization.yaml`] = 'resources: [../../base, note.yaml]\n'
    files[`overlays/region-${index}/note.yaml`] = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note-${index}}\n`
  }
  const story = await aStory({ isStepped: false, files })
  const alice = story.person('alice')
  const text = story.repository().file(VS) ?? ''
  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [VS]: `${text}# v2\n` } })
  await story.until('checks', () => checksOn(story.repository(), pull.head.sha).gate === 'success')
  const command = await cost(story, async () => {
    const comment = alice.comment(pull.number, '/canary 25')
    await story.until('an answer', () =>
      story
        .repository()
        .comments(pull.number)
        .some(({ body }) => body.includes(`answer:${comment.id} `)),
    )
  })
  within(command, { api: 9, gitFetches: 2 })
  const merged = await cost(story, async () => {
    alice.merge(pull.number, { method: 'squash' })
    const step = await story.until('the step', () =>
      story
        .repository()
        .pulls('open')
        .find(({ head }) => head.ref === 'canary/production/api-service/100'),
    )
    await story.until('its checks', () => checksOn(story.repository(), step.head.sha).gate === 'action_required')
  })
  within(merged, { api: 10 })
})

test('a sweep over quiet pull requests reads two lists per repository and nothing per pull request', async () => {
  const story = await aStory({ isStepped: false, env: { reconcileSeconds: 1 } })
  const alice = story.person('alice')
  for (let index = 0; index < 5; index += 1)
    alice.openPullRequest({ branch: `p${index}`, title: `p${index}`, files: { [`docs/${index}.md`]: 'x\n' } })
  await story.until('all reviewed', () =>
    story
      .repository()
      .pulls('open')
      .every(({ head }) => checksOn(story.repository(), head.sha).gate === 'success'),
  )
  const wanted = ['GET /repos/{owner}/{repo}/issues/comments', 'GET /repos/{owner}/{repo}/pulls']
  // Sweeps that began before the end of the last review may still look at its pull request once.
  let perSweep: readonly string[] = []
  for (let turn = 0; turn < 20 && perSweep.join(' ') !== wanted.join(' '); turn += 1) {
    const swept = await cost(story, () => sweeps(story))
    perSweep = [...new Set(swept.asked.filter((route) => route.includes('{owner}')))].toSorted()
  }
  assert.deepEqual(perSweep, wanted)
})
