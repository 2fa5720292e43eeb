/** What Perch posts on a pull request, what it merges by itself, and what it takes back. */
import assert from 'node:assert/strict'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { NO_TOOLS } from '../../memory/context.ts'
import { headOf, moveBranch, person, type Pull } from '../../memory/github/github.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { routeFile, withShare } from '../../simulate/repository.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')
const SUMMARY = /^<!-- perch:summary/

test('a pull request without traffic gets two green checks and no comment', async () => {
  const world = await aWorld()
  const pull = await aPull(world, { 'README.md': '# Words\n' })
  assert.match(gateOf(world, pull), /^success/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  assert.deepEqual(comments(world, pull), [])
})

test('one comment shows what a pull request changes, and is edited when that changes', async () => {
  const world = await aWorld()
  const pull = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) })
  const summary = (): readonly string[] => comments(world, pull).filter((body) => SUMMARY.test(body))
  assert.equal(summary().length, 1)
  assert.match(summary()[0] ?? '', /5%/)
  world.alice.push(pull.head.ref, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 7) })
  await world.settle()
  assert.equal(summary().length, 1)
  assert.match(summary()[0] ?? '', /7%/)
  world.alice.push(pull.head.ref, { [ROUTE]: textOn(world, 'main', ROUTE), 'README.md': '# x\n' })
  await world.settle()
  assert.equal(summary().length, 1)
  assert.doesNotMatch(summary()[0] ?? '', /7%/)
})

test('with autoMerge a rollout merges its steps as they turn green, to the end', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  await aRollout(world)
  await world.pass(13 * 5 + 5)
  assert.deepEqual([openSteps(world), shareOn(world, 'main'), versionsOn(world, 'main')], [[], 0, ['v3', 'v3']])
  const mergedBy = [...world.state.pulls.values()].map(({ author, state }) => `${author.login} ${state}`)
  assert.deepEqual(mergedBy, ['alice merged', ...Array<string>(4).fill('perch[bot] merged')])
})

test('the driver of the rollout is mentioned once if a ruleset does not let Perch merge', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const { step } = await aRollout(world)
  world.state.mayMerge = false
  await world.pass(60)
  assert.equal(step.state, 'open')
  const called = [...world.state.comments.map(({ body }) => body), step.body].filter((body) => body.includes('@alice'))
  assert.equal(called.length, 1)
  assert.match(called[0] ?? '', /Until then, somebody has to merge it\.\n\n@alice drives this rollout\.$/)
})

test('with autoMerge a step that somebody reverts is raised again by a person, and continues by itself from there', async () => {
  const world = await aWorld({ config: { autoMerge: 'always', steps: [5, 25, 50, 100] } })
  await aRollout(world)
  const before = textOn(world, 'main', ROUTE)
  await world.pass(15)
  assert.equal(shareOn(world, 'main'), 25)
  const revert = await aPull(world, { [ROUTE]: before }, 'Revert "Canary production/web v3: 5% → 25%"')
  await merges(world, 'bob', revert)
  await onlyAPersonRaises(
    world,
    /\*\*Next:\*\* merge this pull request when the canary may have more traffic again\. Perch does not merge it by itself, because somebody lowered `production\/web` from 25% to 5%\./,
  )
})

/** The next step is green, and waits for a person, as its comment says. After that person's merge, Perch merges the others. */
async function onlyAPersonRaises(world: World, words: RegExp): Promise<void> {
  await world.pass(60)
  assert.equal(shareOn(world, 'main'), 5)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.match(gateOf(world, step), /^success/)
  assert.match(comments(world, step)[0] ?? '', words)
  await merges(world, 'bob', step)
  await world.pass(15)
  assert.equal(shareOn(world, 'main'), 50)
}

test('with autoMerge a share to which the base branch is moved back is raised again by a person', async () => {
  const world = await aWorld({ config: { autoMerge: 'always', steps: [5, 25, 50, 100] } })
  await aRollout(world)
  const then = headOf(world.state, 'main')
  await world.pass(15)
  assert.equal(shareOn(world, 'main'), 25)
  moveBranch(world.state, 'main', { sha: then, by: person('olga') })
  await onlyAPersonRaises(
    world,
    /Perch does not merge it by itself, because somebody replaced commits of the base branch\./,
  )
})

