/** Repositories to which Perch temporarily cannot write: nothing loops, others continue, and everything is done later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, type Story, sweeps, VS } from '../world.ts'

const SWEEPS = { reconcileSeconds: 2 }

async function green(story: Story, sha: string): Promise<void> {
  await story.until('green checks', () => {
    const { validate, gate } = checksOn(story.repository(), sha)
    return validate === 'success' && gate === 'success'
  })
}

/** A pull request that Perch has looked at. */
async function reviewed(story: Story): Promise<void> {
  const files = { [VS]: `${story.repository().file(VS) ?? ''}# v2\n` }
  const { head } = story.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files })
  await green(story, head.sha)
}

/** How many times three sweeps may pass until all earlier work has ended. Many on a busy machine. */
const TURNS = 10

/** Perch's requests about a story's repository during three sweeps, after all earlier work has ended. */
async function askedOf(story: Story): Promise<readonly string[]> {
  const name = story.repository().fullName
  let asked: readonly string[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    const mark = story.box.requests.mark()
    await sweeps(story)
    const { records } = story.box.requestsSince(mark, 'perch')
    asked = records.filter(({ path }) => path.includes(`/${name}`)).map(({ method, path }) => `${method} ${path}`)
    if (asked.length === 0) break
  }
  return asked
}

test('Perch leaves an archived repository alone, works on in others, and judges its pull requests when it is unarchived', async () => {
  const [story, other] = [
    await aStory({ isStepped: false, env: SWEEPS }),
    await aStory({ isStepped: false, env: SWEEPS }),
  ]
  await reviewed(story)
  const name = story.repository().fullName
  const { webhooks } = story.box
  const isHere = (delivery: { readonly payload: unknown }): boolean => JSON.stringify(delivery.payload).includes(name)
  const held = webhooks.addFault({ match: isHere, times: Infinity, kind: 'hold' })
  const head = story.person('alice').push('v2', { 'docs/x.md': 'x\n' })
  story.box.archive(true, name)
  held.remove()
  await webhooks.release()
  assert.deepEqual(await askedOf(story), [])
  await reviewed(other)
  story.box.archive(false, name)
  await green(story, head)
})

test('Perch sends no requests for a suspended installation, and judges afterwards what was pushed in between', async () => {
  // A separate sandbox, because all stories share an installation.
  const story = await aStory({ isStepped: false, env: SWEEPS, retryLimit: 4 })
  await reviewed(story)
  const comment = (): number => story.repository().comments(1).length
  const before = comment()
  story.box.installation.suspend()
  const head = story.person('alice').push('v2', { 'docs/x.md': 'x\n' })
  assert.deepEqual(await askedOf(story), [])
  story.box.installation.unsuspend()
  await green(story, head)
  assert.equal(comment(), before)
})
