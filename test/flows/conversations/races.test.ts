/** Whole conversations in which somebody is faster than Perch, or an answer of GitHub is lost, at each relevant request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GitHubUnavailable } from '../../../src/adapters/github/client/client.ts'
import { BLUE_GREEN_SUBSETS, blueGreenPods, blueGreenRoute } from '../../blue-green.ts'
import { BASE } from '../../memory/builds.ts'
import type { Pull } from '../../memory/github/github.ts'
import { routeFile, withShare } from '../../simulate/repository.ts'
import { aNewVersion, aPull, aRollout, merges, openSteps, presses, says, textOn, type World } from '../world.ts'
import { aTranscribedBuiltWorld, aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

/** Does something when a request with this name was answered, a given number of times. */
function when(world: World, request: string, act: () => void, times = 1): void {
  const { onAnswered } = world.network
  let left = times
  world.network.onAnswered = (name, answer) => {
    onAnswered?.(name, answer)
    if (name !== request || left === 0) return
    left -= 1
    act()
  }
}

/** Loses the first answer to each of these requests. */
function losing(world: World, requests: readonly string[]): void {
  for (const request of requests)
    when(world, request, () => {
      throw new GitHubUnavailable(`${request}: no answer`)
    })
}

test('somebody pushes to the branch while a command is carried out: it is done on the new commit, or not at all', async () => {
  const world = await aTranscribedWorld()
  const pull = await aNewVersion(world)
  let pushes = 0
  const push = (): void => void world.bob.push(pull.head.ref, { [`docs/${(pushes += 1)}.md`]: 'x\n' })
  when(world, 'people.permission', push)
  await says(world, 'alice', pull, '/canary 5')
  when(world, 'people.permission', push)
  when(world, 'branches.commit', push, 2)
  await says(world, 'alice', pull, '/canary 6')
  when(world, 'people.permission', () => world.bob.deleteBranch(pull.head.ref))
  await says(world, 'alice', pull, '/canary 7')
  await assertConversation(world, 'quicker-pushes')
})

test('somebody takes the branch of a step while it is created, and pushes to it while it is created again', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 25, 100] } })
  const mine = { 'docs/mine.md': 'x\n' }
  when(world, 'branches.create', () => void world.bob.push('canary/production/web/25', mine))
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  await world.pass(3)
  world.bob.deleteBranch('canary/production/web/25')
  await world.settle()
  await says(world, 'alice', pull, '/canary next')
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  step.labels = []
  world.bob.push('main', { 'docs/a.md': 'x\n' })
  await world.settle()
  assert.deepEqual([...step.labels], ['canary'])
  when(world, 'branches.commit', () => void world.bob.push(step.head.ref, mine))
  world.bob.push('main', { [ROUTE]: textOn(world, 'main', ROUTE).replace('hosts: [web]', 'hosts: [web, w]') })
  await world.settle()
  await world.pass(3)
  await assertConversation(world, 'quicker-branches')
})