test('with autoMerge a step that a person changed waits for a person', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const { step } = await aRollout(world)
  world.bob.push(step.head.ref, { 'README.md': '# Mine\n' })
  await world.settle()
  await world.pass(30)
  assert.deepEqual([step.state, gateOf(world, step)], ['open', 'success: Live and baked'])
  assert.equal(comments(world, step).filter((body) => body.includes('Somebody pushed to this step')).length, 1)
})

test('with autoMerge a step that was only brought up to date merges by itself', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const { step } = await aRollout(world)
  world.bob.push('main', { 'README.md': '# Other\n' })
  world.bob.mergeBranch('main', step.head.ref)
  await world.settle()
  await world.pass(30)
  assert.equal(step.state, 'merged')
})

test('a draft and a commit that another check blocks are not merged until they may be', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const { step } = await aRollout(world)
  world.bob.setDraft(step, true)
  await world.settle()
  await world.pass(20)
  assert.equal(step.state, 'open')
  world.bob.setDraft(step, false)
  await world.settle()
  assert.equal(step.state, 'merged')
  world.state.required = [...world.state.required, 'ci']
  await world.pass(20)
  const [next] = openSteps(world)
  assert.ok(next !== undefined)
  assert.match(gateOf(world, next), /^success/)
  assert.equal(next.state, 'open')
  world.state.required = ['canary/gate']
  await world.pass(5)
  await world.sweep()
  assert.equal(next.state, 'merged')
})

test('a green check does not outlive its pull request, and a green commit does not outlive its head', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  const green = pull.head.sha
  assert.match(gateOf(world, pull), /^success/)
  world.alice.push(pull.head.ref, { 'README.md': '# More\n' })
  await world.settle()
  const gateAt = (sha: string): string => checkOf(world, { ...pull, head: { ...pull.head, sha } }, 'canary/gate')
  assert.equal(gateAt(green), 'action_required: No open pull request has this commit')
  world.alice.close(pull)
  await world.settle()
  assert.equal(gateOf(world, pull), 'action_required: No open pull request has this commit')
  world.alice.reopen(pull)
  await world.settle()
  assert.match(gateOf(world, pull), /^success/)
})

/** A second pull request of the same commit. */
async function twin(world: World, { head }: Pull, base = 'main'): Promise<Pull> {
  world.alice.push(`twin-${base}`, {}, { from: head.ref })
  world.state.refs.set(`refs/heads/twin-${base}`, head.sha)
  const pull = world.alice.open(`twin-${base}`, 'Twin', base)
  assert.ok(pull !== undefined)
  await world.settle()
  return pull
}

test('two pull requests of one commit have one verdict, the worst, until one of them is gone', async () => {
  const world = await aWorld()
  world.alice.push('decoy', { 'README.md': '# Decoy\n' })
  const { step } = await aRollout(world)
  const other = await twin(world, step)
  assert.match(gateOf(world, step), /^action_required/)
  const stacked = await twin(world, step, 'decoy')
  assert.match(gateOf(world, stacked), /^action_required/, 'a base that nothing deploys lends it no green')
  world.alice.close(other)
  world.alice.close(stacked)
  await world.settle()
  await world.pass(15)
  assert.match(gateOf(world, step), /^success: Live and baked/)
})

test('checks that somebody re-runs are concluded again, and say so on a commit without a pull request', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const rerun = async (sha: string): Promise<void> => {
    const payload = { action: 'rerequested', check_suite: { app: { id: 1 }, pull_requests: [], head_sha: sha } }
    world.state.happened({ event: 'check_suite', payload, sender: { login: 'alice', isBot: false } })
    await world.settle()
  }
  const before = world.state.runs.length
  await rerun(pull.head.sha)
  assert.equal(world.state.runs.length, before + 2)
  assert.match(gateOf(world, pull), /^success/)
  const main = headOf(world.state, 'main') ?? ''
  await rerun(main)
  assert.match(
    checkOf(world, { ...pull, head: { ref: 'main', sha: main } }, 'canary/gate'),
    /^success|^action_required/,
  )
})

