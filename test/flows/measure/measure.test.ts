/** The state of a step: reports of clusters, and measurements of its canary. */
import assert from 'node:assert/strict'
import { type Knowledge, memoryMetrics } from '../../memory/metrics.ts'
import { setStatus } from '../../memory/github/signals.ts'
import { addRun } from '../../memory/github/check-runs.ts'
import { jobOf } from '../../../src/flows/tasks/tasks.ts'
import {
  aNewVersion,
  aRollout,
  aWorld,
  answers,
  branches,
  comments,
  flux,
  gateOf,
  merges,
  openSteps,
  says,
  shareOn,
  textOn,
  type World,
  type WorldOptions,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

test('a step is live when the status that the config names says so, on its commit or a later one', async () => {
  const world = await aWorld({ config: { live: 'status' } })
  const { step } = await aRollout(world)
  assert.match(gateOf(world, step), /waits for a successful commit status flux\/apps on the base branch/)
  await world.pass(60)
  assert.match(gateOf(world, step), /overdue: no commit status flux\/apps has come for more than 30 min/)
  world.bob.push('main', { 'README.md': '# Later\n' })
  await world.settle()
  await flux(world, 'success')
  assert.match(gateOf(world, step), /^action_required: Waiting for bake: must stay live for 10 min/)
  await world.pass(5)
  await flux(world, 'failure')
  assert.match(gateOf(world, step), /the commit status flux\/apps failed: no description was given/)
  await flux(world, 'success')
  assert.match(gateOf(world, step), /Waiting for bake/)
  await world.pass(5)
  assert.match(gateOf(world, step), /Waiting for bake/, 'the bake begins again')
  await world.pass(6)
  assert.match(gateOf(world, step), /^success: Live and baked/)
})

test('the driver of a rollout is mentioned once when its step is overdue in the cluster', async () => {
  const world = await aWorld({ config: { live: 'status' } })
  const { step } = await aRollout(world)
  const mentions = (): readonly string[] => comments(world, step).filter((body) => body.includes('@alice'))
  await world.pass(25)
  assert.deepEqual(mentions(), [])
  await world.pass(60)
  await flux(world, 'failure')
  await world.sweep()
  const [words = '', ...more] = mentions()
  assert.match(words, /`production\/web` waits here, because the previous step is not live\. Overdue: no commit status/)
  assert.match(words, /@alice drives this rollout\.$/)
  assert.deepEqual(more, [])
  world.service.crash('memo')
  await world.service.start()
  await world.sweep()
  assert.equal(mentions().length, 1)
})

test('a step that is a draft mentions nobody, however long the previous step is overdue', async () => {
  const world = await aWorld({ config: { live: 'status' } })
  const { step } = await aRollout(world)
  step.draft = true
  await world.pass(60)
  await world.sweep()
  assert.deepEqual(
    comments(world, step).filter((body) => body.includes('@alice')),
    [],
  )
})

test('a look just before a step is done sets another timer, because the first one may fire by a clock that is ahead', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await world.pass(2.53)
  world.alice.comment(step.number, '/canary why')
  await world.pass(0.02)
  assert.match(gateOf(world, step), /^action_required: Waiting for live/)
  await world.settle()
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
})

test('a status with another name, and one on a commit before the step, do not count', async () => {
  const world = await aWorld({ config: { live: 'status' } })
  await flux(world, 'success')
  const { step } = await aRollout(world)
  const head = world.state.refs.get('refs/heads/main') ?? ''
  setStatus(world.state, head, { context: 'ci/test', said: 'success', by: 'ci' })
  await world.settle()
  await world.sweep()
  assert.match(gateOf(world, step), /waits for a successful commit status/)
})

const CONFIG = (live: string): string =>
  `environments:\n  production: { path: apps/production, live: ${live} }\nservices:\n  web: { steps: [5, 25, 100], bake: 10m }\n`

test('a check run of another App, and a report to Perch itself, make a step live', async () => {
  const world = await aWorld({
    files: { '.github/canary.yml': CONFIG('[{ check: "argocd/*" }, { report: "argocd/web" }]') },
  })
  const { step } = await aRollout(world)
  const commit = world.state.refs.get('refs/heads/main') ?? ''
  assert.match(gateOf(world, step), /0 of 2 conditions for live are met/)
  addRun(world.state, { sha: commit, name: 'argocd/web', by: 'argo[bot]', state: 'success' })
  world.state.happened({
    event: 'check_run',
    payload: {
      action: 'completed',
      check_run: { name: 'argocd/web', app: { id: 9 }, pull_requests: [], head_sha: commit },
    },
    sender: { login: 'argo[bot]', isBot: true },
  })
  await world.settle()
  assert.match(gateOf(world, step), /1 of 2 conditions for live are met\. Waits for a successful report argocd\/web/)
  const report = async (state: 'success' | 'failure', at: number): Promise<void> => {
    const told = { name: 'argocd/web', commit, state, at, reason: 'no pods', teller: 'argocd' } as const
    const why = { code: 'delivered', delivery: `report-${at}` } as const
    const { owner, name } = world.state.repo
    await world.service
      .queue()
      .enqueue(jobOf({ type: 'report', repository: { owner, name }, report: told, receivedAt: world.now(), why }))
    await world.settle()
  }
  await report('failure', world.now() - 60_000)
  assert.match(gateOf(world, step), /[Tt]he report argocd\/web failed/)
  await report('success', world.now() - 120_000)
  assert.match(gateOf(world, step), /[Tt]he report argocd\/web failed/, 'an older report does not count')
  await report('success', world.now() - 1_000)
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
  await world.pass(11)
  assert.match(gateOf(world, step), /^success/)
})

