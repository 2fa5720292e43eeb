/** A check covers every merge that GitHub would allow because of it, as long as its reasons last. */
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

/** The latest run of a check. */
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

test('a pull request from a fork with the same commit does not make its checks green', async () => {
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

test("a freeze, a hold and a failed status turn existing checks of a merge queue's commit red", async () => {
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

test('a dismissed approval closes the gate that it opened', async () => {
  const made = await story(config().replace('path: production,', 'path: production, approvals: 1,'))
  const olga = made.person('olga')
  const pull = raise(made, 25)
  const sha = headOf(made, pull)
  await gate(made, sha, 'action_required')
  olga.review(pull, 'APPROVE')
  await gate(made, sha, 'success')
  olga.review(pull, 'REQUEST_CHANGES')
  await gate(made, sha, 'action_required', /approv/)
  // Approvals of a pull request that merges into another branch do not count for the deployed branch.
  made.person('alice').push('decoy', { 'x.md': 'x\n' })
  const decoy = made.person('alice').openPullRequest({ branch: 'to-25', base: 'decoy', title: 'decoy' }).number
  olga.review(decoy, 'APPROVE')
  await say(made, 'alice', '/canary retry', decoy)
  await gate(made, sha, 'action_required', new RegExp(`#${decoy} into \`decoy\``))
})
