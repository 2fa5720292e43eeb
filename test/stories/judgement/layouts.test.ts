import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, gitops, type Story, VS, weightsIn } from '../world.ts'

/** Comments `/canary 5` on a pull request that changes one file, and resolves to the answer's words. */
async function start(story: Story, path: string, text = '/canary 5'): Promise<string> {
  const before = story.repository().file(path) ?? ''
  const pull = story
    .person('alice')
    .openPullRequest({ branch: 'v2', title: 'v2', files: { [path]: `${before}# v2\n` } })
  const answer = await say(story, text, pull.number)
  await story.until(
    'a green gate',
    () => checksOn(story.repository(), story.repository().branch('v2') ?? '').gate === 'success',
  )
  return answer
}

async function say(story: Story, text: string, pull = 1): Promise<string> {
  const comment = story.person('alice').comment(pull, text)
  const answer = await story.until('an answer', () =>
    story
      .repository()
      .comments(pull)
      .find(({ body }) => body.startsWith(`<!-- perch:answer:${comment.id} `)),
  )
  return answer.body
}

const rendered = gitops()
const vs = rendered[VS] ?? ''
const dr = rendered[VS.replace('virtual-service', 'destination-rule')] ?? ''

test('YAML that no kustomization uses is one environment, default, and needs no config', async () => {
  const path = 'applications/api-service/virtual-service.yaml'
  const story = await aStory({
    files: { [path]: vs, 'applications/api-service/destination-rule.yaml': dr, 'README.md': 'x\n' },
  })
  assert.match(await start(story, path), /`default\/api-service`: 0% → \*\*5%\*\*/)
  assert.equal(weightsIn(story.repository().file(path, 'v2') ?? ''), '95/5')
  story.person('alice').merge(1)
  const step = await story.until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/default/api-service/25'),
  )
  const gate = await story.until('its gate', () =>
    story
      .repository()
      .checkRuns(step.head.sha)
      .find(({ name, conclusion }) => name === 'canary/gate' && conclusion === 'action_required'),
  )
  // Without a config nothing reports, so Perch uses a timer, and says so.
  assert.match(gate.summary ?? '', /by a timer, because no report is configured \(weak\)/)
})

test('if several environments share a file, Perch asks which is meant, and a named one gets its own patch', async () => {
  const files: Record<string, string> = { 'base/kustomization.yaml': 'resources: [vs.yaml]\n', 'base/vs.yaml': vs }
  for (const name of ['staging', 'production'])
    files[`overlays/${name}/kustomization.yaml`] = 'resources: [../../base]\n'
  const story = await aStory({ files })
  assert.match(
    await start(story, 'base/vs.yaml', '/canary 5'),
    /`base\/vs\.yaml`, which `production`, `staging` share\. Say which of them to change:\n- `api-service --env all`\n- `api-service --env production`/,
  )
  const answer = await say(story, '/canary 5 --env production')
  assert.match(answer, /`production\/api-service`: 0% → \*\*5%\*\*/)
  assert.equal(weightsIn(story.repository().file('base/vs.yaml', 'v2') ?? ''), '100/0')
  assert.match(
    story.repository().file('overlays/production/kustomization.yaml', 'v2') ?? '',
    /replace, path: \/spec\/http\/1\/route\/1\/weight, value: 5\}/,
  )
})
