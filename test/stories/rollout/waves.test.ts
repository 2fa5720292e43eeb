/** Three clusters in two waves: each share is one pull request for all environments of a wave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationRule } from '../../manifests.ts'
import { virtualService } from '../play.ts'
import { aStory, checksOn, weightsIn } from '../world.ts'

const CLUSTERS = ['eu-1', 'eu-2', 'us-1']
const VS = (cluster: string): string => `clusters/${cluster}/virtual-service.yaml`

const CONFIG = `environments:
${CLUSTERS.map((name) => `  ${name}: { path: clusters/${name}, live: { after: 0s } }\n`).join('')}services:
  api-service: { steps: [50, 100], bake: 0.3s, autoMerge: never, waves: [[eu-1], [eu-2, us-1]] }
`

test('a rollout goes through two waves, share by share, and one pull request moves both environments of the second', async () => {
  const files = CLUSTERS.flatMap((name) => [
    [VS(name), virtualService(100, 0)] as const,
    [`clusters/${name}/destination-rule.yaml`, destinationRule('api-service', 'v2')] as const,
    [`clusters/${name}/kustomization.yaml`, 'resources: [virtual-service.yaml, destination-rule.yaml]\n'] as const,
  ])
  const story = await aStory({ files: { '.github/canary.yml': CONFIG, ...Object.fromEntries(files) } })
  const [alice, repo] = [story.person('alice'), story.repository()]
  const shares = (ref?: string): string => CLUSTERS.map((name) => weightsIn(repo.file(VS(name), ref) ?? '')).join(' ')

  const pull = alice.openPullRequest({ branch: 'api-v2', title: 'api-service v2', files: { 'docs/v2.md': 'v2\n' } })
  const { id } = alice.comment(pull.number, '/canary 50')
  await story.until('an answer', () => repo.comments(pull.number).find(({ body }) => body.includes(`answer:${id}`)))
  assert.equal(shares('api-v2'), '50/50 100/0 100/0')
  const isGreen = (branch: string): boolean => checksOn(repo, repo.branch(branch) ?? '').gate === 'success'
  await story.until('a green gate', () => isGreen('api-v2'))
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
