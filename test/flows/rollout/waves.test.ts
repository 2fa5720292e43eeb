/** Environments that take each step one after the other, or together. */
import assert from 'node:assert/strict'
import type { Pull } from '../../memory/github/github.ts'
import { type Knowledge, memoryMetrics } from '../../memory/metrics.ts'
import { routeFile, subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
import {
  aPull,
  answers,
  aWorld,
  branches,
  comments,
  flux,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
  type WorldOptions,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ENVIRONMENTS = ['eu-1', 'eu-2', 'us-1'] as const
const WAVES = [['eu-1'], ['eu-2', 'us-1']]

function aFleet(config: WorldOptions['config'] = {}, environments: readonly string[] = ENVIRONMENTS): Promise<World> {
  return aWorld({ environments, config: { waves: WAVES, ...config } })
}

/** A pull request of Alice's that brings v3 to some environments. */
function aFleetVersion(world: World, environments: readonly string[] = ENVIRONMENTS, version = 'v3') {
  const paths = environments.map((environment) => subsetsFile(environment, 'web'))
  const files = paths.map((path) => [path, withCanaryVersion(textOn(world, 'main', path), version)])
  return aPull(world, Object.fromEntries(files), `web ${version}`)
}

test('the second wave gets a share when the first has it, live and baked', async () => {
  const world = await aFleet()
  await merges(world, 'bob', await aFleetVersion(world))
  const [second, first] = [await aPull(world, { a: '1' }), await aPull(world, { b: '1' })]
  await says(world, 'alice', second, '/canary 5 --env eu-2')
  assert.match(
    gateOf(world, second),
    /^action_required: Waiting for order: eu-1 must do this step first\. It is at 0% and must reach 5%/,
  )
  await says(world, 'alice', first, '/canary 5 --env eu-1')
  await merges(world, 'bob', first)
  assert.match(gateOf(world, second), /eu-1 must do this step first\. There: counts as live at/)
  await world.pass(4)
  assert.match(gateOf(world, second), /eu-1 must do this step first: it bakes there until/)
  await world.pass(10)
  assert.match(gateOf(world, second), /^success: In order/)
})

test('the second wave waits again when the first is no longer live, immediately and without a sweep', async () => {
  const world = await aFleet({ live: 'status' })
  await merges(world, 'bob', await aFleetVersion(world))
  const [second, first] = [await aPull(world, { a: '1' }), await aPull(world, { b: '1' })]
  await says(world, 'alice', second, '/canary 5 --env eu-2')
  await says(world, 'alice', first, '/canary 5 --env eu-1')
  await merges(world, 'bob', first)
  await flux(world, 'success')
  await world.pass(5)
  assert.match(gateOf(world, second), /eu-1 must do this step first: it bakes there until/)
  await flux(world, 'failure')
  assert.match(gateOf(world, second), /eu-1 must do this step first\. There: the commit status flux\/apps failed/)
  await flux(world, 'success')
  await world.pass(11)
  assert.match(gateOf(world, second), /^success: In order/)
  await flux(world, 'failure')
  assert.match(gateOf(world, second), /eu-1 must do this step first\. There: the commit status flux\/apps failed/)
})

test('the first wave continues when all others have its share, and a lower share waits for nobody', async () => {
  const world = await aFleet()
  await merges(world, 'bob', await aFleetVersion(world))
  const first = await aPull(world, { a: '1' })
  await says(world, 'alice', first, '/canary 5 --env eu-1')
  await merges(world, 'bob', first)
  await world.pass(15)
  const next = await aPull(world, { b: '1' })
  await says(world, 'alice', next, '/canary 25 --env eu-1')
  assert.match(
    gateOf(world, next),
    /Waiting for order: eu-2 must do the step before this one first\. It is at 0% and must reach 5%/,
  )
  await says(world, 'alice', next, '/canary 0 --env eu-1')
  assert.match(gateOf(world, next), /^success/)
})

test('an environment in waves that Perch does not find blocks every raise', async () => {
  const files = { '.github/canary.yml': 'services: { web: { waves: [[default], [eu-7]] } }\n' }
  const world = await aWorld({ files })
  const pull = await aFleetVersion(world, ['production'])
  await says(world, 'alice', pull, '/canary 5')
  assert.match(
    gateOf(world, pull),
    /^failure: Blocked by order: eu-7 is in the waves of this service, but Perch finds no such service there\. Add it there, or write w/,
  )
  await says(world, 'alice', pull, '/canary 0')
  assert.match(gateOf(world, pull), /^success/)
})

/** A rollout whose first share is in the first wave. */
async function aFleetRollout(world: World) {
  const pull = await aFleetVersion(world)
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  await merges(world, 'bob', pull)
  return pull
}

const shares = (world: World, branch = 'main') =>
  ENVIRONMENTS.map((environment) => shareOn(world, branch, { environment }))

test('wave by wave each share is one pull request for all environments of a wave, up to the new stable version', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const seen: string[] = []
  for (
    let [step, ...more] = openSteps(world);
    step !== undefined && seen.length < 20;
    [step, ...more] = openSteps(world)
  ) {
    assert.deepEqual(more, [], 'one pull request at a time')
    await world.pass(14)
    assert.match(gateOf(world, step), /^success/, step.title)
    seen.push(`${step.head.ref}: ${step.title}`)
    assert.match(step.body, new RegExp(`began in #${pull.number}`))
    await merges(world, 'alice', step)
  }
  const both = 'eu-2+us-1/web'
  assert.deepEqual(seen, [
    `canary/${both}/5: Canary ${both} v3: 0% → 5%`,
    'canary/eu-1/web/25: Canary eu-1/web v3: 5% → 25%',
    `canary/${both}/25: Canary ${both} v3: 5% → 25%`,
    'canary/eu-1/web/100: Canary eu-1/web v3: 25% → 100%',
    `canary/${both}/100: Canary ${both} v3: 25% → 100%`,
    'canary/eu-1/web/finish: Finish eu-1/web: stable becomes v3',
    `canary/${both}/finish: Finish ${both}: stable becomes v3`,
    'canary/eu-1/web/0: Finish eu-1/web: all traffic on stable v3',
    `canary/${both}/0: Finish ${both}: all traffic on stable v3`,
  ])
  assert.deepEqual(shares(world), [0, 0, 0])
  for (const environment of ENVIRONMENTS) assert.deepEqual(versionsOn(world, 'main', { environment }), ['v3', 'v3'])
})

test('the pull request of a wave names its environments, and each of them has its gates', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.match(step.body, /Moves `eu-2` and `us-1` together\. Wave 2 of 2: `eu-1` → \*\*`eu-2`, `us-1`\*\*\./)
  assert.deepEqual(shares(world, step.head.ref), [5, 5, 5])
  await world.pass(14)
  await merges(world, 'bob', step)
  const [first] = openSteps(world)
  assert.ok(first !== undefined && first.head.ref === 'canary/eu-1/web/25')
  assert.match(gateOf(world, first), /eu-2 must do the step before this one first\. There: counts as live at/)
  await world.pass(14)
  await merges(world, 'bob', first)
  const [second] = openSteps(world)
  assert.ok(second !== undefined)
  await world.pass(14)
  const checks = world.state.runs.findLast((run) => run.sha === second.head.sha && run.name === 'canary/gate')
  for (const name of ['eu-2/web', 'us-1/web'])
    for (const gate of ['live', 'bake', 'order'])
      assert.match(checks?.report?.summary ?? '', new RegExp(`\\*\\*${gate}\\*\\* \`${name}\``))
})

