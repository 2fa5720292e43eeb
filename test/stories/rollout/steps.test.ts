import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { PullView } from '../../../src/sandbox/read.ts'
import { aStory, checksOn, type Story } from '../world.ts'
import { leanRepository, LIVE_BY_STATUS, VS, virtualService } from '../play.ts'

const NOTICE = /Somebody pushed to this step.*it no longer updates or merges it/s

/** A rollout at 25% with an open step to 50%, which merges by itself once the base is live. */
async function aRollout(config: { readonly approvals?: number } = {}): Promise<{ story: Story; step: PullView }> {
  const files = leanRepository({ live: LIVE_BY_STATUS, weights: [75, 25] })
  const approvals = config.approvals === undefined ? '' : `, approvals: ${config.approvals}`
  const text = (files['.github/canary.yml'] ?? '').replace(' },\n', ' },\n').replace('*" } }', `*" }${approvals} }`)
  const story = await aStory({ files: { ...files, '.github/canary.yml': text } })
  // Somebody has to begin, with a push to main.
  story.person('alice').push('main', { 'README.md': 'go\n' })
  const step = await story.until('the step', () => story.repository().pulls('open')[0])
  await story.until('its checks', () => checksOn(story.repository(), step.head.sha).gate === 'action_required')
  return { story, step }
}

function report(story: Story): void {
  const state = { context: 'kustomization/apps/0c9c2e41', state: 'success', description: 'ok' } as const
  story.person('alice').setStatus(story.repository().branch('main') ?? '', state)
}

function notices(story: Story, { number }: PullView): number {
  return story
    .repository()
    .comments(number)
    .filter(({ body }) => NOTICE.test(body)).length
}

/** Runs git in a clone of the story's repository, as a person. */
async function inClone(story: Story, branch: string, commands: readonly (readonly string[])[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-clone-'))
  const alice = story.person('alice')
  const [{ head } = { head: { repository: '' } }] = story.repository().pulls()
  const url = `${story.box.url.replace('://', `://alice:${alice.token}@`)}/${head.repository}.git`
  // Runs in the background, because the sandbox answers from this process.
  const git = async (...args: readonly string[]): Promise<void> => {
    await promisify(execFile)('git', args, { cwd: folder, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } })
  }
  await git('clone', '-q', url, '.')
  await git('config', 'user.name', 'alice')
  await git('config', 'user.email', 'alice@users.noreply.github.com')
  await git('checkout', '-q', branch)
  for (const command of commands) await git(...command)
  await git('push', '-q', 'origin', branch)
  rmSync(folder, { recursive: true, force: true })
}

test('a commit that only claims to be Perch’s does not count as Perch’s', async () => {
  const { story, step } = await aRollout()
  await inClone(story, step.head.ref, [
    ['config', 'user.name', 'perch[bot]'],
    ['config', 'user.email', `1+${step.author}@users.noreply.github.com`],
    ['commit', '-q', '--allow-empty', '-m', 'Canary\n\nCanary-Move: production/api-service share'],
  ])
  const head = story.repository().branch(step.head.ref) ?? ''
  assert.notEqual(head, step.head.sha)
  report(story)
  await story.until('a green gate', () => checksOn(story.repository(), head).gate === 'success')
  await story.until('words', () => notices(story, step) > 0)
  assert.equal(story.repository().pull(step.number).state, 'open')
})

test('a forced commit with Perch’s own words in its message is reported too', async () => {
  const { story, step } = await aRollout()
  const alice = story.person('alice')
  alice.forcePush('mine', story.repository().branch('main') ?? '')
  const head = alice.push(
    'mine',
    { [VS]: virtualService(60, 40) },
    'Canary\n\nCanary-Move: production/api-service share',
  )
  alice.forcePush(step.head.ref, head)
  await story.until('words', () => notices(story, step) > 0)
})
