/** What a check speaks for: every merge that GitHub would let it open, as long as its reasons last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessEnvironment } from '../../../src/entry/env.ts'
import { virtualService } from '../play.ts'
import { aStory, checksOn, type Story, weightsIn } from '../world.ts'

const VS = 'production/virtual-service.yaml'

const LIVE = '{ status: "kustomization/apps/*" }'

function config(live = '{ after: 0s }', more = ''): string {
  return `${more}environments: { production: { path: production, live: ${live} } }
services: { api-service: { steps: [5, 25, 100], bake: 0.1s } }
`
}

/** A repository at 5 %, whose branch `main` requires both checks. */
async function story(canary = config(LIVE), env: Partial<ProcessEnvironment> = {}): Promise<Story> {
  const files = { '.github/canary.yml': canary, 'README.md': '# x\n', [VS]: at(5) }
  const made = await aStory({ files, env })
  protect(made, 'main')
  return made
}

function protect({ box, repository }: Story, branch: string): void {
  const checks = [
    { context: 'canary/validate', appId: box.appId },
    { context: 'canary/gate', appId: box.appId },
  ]
  box.protect(branch, { checks }, repository().fullName)
}

function at(share: number): string {
  return virtualService(100 - share, share)
}

function raise(made: Story, share: number, more: { base?: string; branch?: string } = {}): number {
  const { branch = `to-${share}`, ...rest } = more
  return made.person('alice').openPullRequest({ branch, title: branch, files: { [VS]: at(share) }, ...rest }).number
}

function headOf({ repository }: Story, pull: number): string {
  return repository().pull(pull).head.sha
}

/** The newest run of a check. */
function run({ repository }: Story, sha: string, name = 'canary/gate'): { title: string; words: string; id: string } {
  const found = repository()
    .checkRuns(sha)
    .find((one) => one.name === name)
  return { title: found?.title ?? '', words: found?.summary ?? '', id: found?.externalId ?? '' }
}

async function gate(made: Story, sha: string, conclusion: string, words = /./): Promise<void> {
  const look = (): string => {
    const { title, words: summary } = run(made, sha)
    return `${checksOn(made.repository(), sha).gate}: ${title}\n${summary}`
  }
  await made
    .until(`a gate that is ${conclusion} and says ${words.source}`, () => {
      return checksOn(made.repository(), sha).gate === conclusion && words.test(look())
    })
    .catch((error: unknown) => assert.fail(`${String(error)}\nIt says ${look()}`))
}

function refused(made: Story, pull: number): void {
  assert.throws(() => made.person('alice').merge(pull), /Required status check|required status checks/)
  assert.equal(weightsIn(made.repository().file(VS) ?? ''), '95/5')
}

