import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { PullView } from '../../../src/sandbox/read.ts'
import { aStory, checksOn, type Story, weightsIn } from '../world.ts'
import { say } from '../commands/commanding.ts'
import { leanRepository, LIVE_BY_STATUS, VS, virtualService } from '../play.ts'

const NOTICE = /Somebody changed this step.*Perch no longer updates or merges it/s

/** A rollout at 25% whose step to 50% is open, and merges by itself once the base is live. */
async function aRollout(config: { readonly approvals?: number } = {}): Promise<{ story: Story; step: PullView }> {
  const files = leanRepository({ live: LIVE_BY_STATUS, weights: [75, 25] })
  const approvals = config.approvals === undefined ? '' : `, approvals: ${config.approvals}`
  const text = (files['.github/canary.yml'] ?? '').replace(' },\n', ' },\n').replace('*" } }', `*" }${approvals} }`)
  const story = await aStory({ files: { ...files, '.github/canary.yml': text } })
  // Somebody has to make the first move: a push to main.
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
  // Not in step with us: the box answers from this process.
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

test('what somebody pushes to a step is theirs: it is judged, and neither merged nor overwritten by Perch', async () => {
  const { story, step } = await aRollout()
  const alice = story.person('alice')
  const branch = step.head.ref
  // The trailer of Perch's own commits proves nothing.
  const head = alice.push(
    branch,
    { [VS]: (story.repository().file(VS, branch) ?? '').replace('keep this comment', 'kept') },
    'Canary production/api-service v2: 25% → 50%\n\nCanary-Move: production/api-service share',
  )
  report(story)
  await story.until('a green gate', () => checksOn(story.repository(), head).gate === 'success')
  await story.until('words', () => notices(story, step) > 0)
  await story.pass(1_000)
  assert.equal(story.repository().pull(step.number).state, 'open')

  // The base moves so that the step does not fit any more: Perch says so and leaves the branch alone.
  alice.push('main', { [VS]: virtualService(70, 30) })
  await story.pass(4_000)
  assert.equal(story.repository().branch(branch), head)
  assert.equal(notices(story, step), 1)
})

test('a rollback that somebody pushed another share to is none: nobody is told that it takes the traffic back', async () => {
  const { story, step } = await aRollout()
  const alice = story.person('alice')
  const answerTo = (text: string): Promise<string> => {
    const { id } = alice.comment(step.number, text)
    return story.until(`an answer to ${text}`, () => {
      const comments = story.repository().comments(step.number)
      return comments.find(({ body }) => body.includes(`perch:answer:${id} `))?.body
    })
  }
  await answerTo('/canary abort')
  const [rollback] = story.repository().pulls('open')
  assert.equal(rollback?.head.ref, 'canary/production/api-service/0')
  for (const [stable, canary] of [
    [40, 60],
    [100, 0],
  ] as const) {
    const files = { [VS]: virtualService(stable, canary), 'production/more.yaml': `# ${canary}\n` }
    const head = alice.push('canary/production/api-service/0', files)
    const gate = canary === 60 ? 'action_required' : 'success'
    await story.until('a judged rollback', () => checksOn(story.repository(), head).gate === gate)
    const said = await answerTo('/canary abort again')
    assert.match(said, new RegExp(`Somebody changed the step #${rollback.number}.*/canary abort. a rollback`, 's'))
    assert.equal(story.repository().branch('canary/production/api-service/0'), head)
  }
  // Its branch out of the way, an abort makes a rollback that is one.
  alice.close(rollback.number)
  alice.deleteBranch('canary/production/api-service/0')
  await answerTo('/canary abort at last')
  const [next] = story.repository().pulls('open')
  assert.notEqual(next?.number, rollback.number)
  assert.equal(weightsIn(story.repository().file(VS, next?.head.ref) ?? ''), '100/0')
})

test('a commit that only claims to be Perch’s is not', async () => {
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

test('one forced commit with Perch’s own words in its message is told of all the same', async () => {
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

test('a step that was brought up to date with its base stays Perch’s, and merges by itself', async () => {
  const { story, step } = await aRollout()
  story.person('alice').push('main', { 'docs/other.md': 'x\n' })
  await inClone(story, step.head.ref, [['merge', '-q', '--no-edit', 'origin/main']])
  report(story)
  await story.until('the merge', () => story.repository().pull(step.number).state === 'merged')
  assert.equal(weightsIn(story.repository().file(VS) ?? ''), '50/50')
  assert.equal(notices(story, step), 0)
})

test('who pushed to a step cannot approve it', async () => {
  const { story, step } = await aRollout({ approvals: 1 })
  const alice = story.person('alice')
  const text = (story.repository().file(VS, step.head.ref) ?? '').replace('keep this comment', 'kept')
  const head = alice.push(step.head.ref, { [VS]: text })
  report(story)
  alice.review(step.number, 'APPROVE')
  await story.until('a gate that waits for an approval', () =>
    story
      .repository()
      .checkRuns(head)
      .some(({ name, summary }) => name === 'canary/gate' && /0 of 1/.test(summary ?? '')),
  )
  story.person('olga').review(step.number, 'APPROVE')
  await story.until('a green gate', () => checksOn(story.repository(), head).gate === 'success')
  assert.equal(story.repository().pull(step.number).state, 'open')
})

test('a step that a person closed stays closed, however many pull requests come after it', async () => {
  const { story, step } = await aRollout()
  const alice = story.person('alice')
  alice.close(step.number)
  const said = (): boolean =>
    story
      .repository()
      .comments(step.number)
      .some(({ body }) => body.includes('has stopped at'))
  await story.until('words', said)
  const unheard = story.box.webhooks.addFault({ match: () => true, times: Infinity, kind: 'drop' })
  for (let index = 0; index < 101; index += 1)
    alice.openPullRequest({ branch: `p${index}`, title: `p${index}`, files: { [`docs/${index}.md`]: 'x\n' } })
  unheard.remove()
  alice.push('main', { 'README.md': 'on\n' })
  assert.match(await say(story, 'alice', '/canary status', step.number), /production\/api-service/)
  assert.deepEqual(
    story
      .repository()
      .pulls('open')
      .filter(({ head }) => head.ref.startsWith('canary/')),
    [],
  )
  assert.match(await say(story, 'alice', '/canary abort', step.number), /✅|⏪|#/)
})

/** Ten services at 100/0 whose routes carry nothing of Perch, live by a status that nobody has reported yet. */
function tenServices(share: number): Record<string, string> {
  const files: Record<string, string> = {
    '.github/canary.yml': `environments: { production: { path: production, live: { status: "kustomization/apps/*" } } }\n`,
  }
  for (let index = 0; index < 10; index += 1)
    files[`production/web-${index}.yaml`] = virtualService(100 - share, share)
      .replaceAll('api-service', `web-${index}`)
      .replace(/ {2}annotations:\n.*\n/, '')
  return files
}

test('ten shares that a pull request sets by hand go on like any others, and their first steps wait for a person', async () => {
  const files = tenServices(0)
  const all = Array.from({ length: 10 }, (_, index) => `  web-${index}: { bake: 0.1s, autoMerge: always }\n`).join('')
  const story = await aStory({
    files: { ...files, '.github/canary.yml': `${files['.github/canary.yml']}services:\n${all}` },
  })
  const alice = story.person('alice')
  const routes = Object.fromEntries(Object.entries(tenServices(5)).filter(([path]) => path.startsWith('production/')))
  const pull = alice.openPullRequest({ branch: 'five', title: 'Five percent', files: routes })
  await story.until('its checks', () => checksOn(story.repository(), pull.head.sha).gate === 'success')
  alice.merge(pull.number, { method: 'squash' })
  await story.until('ten steps', () => story.repository().pulls('open').length === 10)
  const steps = story.repository().pulls('open')
  for (const { title, head } of steps) {
    assert.match(title, /^Canary production\/web-\d .*: 5% → 25%$/)
    const text = story.repository().file(`production/${head.ref.split('/').at(-2)}.yaml`, head.ref) ?? ''
    assert.match(text, /canary-percentage: "25"/)
    assert.match(text, new RegExp(`/pr: "${pull.number}"`))
  }
  const times = steps.map(({ createdAt }) => createdAt)
  assert.ok(Math.max(...times) - Math.min(...times) < 120_000, 'they come together')
  report(story)
  for (const { head } of steps)
    await story.until('a green gate', () => checksOn(story.repository(), head.sha).gate === 'success')
  await story.pass(1_000)
  assert.equal(story.repository().pulls('open').length, 10)
})

test('a split that is older than Perch stays as it is until somebody says next', async () => {
  const story = await aStory({ files: tenServices(10) })
  const alice = story.person('alice')
  const pull = alice.openPullRequest({ branch: 'x', title: 'x', files: { 'docs/x.md': 'x\n' } })
  await story.until('its checks', () => checksOn(story.repository(), pull.head.sha).gate === 'success')
  alice.merge(pull.number, { method: 'squash' })
  const say = async (text: string): Promise<string> => {
    const comment = alice.comment(pull.number, text)
    const answered = (): string | undefined =>
      story
        .repository()
        .comments(pull.number)
        .find(({ body }) => body.includes(`perch:answer:${comment.id} `))?.body
    return story.until(text, answered)
  }
  assert.match(await say('/canary status'), /it opens no step until somebody comments `\/canary next`/)
  assert.deepEqual(story.repository().pulls('open'), [])
  assert.match(await say('/canary next web-3'), /✅ #2: Canary production\/web-3/)
  assert.equal(story.repository().pulls('open').length, 1)
})
