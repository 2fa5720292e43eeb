import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullView } from '../../../src/sandbox/read.ts'
import { aStory, checksOn, type Story, weightsIn } from '../world.ts'

const VS = 'prod/vs.yaml'

const CONFIG = `environments: { prod: { path: prod, live: { after: 0s } } }
services: { web: { steps: [5, 25, 100], bake: 0.1s } }
`

/** One route of weights without annotations, as many repositories have it. */
function web(config: string = CONFIG): Record<string, string> {
  return {
    '.github/canary.yml': config,
    'prod/kustomization.yaml': 'resources: [vs.yaml]\n',
    [VS]: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
spec:
  hosts: [web]
  http:
    - route:
        - destination: { host: web, subset: stable }
          weight: 100
        - destination: { host: web, subset: canary }
          weight: 0
`,
  }
}

async function say(story: Story, text: string, pull: number, who = 'alice'): Promise<string> {
  const comment = story.person(who).comment(pull, text)
  const answer = await story.until(`an answer to ${text}`, () =>
    story
      .repository()
      .comments(pull)
      .find(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
  return answer.body.replace(/^<!--.*-->\n+> .*\n+/, '')
}

function steps(story: Story): readonly PullView[] {
  return story
    .repository()
    .pulls()
    .filter(({ head }) => head.ref.startsWith('canary/'))
}

function stepOnto(story: Story, base: string): Promise<PullView> {
  return story.until(`a step onto ${base}`, () =>
    steps(story).find((pull) => pull.state === 'open' && pull.base.ref === base),
  )
}

test('a stacked pull request starts no rollout; the branch that is deployed does when the change reaches it', async () => {
  const story = await aStory({ files: web() })
  const alice = story.person('alice')
  const first = alice.openPullRequest({ branch: 'feature-a', title: 'a', files: { 'README.md': 'a\n' } })
  const second = alice.openPullRequest({
    branch: 'feature-b',
    base: 'feature-a',
    title: 'b',
    files: { 'docs/b.md': 'b\n' },
  })
  assert.match(await say(story, '/canary 5', second.number), /prod\/web.*0% → \*\*5%\*\*/)
  assert.match(await say(story, '/canary abort', second.number), /is for `feature-a`, which is not a deployed branch/)
  assert.match(
    await say(story, '/canary override live urgent', second.number, 'olga'),
    /⛔ An override does not count here: this pull request is for `feature-a`.*brings the change to `main`/,
  )
  alice.merge(second.number, { method: 'squash' })
  for (const command of ['/canary next', '/canary status', '/canary hold'])
    assert.match(
      await say(story, command, second.number),
      /merged into `feature-a`, which is not a deployed branch\. Perch runs rollouts on `main`\. When the change reaches `main`/,
      command,
    )
  assert.deepEqual(steps(story), [])

  alice.merge(first.number, { method: 'squash' })
  const step = await stepOnto(story, 'main')
  assert.equal(step.title.replace(/^Canary prod\/web .*: /, ''), '5% → 25%')
  assert.equal(weightsIn(story.repository().file(VS, step.head.ref) ?? ''), '75/25')
  for (const { number } of [first, second])
    assert.match(await say(story, '/canary next', number), new RegExp(`✅ #${step.number}:`))
  assert.match(await say(story, '/canary status', second.number), new RegExp(`#${step.number}`))
  assert.equal(steps(story).length, 1)
})

test('a branch is deployed by what the default branch says, and by nothing else', async () => {
  const story = await aStory({ files: web(`${CONFIG}branches: ["release/*"]\n`) })
  const alice = story.person('alice')
  const five = (text: string): string => text.replace('weight: 100', 'weight: 95').replace('weight: 0', 'weight: 5')
  alice.push('release/1', { 'README.md': 'one\n' })
  // A branch cannot call itself deployed.
  alice.push('feature', { '.github/canary.yml': `${CONFIG}branches: [feature, main]\n` })
  for (const [branch, base] of [
    ['x', 'main'],
    ['y', 'feature'],
    ['z', 'release/1'],
  ] as const) {
    const text = five(story.repository().file(VS, base) ?? '').replace(
      '  name: web\n',
      '  name: web\n  annotations: { perch.dev/canary-percentage: "5" }\n',
    )
    const pull = alice.openPullRequest({ branch, base, title: branch, files: { [VS]: text } })
    await story.until('checks', () => checksOn(story.repository(), pull.head.sha).gate !== '-')
    alice.merge(pull.number, { method: 'squash' })
  }
  const step = await stepOnto(story, 'release/1')
  assert.match(step.title, /5% → 25%/)
  assert.deepEqual(
    steps(story).map(({ base }) => base.ref),
    ['release/1'],
  )
})

/** Two deployed branches at 5%, each with a green step. */
async function twoBases(): Promise<{ story: Story; onMain: PullView; onRelease: PullView }> {
  const story = await aStory({ files: web(`${CONFIG}branches: [main, "release/*"]\n`) })
  const alice = story.person('alice')
  alice.push('release/1', { 'README.md': 'one\n' })
  for (const base of ['main', 'release/1']) {
    const pull = alice.openPullRequest({ branch: `to-${base}`, base, title: base, files: { 'docs/x.md': `${base}\n` } })
    assert.match(await say(story, '/canary 5', pull.number), /prod\/web.*0% → \*\*5%\*\*/)
    alice.merge(pull.number, { method: 'squash' })
  }
  const [onMain, onRelease] = [await stepOnto(story, 'main'), await stepOnto(story, 'release/1')]
  await gates(story, [onMain, onRelease], 'success')
  return { story, onMain, onRelease }
}

async function gates(story: Story, steps: readonly PullView[], conclusion: string): Promise<void> {
  for (const { head, base } of steps)
    await story.until(`a gate on ${base.ref} that is ${conclusion}`, () => {
      return checksOn(story.repository(), head.sha).gate === conclusion
    })
}

test('a freeze that somebody pushes by hand holds on every deployed branch, and goes when it is deleted', async () => {
  const { story, onMain, onRelease } = await twoBases()
  story.person('alice').push('perch/freeze/prod', { 'README.md': 'release week\n' })
  await gates(story, [onMain, onRelease], 'action_required')
  story.person('alice').deleteBranch('perch/freeze/prod')
  await gates(story, [onMain, onRelease], 'success')
})

test('two deployed bases with equal rollouts have steps of their own', async () => {
  const { story, onMain, onRelease } = await twoBases()
  const alice = story.person('alice')
  assert.equal(onMain.head.ref, 'canary/prod/web/25')
  assert.equal(onRelease.head.ref, 'canary/@release=2F1/prod/web/25')
  alice.merge(onRelease.number, { method: 'squash' })
  await story.until('the next step on the release', () =>
    steps(story).some(({ head, state }) => state === 'open' && head.ref === 'canary/@release=2F1/prod/web/100'),
  )
  assert.equal(story.repository().pull(onMain.number).state, 'open')
})
