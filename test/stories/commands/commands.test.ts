import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from './commanding.ts'
import { aStory, checksOn, FAST, gitops, type Story, VS } from '../world.ts'

const CONFIG_ONLY_PRODUCTION = FAST.replace(/ {2}staging:.*\n/, '')

function open(story: Story, branch: string, files: Readonly<Record<string, string>> = {}): number {
  const touch = { [VS]: `${story.repository().file(VS) ?? ''}# ${branch}\n` }
  return story.person('alice').openPullRequest({ branch, title: branch, files: { ...touch, ...files } }).number
}

test('a command on a closed pull request or one from a fork is answered with the reason for the refusal', async () => {
  const story = await aStory({ files: gitops(CONFIG_ONLY_PRODUCTION) })
  const { until } = story
  const fork = story
    .person('alice')
    .openPullRequest({ branch: 'f', title: 'f', files: { 'README.md': 'y\n' }, fromFork: true })
  assert.match(await ask(story, 'alice', '/canary 5', fork.number), /comes from a fork.*Push the branch here/)
  await until('checks on the fork’s head', () => checksOn(story.repository(), fork.head.sha).gate === 'success')
  const pull = open(story, 'closed')
  story.person('alice').close(pull)
  assert.match(await ask(story, 'alice', '/canary 5', pull), /was closed without merging\. Reopen it/)
})

test('if the kustomization does not build, nothing is committed, one answer says so, and the checks are red', async () => {
  const story = await aStory()
  const { until } = story
  const broken =
    'resources:\n  - ../../base\n  - applications/api-service/virtual-service.yaml\n  - applications/api-service/destination-rule.yaml\npatches:\n  - patch: |\n      apiVersion: v1\n      kind: Service\n      metadata: {name: not-there}\n'
  const pull = story.person('alice').openPullRequest({
    branch: 'unbuilt',
    title: 'unbuilt',
    files: { 'overlays/production/kustomization.yaml': broken },
  })
  await until('red checks', () => checksOn(story.repository(), pull.head.sha).validate === 'failure')
  assert.match(
    await ask(story, 'alice', '/canary 5', pull.number),
    /Nothing was committed\. Environment `production` does not build/,
  )
  assert.equal(story.repository().branch('unbuilt'), pull.head.sha)
})
