/** Weights that a deployer sets after the build: the rollout changes them where they are written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DR, VS } from '../../layouts/repository.ts'
import { aStory, checksOn, type Story } from '../world.ts'

const FLUX = 'flux/apps.yaml'

function kustomization(spec: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  sourceRef: {kind: GitRepository, name: flux-system}
${spec}`
}

function files(spec: string, route = VS): Record<string, string> {
  return {
    '.github/canary.yml': `services:
  web: { steps: [25, 100], bake: 0.1s, autoMerge: always }
environments:
  apps: { path: apps, live: { after: 0s } }
`,
    'apps/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n',
    'apps/vs.yaml': route,
    'apps/dr.yaml': DR,
    [FLUX]: kustomization(spec),
  }
}

/** Comments `/canary 25` on a new pull request, and merges it when it is green. */
async function begin(story: Story): Promise<string> {
  const alice = story.person('alice')
  const { number } = alice.openPullRequest({ branch: 'web-v2', title: 'web-v2', files: { 'README.md': 'v2\n' } })
  const comment = alice.comment(number, '/canary 25')
  const answer = await story.until('an answer', () =>
    story
      .repository()
      .comments(number)
      .find(({ body }) => body.startsWith(`<!-- perch:answer:${comment.id} `)),
  )
  await story.until(
    'a green gate',
    () => checksOn(story.repository(), story.repository().branch('web-v2') ?? '').gate === 'success',
  )
  alice.merge(number, { method: 'squash' })
  return answer.body
}

function weights(story: Story): string {
  return [...(story.repository().file(FLUX) ?? '').matchAll(/value: (\d+)\}|(?:stable|canary): "(\d+)"/g)]
    .map(([, value, variable]) => value ?? variable)
    .join('/')
}

async function ends(story: Story): Promise<void> {
  await story.until(
    'the end of the rollout',
    () =>
      story
        .repository()
        .log()
        .some(({ message }) => message.startsWith('Finish apps/web: all traffic on stable')),
    90_000,
  )
}

test('a rollout whose weights are set by a patch in a Flux Kustomization goes step by step to its end', async () => {
  const story = await aStory({
    files: files(`  patches:
    - target: {kind: VirtualService, name: web}
      patch: |
        - {op: replace, path: /spec/http/0/route/0/weight, value: 100} # stable
        - {op: replace, path: /spec/http/0/route/1/weight, value: 0}
`),
  })
  assert.match(await begin(story), /✅ `apps\/web`: 0% → \*\*25%\*\*/)
  assert.equal(weights(story), '75/25')
  await ends(story)
  assert.equal(weights(story), '100/0')
  assert.match(story.repository().file('apps/dr.yaml') ?? '', /- name: stable\n {6}labels: \{version: v2\}/)
  assert.equal(story.repository().file('apps/vs.yaml'), VS)
})