const FIRST = 'canary/eu-1/web'
const SECOND = 'canary/eu-2+us-1/web'
const open = (world: World): readonly string[] => branches(openSteps(world))

/** Merges the open steps one after the other until the given one is open. */
async function upTo(world: World, branch: string): Promise<Pull> {
  for (let count = 0; count < 12; count += 1) {
    const [step] = openSteps(world)
    assert.ok(step !== undefined, `nothing is open before ${branch}`)
    if (step.head.ref === branch) return step
    await world.pass(14)
    await merges(world, 'alice', step)
  }
  return assert.fail(`${branch} was never opened`)
}

test('a command without an environment means the first wave, and one on the step of a wave that wave', async () => {
  const world = await aFleet()
  const pull = await aFleetVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  assert.deepEqual(shares(world, pull.head.ref), [5, 0, 0])
  await merges(world, 'bob', pull)
  const second = await upTo(world, `${SECOND}/5`)
  await says(world, 'alice', second, '/canary 3')
  assert.deepEqual(shares(world, second.head.ref), [5, 3, 3])
  assert.match(answers(world, second).at(-1) ?? '', /`eu-2\+us-1\/web`: 0% → \*\*3%\*\*|eu-2\+us-1\/web/)
  await says(world, 'alice', second, '/canary 5 --env eu-2+us-1')
  assert.deepEqual(shares(world, second.head.ref), [5, 5, 5])
})