test('a group of the merge queue is judged as one change, and again when something moves', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const words = await aPull(world, { 'README.md': '# Words\n' })
  const group = await queue(world, [step, words])
  assert.match(group.gate(), /^action_required: Waiting for live and bake/)
  await world.pass(14)
  assert.match(group.gate(), /^success: Live and baked/)
  await says(world, 'olga', step, '/freeze production')
  assert.match(group.gate(), /^action_required: Waiting for freeze/)
  await says(world, 'olga', step, '/unfreeze production')
  assert.match(group.gate(), /^success/)
})

test('in a group an override counts for what its own pull request does', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await says(world, 'olga', step, '/canary override live fine')
  await says(world, 'olga', step, '/canary override bake fine')
  const words = await aPull(world, { 'README.md': '# Words\n' })
  const alone = await queue(world, [words, step])
  assert.match(alone.gate(), /^success: Live and bake overridden by olga/)
})

test('a group whose base branch moved says so', async () => {
  const world = await aWorld()
  const words = await aPull(world, { 'README.md': '# Words\n' })
  const group = await queue(world, [words])
  assert.match(group.gate(), /^success/)
  world.olga.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 1) })
  await world.settle()
  await merges(world, 'bob', words)
})

test('a base branch that does not require the checks is noted on what changes traffic, and never red', async () => {
  const world = await aWorld()
  world.state.required = []
  await world.pass(6 * 60 + 1)
  await world.sweep()
  const pull = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) })
  assert.match(gateOf(world, pull), /^success/)
  const report = world.state.runs.findLast(({ sha, name }) => sha === pull.head.sha && name === 'canary/validate')
  assert.match(`${report?.summary} ${report?.text}`, /require/)
})

test('an environment that could not be rendered is checked again automatically, and is green once the tool exists', async () => {
  const kustomize = memoryRenderer()
  let isThere = false
  const renderer: Renderer = {
    ...kustomize,
    render: (files, source) => (isThere ? kustomize : NO_TOOLS).render(files, source),
  }
  const world = await aWorld({ renderer, files: { 'apps/production/kustomization.yaml': 'resources: []\n' } })
  const pull = await aPull(world, { 'apps/production/kustomization.yaml': 'resources: [] # none\n' })
  assert.match(checkOf(world, pull, 'canary/validate'), /^action_required/)
  isThere = true
  await world.pass(16)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('a pull request with the base branch’s state is judged as a raise again when the base reverts it', async () => {
  const world = await aWorld()
  const route = routeFile('production', 'web')
  const before = textOn(world, 'main', route)
  world.alice.push('same', { [route]: withShare(before, 5) })
  const other = await aPull(world, { [route]: withShare(before, 5) })
  await merges(world, 'bob', other)
  const pull = world.alice.open('same', 'The same')
  assert.ok(pull !== undefined)
  await world.settle()
  assert.equal(gateOf(world, pull), 'success: No canary traffic changes')
  world.bob.push('main', { [route]: before })
  await world.settle()
  assert.match(checkOf(world, pull, 'canary/validate'), /production\/web 0% → 5%/)
})

for (const hours of [1, 28])
  test(`a commit that was green loses that after a push, even if no review works for ${hours} h`, async () => {
    const world = await aWorld()
    const pull = await aNewVersion(world)
    await says(world, 'alice', pull, '/canary 5')
    const { sha } = pull.head
    assert.match(gateOf(world, pull), /^success/)
    world.network.outages.set('git', world.now() + hours * 60 * 60_000)
    world.alice.push(pull.head.ref, { 'README.md': '# More\n' })
    await world.settle()
    await world.pass((hours + 1) * 60)
    await world.sweep()
    assert.match(gateOf(world, pull), /^success/)
    const old = { ...pull, head: { ...pull.head, sha } }
    assert.equal(gateOf(world, old), 'action_required: No open pull request has this commit')
  })