test('a report about a commit that is not there, or where Perch is not installed, is dropped', async () => {
  const world = await aWorld({ files: { '.github/canary.yml': CONFIG('{ report: "argocd/web" }') } })
  const told = {
    name: 'argocd/web',
    commit: 'f'.repeat(40),
    state: 'success',
    at: world.now(),
    reason: '',
    teller: 'argocd',
  } as const
  const repository = { owner: 'acme', name: 'gitops' }
  const why = { code: 'delivered', delivery: 'report' } as const
  await world.service.queue().enqueue(jobOf({ type: 'report', repository, report: told, receivedAt: world.now(), why }))
  await world.settle()
  assert.deepEqual(
    world.state.runs.filter(({ name }) => name.startsWith('live/')),
    [],
  )
})

const ANALYSED = `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web:
    steps: [5, 25, 100]
    bake: 10m
    onFailure: FAILURE
    analysis: { provider: prometheus, checks: [{ metric: success-rate, min: 99 }] }
`

/** A world whose canary has requests. `rate`: its success rate at a moment. */
async function measured(
  rate: (time: number) => number | undefined,
  onFailure = 'rollback',
  more: WorldOptions = {},
): Promise<World> {
  const known: Knowledge = (query, time) => (/response_code/.test(query) ? rate(time) : 1_000)
  return aWorld({
    metrics: memoryMetrics({ prometheus: known }),
    files: { '.github/canary.yml': ANALYSED.replace('FAILURE', onFailure) },
    ...more,
  })
}

test('a healthy canary continues, and its step shows the measurements of the previous one', async () => {
  const world = await measured(() => 99.9)
  const { step } = await aRollout(world)
  await world.pass(16)
  assert.match(gateOf(world, step), /^success: Live, baked and healthy/)
  assert.match(step.body, /Measurements of the previous step/)
  await merges(world, 'alice', step)
  assert.equal(shareOn(world, 'main'), 25)
})

test('a failing canary is rolled back once, with the measurements, and a refused rollback lets it continue', async () => {
  let rate = 99.9
  const world = await measured(() => rate)
  const { pull, step } = await aRollout(world)
  await world.pass(8)
  rate = 80
  for (let turn = 0; turn < 6; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.equal(step.state, 'closed')
  assert.match(comments(world, step).at(-1) ?? '', /analysis/)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/0'])
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  assert.deepEqual(
    [rollback.title, rollback.labels, rollback.assignees],
    ['Roll back production/web v3: 5% → 0%', ['canary', 'canary:rollback'], ['alice']],
  )
  assert.match(rollback.body, /\*\*The canary failed its analysis at 5%\*\*/)
  const calls = [...comments(world, step), ...comments(world, rollback), ...comments(world, pull), rollback.body]
  const called = calls.filter((body) => body.includes('@alice drives this rollout.'))
  assert.equal(called.length, 2, 'once for the failure, and once for the rollback')
  assert.match(gateOf(world, rollback), /^success/)
  world.bob.close(rollback)
  await world.settle()
  await world.sweep()
  assert.deepEqual(openSteps(world), [], 'whoever closed it decided to go on')
  await says(world, 'alice', pull, '/canary next')
  const [next] = openSteps(world)
  assert.ok(next !== undefined)
  assert.match(gateOf(world, next), /analysis/)
})

test('a merged rollback ends the rollout', async () => {
  const world = await measured(() => 10)
  await aRollout(world)
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([shareOn(world, 'main'), openSteps(world)], [0, []])
  assert.match(textOn(world, 'main', 'apps/production/web-route.yaml'), /canary-percentage: "0"/)
})

test('onFailure: hold stops a failing rollout once, at its share', async () => {
  const world = await measured(() => 10, 'hold')
  const { pull, step } = await aRollout(world)
  for (let turn = 0; turn < 8; turn += 1) {
    await world.pass(2)
    await world.sweep()
  }
  assert.equal(step.state, 'open')
  assert.match(gateOf(world, step), /^failure: Blocked by (?:hold|analysis)/)
  assert.equal(world.state.refs.has('refs/heads/perch/hold/production/web'), true)
  await says(world, 'alice', pull, '/canary resume')
  await world.sweep()
  await world.pass(5)
  await world.sweep()
  assert.equal(world.state.refs.has('refs/heads/perch/hold/production/web'), false, 'a person let it go on')
})

test('without data nothing passes and nothing is rolled back', async () => {
  const world = await measured(() => undefined)
  const { step } = await aRollout(world)
  for (let turn = 0; turn < 4; turn += 1) {
    await world.pass(10)
    await world.sweep()
  }
  assert.deepEqual([step.state, branches(openSteps(world))], ['open', ['canary/production/web/25']])
  assert.match(gateOf(world, step), /analysis/)
  assert.doesNotMatch(gateOf(world, step), /^success/)
})

test('a server that this Perch does not know is reported, and never green', async () => {
  const world = await measured(() => 99.9, 'rollback', { metrics: memoryMetrics({}) })
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  await world.pass(20)
  assert.match(gateOf(world, step), /^(?:failure|action_required): .*analysis/)
  assert.equal(answers(world, pull).length, 1)
})