async function say(made: Story, who: string, text: string, pull: number): Promise<void> {
  const comment = made.person(who).comment(pull, text)
  await made.until(`an answer to ${text}`, () =>
    made
      .repository()
      .comments(pull)
      .some(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
}

test('a second pull request of the same commit against another branch lends it no green', async () => {
  const made = await story()
  const alice = made.person('alice')
  const real = raise(made, 100)
  const sha = headOf(made, real)
  await gate(made, sha, 'action_required', new RegExp(`#${real} into \`main\``))
  // Against this branch the commit changes no traffic at all.
  alice.push('decoy', { [VS]: at(100) })
  const decoy = alice.openPullRequest({ branch: 'to-100', base: 'decoy', title: 'decoy' }).number
  await gate(made, sha, 'action_required', new RegExp(`Nothing deploys the base of #${decoy} into \`decoy\``))
  refused(made, real)
  assert.match(run(made, sha).id, new RegExp(`^canary/gate ${real}:main ${decoy}:decoy$`))
  // Without the real one it still speaks of a merge into the branch that is deployed.
  alice.close(real)
  await gate(made, sha, 'action_required', /what a merge of this commit into `main` needs/)
  alice.reopen(real)
  refused(made, real)
  alice.close(decoy)
  await gate(made, sha, 'action_required', new RegExp(`Judged: #${real} into \`main\`\\.`))
  refused(made, real)
})

test('a pull request from a fork with the same commit lends it no green', async () => {
  const made = await story()
  const real = raise(made, 100)
  const sha = headOf(made, real)
  await gate(made, sha, 'action_required', new RegExp(`Judged: #${real} into \`main\``))
  made.person('alice').push('decoy', { [VS]: at(100) })
  const draft = { branch: 'to-100', base: 'decoy', title: 'fork', fromFork: true }
  const { number: fork, head } = made.person('mallory').openPullRequest(draft)
  assert.equal(head.sha, sha)
  await gate(made, sha, 'action_required', new RegExp(`Nothing deploys the base of #${fork} into \`decoy\``))
  assert.match(run(made, sha).id, new RegExp(`^canary/gate ${real}:main ${fork}:decoy$`))
  refused(made, real)
})

test('a decoy that comes first makes nothing green, and one that conflicts with the deployed branch says so', async () => {
  const made = await story()
  const alice = made.person('alice')
  alice.push('decoy', { [VS]: at(100) })
  const start = made.repository().branch('main') ?? ''
  const decoy = raise(made, 100, { base: 'decoy', branch: 'first' })
  const sha = headOf(made, decoy)
  alice.push('main', { [VS]: at(5).replace('keep this comment', 'keep it') })
  await gate(made, sha, 'action_required', /Not judged for a merge into main[\s\S]*does not need Perch/)
  alice.forcePush('main', start)
  alice.forcePush('second', sha)
  const real = alice.openPullRequest({ branch: 'second', title: 'real' }).number
  refused(made, real)
  await gate(made, sha, 'action_required', new RegExp(`Judged: #${real} into \`main\``))
  refused(made, real)
})

test('two pull requests of one commit that are looked at side by side have one verdict, the worst, until one is gone', async () => {
  const made = await story(config(LIVE, 'branches: [main, release]\n'))
  const alice = made.person('alice')
  alice.push('release', { [VS]: at(100), 'RELEASE.md': 'x\n' })
  protect(made, 'release')
  alice.push('both', { [VS]: at(100) })
  const [first, second] = ['release', 'main'].map((base) => {
    return alice.openPullRequest({ branch: 'both', base, title: base }).number
  })
  const sha = made.repository().branch('both') ?? ''
  await gate(
    made,
    sha,
    'action_required',
    new RegExp(`2 merges[\\s\\S]*✅ #${first} into \`release\`[\\s\\S]*⏳ #${second}`),
  )
  assert.match(run(made, sha).title, new RegExp(`^#${second}: Waiting`))
  assert.throws(() => alice.merge(first ?? 0), /Required status check/)
  refused(made, second ?? 0)
  alice.close(second ?? 0)
  await gate(made, sha, 'success', new RegExp(`Judged: #${first} into \`release\``))
  alice.reopen(second ?? 0)
  await gate(made, sha, 'action_required')
  refused(made, second ?? 0)
})

test('a retargeted pull request is judged for its new base', async () => {
  const made = await story(config(LIVE, 'branches: [main, release]\n'))
  const alice = made.person('alice')
  alice.push('release', { [VS]: at(100) })
  const pull = raise(made, 100, { base: 'release' })
  const sha = headOf(made, pull)
  await gate(made, sha, 'success')
  alice.retarget(pull, 'main')
  await gate(made, sha, 'action_required', new RegExp(`Judged: #${pull} into \`main\``))
  refused(made, pull)
})

test('a green that changed nothing falls when the base moves under it', async () => {
  const made = await story()
  const alice = made.person('alice')
  const pull = raise(made, 50)
  const sha = headOf(made, pull)
  await gate(made, sha, 'action_required')
  // Somebody brings the base to the same share, so that this pull request changes nothing any more.
  alice.push('main', { [VS]: at(50) })
  await gate(made, sha, 'success', /No canary traffic changes/)
  alice.push('main', { [VS]: at(5) })
  await gate(made, sha, 'action_required')
  refused(made, pull)
})

test('a freeze, a hold and a failed status turn the checks red that a commit of the merge queue has already', async () => {
  const made = await story()
  const alice = made.person('alice')
  const flux = alice
  const head = made.repository().branch('main') ?? ''
  flux.setStatus(head, { context: 'kustomization/apps/1', state: 'success' })
  const pull = raise(made, 25)
  await gate(made, headOf(made, pull), 'success')
  const group = alice.enqueue(pull)
  await gate(made, group.sha, 'success', /Merge queue into `main`/)
  await say(made, 'olga', '/freeze production', pull)
  await gate(made, group.sha, 'action_required', /frozen by `olga`/)
  await say(made, 'olga', '/unfreeze production', pull)
  await gate(made, group.sha, 'success')
  flux.setStatus(head, { context: 'kustomization/apps/1', state: 'failure' })
  await gate(made, group.sha, 'failure')
  await gate(made, headOf(made, pull), 'failure')
})

test('what the config asks for counts at once, also for what is green already', async () => {
  const made = await story(config())
  const alice = made.person('alice')
  const pull = raise(made, 25)
  const sha = headOf(made, pull)
  await gate(made, sha, 'success')
  alice.push('main', { '.github/canary.yml': config('{ after: 3h }') })
  await gate(made, sha, 'action_required')
  alice.push('main', { '.github/canary.yml': 'environments: nonsense\n' })
  await gate(made, sha, 'failure', /Fix canary\/validate first/)
  alice.push('main', { '.github/canary.yml': config() })
  await gate(made, sha, 'success')
})

test('a branch that is deployed from now on gates the pull requests that it has', async () => {
  const made = await story(config())
  const alice = made.person('alice')
  alice.push('release', { [VS]: at(50) })
  const pull = raise(made, 100, { base: 'release' })
  const sha = headOf(made, pull)
  await gate(made, sha, 'success', /Nothing deploys the base of/)
  alice.push('main', { '.github/canary.yml': config('{ after: 3h }', 'branches: [main, release]\n') })
  await gate(made, sha, 'success', /Judged: .* into `release`/)
  alice.push('release', { '.github/canary.yml': config('{ after: 3h }') })
  await gate(made, sha, 'action_required')
})

test('a green is taken back when nobody would turn it red any more', async () => {
  const made = await story(config())
  const alice = made.person('alice')
  const pull = raise(made, 25)
  const sha = headOf(made, pull)
  await gate(made, sha, 'success')
  alice.close(pull)
  await gate(made, sha, 'action_required', /No open pull request has this commit/)
  alice.reopen(pull)
  await gate(made, sha, 'success')
  alice.forcePush('to-25', alice.push('elsewhere', { 'README.md': 'y\n' }))
  await gate(made, sha, 'action_required', /No open pull request has this commit/)
  alice.forcePush('to-25', sha)
  await gate(made, sha, 'success')
})

test('an approval that is taken back closes the gate that it opened', async () => {
  const made = await story(config().replace('path: production,', 'path: production, approvals: 1,'))
  const olga = made.person('olga')
  const pull = raise(made, 25)
  const sha = headOf(made, pull)
  await gate(made, sha, 'action_required')
  olga.review(pull, 'APPROVE')
  await gate(made, sha, 'success')
  olga.review(pull, 'REQUEST_CHANGES')
  await gate(made, sha, 'action_required', /approv/)
  // Approvals of a pull request that merges elsewhere do not count for the branch that is deployed.
  made.person('alice').push('decoy', { 'x.md': 'x\n' })
  const decoy = made.person('alice').openPullRequest({ branch: 'to-25', base: 'decoy', title: 'decoy' }).number
  olga.review(decoy, 'APPROVE')
  await say(made, 'alice', '/canary retry', decoy)
  await gate(made, sha, 'action_required', new RegExp(`#${decoy} into \`decoy\``))
})

test('an older pull request holds the younger one back while it is no draft, and while it merges into the same branch', async () => {
  const made = await story(config())
  const alice = made.person('alice')
  const older = raise(made, 25)
  const younger = raise(made, 50)
  const sha = headOf(made, younger)
  await gate(made, sha, 'action_required', new RegExp(`#${older} is older`))
  alice.setDraft(older, true)
  await gate(made, sha, 'success')
  alice.setDraft(older, false)
  await gate(made, sha, 'action_required', new RegExp(`#${older} is older`))
  alice.push('elsewhere', { 'x.md': 'x\n' })
  alice.retarget(older, 'elsewhere')
  await gate(made, sha, 'success')
})

test('without webhooks one sweep finds retargeting, a decoy, a moved base, a freeze and a group in the queue', async () => {
  const made = await story(config(LIVE, 'branches: [main, release]\n'), { reconcileSeconds: 1 })
  const alice = made.person('alice')
  made.box.setWebhookUrl(undefined)
  alice.push('release', { [VS]: at(100) })
  const pull = raise(made, 100, { base: 'release' })
  const sha = headOf(made, pull)
  await gate(made, sha, 'success')
  alice.retarget(pull, 'main')
  await gate(made, sha, 'action_required')
  alice.push('decoy', { [VS]: at(100) })
  const decoy = alice.openPullRequest({ branch: 'to-100', base: 'decoy', title: 'decoy' }).number
  await gate(made, sha, 'action_required', new RegExp(`#${decoy} into \`decoy\``))
  alice.close(decoy)
  alice.push('main', { [VS]: at(100) })
  await gate(made, sha, 'success', /No canary traffic changes/)
  alice.push('main', { [VS]: at(5) })
  await gate(made, sha, 'action_required', new RegExp(`Judged: #${pull} into \`main\`\\.`))
  made
    .person('alice')
    .setStatus(made.repository().branch('main') ?? '', { context: 'kustomization/apps/1', state: 'success' })
  await gate(made, sha, 'success')
  const group = alice.enqueue(pull)
  await gate(made, group.sha, 'success')
  alice.push('perch/freeze/production', { 'README.md': 'Freeze production\n\nStop-By: olga\n' })
  await gate(made, sha, 'action_required', /frozen/)
  await gate(made, group.sha, 'action_required', /frozen/)
})

test('a deployed branch that is not protected as it should be is a note on what changes its traffic, and never red', async () => {
  const made = await story(config(), { reconcileSeconds: 2 })
  const { box, repository } = made
  box.protect('main', { checks: [{ context: 'canary/validate' }], enforceAdmins: false }, repository().fullName)
  const pull = raise(made, 25)
  const sha = headOf(made, pull)
  await gate(made, sha, 'success')
  const { words } = run(made, sha, 'canary/validate')
  assert.match(words, /`main` does not require `canary\/gate`, so a pull request can be merged without/)
  assert.match(words, /`main` takes `canary\/validate` from any App\. Administrators may merge/)
  assert.equal(checksOn(repository(), sha).validate, 'success')
})
