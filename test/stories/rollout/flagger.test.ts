/** Flagger asks Perch before it goes on, over HTTP as it does in a cluster. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flaggerKey } from '../../../src/entry/edge/report-key.ts'
import { askingCanary } from '../../owners.ts'
import { aStory, gitops } from '../world.ts'

const REPORT_SECRET = 'a secret of reports, long enough to be one'
const CANARY = 'overlays/production/canary.yaml'
const ASKING = askingCanary()

test('Flagger hears no while somebody holds its canary, and its questions cost no requests to GitHub', async () => {
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
  // GitHub tells of the hold's branch.
  await story.pass(1_500)
  await ask()
  const mark = story.box.requests.mark()
  for (let count = 0; count < 20; count += 1) assert.match(await ask(), /^403 /)
  assert.deepEqual(story.box.requestsSince(mark, 'perch').records, [])
})