/** The final state, whatever happened on the way. */
function endOf({ state }: World): unknown {
  const pulls = [...state.pulls.values()].map(({ title, state: is, labels, head }) => [
    title,
    is,
    [...labels].sort(),
    head.ref,
  ])
  const branches = [...state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/')).toSorted()
  const said = state.comments.map(
    ({ pull, body }) => `#${pull} ${body.replaceAll(/\b[0-9a-f]{7,40}\b|(?<=perch:[a-z]+:)[\w-]+/g, 'one')}`,
  )
  return { pulls, branches, said: said.map((text) => text.slice(0, 200)).toSorted() }
}

test('the first answer to each kind of request is lost in each part of a rollout: everything happens once', async () => {
  const play = async (isLosing: boolean): Promise<World> => {
    const world = await aTranscribedWorld({ config: { steps: [5, 25, 100] } })
    const lose = (...requests: readonly string[]): void => {
      if (isLosing) losing(world, requests)
    }
    const pull = await aNewVersion(world)
    lose('branches.commit', 'checks.create', 'checks.update', 'conversation.add')
    await says(world, 'alice', pull, '/canary 5')
    await world.pass(2)
    lose('branches.create', 'branches.commit', 'pulls.open', 'pulls.mark')
    await merges(world, 'bob', pull)
    await world.pass(2)
    const [step] = openSteps(world)
    assert.ok(step !== undefined)
    lose('branches.claim', 'records.write', 'conversation.add')
    await presses(world, 'bob', step, 'hold')
    await world.pass(2)
    lose('branches.remove', 'records.write')
    await says(world, 'bob', step, '/canary resume')
    await world.pass(2)
    lose('pulls.edit', 'branches.move', 'branches.remove')
    world.bob.push('main', { [ROUTE]: textOn(world, 'main', ROUTE).replace('hosts: [web]', 'hosts: [web, w]') })
    await world.settle()
    await world.pass(2)
    lose('pulls.open', 'pulls.mark', 'records.write')
    await says(world, 'alice', pull, '/canary 15')
    await world.pass(2)
    lose('pulls.close', 'pulls.open', 'branches.create', 'conversation.add')
    await says(world, 'alice', pull, '/canary abort')
    await world.pass(2)
    lose('branches.claim', 'records.write')
    await says(world, 'olga', pull, '/freeze production')
    await world.pass(2)
    lose('branches.remove', 'records.write')
    await says(world, 'olga', pull, '/unfreeze production')
    await world.pass(2)
    return world
  }
  assert.deepEqual(endOf(await play(true)), endOf(await play(false)))
})

test('a step for one of two environments of a route merges by itself, unless somebody changed it', async () => {
  const world = await aTranscribedBuiltWorld({
    ...BASE,
    '.github/canary.yml': `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production, live: { after: 3m } }
services:
  web: { steps: [25, 50, 100], bake: 1m, autoMerge: always }
`,
    'overlays/staging/kustomization.yaml': 'resources: [../../base]\nnamespace: staging\n',
    'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
  })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 25 --env production')
  await merges(world, 'bob', pull)
  await world.pass(6)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  world.bob.push(step.head.ref, {
    'overlays/staging/kustomization.yaml': 'resources: [../../base]\nnamespace: stage\n',
  })
  await world.settle()
  await world.pass(10)
  assert.equal(step.state, 'open')
  await assertConversation(world, 'one-of-two')
})

test('a rollout is checked again after its step was reverted, repeated, and replaced by a push', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status', steps: [5, 25, 100] } })
  const { step } = await aRollout(world)
  const at5 = textOn(world, 'main', ROUTE)
  world.bob.push('main', { [ROUTE]: withShare(at5, 0) })
  await world.settle()
  world.bob.push('main', { [ROUTE]: at5 })
  await world.settle()
  await world.sweep()
  world.bob.push('main', { 'docs/a.md': 'x\n', [ROUTE]: withShare(at5, 12) })
  await world.settle()
  await world.sweep()
  await says(world, 'alice', step, '/canary status')
  await says(world, 'alice', step, '/canary abort')
  await assertConversation(world, 'there-and-back')
})

/** The process ends after a request with this name was answered, and its result is merged before another process begins. */
async function endsAt(
  world: World,
  request: string,
  { asked, merged }: { readonly asked: () => void; readonly merged: () => Pull },
) {
  when(world, request, () => world.service.crash('all'))
  asked()
  await world.settle()
  assert.equal(world.service.isUp(), false, `${request} was not asked for`)
  world.bob.merge(merged(), { ignoresChecks: true })
  await world.service.start()
  await world.settle()
}

test('the work of a process that ended, and that somebody merged since, is reported and not repeated', async () => {
  const world = await aTranscribedWorld({ config: { steps: [5, 50, 100] } })
  const pull = await aNewVersion(world)
  await endsAt(world, 'branches.commit', {
    asked: () => void world.alice.comment(pull.number, '/canary 5'),
    merged: () => pull,
  })
  await endsAt(world, 'pulls.open', {
    asked: () => void world.alice.comment(pull.number, '/canary 30'),
    merged: () => [...world.state.pulls.values()].at(-1) ?? pull,
  })
  await world.pass(5)
  await endsAt(world, 'pulls.open', {
    asked: () => void world.alice.comment(pull.number, '/canary abort'),
    merged: () => [...world.state.pulls.values()].at(-1) ?? pull,
  })
  await assertConversation(world, 'done-before')
  const route = blueGreenRoute('blue', 'green')
  const other = await aTranscribedWorld({
    services: [],
    environments: [],
    files: {
      [ROUTE]: route,
      'apps/production/web-pods.yaml': blueGreenPods({ blue: '1', green: '2' }),
      'apps/production/web-subsets.yaml': BLUE_GREEN_SUBSETS,
      '.github/canary.yml': 'environments:\n  production: { path: apps/production, live: { after: 3m } }\n',
    },
  })
  const closed = await aPull(other, { 'docs/a.md': 'x\n' }, 'Ask')
  other.alice.close(closed)
  await other.settle()
  await endsAt(other, 'pulls.open', {
    asked: () => void other.alice.comment(closed.number, '/switch green'),
    merged: () => [...other.state.pulls.values()].at(-1) ?? closed,
  })
  assert.notEqual(textOn(other, 'main', ROUTE), route)
  await assertConversation(other, 'switched-before')
})
