/** The measurements of a step allow the next one, roll it back, hold it, or leave it waiting. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type PrometheusBox, startPrometheus } from '../../../src/sandbox/prometheus.ts'
import { aStory, checksOn, gitops, type Story, sweeps, VS, weightsIn } from '../world.ts'

/** What each story's canary measures now, by the story's namespace: a success rate, a failure to answer, or nothing. */
const rates = new Map<string, number | 'no-data'>()
let prometheus: PrometheusBox | undefined

after(() => prometheus?.close())

const ANALYSIS = `analysis:
      checks: [{ metric: success-rate, min: 99 }]
      settle: 0s
      interval: 1s
      minRequests: 10`

function config(name: string, service = ''): string {
  return `environments:
  production: { path: overlays/production, live: { after: 0s } }
services:
  api-service:
    steps: [5, 25, 100]
    bake: 2s
    ${service}
    ${ANALYSIS}
annotationPrefix: ${name}.example.com
`
}

/** A story with its own namespace, whose canary measures the value in `rates`. */
async function measured(name: string, service = ''): Promise<Story> {
  prometheus ??= await startPrometheus((query) => {
    const namespace = /destination_service_namespace="([^"]+)"/.exec(query)?.[1] ?? ''
    const rate = rates.get(namespace) ?? 100
    if (rate === 'no-data') return undefined
    return query.includes('increase(') ? 1000 : rate
  })
  const files = gitops(config(name, service))
  const kustomization = 'overlays/production/kustomization.yaml'
  return aStory({
    files: { ...files, [kustomization]: `namespace: ${name}\n${files[kustomization] ?? ''}` },
    env: { prometheusServers: [{ name: 'prometheus', url: prometheus.url }], reconcileSeconds: 2 },
  })
}

/** Brings a canary to 5% on the base branch. Resolves to the step that Perch then opens. */
async function begin(story: Story): Promise<number> {
  const alice = story.person('alice')
  const text = `${story.repository().file(VS) ?? ''}# v2\n`
  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [VS]: text } }).number
  alice.comment(pull, '/canary 5')
  await story.until('a first step', () => weightsIn(story.repository().file(VS, 'v2') ?? '') === '95/5')
  await green(story, 'v2')
  alice.merge(pull)
  return step(story, '25')
}

async function green(story: Story, branch: string): Promise<void> {
  await story.until(`green checks on ${branch}`, () => {
    const { validate, gate } = checksOn(story.repository(), story.repository().branch(branch) ?? '')
    return validate === 'success' && gate === 'success'
  })
}

async function step(story: Story, last: string): Promise<number> {
  const found = await story.until(`a step to ${last}`, () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === `canary/production/api-service/${last}`),
  )
  return found.number
}

function said(story: Story, pull: number): string {
  return story
    .repository()
    .comments(pull)
    .map(({ body }) => body)
    .join('\n\n')
}

test('a failing canary is rolled back once, with the measurements, even if its step has merged and the next one is open', async () => {
  const story = await measured('failing')
  const first = await begin(story)
  await green(story, 'canary/production/api-service/25')
  story.person('alice').merge(first)
  const next = await step(story, '100')
  rates.set('failing', 91.25)
  const rollback = await step(story, '0')
  await story.until('the next step closed', () => story.repository().pull(next).state === 'closed')
  assert.match(
    said(story, next),
    /Closed: the canary failed its analysis: `success-rate` was 91\.25% at .*at least 99% is required/,
  )
  const { body, labels, title } = story.repository().pull(rollback)
  assert.match(title, /^Roll back production\/api-service .*: 25% → 0%$/)
  assert.match(body, /The canary failed its analysis at 25%.*`success-rate` was 91\.25%[\s\S]*❌ `success-rate` failed/)
  await story.until('labels', () => story.repository().pull(rollback).labels.includes('canary:rollback'))
  assert.ok(labels)
  await green(story, 'canary/production/api-service/0')
  story.person('alice').merge(rollback)
  await story.until('no canary traffic', () => story.weights() === '100/0')
  // Some sweeps later there is still one of each.
  await sweeps(story)
  const pulls = story.repository().pulls()
  assert.equal(pulls.filter(({ title: words }) => words.startsWith('Roll back')).length, 1)
  assert.equal(said(story, next).match(/Closed: the canary failed/g)?.length, 1)
  assert.deepEqual(story.repository().pulls('open'), [])
})
