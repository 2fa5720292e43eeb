/**
 * The issue that lists all rollouts, over HTTP: with GitHub's own description of issues, its webhooks, and the cost in requests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationRule } from '../../manifests.ts'
import { aStory, checksOn, DR, gitops, type Story } from '../world.ts'

const CONFIG = `environments:
  production: { path: overlays/production, live: { after: 3m } }
services:
  api-service: { steps: [5, 100], bake: 10m }
dashboard: true
`

function theIssue({ repository }: Story) {
  const [issue, ...more] = repository().issues()
  assert.deepEqual(more, [])
  return issue
}

/** The requests to GitHub about it. */
function asked({ box }: Story, since: number): readonly string[] {
  return box
    .requestsSince(since, 'perch')
    .records.filter(({ route = '' }) => /\/issues(?:\/\{issue_number\})?$/.test(route))
    .map(({ method, status }) => `${method} ${status}`)
}

test('the dashboard follows a rollout, reacts to a ticked box, and is closed when the config no longer asks for it', async () => {
  const story = await aStory({ files: gitops(CONFIG) })
  const alice = story.person('alice')
  await story.pass(60_000)
  const issue = await story.until('an issue', () => theIssue(story))
  assert.deepEqual([issue.title, issue.author, issue.state], ['Canary rollouts', 'perch[bot]', 'open'])
  assert.match(issue.body, /\*\*No rollouts\.\*\*/)

  const files = { [DR]: destinationRule('api-service', 'v3') }
  const pull = alice.openPullRequest({ branch: 'v3', title: 'v3', files })
  alice.comment(pull.number, '/canary 5')
  await story.until('the share', () => story.weights('v3') === '95/5')
  await story.until('green checks', () => checksOn(story.repository(), 'v3').gate === 'success')
  alice.merge(pull.number)
  const step = await story.until('the next step', () => story.repository().pulls('open')[0])
  await story.quiet()
  await story.pass(60_000)
  const row = `\\*\\*5%\\*\\*<br>since .* \\| #${step.number} ⏳ live, bake \\|`
  await story.until('its line', () => new RegExp(row).test(theIssue(story)?.body ?? ''))

  await story.quiet()
  const mark = story.box.requests.mark()
  const { number, body } = theIssue(story) ?? assert.fail()
  alice.editIssue(number, body.replace(/- \[ \] (<!-- perch:look:main)/, '- [x] $1'))
  await story.until('an empty box', () => theIssue(story)?.body === body)
  await story.quiet()
  assert.deepEqual(asked(story, mark), ['GET 200', 'PATCH 200'])

  alice.push('main', { '.github/canary.yml': CONFIG.replace('dashboard: true\n', '') })
  await story.quiet()
  await story.pass(60_000)
  const closed = await story.until('a closed issue', () =>
    theIssue(story)?.state === 'closed' ? theIssue(story) : undefined,
  )
  assert.match(closed.body, /no longer says `dashboard: true`/)
})
