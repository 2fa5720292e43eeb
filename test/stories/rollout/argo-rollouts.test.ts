/** A rollout that Argo Rollouts moves in the cluster: Perch never writes its weights. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argoRollout, splitRoute } from '../../owners.ts'
import { aStory } from '../world.ts'

const ROLLOUT = 'production/rollout.yaml'
const ROUTE = 'production/route.yaml'

test('a share for a rollout of Argo Rollouts limits its steps in a commit of only that, and other commands name its own', async () => {
  const rollout = argoRollout()
  const story = await aStory({
    files: {
      '.github/canary.yml': 'environments:\n  production: { path: production }\n',
      'production/kustomization.yaml': 'resources: [rollout.yaml, route.yaml]\n',
      [ROLLOUT]: rollout,
      [ROUTE]: splitRoute(),
    },
  })
  const alice = story.person('alice')
  const image = rollout.replace('web:v1', 'web:v2')
  const pull = alice.openPullRequest({ branch: 'v2', title: 'web v2', files: { [ROLLOUT]: image } })
  const said = (words: RegExp) => () =>
    story
      .repository()
      .comments(pull.number)
      .some(({ body }) => words.test(body))

  alice.comment(pull.number, '/canary 25')
  await story.until('the limit', said(/it gives the canary at most \*\*25%\*\* .*\(until now 40%\)/))
  assert.equal(story.repository().file(ROLLOUT, 'v2'), image.replace('setWeight: 40', 'setWeight: 25'))
  assert.equal(story.repository().file(ROUTE, 'v2'), splitRoute())

  alice.comment(pull.number, '/canary next')
  await story.until(
    'the refusal',
    said(/⛔ Argo Rollouts moves the traffic of `production\/web` .*production\/rollout\.yaml/),
  )
  alice.comment(pull.number, '/canary abort')
  await story.until('the way back', said(/kubectl argo rollouts abort/))
  assert.equal(story.repository().file(ROUTE, 'v2'), splitRoute())

  alice.merge(pull.number)
  await story.quiet()
  assert.deepEqual(story.repository().pulls('open'), [], 'nothing follows from weights that a controller writes')
})
