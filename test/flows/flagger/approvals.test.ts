/** Flagger waits for the approvals of the pull request that brought the version it asks about. */
import assert from 'node:assert/strict'
import { approved, mayContinue } from '../../../src/core/flagger/answer.ts'
import { versionAsked } from '../../../src/core/flagger/approvals.ts'
import type { Hook } from '../../../src/core/flagger/hook.ts'
import { hookWords } from '../../../src/core/message/flagger/hook.ts'
import { recallApprovals, rememberVersion } from '../../../src/flows/stop/approval-memory.ts'
import { canariesMark, noteCanaryNews, recallCanaries } from '../../../src/flows/stop/canary-memory.ts'
import { jobOf, type Task } from '../../../src/flows/tasks/tasks.ts'
import type { Pull } from '../../memory/github/github.ts'
import { askingCanary } from '../../owners.ts'
import { recordedIn } from '../recorded/account.ts'
import { answers, aPull, aWorld, merges, says, type World } from '../world.ts'

const test = recordedIn(import.meta.url)

const CANARY = 'apps/production/web-canary.yaml'
const DEPLOYMENT = 'apps/production/web-deployment.yaml'
const deployment = (image: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    spec:\n      containers: [{ name: web, image: ${image} }]\n`

const REPOSITORY = { owner: 'acme', name: 'gitops' }

/** Production requires approvals, and web has v1 there. */
function aCanary(approvals = 1): Promise<World> {
  const files = { [CANARY]: askingCanary(), [DEPLOYMENT]: deployment('web:v1') }
  return aWorld({ services: ['api'], config: { approvals }, files })
}

async function does(world: World, task: Task): Promise<void> {
  await world.service.queue().enqueue(jobOf(task))
  await world.settle()
}

/** The answer at one of Flagger's webhooks, from what the edge knows or has looked up. */
async function hears(world: World, hook: Hook, checksum?: string): Promise<string> {
  const memo = world.service.memo()
  const now = world.now()
  if ((await recallCanaries(memo, REPOSITORY)) === undefined)
    await does(world, {
      type: 'canaries',
      repository: REPOSITORY,
      why: { code: 'asked', mark: String(now), at: now },
    })
  const asked = { name: 'web', namespace: 'default', checksum, metadata: { key: 'k' } }
  let answer = mayContinue(await recallCanaries(memo, REPOSITORY), asked, now)
  const version = versionAsked(hook, asked)
  if (answer.code === 'go' && answer.approvals > 0 && version !== undefined) {
    const { rollout, approvals: wanted } = answer
    const called = { repository: REPOSITORY, rollout, version }
    const why = { code: 'version-asked', version, wanted, mark: String(now), at: now } as const
    if ((await recallApprovals(memo, called)) === undefined)
      await does(world, { type: 'canary-approvals', repository: REPOSITORY, rollout, why })
    answer = approved(answer, await recallApprovals(memo, called), world.now())
  }
  const isGo = answer.code === 'go'
  return `${isGo ? 'go' : 'stop'}: ${hookWords(answer, { ...asked, repository: 'acme/gitops' })}`
}

/** A merged pull request of Alice's that brings a version. */
async function brings(world: World, image: string, approvers: readonly ('bob' | 'olga')[] = []): Promise<Pull> {
  const pull = await aPull(world, { [DEPLOYMENT]: deployment(image) }, image)
  for (const who of approvers) world[who].approve(pull)
  await merges(world, 'bob', pull)
  return pull
}

const WAITS = (pull: Pull): string =>
  `stop: production/web waits for 1 more approval of #${pull.number} (0 of 1). A person with write access who did not write or push any of its commits can approve it, also after the merge: gh pr review ${pull.number} --approve`
const GOES = 'go: Nothing stops production/web.'

test('Flagger does not promote a version before somebody approves the pull request that brought it', async () => {
  const world = await aCanary()
  const pull = await brings(world, 'web:v2')
  // It changes the same environment, but not the version.
  await merges(world, 'bob', await aPull(world, { [CANARY]: askingCanary().replace('maxWeight: 50', 'maxWeight: 40') }))
  assert.equal(await hears(world, 'confirm-promotion', 'two'), WAITS(pull))
  assert.equal(await hears(world, 'confirm-traffic-increase', 'two'), WAITS(pull))
  const before = world.network.requests
  for (let count = 0; count < 5; count += 1) assert.equal(await hears(world, 'confirm-promotion', 'two'), WAITS(pull))
  assert.equal(world.network.requests, before)
  world.olga.approve(pull)
  await world.settle()
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
})

test('an approval from before the merge counts, and so does only one by the rules for steps', async () => {
  const world = await aCanary()
  await brings(world, 'web:v2', ['olga'])
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
  const pull = await aPull(world, { [DEPLOYMENT]: deployment('web:v3') })
  world.bob.push(pull.head.ref, { 'docs/a.md': 'x\n' })
  await world.settle()
  world.mallory.approve(pull)
  world.bob.approve(pull)
  await merges(world, 'olga', pull)
  assert.equal(await hears(world, 'confirm-promotion', 'three'), WAITS(pull))
  world.olga.approve(pull)
  await world.settle()
  assert.equal(await hears(world, 'confirm-promotion', 'three'), GOES)
})

test('a Canary that gets another Deployment has the version of the pull request that changed it', async () => {
  const world = await aCanary()
  const other = { 'apps/production/other.yaml': deployment('web:v9').replace('{ name: web }', '{ name: other }') }
  const first = await aPull(world, other)
  world.olga.approve(first)
  await merges(world, 'bob', first)
  const second = await aPull(world, { [CANARY]: askingCanary().replace(/(targetRef:[^]*?name: )web/, '$1other') })
  await merges(world, 'bob', second)
  assert.equal(await hears(world, 'confirm-promotion', 'nine'), WAITS(second).replace('/web', '/other'))
})

test('a withdrawn approval no longer counts', async () => {
  const world = await aCanary()
  const pull = await brings(world, 'web:v2', ['olga'])
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
  pull.reviews.push({ login: 'olga', verdict: 'dismiss', sha: pull.head.sha })
  const payload = { action: 'dismissed', pull_request: { number: pull.number } }
  world.state.happened({ event: 'pull_request_review', payload, sender: { login: 'alice', isBot: false } })
  await world.settle()
  assert.equal(await hears(world, 'confirm-promotion', 'two'), WAITS(pull))
})

test('an approval that was withdrawn without a webhook counts for at most ten minutes', async () => {
  const world = await aCanary()
  const pull = await brings(world, 'web:v2', ['olga'])
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
  pull.reviews.push({ login: 'olga', verdict: 'dismiss', sha: pull.head.sha })
  await world.pass(11)
  assert.match(await hears(world, 'confirm-promotion', 'two'), /^stop: Perch is still reading/)
})

test('the approval of the next version does not promote the current one', async () => {
  const world = await aCanary()
  const bad = await brings(world, 'web:v2')
  assert.equal(await hears(world, 'confirm-traffic-increase', 'two'), WAITS(bad))
  await brings(world, 'web:v3', ['olga'])
  assert.equal(await hears(world, 'confirm-promotion', 'two'), WAITS(bad))
  assert.equal(await hears(world, 'confirm-traffic-increase', 'three'), GOES)
  assert.equal(await hears(world, 'confirm-promotion', 'two'), WAITS(bad))
})

test('asking about a checksum before its version is in Git does not promote it with the approvals of another', async () => {
  const world = await aCanary()
  await brings(world, 'web:v2', ['olga'])
  // Everybody with read access may know the key, and can compute the checksum of a future version.
  assert.equal(await hears(world, 'confirm-promotion', 'three'), GOES)
  const pull = await brings(world, 'web:v3')
  assert.equal(await hears(world, 'confirm-promotion', 'three'), WAITS(pull))
  for (let count = 0; count < 12; count += 1) await hears(world, 'confirm-promotion', `any ${count}`)
  assert.equal(await hears(world, 'confirm-traffic-increase', 'three'), WAITS(pull))
  world.olga.approve(pull)
  await world.settle()
  assert.equal(await hears(world, 'confirm-promotion', 'three'), GOES)
})

test('Flagger does not begin with a version that is not approved: there it still sends the checksum of the one before', async () => {
  const world = await aCanary()
  await brings(world, 'web:v2', ['olga'])
  assert.equal(await hears(world, 'confirm-rollout', 'one'), GOES)
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
  const pull = await brings(world, 'web:v3')
  assert.equal(await hears(world, 'confirm-rollout', 'two'), WAITS(pull))
  world.olga.approve(pull)
  await world.settle()
  assert.equal(await hears(world, 'confirm-rollout', 'two'), GOES)
})

test('a version without a pull request is never approved', async () => {
  const world = await aCanary()
  world.alice.push('main', { [DEPLOYMENT]: deployment('web:v2') })
  await world.settle()
  assert.equal(
    await hears(world, 'confirm-promotion', 'two'),
    'stop: production/web needs 1 approval of the pull request that brought its version, but Perch finds no such pull request. Bring the version with a pull request, or lower approvals in .github/canary.yml.',
  )
})

test('the approvals of the newest version never count for one that no pull request brought', async () => {
  const memo = (await aCanary()).service.memo()
  const called = { repository: REPOSITORY, rollout: 'production/web' } as const
  const known = { branch: 'main', sha: 'a', mark: await canariesMark(memo, REPOSITORY), wanted: 0 }
  const pull = { number: 1, head: 'b', base: 'main', author: 'alice' }
  await rememberVersion(memo, called, { ...known, version: 'newest', at: 2, pull, has: 1 })
  await rememberVersion(memo, called, { ...known, version: 'checksum two', at: 1, has: 0 })
  assert.deepEqual(await recallApprovals(memo, { ...called, version: 'checksum two' }), { at: 1, has: 0 })
})

test('if the config requires no approvals, none are requested from GitHub', async () => {
  const world = await aCanary(0)
  await brings(world, 'web:v2')
  assert.equal(await hears(world, 'confirm-promotion', 'two'), GOES)
  assert.equal(
    await recallApprovals(world.service.memo(), {
      repository: REPOSITORY,
      rollout: 'production/web',
      version: 'checksum two',
    }),
    undefined,
  )
})

test('`/canary status` and the check of the Canary say which approvals are missing', async () => {
  const world = await aCanary(2)
  const pull = await brings(world, 'web:v2', ['olga'])
  await hears(world, 'confirm-promotion', 'two')
  const metadata = { key: 'k', eventMessage: 'Halt web.default advancement', timestamp: String(world.now()) }
  const told = { name: 'web', namespace: 'default', phase: 'WaitingPromotion', metadata }
  const where = { repository: REPOSITORY, rollout: 'production/web' } as const
  await noteCanaryNews({ memo: world.service.memo(), clock: { now: () => world.now() } }, where, told)
  await does(world, { type: 'canary-news', ...where, why: { code: 'told', at: world.now() } })
  const [check] = world.state.runs.filter(({ name }) => name === 'canary/flagger/production/web')
  const words = new RegExp(
    `It waits for 1 more approval of #${pull.number} \\(1 of 2\\)\\. A person with write access who did not write or push any of its commits can approve it, also after the merge: \`gh pr review ${pull.number} --approve\``,
  )
  assert.match(check?.summary ?? '', words)
  const near = await aPull(world, { [CANARY]: askingCanary().replace('maxWeight: 50', 'maxWeight: 40') })
  await says(world, 'alice', near, '/canary status')
  assert.match(answers(world, near)[0] ?? '', words)
})
