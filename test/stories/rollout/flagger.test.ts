/** Flagger asks Perch before it continues, over HTTP as in a cluster. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flaggerKey } from '../../../src/entry/edge/report-key.ts'
import { askingCanary } from '../../owners.ts'
import { aStory, gitops } from '../world.ts'

const REPORT_SECRET = 'a secret of reports, long enough to be one'
const CANARY = 'overlays/production/canary.yaml'
const ASKING = askingCanary()

test('Flagger is told to wait while somebody holds its canary, and its questions cost no requests to GitHub', async () => {
  const config = 'environments:\n  production: { path: overlays/production }\n'
  const files = gitops(config, [100, 0])
  const kustomization = files['overlays/production/kustomization.yaml'] ?? ''
  const story = await aStory({
    files: {
      ...files,
      [CANARY]: ASKING,
      'overlays/production/kustomization.yaml': kustomization.replace('resources:\n', 'resources:\n  - canary.yaml\n'),
    },
    env: { reportSecret: REPORT_SECRET },
  })
  const { fullName } = story.repository()
  const ask = async (key = flaggerKey(REPORT_SECRET, fullName)): Promise<string> => {
    const body = JSON.stringify({
      name: 'web',
      namespace: 'shop',
      phase: 'Progressing',
      checksum: '1',
      metadata: { key },
    })
    const answer = await fetch(`${story.service}/api/flagger/${fullName}/confirm-traffic-increase`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    return `${answer.status} ${await answer.text()}`
  }
  assert.equal(await ask(), '200 Nothing stops production/web.')
  assert.match(await ask(flaggerKey(REPORT_SECRET, 'acme/other')), /^401 /)
  const alice = story.person('alice')
  const pull = alice.openPullRequest({
    branch: 'change',
    title: 'Less',
    files: { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') },
  })
  const hold = alice.comment(pull.number, '/canary hold errors')
  await story.until('the answer', () =>
    story
      .repository()
      .comments(pull.number)
      .find(({ body }) => body.includes(`perch:answer:${hold.id} `)),
  )
  assert.match(await ask(), /^403 production\/web is held by alice \(errors\)\./)
  // GitHub sends a webhook about the hold's branch.
  await story.pass(1_500)
  await ask()
  const mark = story.box.requests.mark()
  for (let count = 0; count < 20; count += 1) assert.match(await ask(), /^403 /)
  assert.deepEqual(story.box.requestsSince(mark, 'perch').records, [])
})

test("Flagger's events are shown as a check on the pull request that brought the version, and a repeated event costs no request", async () => {
  const deployment = (image: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template: { spec: { containers: [{ name: web, image: ${image} }] } }\n`
  const DEPLOYMENT = 'overlays/production/deployment.yaml'
  const config = 'environments:\n  production: { path: overlays/production }\n'
  const files = gitops(config, [100, 0])
  const kustomization = files['overlays/production/kustomization.yaml'] ?? ''
  const listed = kustomization.replace('resources:\n', 'resources:\n  - canary.yaml\n  - deployment.yaml\n')
  const story = await aStory({
    files: {
      ...files,
      [CANARY]: ASKING,
      [DEPLOYMENT]: deployment('web:v1'),
      'overlays/production/kustomization.yaml': listed,
    },
    env: { reportSecret: REPORT_SECRET },
  })
  const { fullName } = story.repository()
  const alice = story.person('alice')
  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [DEPLOYMENT]: deployment('web:v2') } })
  alice.merge(pull.number)
  await story.pass(1_500)
  let at = Date.now()
  const tell = async (phase: string, eventMessage: string): Promise<number> => {
    at += 1_000
    const metadata = { key: flaggerKey(REPORT_SECRET, fullName), eventMessage, timestamp: String(at) }
    const answer = await fetch(`${story.service}/api/flagger/${fullName}/event`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'web', namespace: 'shop', phase, checksum: '1', metadata }),
    })
    return answer.status
  }
  const check = (conclusion: string | null) => () =>
    story
      .repository()
      .checkRuns(pull.head.sha)
      .find((run) => run.name === 'canary/flagger/production/web' && run.conclusion === conclusion)
  assert.equal(await tell('Progressing', 'New revision detected! Scaling up web.shop'), 200)
  assert.equal(await tell('Progressing', 'Advance web.shop canary weight 20'), 200)
  const shown = await story.until('the check', () => {
    const run = check(null)()
    return run?.title?.includes('20%') === true ? run : undefined
  })
  assert.equal(shown.title, 'production/web: Flagger says Progressing, canary at 20%')
  const mark = story.box.requests.mark()
  for (let count = 0; count < 5; count += 1)
    assert.equal(await tell('Progressing', 'Advance web.shop canary weight 20'), 200)
  assert.equal(await tell('Finalising', 'Promotion completed! Scaling down web.shop'), 200)
  await story.until('the end', check('success'))
  const updates = story.box
    .requestsSince(mark, 'perch')
    .records.filter(({ method, path }) => method === 'PATCH' && path.endsWith(`/check-runs/${shown.id}`))
  assert.equal(updates.length, 1)
})

test('Flagger promotes no version before somebody approves its merged pull request, and its questions cost no requests to GitHub', async () => {
  const deployment = (image: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template: { spec: { containers: [{ name: web, image: ${image} }] } }\n`
  const DEPLOYMENT = 'overlays/production/deployment.yaml'
  const files = gitops('environments:\n  production: { path: overlays/production, approvals: 1 }\n', [100, 0])
  const kustomization = files['overlays/production/kustomization.yaml'] ?? ''
  const listed = kustomization.replace('resources:\n', 'resources:\n  - canary.yaml\n  - deployment.yaml\n')
  const story = await aStory({
    files: {
      ...files,
      [CANARY]: ASKING,
      [DEPLOYMENT]: deployment('web:v1'),
      'overlays/production/kustomization.yaml': listed,
    },
    env: { reportSecret: REPORT_SECRET },
  })
  const { fullName } = story.repository()
  const alice = story.person('alice')
  const pull = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { [DEPLOYMENT]: deployment('web:v2') } })
  alice.merge(pull.number, { method: 'squash' })
  await story.pass(1_500)
  const ask = async (): Promise<string> => {
    const metadata = { key: flaggerKey(REPORT_SECRET, fullName) }
    const answer = await fetch(`${story.service}/api/flagger/${fullName}/confirm-promotion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'web', namespace: 'shop', phase: 'Progressing', checksum: '1', metadata }),
    })
    return `${answer.status} ${await answer.text()}`
  }
  assert.match(await ask(), new RegExp(`^403 production/web waits for 1 more approval of #${pull.number} \\(0 of 1\\)`))
  const mark = story.box.requests.mark()
  for (let count = 0; count < 20; count += 1) assert.match(await ask(), /^403 production\/web waits for 1 more/)
  assert.deepEqual(story.box.requestsSince(mark, 'perch').records, [])
  story.person('olga').review(pull.number, 'APPROVE')
  await story.pass(1_500)
  assert.equal(await ask(), '200 Nothing stops production/web.')
})
