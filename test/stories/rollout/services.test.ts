/** One route for two services, each with a rollout of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, type Story, weightsIn } from '../world.ts'

const FILE = 'edge/edge.yaml'

const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: edge
spec:
  hosts: [shop.example.com]
  http:
    - name: api
      match: [{uri: {prefix: /api}}]
      route:
        - destination: {host: api-stable}
          weight: 100
        - destination: {host: api-canary}
          weight: 0
    - name: web
      route:
        - destination: {host: web-stable}
          weight: 100
        - destination: {host: web-canary}
          weight: 0
`

const CONFIG = `environments:
  edge: { path: edge, live: { after: 0s } }
services:
  api: { route: { name: edge, rules: [api] }, steps: [50, 100], bake: 1s, autoMerge: never }
  web: { route: { name: edge, rules: [web] }, steps: [25, 100], bake: 1s, autoMerge: never }
`

async function ask(story: Story, pull: number, text: string): Promise<string> {
  const comment = story.person('alice').comment(pull, text)
  const answer = await story.until(`an answer to ${text}`, () =>
    story
      .repository()
      .comments(pull)
      .find(({ body }) => body.startsWith(`<!-- perch:answer:${comment.id} `)),
  )
  return answer.body
}

async function begin(story: Story, text: string, branch: string): Promise<void> {
  const alice = story.person('alice')
  const pull = alice.openPullRequest({ branch, title: branch, files: { [`docs/${branch}.md`]: `${branch}\n` } })
  await ask(story, pull.number, text)
  const head = (): string => story.repository().branch(branch) ?? ''
  await story.until(`a green gate for ${text}`, () => checksOn(story.repository(), head()).gate === 'success')
  alice.merge(pull.number, { method: 'squash' })
}

test('two services of one route roll out side by side, each by pull requests of its own', async () => {
  const story = await aStory({
    files: { '.github/canary.yml': CONFIG, 'edge/kustomization.yaml': 'resources: [edge.yaml]\n', [FILE]: ROUTE },
  })
  const alice = story.person('alice')
  const repo = story.repository()
  const route = (ref?: string): string => repo.file(FILE, ref) ?? ''

  const question = alice.openPullRequest({ branch: 'which', title: 'Which', files: { 'docs/which.md': '?\n' } })
  const asked = await ask(story, question.number, '/canary 25')
  assert.match(asked, /`api --env edge`\n- `web --env edge`/)

  await begin(story, '/canary 25 web', 'web-v2')
  assert.equal(weightsIn(route()), '100/0/75/25')
  await begin(story, '/canary 50 api', 'api-v2')
  assert.equal(weightsIn(route()), '50/50/75/25')

  const step = async (service: string): Promise<number> => {
    const branch = `canary/edge/${service}/100`
    const found = await story.until(`the step of ${service}`, () =>
      repo.pulls('open').find(({ head }) => head.ref === branch),
    )
    return found.number
  }
  const [web, api] = [await step('web'), await step('api')]
  assert.match(repo.pull(web).title, /edge\/web .*25% → 100%/)
  assert.match(repo.pull(api).title, /edge\/api .*50% → 100%/)
  const head = (number: number): string => repo.pull(number).head.sha
  await story.until('a green gate of the step of web', () => checksOn(repo, head(web)).gate === 'success')
  alice.merge(web, { method: 'squash' })
  await story.until('web at 100%', () => weightsIn(route()) === '50/50/0/100')

  // An abort of one leaves the other alone.
  await ask(story, api, '/canary abort errors')
  const rollback = await story.until('the rollback of api', () =>
    repo.pulls('open').find(({ head: { ref } }) => ref === 'canary/edge/api/0'),
  )
  assert.equal(weightsIn(route(rollback.head.ref)), '100/0/0/100')
  await story.until('a green gate of the rollback', () => checksOn(repo, head(rollback.number)).gate === 'success')
  alice.merge(rollback.number, { method: 'squash' })
  await story.until('api back at stable', () => weightsIn(route()) === '100/0/0/100')
  const notes = [...route().matchAll(/perch\.dev\/(\S+): "([^"]*)"/g)].map(([, key, value]) => `${key} ${value}`)
  assert.deepEqual(
    notes.filter((note) => note.includes('percentage')),
    ['web.canary-percentage 100', 'api.canary-percentage 0'],
  )
})