test('several environments in one wave begin, continue and finish together', async () => {
  const world = await aFleet({ waves: [['us-1', 'eu-1', 'eu-2']] })
  const pull = await aFleetVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  assert.deepEqual(shares(world, pull.head.ref), [5, 5, 5])
  await merges(world, 'bob', pull)
  const all = 'canary/us-1+eu-1+eu-2/web'
  await upTo(world, `${all}/25`)
  await upTo(world, `${all}/finish`)
  const last = await upTo(world, `${all}/0`)
  await world.pass(14)
  await merges(world, 'bob', last)
  assert.deepEqual([shares(world), open(world)], [[0, 0, 0], []])
})

test('an abort takes the traffic back in all waves, one pull request for each', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const step = await upTo(world, `${FIRST}/25`)
  await says(world, 'bob', pull, '/canary abort')
  assert.deepEqual([step.state, open(world)], ['closed', [`${FIRST}/0`, `${SECOND}/0`]])
  const [first, second] = openSteps(world)
  assert.ok(first !== undefined && second !== undefined)
  assert.match(second.title, /^Roll back eu-2\+us-1\/web v3: 5% → 0%$/)
  assert.match(gateOf(world, second), /^success/)
  await world.sweep()
  assert.deepEqual(open(world), [`${FIRST}/0`, `${SECOND}/0`], 'nothing goes on meanwhile')
  await merges(world, 'bob', second)
  await merges(world, 'bob', first)
  await world.sweep()
  assert.deepEqual([shares(world), open(world)], [[0, 0, 0], []])
})

test('an abort before the second wave has begun leaves no step there', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  assert.deepEqual(open(world), [`${SECOND}/5`])
  await says(world, 'bob', pull, '/canary abort')
  assert.deepEqual(open(world), [`${FIRST}/0`])
  await world.sweep()
  assert.deepEqual(open(world), [`${FIRST}/0`])
})

test('a step of a wave that a person closes stops the waves, until somebody says next', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/5`)
  world.bob.close(step)
  await world.settle()
  await world.sweep()
  assert.deepEqual(open(world), [])
  assert.match(
    comments(world, step).at(-1) ?? '',
    new RegExp(`rollout of \`eu-2\\+us-1/web\` has stopped at 0%.*next\` on #${pull.number}`),
  )
  await says(world, 'alice', pull, '/canary next')
  assert.deepEqual(open(world), [`${SECOND}/5`])
  const again = await upTo(world, `${SECOND}/25`)
  assert.deepEqual(shares(world, again.head.ref), [25, 25, 25])
})

