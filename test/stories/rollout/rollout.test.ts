import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, DR, VS } from '../world.ts'

test('a rollout goes from /canary 5 until the canary is the new stable, with a pull request for each step', async () => {
  const story = await aStory({ isStepped: false })
  const { until, weights } = story
  const alice = story.person('alice')
  const repo = story.repository()
  const pull = alice.openPullRequest({
    branch: 'api-v2',
    title: 'api-service v2',
    files: { [VS]: (repo.file(VS) ?? '').replace('version: ""', 'version: "v2"') },
  })
  await until('both checks on the first head', () => checksOn(story.repository(), pull.head.sha).gate === 'success')

  const comment = alice.comment(pull.number, '/canary 5')
  await until('an answer', () =>
    repo.comments(pull.number).find(({ body }) => body.includes(`perch:answer:${comment.id}`)),
  )
  assert.equal(weights('api-v2'), '95/5')
  const head = repo.branch('api-v2') ?? ''
  assert.deepEqual(checksOn(story.repository(), head), { validate: 'success', gate: 'success' })
  alice.merge(pull.number, { method: 'squash' })

  const report = (): void => {
    alice.setStatus(repo.branch('main') ?? '', {
      context: 'kustomization/apps/0c9c2e41',
      state: 'success',
      description: 'reconciliation succeeded',
    })
  }
  for (const [branch, share] of [
    ['25', '75/25'],
    ['100', '0/100'],
    ['finish', '0/100'],
    ['0', '100/0'],
  ] as const) {
    const step = await until(`step ${branch}`, () =>
      repo.pulls().find((one) => one.state === 'open' && one.head.ref === `canary/production/api-service/${branch}`),
    )
    await until(`checks on ${branch}`, () => checksOn(story.repository(), step.head.sha).gate === 'action_required')
    assert.equal(weights(step.head.ref), share)
    report()
    await until(`gate of ${branch} green`, () => checksOn(story.repository(), step.head.sha).gate === 'success')
    alice.merge(step.number, { method: 'squash' })
  }
  await until('main is back at 100/0', () => weights() === '100/0')
  assert.match(repo.file(DR) ?? '', /name: stable\n {6}labels:\n {8}version: v2/)
  assert.deepEqual(
    story.box.requests.records.filter(({ isUnhandled }) => isUnhandled),
    [],
  )
})
