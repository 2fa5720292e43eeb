/** The traffic that Prometheus sees makes a step live, and is shown beside the share in Git. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startPrometheus } from '../../../src/sandbox/prometheus.ts'
import { say } from '../commands/commanding.ts'
import { aStory, checksOn, gitops, type Story } from '../world.ts'

const CONFIG = `environments:
  production: { path: overlays/production, live: { traffic: ±2, window: 1m, within: 1h } }
services:
  api-service: { steps: [5, 25, 100], bake: 2m }
`

/** The canary's share of 10,000 requests in each window. */
const traffic = { share: 0 }
const prometheus = await startPrometheus((query) => {
  if (!query.includes('istio_requests_total')) return undefined
  return 100 * (query.includes('destination_version="v2"') ? traffic.share : 100 - traffic.share)
})

after(() => prometheus.close())

function summary(story: Story, step: number): string {
  const { sha } = story.repository().pull(step).head
  const gate = story
    .repository()
    .checkRuns(sha)
    .find(({ name }) => name === 'canary/gate')
  return gate?.summary ?? ''
}

test('a step waits until Prometheus sees its share, bakes from then, and a later difference is said without undoing the proof', async () => {
  const story = await aStory({
    files: gitops(CONFIG, [95, 5]),
    env: { prometheusServers: [{ name: 'prometheus', url: prometheus.url }] },
  })
  const [alice, repo] = [story.person('alice'), story.repository()]
  alice.push('main', { 'README.md': '# Another\n' })
  const step = await story.until('the step', () =>
    repo.pulls('open').find(({ head }) => head.ref === 'canary/production/api-service/25'),
  )
  const gate = (): string => checksOn(repo, step.head.sha).gate
  await story.until('a whole window', () => /a whole window of traffic/.test(summary(story, step.number)))

  // A proxy that is behind, or another writer: Git asks for 5%.
  await story.until('the traffic of an old share', () =>
    /Prometheus sees 0% of 10,000 requests on the canary in the last 1 min\. Git asks for 5%/.test(
      summary(story, step.number),
    ),
  )
  assert.equal(gate(), 'action_required')

  traffic.share = 6
  await story.until('a bake', () => /✅ \*\*live\*\*[\s\S]*⏳ \*\*bake\*\*/.test(summary(story, step.number)))
  await story.until('a green gate', () => gate() === 'success')
  assert.match(summary(story, step.number), /according to the traffic that Prometheus sees/)

  traffic.share = 40
  assert.match(
    await say(story, 'alice', '/canary status', step.number),
    /⚠️ `production\/api-service`: Prometheus sees 40% of 10,000 requests on the canary in the last 1 min\. Git asks for 5%/,
  )
  assert.equal(gate(), 'success')
  const metrics = await (await fetch(`${story.service}/metrics`)).text()
  assert.match(metrics, /^perch_traffic_difference_points_bucket\{.*\} [1-9]/m)
})