test('an environment of a wave that a person moved leaves the wave, and the others catch up', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/25`)
  const path = routeFile('eu-2', 'web')
  world.alice.push('main', { [path]: textOn(world, step.head.ref, path) })
  await world.settle()
  assert.match(
    comments(world, step).at(-1) ?? '',
    /^Closed: the environments of this wave are no longer at the same step/,
  )
  assert.deepEqual([open(world), shares(world)], [['canary/us-1/web/25'], [25, 25, 5]])
  await upTo(world, `${FIRST}/100`)
  await upTo(world, `${SECOND}/100`)
})

test('a version that a person rolled back in one environment begins there again only when a person says so', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  await upTo(world, `${FIRST}/25`)
  await says(world, 'alice', pull, '/canary 0 --env us-1')
  const back = openSteps(world).find(({ head }) => head.ref === 'canary/us-1/web/0')
  assert.ok(back !== undefined, open(world).join())
  await merges(world, 'bob', back)
  await world.sweep()
  assert.deepEqual([open(world), shares(world)], [[`${FIRST}/25`], [5, 5, 0]])
  const [first] = openSteps(world)
  assert.ok(first !== undefined)
  await world.pass(14)
  assert.match(gateOf(world, first), /us-1 must do the step before this one first\. It is at 0%/)
  await says(world, 'alice', pull, '/canary status')
  assert.match(
    answers(world, pull).at(-1) ?? '',
    /Waves of `web`: `eu-1` 5% → `eu-2` 5%, `us-1` 0%\. All wait for `us-1`, where Perch opens no step by itself/,
  )
  await says(world, 'alice', pull, '/canary 5 --env us-1')
  const again = openSteps(world).find(({ head }) => head.ref === 'canary/us-1/web/5')
  assert.ok(again !== undefined, open(world).join())
  await merges(world, 'bob', again)
  await upTo(world, `${SECOND}/25`)
})

test('the status shows the waves and whose turn it is, on every pull request of the rollout', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/5`)
  for (const place of [pull, step]) {
    await says(world, 'alice', place, '/canary status')
    assert.match(
      answers(world, place).at(-1) ?? '',
      /Waves of `web`: `eu-1` 5% → `eu-2` 0%, `us-1` 0%\. Next: `eu-2`, `us-1`\./,
    )
  }
})

test('Perch merges the steps of waves by itself where the config says so', async () => {
  const world = await aFleet({ autoMerge: 'always' })
  await aFleetRollout(world)
  for (let count = 0; count < 12; count += 1) {
    await world.pass(14)
    await world.sweep()
  }
  assert.deepEqual([shares(world), open(world)], [[0, 0, 0], []])
  assert.deepEqual(versionsOn(world, 'main', { environment: 'us-1' }), ['v3', 'v3'])
})

/** A world with three clusters, each with its own Prometheus. `rates`: their success rates. */
function aMeasuredFleet(rates: Record<string, number>, onFailure = 'rollback'): Promise<World> {
  const lines = ENVIRONMENTS.map(
    (name) => `  ${name}: { path: apps/${name}, live: { after: 3m }, prometheus: ${name} }\n`,
  )
  const analysis = '{ checks: [{ metric: success-rate, min: 99 }] }'
  const service = `{ steps: [5, 25, 100], bake: 10m, onFailure: ${onFailure}, waves: ${JSON.stringify(WAVES)}, analysis: ${analysis} }`
  const server =
    (name: string): Knowledge =>
    (query) =>
      /response_code/.test(query) ? rates[name] : 1_000
  return aWorld({
    environments: ENVIRONMENTS,
    files: { '.github/canary.yml': `environments:\n${lines.join('')}services:\n  web: ${service}\n` },
    metrics: memoryMetrics(Object.fromEntries(ENVIRONMENTS.map((name) => [name, server(name)]))),
  })
}

test('a canary that fails in one environment is taken back in all, and the pull requests say where it failed', async () => {
  const rates = { 'eu-1': 99.9, 'eu-2': 99.9, 'us-1': 99.9 }
  const world = await aMeasuredFleet(rates)
  await aFleetRollout(world)
  await world.pass(5)
  const step = await upTo(world, `${FIRST}/25`)
  rates['us-1'] = 50
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.deepEqual([step.state, open(world)], ['closed', [`${FIRST}/0`, `${SECOND}/0`]])
  assert.match(comments(world, step).at(-1) ?? '', /Closed: the canary failed its analysis in `us-1\/web`/)
  for (const rollback of openSteps(world)) {
    assert.match(rollback.body, /\*\*The canary failed its analysis in `us-1\/web`\*\*: `success-rate`/)
    await merges(world, 'bob', rollback)
  }
  await world.sweep()
  assert.deepEqual([shares(world), open(world)], [[0, 0, 0], []])
})

