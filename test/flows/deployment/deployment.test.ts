/** The steps of a rollout on GitHub's own pages, if the config asks for that. */
import assert from 'node:assert/strict'
import { argoRollout } from '../../owners.ts'
import { subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
import { aPull, aRollout, aWorld, merges, openSteps, says, textOn, type World, type WorldOptions } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

function configText(deployments: boolean, steps: readonly number[]): string {
  return `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [${steps.join(', ')}], bake: 10m }
${deployments ? 'deployments: true\n' : ''}`
}

function aWorldThat({
  shows,
  steps = [5, 100],
  files = {},
  ...options
}: { readonly shows: boolean; readonly steps?: readonly number[] } & WorldOptions): Promise<World> {
  return aWorld({ ...options, files: { '.github/canary.yml': configText(shows, steps), ...files } })
}

function shown({ state }: World): readonly string[] {
  return state.deployments.map(
    ({ environment, task, states }) => `${environment} ${task}: ${states.map((one) => one.state).join(' → ')}`,
  )
}

async function mergeNext(world: World): Promise<void> {
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  await merges(world, 'bob', step)
}

test('each merged step is a deployment: in progress, live, and over when the next one is live', async () => {
  const world = await aWorldThat({ shows: true })
  await aRollout(world)
  assert.deepEqual(shown(world), ['production canary:web: in_progress'])
  assert.equal(world.state.deployments[0]?.commit, world.state.refs.get('refs/heads/main'))
  await world.pass(20)
  assert.deepEqual(shown(world), ['production canary:web: in_progress → success'])
  assert.deepEqual(
    world.state.deployments[0]?.states.map(({ description }) => description),
    ['web: 5% to canary v3, merged', 'web: 5% to canary v3, live'],
  )
  await mergeNext(world)
  await world.pass(20)
  assert.deepEqual(shown(world), [
    'production canary:web: in_progress → success → inactive',
    'production canary:web: in_progress → success',
  ])
})

test('steps that were never live are over when a later one is live, or when the rollout ends', async () => {
  for (const end of ['live', 'rollback'] as const) {
    const world = await aWorldThat({ shows: true, steps: [5, 10, 20, 100] })
    const { pull } = await aRollout(world)
    for (let count = 0; count < 2; count += 1) {
      const [step] = openSteps(world)
      assert.ok(step !== undefined)
      assert.equal(world.olga.merge(step, { ignoresChecks: true }), 'merged')
      await world.settle()
    }
    if (end === 'live') await world.pass(20)
    else {
      await says(world, 'alice', pull, '/canary abort')
      await mergeNext(world)
    }
    assert.deepEqual(shown(world), [
      'production canary:web: in_progress → inactive',
      'production canary:web: in_progress → inactive',
      `production canary:web: in_progress → ${end === 'live' ? 'success' : 'failure → inactive'}`,
    ])
  }
})

test('a rollout that a controller in the cluster moves is not shown, and one that it takes over is over', async () => {
  const owner = 'apps/production/web-rollout.yaml'
  const owned = await aWorldThat({ shows: true, files: { [owner]: argoRollout() }, share: 20 })
  await owned.sweep()
  assert.deepEqual(shown(owned), [])
  const world = await aWorldThat({ shows: true })
  await aRollout(world)
  world.alice.push('main', { [owner]: argoRollout() })
  await world.settle()
  assert.deepEqual(shown(world), ['production canary:web: in_progress → inactive'])
})

test('a switch is not shown, because it has no steps', async () => {
  const config = configText(true, [100]).replace('steps: [100], bake: 10m', 'strategy: blue-green')
  const world = await aWorldThat({ shows: true, files: { '.github/canary.yml': config } })
  const pull = await aPull(world, { 'docs/a.md': '# Switch\n' })
  await says(world, 'alice', pull, '/switch canary')
  await merges(world, 'bob', pull)
  assert.match(textOn(world, 'main', 'apps/production/web-route.yaml'), /weight: 0\n[^]*weight: 100\n/)
  const route = 'apps/production/web-route.yaml'
  const part = await aPull(world, { [route]: withShare(textOn(world, 'main', route), 30) })
  assert.equal(world.bob.merge(part, { ignoresChecks: true }), 'merged')
  await world.pass(20)
  assert.deepEqual(shown(world), [])
})

test('after a rollout has finished, GitHub still shows its last step', async () => {
  const world = await aWorldThat({ shows: true })
  await aRollout(world)
  for (let count = 0; count < 3; count += 1) {
    await world.pass(20)
    await mergeNext(world)
  }
  await world.pass(20)
  await world.sweep()
  const ends = world.state.deployments.map(({ states }) => states.at(-1)?.state)
  assert.deepEqual(ends, ['inactive', 'inactive', 'success'])
})

test('an opened rollback makes its step a failure, and a merged one ends it', async () => {
  const world = await aWorldThat({ shows: true })
  const { pull } = await aRollout(world)
  await world.pass(20)
  await says(world, 'alice', pull, '/canary abort it is slow')
  assert.deepEqual(shown(world), ['production canary:web: in_progress → success → failure'])
  await mergeNext(world)
  assert.deepEqual(shown(world), ['production canary:web: in_progress → success → failure → inactive'])
})

test('without the key nothing is shown', async () => {
  const world = await aWorldThat({ shows: false })
  await aRollout(world)
  await world.pass(20)
  assert.deepEqual(shown(world), [])
})

test('without the permission the rollout continues, and Perch says so once', async () => {
  const world = await aWorldThat({ shows: true })
  world.state.mayDeploy = false
  await aRollout(world)
  for (let count = 0; count < 2; count += 1) {
    await world.pass(20)
    await mergeNext(world)
  }
  const said = world.state.comments.filter(({ body }) => body.includes('perch:notice:deployments'))
  assert.equal(said.length, 1)
  assert.match(said[0]?.body ?? '', /GitHub does not let Perch show deployments\..*write access to deployments\./s)
  assert.deepEqual(shown(world), [])
  // If the permission is granted during a rollout, the next state is shown.
  world.state.mayDeploy = true
  await world.pass(20)
  assert.deepEqual(shown(world), ['production canary:web: success'])
})

test('lost webhooks show nothing twice', async () => {
  const world = await aWorldThat({ shows: true })
  await aRollout(world)
  world.hears = false
  await world.pass(20)
  await world.sweep()
  await world.sweep()
  assert.deepEqual(shown(world), ['production canary:web: in_progress → success'])
})

test('a sweep costs no more requests', async () => {
  const costs: number[] = []
  for (const shows of [true, false]) {
    const world = await aWorldThat({ shows })
    await aRollout(world)
    await world.pass(20)
    await world.sweep()
    const before = world.network.requests
    await world.sweep()
    costs.push(world.network.requests - before)
  }
  assert.equal(costs[0], costs[1])
})

test('after memory was lost the deployment is found again', async () => {
  const world = await aWorldThat({ shows: true })
  await aRollout(world)
  await world.pass(20)
  world.service.crash('all')
  await world.service.start()
  await world.sweep()
  await world.pass(20)
  assert.deepEqual(shown(world), ['production canary:web: in_progress → success'])
})

test('two services that one merge moves are each shown as live', async () => {
  const world = await aWorldThat({ shows: true, services: ['web', 'api'] })
  const files = Object.fromEntries(
    ['web', 'api'].map((service) => {
      const path = subsetsFile('production', service)
      return [path, withCanaryVersion(textOn(world, 'main', path), 'v3')]
    }),
  )
  const pull = await aPull(world, files)
  await says(world, 'alice', pull, '/canary 5 web')
  await says(world, 'alice', pull, '/canary 5 api')
  await merges(world, 'bob', pull)
  await world.pass(20)
  assert.deepEqual(shown(world).toSorted(), [
    'production canary:api: in_progress → success',
    'production canary:web: in_progress → success',
  ])
})
