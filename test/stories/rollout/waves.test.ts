/** Three clusters in two waves, from the config or an ApplicationSet: each share is one pull request for all environments of a wave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationRule } from '../../manifests.ts'
import { say } from '../commands/commanding.ts'
import { virtualService } from '../play.ts'
import { aStory, checksOn, weightsIn } from '../world.ts'

const CLUSTERS = ['eu-1', 'eu-2', 'us-1']
const VS = (cluster: string): string => `clusters/${cluster}/virtual-service.yaml`

function config(waves: string): string {
  return `environments:
${CLUSTERS.map((name) => `  ${name}: { path: clusters/${name}, live: { after: 0s } }\n`).join('')}services:
  api-service: { steps: [50, 100], bake: 0.3s, autoMerge: never${waves} }
`
}

/** Argo CD syncs the Applications of Europe's first cluster first, and then all others. */
const APPLICATION_SET = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: api, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - list:
        elements: [{ cluster: eu-1, ring: first }, { cluster: eu-2, ring: rest }, { cluster: us-1, ring: rest }]
  strategy:
    type: RollingSync
    rollingSync:
      steps:
        - matchExpressions: [{ key: ring, operator: In, values: [first] }]
        - matchExpressions: [{ key: ring, operator: NotIn, values: [first] }]
  template:
    metadata: { name: "api-{{ .cluster }}", labels: { ring: "{{ .ring }}" } }
    spec:
      source: { repoURL: https://github.com/acme/REPO, path: "clusters/{{ .cluster }}" }
      destination: { name: "{{ .cluster }}", namespace: api }
`

/** A repository with a folder for each cluster, and a pull request that brings the canary to 50% with a green gate. */
async function begun(waves: string, applicationSet?: string) {
  const files = CLUSTERS.flatMap((name) => [
    [VS(name), virtualService(100, 0)] as const,
    [`clusters/${name}/destination-rule.yaml`, destinationRule('api-service', 'v2')] as const,
    [`clusters/${name}/kustomization.yaml`, 'resources: [virtual-service.yaml, destination-rule.yaml]\n'] as const,
  ])
  const story = await aStory({ files: { '.github/canary.yml': config(waves), ...Object.fromEntries(files) } })
  const [alice, repo] = [story.person('alice'), story.repository()]
  if (applicationSet !== undefined)
    alice.push('main', { 'argocd/api.yaml': applicationSet.replace('acme/REPO', repo.fullName) })
  const shares = (ref?: string): string => CLUSTERS.map((name) => weightsIn(repo.file(VS(name), ref) ?? '')).join(' ')
  const isGreen = (branch: string): boolean => checksOn(repo, repo.branch(branch) ?? '').gate === 'success'
  const pull = alice.openPullRequest({ branch: 'api-v2', title: 'api-service v2', files: { 'docs/v2.md': 'v2\n' } })
  await say(story, 'alice', '/canary 50', pull.number)
  assert.equal(shares('api-v2'), '50/50 100/0 100/0')
  await story.until('a green gate', () => isGreen('api-v2'))
  return { story, alice, repo, pull, shares, isGreen }
}

test('a rollout goes through two waves, share by share, and one pull request moves both environments of the second', async () => {
  const { story, alice, repo, pull, shares, isGreen } = await begun(', waves: [[eu-1], [eu-2, us-1]]')
  alice.merge(pull.number, { method: 'squash' })

  for (const [step, expected] of [
    ['eu-2+us-1/api-service/50', '50/50 50/50 50/50'],
    ['eu-1/api-service/100', '0/100 50/50 50/50'],
    ['eu-2+us-1/api-service/100', '0/100 0/100 0/100'],
    ['eu-1/api-service/finish', '0/100 0/100 0/100'],
    ['eu-2+us-1/api-service/finish', '0/100 0/100 0/100'],
    ['eu-1/api-service/0', '100/0 0/100 0/100'],
    ['eu-2+us-1/api-service/0', '100/0 100/0 100/0'],
  ] as const) {
    const branch = `canary/${step}`
    const open = await story.until(branch, () => repo.pulls('open').find(({ head }) => head.ref === branch))
    assert.equal(repo.pulls('open').length, 1)
    assert.equal(shares(branch), expected)
    await story.until(`a green gate of ${branch}`, () => isGreen(branch))
    alice.merge(open.number, { method: 'squash' })
  }
  await story.until('main is back at 100/0', () => shares() === '100/0 100/0 100/0')
  for (const name of CLUSTERS)
    assert.match(
      repo.file(`clusters/${name}/destination-rule.yaml`) ?? '',
      /name: stable\n {6}labels:\n {8}version: v2/,
    )
})

test('without `waves`, the steps of the ApplicationSet that deploys the clusters are the waves, and the status names it', async () => {
  const { story, alice, repo, pull, shares } = await begun('', APPLICATION_SET)
  alice.merge(pull.number, { method: 'squash' })
  const branch = 'canary/eu-2+us-1/api-service/50'
  const step = await story.until(branch, () => repo.pulls('open').find(({ head }) => head.ref === branch))
  assert.equal(shares(branch), '50/50 50/50 50/50')
  assert.match(
    await say(story, 'alice', '/canary status', step.number),
    /Waves of `api-service` \(the steps of `ApplicationSet argocd\/api`\): `eu-1` 50% → `eu-2` 0%, `us-1` 0%\. Next: `eu-2`, `us-1`\./,
  )
})
