/** No outage loses a command, and no lost webhook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badGateway, type FaultRequest } from '../../../src/sandbox/wire/faults.ts'
import { A_SECOND, aRollout, mergedPull, openReviewed, say } from './commanding.ts'
import { aStory, checksOn, VS, weightsIn } from '../world.ts'

/** Jobs are tried once more before they count as failing for longer, so that a story's outage takes seconds. */
const IMPATIENT = { retryLimit: 1 }

const COMMIT = { path: 'graphql:createCommitOnBranch' } as const

test('an abort outlasts an outage in which its step is closed and its rollback cannot be made', async () => {
  const story = await aRollout(IMPATIENT)
  const outage = story.box.faults.add({ match: COMMIT, times: 4, kind: badGateway({ isDone: false }) })
  const words = await say(story, 'alice', '/canary abort', story.step)
  assert.equal(outage.struck(), 4)
  assert.match(words, new RegExp(`🛑 Closed #${story.step}\\. Merge #\\d+ to send all traffic back`))
  const open = story.repository().pulls('open')
  assert.deepEqual(
    open.map(({ head }) => head.ref).filter((ref) => ref.startsWith('canary/production/')),
    ['canary/production/api-service/0'],
  )
})

test('the button that rolls back outlasts such an outage too', async () => {
  const story = await aRollout(IMPATIENT)
  story.box.faults.add({ match: COMMIT, times: 4, kind: badGateway({ isDone: false }) })
  const { sha } = story.repository().pull(story.step).head
  const gate = story
    .repository()
    .checkRuns(sha)
    .find(({ name }) => name === 'canary/gate')
  story.person('alice').pressButton(gate?.id ?? 0, 'abort')
  const words = await story.until('an answer', () =>
    story
      .repository()
      .comments(story.step)
      .find(({ body }) => body.startsWith('<!-- perch:button:')),
  )
  assert.match(words.body, new RegExp(`🛑 Closed #${story.step}\\. Merge #\\d+ to send all traffic back`))
})

test('a raise outlasts an outage of everything that is asked by GraphQL', async () => {
  const story = await aStory(IMPATIENT)
  const pull = await openReviewed(story, 'outage')
  const isGraphql = ({ path }: FaultRequest): boolean => path === '/api/graphql'
  const outage = story.box.faults.add({ match: isGraphql, times: 4, kind: badGateway({ isDone: false }) })
  assert.match(await say(story, 'alice', '/canary 25 --env production', pull), /0% → \*\*25%\*\*/)
  assert.equal(outage.struck(), 4)
})

test('a second try tells what the command did, not that it was so already', async () => {
  const story = await aRollout(IMPATIENT)
  const lost = badGateway({ isDone: true })
  const writes: readonly (readonly [string, string, FaultRequest['method'], RegExp, RegExp])[] = [
    ['alice', '/canary hold', 'POST', /\/git\/refs$/, /⏸️ Held: `production\/api-service`/],
    ['alice', '/canary resume', 'DELETE', /\/git\/refs\//, /▶️ Resumed: `production\/api-service`/],
    ['olga', '/freeze production', 'POST', /\/git\/refs$/, /❄️ `production` is frozen/],
    ['olga', '/unfreeze production', 'DELETE', /\/git\/refs\//, /▶️ Raises in `production` can go on/],
    ['alice', '/canary 0 --env production', 'POST', /\/pulls$/, /✅ #\d+: Roll back/],
  ]
  for (const [who, text, method, path, expected] of writes) {
    const fault = story.box.faults.add({ match: { method, path }, kind: lost })
    const merged = text.startsWith('/canary 0') ? await mergedPull(story) : story.step
    assert.match(await say(story, who, text, merged), expected, text)
    assert.equal(fault.struck(), 1, text)
  }
})

test('a second try of a raise tells all that the first would have told', async () => {
  const story = await aStory(IMPATIENT)
  const words = async (branch: string): Promise<string> => {
    const said = await say(story, 'alice', '/canary 25 --env production', await openReviewed(story, branch))
    return said.replaceAll(/\b[0-9a-f]{7}\b/g, 'COMMIT')
  }
  const first = await words('undisturbed')
  assert.match(first, /0% → \*\*25%\*\*[^]*Rendered before and after: nothing but this route changes\./)
  const lost = story.box.faults.add({ match: COMMIT, kind: badGateway({ isDone: true }) })
  assert.equal(await words('lost'), first)
  assert.equal(lost.struck(), 1)
})

test("somebody's commit that names a comment does not pass for what the comment asks", async () => {
  const story = await aStory(IMPATIENT)
  const pull = await openReviewed(story, 'forged')
  const { number, head } = story.repository().pull(pull)
  const { id } = story.person('alice').comment(number, 'The next comments have ids a little above that of this one.')
  const trailers = Array.from({ length: 200 }, (_, index) => `Canary-Comment: ${id + index}.0`)
  const forged = story.person('olga').push(head.ref, { 'notes.txt': 'x\n' }, `Raise\n\n${trailers.join('\n')}`)
  await story.until('checks', () => checksOn(story.repository(), forged).gate === 'success')
  await story.pass(A_SECOND)
  assert.match(await say(story, 'alice', '/canary 25 --env production', pull), /0% → \*\*25%\*\*/)
  assert.equal(weightsIn(story.repository().file(VS, head.ref) ?? ''), '75/25')
})

test('a command that no webhook told of gets its 👀 and its answer, on a merged pull request too', async () => {
  const story = await aStory({ env: { reconcileSeconds: 1 } })
  const open = await openReviewed(story, 'unheard')
  const merged = await mergedPull(story)
  story.box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'vanish' })
  for (const pull of [open, merged]) {
    assert.match(await say(story, 'alice', '/canary help', pull), /\| Command \|/)
    await story.until('👀', () =>
      story
        .repository()
        .comments(pull)
        .some(({ body, reactions }) => body === '/canary help' && reactions.some(({ content }) => content === 'eyes')),
    )
  }
  story.box.webhooks.clearFaults()
})

test('the comment of a pull request that merges while it is looked at stays the record of what it changed', async () => {
  const story = await aStory()
  const pull = await openReviewed(story, 'record')
  await say(story, 'alice', '/canary 5 --env production', pull)
  const summary = (): string | undefined =>
    story
      .repository()
      .comments(pull)
      .find(({ body }) => body.startsWith('<!-- perch:summary -->'))?.body
  const before = summary() ?? ''
  assert.match(before, /95\/5/)
  // After the pull request was read as open, before its base is fetched.
  const race = story.box.faults.add({
    match: { path: 'graphql:repository' },
    kind: { delay: 0 },
    onStrike: () => void story.person('olga').merge(pull, { method: 'squash' }),
  })
  await say(story, 'alice', '/canary help', pull)
  assert.equal(race.struck(), 1)
  assert.equal(story.repository().pull(pull).state, 'merged')
  assert.equal(summary(), before)
})

test('a step whose branch is pushed to where nothing is left to merge says that its rollout stands still', async () => {
  const story = await aRollout()
  story.person('alice').forcePush('canary/production/api-service/100', story.repository().branch('main') ?? '')
  story.person('alice').close(story.step)
  const words = await story.until('words', () =>
    story
      .repository()
      .comments(story.step)
      .find(({ body }) => body.includes('has stopped at 25%')),
  )
  assert.match(
    words.body,
    /`\/canary next api-service --env production` on any merged pull request to go on, or `\/canary abort` here/,
  )
  assert.match(await say(story, 'alice', '/canary abort', story.step), /Merge #\d+ to send all traffic back/)
})
