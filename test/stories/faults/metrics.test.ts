/** The metrics in `/metrics` about the work on a pull request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promtool, withoutPromtool } from '../../promtool.ts'
import { aRollout, ask, openReviewed } from '../commands/commanding.ts'
import { aStory, checksOn, type Story } from '../world.ts'

/** How often the metrics are read before a test fails: half a minute. */
const READS = 60

/** The metrics, once they match. The worker thread sends its own four times a second, and some are read once a second. */
async function metricsWith(story: Story, shows: (text: string) => boolean): Promise<string> {
  let text = ''
  for (let read = 0; read < READS && !shows(text); read += 1) {
    await sleep(500)
    text = await metricsOf(story)
  }
  return text
}

async function metricsOf({ service }: Story): Promise<string> {
  const answer = await fetch(`${service}/metrics`)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return answer.text()
}

const DUE = /^perch_queue_depth\{state="due"\}/
const WAITING = /^perch_gates\{gate="live",state="wait"\}/
const DELAYS = /^perch_live_delay_seconds_count/

/** The sum of the samples that match a pattern. Undefined if there are none. */
function sumOf(text: string, pattern: RegExp): number | undefined {
  const values = text.split('\n').flatMap((line) => (pattern.test(line) ? [Number(line.split(' ').at(-1))] : []))
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value)
}

test('metrics count a command on a pull request, and contain no name of a repository, branch or person', async (t) => {
  const story = await aStory()
  const pull = await openReviewed(story, 'private-branch')
  await ask(story, 'alice', '/canary 5 --env production', pull)
  await story.quiet()
  const done = /^perch_command_duration_seconds_count\{command="set",result="done"\}/
  const text = await metricsWith(story, (now) => (sumOf(now, done) ?? 0) > 0 && sumOf(now, DUE) === 0)

  assert.ok((sumOf(text, /^perch_deliveries_total\{event="issue_comment",result="accepted"\}/) ?? 0) >= 1)
  assert.ok((sumOf(text, /^perch_jobs_total\{task="review",result="done"\}/) ?? 0) >= 1)
  assert.ok((sumOf(text, /^perch_job_duration_seconds_count\{task="review"\}/) ?? 0) >= 1)
  assert.ok((sumOf(text, /^perch_github_requests_total\{api="graphql",status="2xx",cost="counted"\}/) ?? 0) >= 1)
  assert.ok((sumOf(text, /^perch_renders_total\{tool="kustomize",result="ok"\}/) ?? 0) >= 1)
  assert.equal(sumOf(text, done), 1)
  assert.equal(sumOf(text, /^perch_effects_total\{effect="commit",result="done"\}/), 1)
  assert.equal(sumOf(text, DUE), 0)
  assert.equal(sumOf(text, /^perch_queue_age_seconds/), 0)
  assert.ok((sumOf(text, /^perch_github_rate_limit_remaining\{installation="\d+",resource="core"\}/) ?? 0) > 0)
  for (const name of ['gitops', 'private-branch', 'alice', 'api-service', 'production'])
    assert.ok(!text.includes(name), name)
  await t.test('Prometheus reads it', { skip: withoutPromtool }, () => {
    const checked = promtool(['check', 'metrics'], text)
    // Two of the standard metrics of Node.js have names that break the conventions.
    assert.deepEqual(
      checked.words.split('\n').filter((line) => line.includes('perch_')),
      [],
    )
  })
})

test('metrics show a rollout with its state, its age and what its gates wait for', async () => {
  const story = await aRollout({ env: { reconcileSeconds: 20 } })
  await story.pass(60_000)
  const text = await metricsWith(story, (now) => (sumOf(now, WAITING) ?? 0) > 0)
  assert.ok((sumOf(text, /^perch_rollouts\{state="(?:stepping|by-hand)"\}/) ?? 0) >= 1)
  assert.ok((sumOf(text, /^perch_rollout_age_seconds\{state="(?:stepping|by-hand)"\}/) ?? 0) >= 60)
  assert.ok((sumOf(text, WAITING) ?? 0) >= 1)
  const before = sumOf(text, DELAYS) ?? 0

  const main = story.repository().branch('main') ?? ''
  story.person('alice').setStatus(main, { context: 'kustomization/apps/x', state: 'success' })
  const step = story
    .repository()
    .pulls('open')
    .find(({ number }) => number === story.step)
  await story.until('its gate', () => checksOn(story.repository(), step?.head.sha ?? '').gate === 'success')
  await story.quiet()
  const isLive = (now: string): boolean => sumOf(now, DELAYS) === before + 1 && sumOf(now, WAITING) === undefined
  const after = await metricsWith(story, isLive)
  assert.equal(sumOf(after, DELAYS), before + 1)
  assert.equal(sumOf(after, WAITING), undefined)
})
