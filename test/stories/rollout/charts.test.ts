import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART } from '../../layouts/chart.ts'
import { aStory, checksOn, type Story } from '../world.ts'
import { needsHelm } from '../../tools.ts'

const APPLICATION = (name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source:
    path: charts/web
    helm: { releaseName: web, valueFiles: [values-${name}.yaml] }
`
const FILES = {
  ...CHART,
  '.github/canary.yml': 'services:\n  web: { steps: [25, 100], bake: 0s }\n',
  'apps/staging.yaml': APPLICATION('staging'),
  'apps/production.yaml': APPLICATION('production'),
  'charts/web/values-staging.yaml': 'canary: { weight: 0 }\n',
  'charts/web/values-production.yaml':
    '# Traffic of production.\ncanary:\n    weight: 0   # percent\nreplicaCount: 5\n',
}
const VALUES = 'charts/web/values-production.yaml'

function open(story: Story, branch: string, files: Record<string, string>): { readonly number: number } {
  return story.person('alice').openPullRequest({ branch, title: branch, files })
}

async function say(story: Story, number: number, text: string): Promise<string> {
  const comment = story.person('alice').comment(number, text)
  const answer = await story.until(`an answer to ${text}`, () =>
    story
      .repository()
      .comments(number)
      .find(({ body }) => body.startsWith(`<!-- perch:answer:${comment.id} `)),
  )
  return answer.body
}

async function mergeWhenGreen(story: Story, number: number, branch: string): Promise<void> {
  await story.until(`a green gate on ${branch}`, () => {
    const checks = checksOn(story.repository(), story.repository().branch(branch) ?? '')
    return checks.gate === 'success' && checks.validate === 'success'
  })
  story.person('alice').merge(number, { method: 'squash' })
}

test(
  '/canary 25 on a chart changes one number in the values of production, and the next step follows',
  needsHelm,
  async () => {
    const story = await aStory({ files: FILES })
    const { number } = open(story, 'web-v2', { 'docs/web-v2.md': 'v2\n' })
    assert.match(await say(story, number, '/canary 25 --env production'), /✅ `production\/web`: 0% → \*\*25%\*\*/)
    const branch = story.repository().files('web-v2')
    assert.equal(branch[VALUES], FILES[VALUES].replace('weight: 0 ', 'weight: 25 '))
    await mergeWhenGreen(story, number, 'web-v2')
    const step = await story.until('the next step', () =>
      story
        .repository()
        .pulls('open')
        .find(({ head }) => head.ref === 'canary/production/web/100'),
    )
    assert.equal(
      story.repository().files('canary/production/web/100')[VALUES],
      FILES[VALUES].replace('weight: 0 ', 'weight: 100 '),
    )
    assert.match(await say(story, number, '/canary abort too slow'), /Merge #\d+ to send all traffic back/)
    const rollback = await story.until('the rollback', () =>
      story
        .repository()
        .pulls('open')
        .find(({ head }) => head.ref === 'canary/production/web/0'),
    )
    assert.notEqual(rollback.number, step.number)
    await mergeWhenGreen(story, rollback.number, rollback.head.ref)
    assert.equal(story.repository().file(VALUES), FILES[VALUES])
  },
)
