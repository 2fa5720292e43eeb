/** Notifications about rollouts outside of GitHub: who gets them, about what, and how often. */
import assert from 'node:assert/strict'
import { DestinationUnavailable } from '../../../src/adapters/notify/notifier.ts'
import type { Notification, Notifier } from '../../../src/ports/notifier.ts'
import { memoryMetrics } from '../../memory/metrics.ts'
import { aNewVersion, aRollout, aWorld, merges, openSteps, says, type World } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

interface Inbox {
  readonly notifier: Notifier
  readonly received: Notification[]
  isOut: boolean
}

function anInbox(): Inbox {
  const inbox: Inbox = {
    received: [],
    isOut: false,
    notifier: {
      destinations: () => ['team'],
      async send(to, notification) {
        if (to !== 'team') return 'unknown-destination'
        if (inbox.isOut) throw new DestinationUnavailable('The destination team answers HTTP 503.')
        inbox.received.push(notification)
        return 'sent'
      },
    },
  }
  return inbox
}

interface ConfigText {
  readonly notify?: string
  readonly service?: string
  readonly environment?: string
}

function configText({ notify = '[{ to: team }]', service = '', environment = '' }: ConfigText = {}): string {
  return `environments:
  production: { path: apps/production, live: { after: 3m }${environment} }
services:
  web:
    steps: [5, 100]
    bake: 10m
    ${service}
notify: ${notify}
`
}

async function aWorldWith(inbox: Inbox, config: ConfigText = {}, rate = { is: 100 }): Promise<World> {
  const metrics = memoryMetrics({ prometheus: (query) => (query.startsWith('sum(increase(') ? 1000 : rate.is) })
  return aWorld({ notifier: inbox.notifier, metrics, files: { '.github/canary.yml': configText(config) } })
}

const said = ({ received }: Inbox): readonly string[] => received.map(({ text }) => text)

test('a whole rollout is announced from its start to its end, each event once, whatever is looked at again', async () => {
  const inbox = anInbox()
  const world = await aWorldWith(inbox)
  const { pull, step } = await aRollout(world)
  assert.deepEqual(said(inbox), ['production/web: the rollout of v3 has started at 5%.'])
  assert.equal(inbox.received[0]?.news.pull, pull.number)
  await world.pass(20)
  await world.sweep()
  assert.deepEqual(said(inbox).slice(1), [
    'production/web: the step at 5% of v3 is live.',
    `production/web: the rollout of v3 waits at 5%. Every gate of #${step.number} passes: merge it.`,
  ])
  for (let count = 0; count < 3; count += 1) {
    const [next] = openSteps(world)
    assert.ok(next !== undefined)
    await merges(world, 'bob', next)
    await world.pass(20)
    await world.sweep()
  }
  assert.equal(
    said(inbox).at(-1),
    'production/web: the rollout is finished. The new version is the stable version now.',
  )
  assert.deepEqual(
    inbox.received.map(({ news }) => news.event),
    ['started', 'live', 'waiting', 'live', 'waiting', 'live', 'waiting', 'finished'],
  )
  assert.equal(new Set(inbox.received.map(({ id }) => id)).size, inbox.received.length)
})

test('a failing canary is announced with its measurements, and the rollback when it is merged', async () => {
  const inbox = anInbox()
  const analysis = 'analysis: { checks: [{ metric: success-rate, min: 99 }], settle: 0s, interval: 1m }'
  const rate = { is: 100 }
  const world = await aWorldWith(
    inbox,
    { notify: '[{ to: team, on: [failed, rolled-back] }]', service: analysis },
    rate,
  )
  await aRollout(world)
  rate.is = 90
  await world.pass(10)
  await world.sweep()
  const [failed] = said(inbox)
  assert.match(failed ?? '', /^production\/web at 5%: the canary failed its analysis: success-rate was 90%/)
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  await merges(world, 'bob', rollback)
  assert.deepEqual(said(inbox).slice(1), [
    'production/web: the rollout has ended. All traffic is on the stable version.',
  ])
})

test('a step that lacks nothing but approvals says so, and one that Perch merges itself waits for nobody', async () => {
  const inbox = anInbox()
  const only = '[{ to: team, on: [waiting] }]'
  const world = await aWorldWith(inbox, { notify: only, environment: ', approvals: 1' })
  const pull = await aNewVersion(world)
  world.bob.approve(pull)
  await says(world, 'alice', pull, '/canary 5')
  world.bob.approve(pull)
  await world.settle()
  await merges(world, 'bob', pull)
  assert.deepEqual(said(inbox), [], 'it waits for its bake too')
  await world.pass(20)
  const [step] = openSteps(world)
  assert.deepEqual(said(inbox), [
    `production/web: the rollout of v3 waits at 5%. Only approvals are missing on #${step?.number}: review it.`,
  ])

  const other = anInbox()
  const merging = await aWorldWith(other, { notify: only, service: 'autoMerge: always' })
  await aRollout(merging)
  await merging.pass(60)
  assert.deepEqual(said(other), [])
})

test('a step that is overdue in the cluster is announced once, with the pull request that says why', async () => {
  const inbox = anInbox()
  const config = configText({ notify: '[{ to: team, on: [waiting] }]' }).replace(
    'after: 3m',
    'status: flux/apps, within: 30m',
  )
  const world = await aWorld({ notifier: inbox.notifier, files: { '.github/canary.yml': config } })
  const { step } = await aRollout(world)
  await world.pass(120)
  await world.sweep()
  assert.deepEqual(said(inbox), [
    `production/web: the rollout of v3 waits at 5%. That step is not live in the cluster: #${step.number} says why.`,
  ])
})

test('a freeze is announced with its author, reason and end', async () => {
  const inbox = anInbox()
  const world = await aWorldWith(inbox)
  const pull = await aNewVersion(world)
  await says(world, 'olga', pull, '/freeze production --until 2026-01-06T09:00Z Black Friday')
  assert.deepEqual(said(inbox), ['production: olga stopped all raises until 2026-01-06 09:00:00 UTC. Black Friday'])
})

test('a destination that is down gets the news when it is back, and blocks no rollout', async () => {
  const inbox = anInbox()
  const world = await aWorldWith(inbox, { notify: '[{ to: team, on: [started] }]' })
  inbox.isOut = true
  const { step } = await aRollout(world)
  await world.pass(20)
  await merges(world, 'bob', step)
  assert.deepEqual(said(inbox), [])
  inbox.isOut = false
  await world.pass(120)
  assert.deepEqual(said(inbox), ['production/web: the rollout of v3 has started at 5%.'])
})

test('a destination that the operator does not know gets nothing, and neither does one that a pull request names', async () => {
  const inbox = anInbox()
  const world = await aWorldWith(inbox, { notify: '[{ to: elsewhere }]' })
  await aRollout(world)
  world.alice.push('config', { '.github/canary.yml': configText() })
  world.alice.open('config', 'Tell the team')
  await world.pass(60)
  assert.deepEqual(said(inbox), [])
})
