/** Moves all traffic from one version to the other and back, with pull requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLUE_GREEN_SUBSETS, blueGreenPods, blueGreenRoute } from '../../blue-green.ts'
import { aStory, checksOn, type Story } from '../world.ts'

const ROUTE = 'overlays/production/route.yaml'

const FILES = {
  '.github/canary.yml':
    'environments:\n  production: { path: overlays/production, live: { after: 0s }, approvals: 1 }\nservices: { web: { bake: 1s } }\n',
  'overlays/production/kustomization.yaml': 'resources: [route.yaml, subsets.yaml, pods.yaml]\n',
  [ROUTE]: blueGreenRoute('blue', 'green'),
  'overlays/production/subsets.yaml': BLUE_GREEN_SUBSETS,
  'overlays/production/pods.yaml': blueGreenPods({ blue: '1', green: '2' }),
}

async function ask(story: Story, pull: number, text: string): Promise<string> {
  const comment = story.person('alice').comment(pull, text)
  const answer = await story.until(`an answer to ${text}`, () =>
    story
      .repository()
      .comments(pull)
      .find(({ body }) => body.startsWith(`<!-- perch:answer:${comment.id} `)),
  )
  return answer.body
}

/** Perch's pull request for a version, once its checks have concluded. */
async function switchTo(story: Story, version: string): Promise<{ readonly number: number; readonly gate: string }> {
  const ref = `switch/production/web/${version}`
  const open = await story.until(`a pull request from ${ref}`, () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === ref),
  )
  const gate = await story.until(`checks on ${ref}`, () => {
    const said = checksOn(story.repository(), story.repository().branch(ref) ?? '').gate
    return /^(?:success|failure|action_required)$/.test(said) ? said : undefined
  })
  return { number: open.number, gate }
}

test('a person switches to green with a pull request that needs an approval, and back with one that needs nothing', async () => {
  const story = await aStory({ files: FILES })
  const alice = story.person('alice')
  const note = alice.openPullRequest({ branch: 'note', title: 'Note', files: { 'docs/note.md': 'x\n' } })
  assert.match(await ask(story, note.number, '/canary 25'), /is a blue\/green service.*`\/switch green`/)
  alice.merge(note.number, { method: 'squash' })

  const answer = await ask(story, note.number, '/switch green')
  assert.match(answer, /✅ #\d+: Switch production\/web: blue → green/)
  const there = await switchTo(story, 'green')
  assert.equal(there.gate, 'action_required')
  const { title, labels } = story.repository().pull(there.number)
  assert.equal(title, 'Switch production/web: blue → green')
  assert.deepEqual([...labels].sort(), ['canary', 'canary:switch'])
  story.person('olga').review(there.number, 'APPROVE')
  const head = (): string => story.repository().branch('switch/production/web/green') ?? ''
  await story.until('a green gate', () => checksOn(story.repository(), head()).gate === 'success')
  alice.merge(there.number, { method: 'merge' })
  assert.equal(story.repository().file(ROUTE), blueGreenRoute('green', 'blue'))

  await ask(story, there.number, '/switch blue')
  const back = await switchTo(story, 'blue')
  assert.equal(back.gate, 'success')
  alice.merge(back.number, { method: 'merge' })
  assert.equal(story.repository().file(ROUTE), blueGreenRoute('blue', 'green'))
})
