/** A subset and its first traffic: in one pull request there may be a moment of 503s, and in two there is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { say } from '../commands/commanding.ts'
import { aStory, checksOn, DR, FAST, gitops, type Story, VS, weightsIn } from '../world.ts'

/** The summary of `canary/validate` at the head of a pull request, when both checks are done. */
async function validated(story: Story, pull: number): Promise<string> {
  return story.until('both checks', () => {
    const { sha } = story.repository().pull(pull).head
    const { validate, gate } = checksOn(story.repository(), sha)
    if (validate !== 'success' || !/success|action_required/.test(gate)) return undefined
    const run = story
      .repository()
      .checkRuns(sha)
      .find(({ name }) => name === 'canary/validate')
    return run?.summary ?? undefined
  })
}

test('a pull request that adds a subset and sends traffic there is warned about, and Perch opens its second half when the first is merged', async () => {
  const files = gitops(FAST)
  const whole = files[DR] ?? ''
  const without = whole.slice(0, whole.indexOf('    - name: canary'))
  // Without testers, who use the subset too.
  const route = (files[VS] ?? '').replace(/ {4}- name: testers[\s\S]*?(?= {4}- name: main)/, '')
  const story = await aStory({ files: { ...files, [VS]: route, [DR]: without } })
  const [alice, repo] = [story.person('alice'), story.repository()]

  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [DR]: whole } })
  await say(story, 'alice', '/canary 5', pull.number)
  assert.equal(weightsIn(repo.file(VS, 'v2') ?? ''), '95/5')
  const warning = await validated(story, pull.number)
  assert.match(
    warning,
    /use-before-definition: `VirtualService api-service` in `production` sends traffic to subset `canary` of `api-service` in the same commit that adds the subset to `DestinationRule default\/api-service`/,
  )
  assert.ok(
    warning.includes(
      `Make two pull requests of this one: first the subset (\`${DR}\`), then, when that is live, its traffic (\`${VS}\`).`,
    ),
    warning,
  )

  await say(story, 'alice', '/canary 0', pull.number)
  assert.doesNotMatch(await validated(story, pull.number), /use-before-definition/)
  alice.merge(pull.number)
  await say(story, 'alice', '/canary 5', pull.number)
  const second = await story.until('the second pull request', () =>
    repo.pulls('open').find(({ head }) => head.ref === 'canary/production/api-service/5'),
  )
  assert.equal(weightsIn(repo.file(VS, second.head.ref) ?? ''), '95/5')
  assert.doesNotMatch(await validated(story, second.number), /use-before-definition/)
})
