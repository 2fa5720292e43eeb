/** The steps of a rollout on GitHub's own pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, DR, gitops, type Story } from '../world.ts'
import { destinationRule } from '../../manifests.ts'

/** A step is live when another App reports that this environment is deployed, as Perch itself does too. */
const CONFIG = `environments:
  staging: { path: overlays/staging, live: { after: 0s } }
  production: { path: overlays/production, live: { deployment: "*" } }
services:
  api-service: { steps: [5, 100], bake: 0.3s }
deployments: true
`

function shown(story: Story): readonly string[] {
  return story
    .repository()
    .deployments()
    .filter(({ task }) => task.startsWith('canary:'))
    .map(
      ({ task, environment, statuses }) => `${environment} ${task}: ${statuses.map(({ state }) => state).join(' → ')}`,
    )
}

test('a merged step is shown as a deployment, which makes nothing live and succeeds when another tool says that the step is live', async () => {
  const story = await aStory({ files: gitops(CONFIG) })
  const alice = story.person('alice')
  const pull = alice.openPullRequest({
    branch: 'v3',
    title: 'v3',
    files: { [DR]: destinationRule('api-service', 'v3') },
  })
  alice.comment(pull.number, '/canary 5 --env production')
  await story.until('the share', () => story.weights('v3') === '95/5')
  await story.until('green checks', () => checksOn(story.repository(), 'v3').gate === 'success')
  alice.merge(pull.number)
  const step = await story.until('the next step', () => story.repository().pulls('open')[0])
  const begun = ['production canary:api-service: in_progress']
  await story.until('a deployment', () => shown(story).join() === begun.join())
  const gate = (): unknown => checksOn(story.repository(), step.head.sha).gate
  await story.until('a gate that waits', () => gate() === 'action_required')

  // GitHub also sends webhooks about Perch's own deployment.
  await story.quiet()
  assert.deepEqual(shown(story), begun)
  assert.equal(gate(), 'action_required')

  alice.deploy({ ref: story.repository().branch('main') ?? '', environment: 'cluster', state: 'success' })
  await story.until('a green gate', () => gate() === 'success')
  const live = ['production canary:api-service: in_progress → success']
  await story.until('a live deployment', () => shown(story).join() === live.join())
})
