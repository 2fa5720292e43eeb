import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullView } from '../../../src/sandbox/read.ts'
import { aStory, checksOn, type Story } from '../world.ts'

const VS = 'prod/vs.yaml'

const CONFIG = `environments: { prod: { path: prod, live: { after: 0s } } }
services: { web: { steps: [5, 25, 100], bake: 0.1s } }
`

/** A route with weights and without annotations, as in many repositories. */
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

test('two deployed branches with equal rollouts have separate steps', async () => {
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