test('a canary that fails in the first wave closes the step with which the second would begin', async () => {
  const world = await aMeasuredFleet({ 'eu-1': 50, 'eu-2': 99.9, 'us-1': 99.9 })
  await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/5`)
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.match(gateOf(world, step), /./)
  assert.deepEqual([step.state, open(world)], ['closed', [`${FIRST}/0`]])
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  world.bob.close(rollback)
  await world.settle()
  await world.sweep()
  assert.deepEqual(open(world), [`${SECOND}/5`], 'whoever refuses the rollback goes on')
  const [again] = openSteps(world)
  assert.ok(again !== undefined)
  await world.pass(15)
  assert.match(gateOf(world, again), /eu-1 must do this step first\. There: /)
})

test('onFailure: hold holds the environment that fails, and no other continues', async () => {
  const rates = { 'eu-1': 99.9, 'eu-2': 99.9, 'us-1': 99.9 }
  const world = await aMeasuredFleet(rates, 'hold')
  await aFleetRollout(world)
  const step = await upTo(world, `${FIRST}/25`)
  rates['us-1'] = 50
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.equal(step.state, 'open')
  const holds = [...world.state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/perch/hold/'))
  assert.deepEqual(holds, ['refs/heads/perch/hold/us-1/web'])
  assert.match(gateOf(world, step), /us-1 must do the step before this one first\. There: .*success-rate/)
})

test('a hold on the pull request that began the rollout holds all waves', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  await says(world, 'bob', pull, '/canary hold wait')
  const holds = [...world.state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/perch/hold/'))
  assert.deepEqual(
    holds.toSorted(),
    ENVIRONMENTS.map((name) => `refs/heads/perch/hold/${name}/web`),
  )
  await world.pass(15)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.match(gateOf(world, step), /^action_required: Waiting for hold/)
  await says(world, 'bob', pull, '/canary resume')
  assert.match(gateOf(world, step), /^success/)
})

test('a share that people set by hand in the first wave begins nothing in the second', async () => {
  const world = await aFleet()
  const path = routeFile('eu-1', 'web')
  world.alice.push('main', { [path]: withShare(textOn(world, 'main', path), 10) })
  await world.settle()
  await world.sweep()
  assert.deepEqual([shares(world), open(world)], [[10, 0, 0], []])
})

test('environments that a pull request moves with two versions do not move alike: each waits for the other', async () => {
  const world = await aFleet({ waves: [[...ENVIRONMENTS]] })
  const pull = await aFleetVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const step = await upTo(world, 'canary/eu-1+eu-2+us-1/web/25')
  const subsets = subsetsFile('us-1', 'web')
  world.alice.push('main', { [subsets]: withCanaryVersion(textOn(world, 'main', subsets), 'v9') })
  await world.settle()
  await world.pass(30)
  assert.equal(step.state, 'closed')
  const files = ENVIRONMENTS.map((name) => {
    const path = routeFile(name, 'web')
    return [path, withShare(textOn(world, 'main', path), 25)] as const
  })
  const all = await aPull(world, Object.fromEntries(files))
  assert.match(gateOf(world, all), /^action_required: Waiting for order: .*another version/)
})

test('a version that fails does not roll back another version in an environment of the waves', async () => {
  const rates = { 'eu-1': 99.9, 'eu-2': 99.9, 'us-1': 99.9 }
  const world = await aMeasuredFleet(rates)
  await aFleetRollout(world)
  await world.pass(5)
  await upTo(world, `${FIRST}/25`)
  const subsets = subsetsFile('us-1', 'web')
  world.alice.push('main', { [subsets]: withCanaryVersion(textOn(world, 'main', subsets), 'v9') })
  await world.settle()
  rates['eu-1'] = 50
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.deepEqual(open(world), [`${FIRST}/0`, 'canary/eu-2/web/0'])
})

test('a step of a wave that a rollback in one of its environments closed comes again when that begins again', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/25`)
  await says(world, 'alice', pull, '/canary 0 --env us-1')
  await world.sweep()
  assert.deepEqual([step.state, open(world)], ['closed', ['canary/us-1/web/0']])
  const [back] = openSteps(world)
  assert.ok(back !== undefined)
  await merges(world, 'bob', back)
  await says(world, 'alice', pull, '/canary 5 --env us-1')
  const again = openSteps(world).find(({ head }) => head.ref === 'canary/us-1/web/5')
  assert.ok(again !== undefined, open(world).join())
  await world.pass(14)
  await merges(world, 'bob', again)
  await world.sweep()
  assert.deepEqual(open(world), [`${SECOND}/25`])
})

