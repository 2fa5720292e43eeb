import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DR, render, repository, VS } from '../../layouts/repository.ts'
import { aStory, checksOn, type Story } from '../world.ts'

/** One base with a route and its versions. Production and staging build on it. */
function files(autoMerge: string): Record<string, string> {
  return {
    '.github/canary.yml': `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production, live: { after: 0s } }
services:
  web: { steps: [25, 50, 100], bake: 0.1s, autoMerge: ${autoMerge} }
`,
    ...Object.fromEntries(repository({ staging: '', production: '' })),
  }
}

const PRODUCTION = 'overlays/production/kustomization.yaml'

/** Comments on a new pull request. Resolves to the answer's words and the pull request's number. */
async function ask(
  story: Story,
  branch: string,
  text: string,
): Promise<{ readonly number: number; readonly answer: string }> {
  const pull = story
    .person('alice')
    .openPullRequest({ branch, title: branch, files: { [`docs/${branch}.md`]: `${branch}\n` } })
  return { number: pull.number, answer: await say(story, pull.number, text) }
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

/** The weights of the route and the stable version's label, as kustomize renders them on main. */
async function rendered(story: Story, environment: string): Promise<string> {
  const objects = (await render(new Map(Object.entries(story.repository().files())))).get(environment)
  const route = JSON.stringify(objects?.get('VirtualService/web'))
  const weights = [...route.matchAll(/"weight":(\d+)/g)].map((match) => match[1]).join('/')
  const version = /"labels":\{"version":"(\w+)"\},"name":"stable"/.exec(
    JSON.stringify(objects?.get('DestinationRule/web')),
  )?.[1]
  return `${weights} ${version ?? '?'} ${/canary-percentage":"(\d+)/.exec(route)?.[1] ?? '-'}`
}

async function mergeWhenGreen(story: Story, number: number, branch: string): Promise<void> {
  await story.until(
    `a green gate on ${branch}`,
    () => checksOn(story.repository(), story.repository().branch(branch) ?? '').gate === 'success',
  )
  story.person('alice').merge(number, { method: 'squash' })
}

test('production goes from 0 to 100 and to its end in its own patch, and staging never changes', async () => {
  const story = await aStory({ files: files('always') })
  const before = await rendered(story, 'staging')
  const { number, answer } = await ask(story, 'web-v2', '/canary 25 --env production')
  assert.match(
    answer,
    /✅ `production\/web`: 0% → \*\*25%\*\*[^]*Rendered before and after: nothing but this route changes\./,
  )
  await mergeWhenGreen(story, number, 'web-v2')
  const end = await story.until(
    'the end of the rollout',
    () => {
      const titles = story
        .repository()
        .log()
        .map(({ message }) => message.split('\n')[0] ?? '')
      return titles.some((title) => title.startsWith('Finish production/web: all traffic on stable')) && titles
    },
    90_000,
  )
  assert.deepEqual(
    end
      .filter((title) => /^(?:Canary|Finish|web-v2)/.test(title))
      .map((title) => title.replace(/ \(#\d+\)$/, ''))
      .toReversed(),
    [
      'web-v2',
      'Canary production/web v2: 25% → 50%',
      'Canary production/web v2: 50% → 100%',
      'Finish production/web: stable becomes v2',
      'Finish production/web: all traffic on stable v2',
    ],
  )
  assert.equal(await rendered(story, 'production'), '100/0 v2 -')
  assert.equal(await rendered(story, 'staging'), before)
  assert.equal(story.repository().file('base/vs.yaml'), VS)
  assert.equal(story.repository().file('base/dr.yaml'), DR)
})

test('when an environment leaves its group, the group’s step is closed with the reason, and each continues alone', async () => {
  const story = await aStory({ files: files('never') })
  const { number, answer } = await ask(story, 'web-v2', '/canary 25 --env all')
  assert.match(
    answer,
    /Rendered 2 environments before and after: nothing but this route changes, in `production`, `staging` only/,
  )
  await mergeWhenGreen(story, number, 'web-v2')
  const together = await story.until('the step of both', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/all/web/50'),
  )
  const own = await ask(story, 'faster', '/canary 100 --env production')
  assert.match(own.answer, /✅ `production\/web`: 25% → \*\*100%\*\*/)
  // The step of both is older and moves production too, so it goes first unless a maintainer decides otherwise.
  await story.until('a gate that waits for the step', () => {
    const runs = story.repository().checkRuns(story.repository().branch('faster') ?? '')
    return runs.some(({ summary }) => summary?.includes(`#${together.number} is older`))
  })
  story.person('olga').comment(own.number, '/canary override conflict production goes ahead')
  await mergeWhenGreen(story, own.number, 'faster')
  await story.until('the step of both closed', () =>
    story
      .repository()
      .pulls('closed')
      .some((pull) => pull.number === together.number),
  )
  assert.match(
    story
      .repository()
      .comments(together.number)
      .map(({ body }) => body)
      .join('\n'),
    /Closed: the base branch no longer has the rollout of this step\. Its environments now move separately/,
  )
  await story.until('a step for each', () => {
    const branches = story
      .repository()
      .pulls('open')
      .map(({ head }) => head.ref)
    return ['canary/production/web/finish', 'canary/staging/web/50'].every((branch) => branches.includes(branch))
  })
})

test('a raise of one environment of a group waits until the group’s previous step is live', async () => {
  const slow = files('never')
  const config = (slow['.github/canary.yml'] ?? '').replace('bake: 0.1s', 'bake: 1h')
  const story = await aStory({ files: { ...slow, '.github/canary.yml': config } })
  const { number } = await ask(story, 'web-v2', '/canary 25 --env all')
  await mergeWhenGreen(story, number, 'web-v2')
  await story.until('the step of both', () => story.repository().branch('canary/all/web/50'))
  const own = await ask(story, 'faster', '/canary 100 --env production')
  assert.match(own.answer, /25% → \*\*100%\*\*/)
  await story.until(
    'a gate that waits',
    () => checksOn(story.repository(), story.repository().branch('faster') ?? '').gate === 'action_required',
  )
})

test('weights that only the render shows are judged as a raise, whoever sets them', async () => {
  const story = await aStory({ files: files('never') })
  const plugin = (weight: number): string => `apiVersion: builtin
kind: PatchTransformer
metadata: {name: late}
target: {kind: VirtualService}
patch: '[{"op": "replace", "path": "/spec/http/0/route/1/weight", "value": ${weight}}]'
`
  const own = story.person('alice').openPullRequest({
    branch: 'late',
    title: 'late',
    files: {
      [PRODUCTION]: 'resources:\n  - ../../base\ntransformers: [late.yaml]\n',
      'overlays/production/late.yaml': plugin(300),
    },
  })
  await story.until('both checks', () => checksOn(story.repository(), own.head.sha).validate === 'success')
  const run = story
    .repository()
    .checkRuns(own.head.sha)
    .find(({ name }) => name === 'canary/validate')
  assert.match(JSON.stringify(run), /production\/web 0% → 75%/)

  // It is unknown since when it is so, because older commits are read from their files.
  story.person('alice').merge(own.number, { method: 'squash' })
  const next = story.person('alice').openPullRequest({
    branch: 'later',
    title: 'later',
    files: { 'overlays/production/late.yaml': plugin(900) },
  })
  await story.until('a red gate', () => checksOn(story.repository(), next.head.sha).gate === 'failure')
  const gate = story
    .repository()
    .checkRuns(next.head.sha)
    .find(({ name }) => name === 'canary/gate')
  assert.match(JSON.stringify(gate), /the weights on the base branch can only be seen by rendering/)
})
