/** The beginning of a rollout: a pull request brings a new version of the canary. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, FAST, gitops, type Story, VS, weightsIn } from '../world.ts'

const KUSTOMIZATION = 'overlays/production/kustomization.yaml'

function workload(version: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: api-${version}}
spec:
  selector: {matchLabels: {app: api-service, version: ${version}}}
  template:
    metadata: {labels: {app: api-service, version: ${version}}}
    spec: {containers: [{name: api, image: "${image}"}]}
`
}

/** The canary's image is set where Flux and Argo CD Image Updater set it: in `images` of the kustomization. */
function filesWithImages(config: string = FAST): Record<string, string> {
  const files = gitops(config)
  return {
    ...files,
    [KUSTOMIZATION]: `${files[KUSTOMIZATION]}  - workloads.yaml\n${images('1.0.0')}`,
    'overlays/production/workloads.yaml': [
      workload('v1', 'ghcr.io/shop/api:0.9.0'),
      workload('v2', 'ghcr.io/shop/api-canary'),
    ].join('---\n'),
  }
}

function images(tag: string): string {
  return `images:\n  - name: ghcr.io/shop/api-canary\n    newName: ghcr.io/shop/api\n    newTag: ${tag}\n`
}

function withTag(text: string | undefined, tag: string): string {
  return (text ?? '').replace(/newTag: .*/, `newTag: ${tag}`)
}

/** Perch's comments on a pull request that say what it does. */
function summaries(story: Story, pull: number): readonly string[] {
  const all = story.repository().comments(pull)
  return all.map(({ body }) => body).filter((body) => body.startsWith('<!-- perch:summary -->'))
}

test('a pull request with a new image tag of the canary gets a comment with the command that begins its rollout', async () => {
  const story = await aStory({ files: filesWithImages() })
  const alice = story.person('alice')
  const text = withTag(story.repository().file(KUSTOMIZATION), '1.1.0')
  const pull = alice.openPullRequest({ branch: 'update', title: 'Update the API', files: { [KUSTOMIZATION]: text } })
  const comment = await story.until('the first comment', () => summaries(story, pull.number)[0])
  assert.match(comment, /New canary version: `production\/api-service 1\.0\.0 → 1\.1\.0`/)
  assert.equal(checksOn(story.repository(), pull.head.sha).gate, 'success')

  const [, command = ''] = /```text\n(.*)\n```/.exec(comment) ?? []
  alice.comment(pull.number, command)
  await story.until('the first step', () => weightsIn(story.repository().file(VS, 'update') ?? '') === '95/5')
  await story.until('one comment that tells the rollout', () => /0% → 5%/.test(summaries(story, pull.number)[0] ?? ''))
  assert.equal(summaries(story, pull.number).length, 1)
})

test('a version that image automation pushes begins its rollout by itself, with a step pull request', async () => {
  const story = await aStory({
    files: filesWithImages(`automation: [flux]\n${FAST.replace('bake:', 'start: first-step\n    bake:')}`),
  })
  const flux = story.person('flux')
  flux.push('main', { [KUSTOMIZATION]: withTag(story.repository().file(KUSTOMIZATION), '1.1.0') })
  const step = await story.until('the first step', () => story.repository().pulls('open')[0])
  assert.equal(step.title, 'Canary production/api-service v2: 0% → 5%')
  await story.until('its weights', () => weightsIn(story.repository().file(VS, step.head.ref) ?? '') === '95/5')
  await story.until('a green gate', () => checksOn(story.repository(), step.head.sha).gate === 'success')
  assert.equal(story.weights(), '100/0', 'nothing moves before the merge')
})