test('environments that are far behind take the steps of the plan, not one leap', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const path = routeFile('eu-1', 'web')
  world.alice.push('main', { [path]: withShare(textOn(world, 'main', path), 80) })
  await world.settle()
  await world.pass(14)
  await upTo(world, `${SECOND}/25`)
  await upTo(world, `${SECOND}/80`)
})

test('a version that automation brings to all environments begins by itself in the first wave alone', async () => {
  const world = await aFleet({ start: 'first-step', automation: ['alice'] })
  const pull = await aFleetVersion(world)
  await world.settle()
  assert.deepEqual(shares(world, pull.head.ref), [5, 0, 0])
  assert.match(gateOf(world, pull), /^success/)
  await merges(world, 'bob', pull)
  assert.deepEqual(open(world), [`${SECOND}/5`])
})

test('a version that automation pushes to all environments begins by itself in the first wave alone', async () => {
  const world = await aFleet({ start: 'first-step', automation: ['alice'], waves: [['eu-1', 'eu-2'], ['us-1']] })
  const paths = ENVIRONMENTS.map((environment) => subsetsFile(environment, 'web'))
  const files = paths.map((path) => [path, withCanaryVersion(textOn(world, 'main', path), 'v3')])
  world.alice.push('main', Object.fromEntries(files))
  await world.settle()
  await world.sweep()
  assert.deepEqual(open(world), ['canary/eu-1+eu-2/web/5'])
})

test('a wave of twelve clusters has a branch, a title and a body that GitHub takes', async () => {
  const many = Array.from({ length: 12 }, (_, index) => `production-cluster-number-${index}`)
  const world = await aFleet({ waves: [many] }, many)
  const pull = await aFleetVersion(world, many)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const [step, ...more] = openSteps(world)
  assert.ok(step !== undefined && more.length === 0)
  assert.ok(step.title.length <= 256 && step.head.ref.length <= 200)
  assert.match(step.title, /5% → 25%/)
  await world.pass(14)
  await merges(world, 'bob', step)
  await world.sweep()
  assert.equal(openSteps(world)[0]?.head.ref.split('/').at(-1), '100')
})

test('an environment with a plus in its name has its own steps, whatever the names of waves are', async () => {
  const names = ['eu+1', 'eu-1', 'eu-2']
  const world = await aFleet({ waves: [['eu+1'], ['eu-1', 'eu-2']] }, names)
  const pull = await aFleetVersion(world, names)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  await upTo(world, 'canary/eu-1+eu-2/web/5')
  await upTo(world, 'canary/eu+1/web/25')
  await upTo(world, 'canary/eu-1+eu-2/web/25')
})

