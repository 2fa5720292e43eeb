/** The share that Prometheus really observes: as proof that a step is live, and as a line of `/canary status`. */
import assert from 'node:assert/strict'
import type { Pull } from '../../memory/github/github.ts'
import { type Knowledge, memoryMetrics } from '../../memory/metrics.ts'
import { routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import {
  aPull,
  aRollout,
  aWorld,
  answers,
  gateOf,
  merges,
  openSteps,
  says,
  shareOn,
  textOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const CONFIG = (live: string): string =>
  `environments:\n  production: { path: apps/production, live: ${live} }\nservices:\n  web: { steps: [5, 25, 100], bake: 10m }\n`

/** A world in which the canary now gets `share` percent of `requests`. */
async function seen(
  traffic: { share: number; requests: number },
  live = '{ traffic: ±2, within: 1h }',
): Promise<World> {
  const known: Knowledge = (query) =>
    (traffic.requests * (/destination_version="v1"/.test(query) ? 100 - traffic.share : traffic.share)) / 100
  return aWorld({
    metrics: memoryMetrics({ prometheus: known }),
    files: { '.github/canary.yml': CONFIG(live) },
  })
}

function gateSummary({ state }: World, { head }: Pull): string {
  return state.runs.findLast(({ sha, name }) => sha === head.sha && name === 'canary/gate')?.report?.summary ?? ''
}

test('a step is live when Prometheus sees its share for a whole window after the merge, and bakes from then', async () => {
  const traffic = { share: 5, requests: 5_000 }
  const world = await seen(traffic)
  const { step } = await aRollout(world)
  assert.match(
    gateOf(world, step),
    /^action_required: Waiting for live and bake: waits until .* a whole window of traffic/,
  )
  await world.pass(4)
  assert.match(gateOf(world, step), /waits until/)
  await world.pass(2)
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
  await world.pass(11)
  assert.match(gateOf(world, step), /^success/)
})

test('a share that differs from the one in Git is no proof, and the gate shows the observed one', async () => {
  const traffic = { share: 0.4, requests: 5_000 }
  const world = await seen(traffic)
  const { step } = await aRollout(world)
  await world.pass(7)
  await says(world, 'alice', step, '/canary why')
  assert.match(
    answers(world, step).at(-1) ?? '',
    /Prometheus sees 0\.4% of 5,000 requests on the canary in the last 5 min\. Git asks for 5%; a share within 2 points of that proves/,
  )
  await world.pass(60)
  assert.match(gateOf(world, step), /overdue: Prometheus sees 0\.4%/)
  traffic.share = 6
  await world.pass(12)
  assert.match(gateOf(world, step), /Waiting for bake/, 'it is looked at again, though it is overdue')
})

test('too few requests prove nothing, and neither does a missing server', async () => {
  const world = await seen({ share: 5, requests: 60 })
  const { step } = await aRollout(world)
  await world.pass(7)
  assert.match(gateOf(world, step), /Prometheus sees 60 requests to both versions .* at least 100 are needed/)
  const blind = await aWorld({ files: { '.github/canary.yml': CONFIG('{ traffic: 2 }') } })
  const other = await aRollout(blind)
  await blind.pass(7)
  assert.match(gateOf(blind, other.step), /Perch cannot see the traffic: it was started without a Prometheus/)
})

test('a step that is proven stays live when the traffic changes, and the gate says so', async () => {
  const traffic = { share: 5, requests: 50_000 }
  const world = await seen(traffic)
  const { step } = await aRollout(world)
  await world.pass(17)
  assert.match(gateOf(world, step), /^success/)
  traffic.share = 40
  await says(world, 'alice', step, '/canary retry')
  await world.pass(2)
  await says(world, 'alice', step, '/canary why')
  assert.match(
    answers(world, step).at(-1) ?? '',
    /according to the traffic that Prometheus sees\. Now Prometheus sees a different share than Git asks for/,
  )
  await says(world, 'alice', step, '/canary status')
  assert.match(
    answers(world, step).at(-1) ?? '',
    /⚠️ `production\/web`: Prometheus sees 40% of 50,000 requests on the canary in the last 5 min\. Git asks for 5%/,
  )
})

test('a gate says that Prometheus sees another share, also if live does not ask for traffic, and stays as it is', async () => {
  const traffic = { share: 5, requests: 50_000 }
  const world = await seen(traffic, '{ after: 3m }')
  const { step } = await aRollout(world)
  await world.pass(14)
  assert.match(gateOf(world, step), /^success/)
  assert.doesNotMatch(gateSummary(world, step), /Prometheus sees/)
  traffic.share = 40
  await watches(world, 12)
  assert.match(gateOf(world, step), /^success/)
  assert.match(
    gateSummary(world, step),
    /by a timer, because no report is configured \(weak\)\. Now Prometheus sees a different share than Git asks for/,
  )
  traffic.share = 5.5
  await watches(world, 12)
  assert.doesNotMatch(gateSummary(world, step), /Prometheus sees/)
})

/** Minutes in which nothing happens except sweeps. */
async function watches(world: World, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    await world.pass(1)
    await world.sweep()
  }
}

test('a first step of one percent is not live without requests, although 0 is less than two points away', async () => {
  const world = await aWorld({
    metrics: memoryMetrics({ prometheus: (query) => (/"v1"/.test(query) ? 5_000 : 0) }),
    files: { '.github/canary.yml': CONFIG('{ traffic: ±2 }').replace('[5, 25, 100]', '[1, 25, 100]') },
  })
  const { step } = await aRollout(world, { share: 1 })
  await world.pass(20)
  assert.match(gateOf(world, step), /Prometheus sees 0% of 5,000 requests on the canary/)
})

test('a rollout with live traffic uses a timer for its last step, because both versions are the same then', async () => {
  const traffic = { share: 5, requests: 5_000 }
  const world = await seen(traffic, '{ traffic: ±2, within: 20m }')
  await aRollout(world)
  for (const next of [25, 100]) {
    await world.pass(20)
    const [step] = openSteps(world)
    assert.ok(step !== undefined)
    await merges(world, 'bob', step)
    assert.equal(shareOn(world, 'main'), next)
    traffic.share = next
  }
  await world.pass(20)
  const [version] = openSteps(world)
  assert.ok(version !== undefined)
  await merges(world, 'bob', version)
  const [weights] = openSteps(world)
  assert.ok(weights !== undefined)
  assert.match(gateOf(world, weights), /by a timer, because no report is configured/)
  await world.pass(21)
  await merges(world, 'bob', weights)
  assert.equal(shareOn(world, 'main'), 0)
})

test('status shows the observed share even if the config does not ask for it but this Perch has a Prometheus', async () => {
  const world = await seen({ share: 5.2, requests: 5_000 }, '{ after: 3m }')
  const { step } = await aRollout(world)
  await says(world, 'alice', step, '/canary status')
  assert.match(answers(world, step).at(-1) ?? '', /- `production\/web`: Prometheus sees 5\.2% of 5,000 requests/)
  const small = await seen({ share: 1.1, requests: 5_000 }, '{ after: 3m }')
  const first = await aRollout(small, { share: 1 })
  await says(small, 'alice', first.step, '/canary status')
  assert.match(answers(small, first.step).at(-1) ?? '', /Prometheus sees 1\.1% of 5,000 requests/)
  const quiet = await seen({ share: 5.2, requests: 10 }, '{ after: 3m }')
  const other = await aRollout(quiet)
  await says(quiet, 'alice', other.step, '/canary status')
  assert.doesNotMatch(answers(quiet, other.step).at(-1) ?? '', /Prometheus/)
})

test('a step that moves no share is live by a timer: its traffic was there before', async () => {
  const world = await seen({ share: 5, requests: 5_000 }, '{ traffic: ±2, within: 20m }')
  const { step } = await aRollout(world)
  await world.pass(17)
  assert.match(gateOf(world, step), /^success/)
  const path = subsetsFile('production', 'web')
  world.alice.push('main', { [path]: textOn(world, 'main', path).replace('version: v1', 'version: v1b') })
  await world.settle()
  await world.pass(10)
  const [next] = openSteps(world)
  assert.ok(next !== undefined)
  assert.match(gateOf(world, next), /counts as live at .* by a timer, because/)
})

test('few requests do not prove a share if the previous one could look the same by chance', async () => {
  const world = await seen({ share: 6, requests: 120 }, '{ traffic: ±2, minRequests: 10 }')
  await aRollout(world)
  const path = routeFile('production', 'web')
  const more = withShare(textOn(world, 'main', path), 7)
  world.alice.push('main', { [path]: more })
  await world.settle()
  await world.pass(8)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  await says(world, 'alice', step, '/canary why')
  assert.match(
    answers(world, step).at(-1) ?? '',
    /Prometheus sees 6% of 120 requests .* Git asks for 7%, but these are too few requests to tell that from the earlier 5%/,
  )
})

test('a step that is not live is checked less and less often', async () => {
  let questions = 0
  const world = await aWorld({
    metrics: memoryMetrics({ prometheus: () => (questions += 1) && 50 }),
    files: { '.github/canary.yml': CONFIG('{ traffic: ±2 }') },
  })
  await aRollout(world)
  await world.pass(60)
  assert.ok(questions > 8 && questions < 32, `${questions} questions in the first hour`)
  questions = 0
  await world.pass(60)
  assert.ok(questions <= 14, `${questions} questions in the second hour`)
})

test('status asks a server that does not answer once, however many rollouts it watches', async () => {
  const asked: string[] = []
  const silent: Knowledge = (query) => {
    asked.push(query)
    return { ok: false, code: 'timed-out', detail: '' }
  }
  const metrics = memoryMetrics({ prometheus: silent })
  const world = await aWorld({ metrics, services: ['web', 'shop', 'cart'], share: 5 })
  const pull = await aPull(world, { 'README.md': 'Other words\n' })
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', /production\/cart/)
  assert.equal(asked.length, 1)
})