test('a config without its waves leaves each environment its own rollout, and new waves join them', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/25`)
  const config = textOn(world, 'main', '.github/canary.yml')
  world.alice.push('main', { '.github/canary.yml': config.replace(/ +waves: .*\n/, '') })
  await world.settle()
  await world.sweep()
  assert.equal(step.state, 'closed')
  assert.deepEqual(open(world).toSorted(), ['canary/eu-1/web/100', 'canary/eu-2/web/25', 'canary/us-1/web/25'])
  world.alice.push('main', { '.github/canary.yml': config })
  await world.settle()
  await world.sweep()
  assert.deepEqual(open(world).toSorted(), ['canary/eu-1/web/100', 'canary/eu-2/web/25', 'canary/us-1/web/25'])
  const [first] = openSteps(world).filter(({ head }) => head.ref === 'canary/eu-1/web/100')
  assert.ok(first !== undefined)
  await world.pass(30)
  assert.match(gateOf(world, first), /eu-2 must do the step before this one first/)
})

test('an abort of a wave whose environments have separated says that the rollout was aborted', async () => {
  const world = await aFleet()
  const pull = await aFleetRollout(world)
  const step = await upTo(world, `${SECOND}/25`)
  const path = routeFile('eu-2', 'web')
  world.hears = false
  world.alice.push('main', { [path]: textOn(world, step.head.ref, path) })
  world.hears = true
  await says(world, 'bob', pull, '/canary abort')
  assert.deepEqual([step.state, open(world)], ['closed', [`${FIRST}/0`, 'canary/eu-2/web/0', 'canary/us-1/web/0']])
  assert.match(comments(world, step).at(-1) ?? '', /Closed: the rollout was aborted/)
  await world.sweep()
  for (const rollback of openSteps(world)) await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([shares(world), open(world)], [[0, 0, 0], []])
})

test('a new version for all waves is offered to the first wave, and named for the others', async () => {
  const world = await aFleet()
  const pull = await aFleetVersion(world)
  const offer = comments(world, pull).find((body) => body.includes('New canary')) ?? ''
  assert.match(offer, /canary 5 web --env eu-1/)
  assert.doesNotMatch(offer, /--env (?:eu-2|us-1)/)
  assert.match(offer, /eu-2\/web.*us-1\/web.* can start after that/)
  await says(world, 'alice', pull, '/canary 5 --env eu-1')
  const begun = comments(world, pull).find((body) => body.includes('New canary')) ?? ''
  assert.doesNotMatch(begun, /--env (?:eu-2|us-1)/)
  assert.match(begun, /eu-2\/web.*us-1\/web.* can start after the environments that come first/)
})

/** GitHub's merge queue merges what it has built. */
async function dequeues(world: World, pull: Pull): Promise<void> {
  world.state.queued.splice(0)
  await merges(world, 'bob', pull)
}

test('a merge queue accepts the step of a wave when the previous wave is done, and the next wave follows', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const [second] = openSteps(world)
  assert.ok(second !== undefined && second.head.ref === `${SECOND}/5`)
  const early = await queue(world, [second])
  assert.match(early.gate(), /^action_required: .*eu-1 must do this step first/)
  await world.pass(14)
  assert.match(early.gate(), /^success/, 'judged again while it waits')
  const words = await aPull(world, { 'docs/a.md': 'x\n' })
  const group = await queue(world, [words, second])
  assert.match(group.gate(), /^success/)
  await dequeues(world, second)
  const [first] = openSteps(world)
  assert.ok(first !== undefined && first.head.ref === `${FIRST}/25`)
  assert.match((await queue(world, [first])).gate(), /^action_required: .*must do the step before this one first/)
  await world.pass(14)
  assert.match((await queue(world, [first])).gate(), /^success/)
  await dequeues(world, first)
  assert.deepEqual(open(world), [`${SECOND}/25`])
})

test('two waves of one rollout never pass together in a merge queue', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const [second] = openSteps(world)
  assert.ok(second !== undefined)
  await world.pass(14)
  const ahead = await aPull(world, { b: '1' })
  await says(world, 'alice', ahead, '/canary 25 --env eu-1')
  const together = await queue(world, [second, ahead])
  assert.match(together.gate(), /^(?:action_required|failure): /)
  assert.match((await queue(world, [second])).gate(), /^success/)
})

test('a hold on one environment immediately holds the group of a merge queue that moves its wave', async () => {
  const world = await aFleet()
  await aFleetRollout(world)
  const [second] = openSteps(world)
  assert.ok(second !== undefined)
  await world.pass(14)
  const group = await queue(world, [second])
  assert.match(group.gate(), /^success/)
  await says(world, 'alice', second, '/canary hold errors')
  assert.match(group.gate(), /^action_required: .*held/i)
  await says(world, 'alice', second, '/canary resume')
  assert.match(group.gate(), /^success/)
})
