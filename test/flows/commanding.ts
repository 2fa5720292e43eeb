/**
 * Perch with a model of GitHub in memory, for tests about commands: webhooks, tasks and answers, with a clock that the test
 * controls.
 */
import type { Log } from '../../src/ports/log.ts'
import { type Meter, UNWATCHED } from '../../src/ports/meter.ts'
import assert from 'node:assert/strict'
import { perchApp } from '../../src/entry/edge/perch-app.ts'
import { EVENTS, isEventName } from '../../src/entry/edge/webhook-events.ts'
import { handleJobs } from '../../src/entry/worker/worker.ts'
import type { Permission } from '../../src/core/rollout/facts.ts'
import type { ClaimedJob } from '../../src/ports/jobs.ts'
import { destinationRule, virtualService } from '../core/samples.ts'
import { memoryContext, NO_TOOLS } from '../memory/context.ts'
import {
  type GitHubState,
  type Happening,
  memoryGitHub,
  type Pull,
  webhookOf,
  person as personOf,
} from '../memory/github/github.ts'
import { memoryQueue } from '../memory/jobs.ts'
import { memoryMemo } from '../memory/memo.ts'
import { type MemoryPerson, memoryPerson } from '../memory/github/person.ts'
import { keepAccount } from './recorded/account.ts'
import { bothLogs, ledger, lineLog, overLedger } from './recorded/ledger.ts'
import { QUIET } from '../quiet-log.ts'

const ROUTE = 'apps/production/route.yaml'

const CONFIG = `environments:
  production: { path: apps/production, live: { after: 1m } }
services:
  api-service: { steps: [5, 25, 100], bake: 1m }
annotationPrefix: gitops.example.com
`

export interface Commanding {
  readonly state: GitHubState
  person(login: string, role?: Permission): MemoryPerson
  /** Opens a pull request that sets the canary's share, or that only adds a file. */
  open(branch: string, share?: number, base?: string): Promise<Pull>
  /** Finishes all waiting work. With a time, also everything that is due by then. */
  pass(ms?: number): Promise<void>
  /** Writes a comment. Resolves to the answer without its marker; undefined if there is none. */
  say(login: string, pull: number, text: string): Promise<string | undefined>
  /** The same, without the line that repeats the command. */
  ask(login: string, pull: number, text: string): Promise<string | undefined>
  /** Presses a button on the check of a commit. Resolves to what Perch adds to the pull request. */
  press(login: string, pull: Pull, button: string, press?: Press): Promise<string | undefined>
  /** Sends all previous webhooks again, with the same ids or with new ones. */
  redeliver(ids: 'same' | 'new'): Promise<void>
  /** Drops the webhooks that were not delivered yet. */
  lose(): void
  answersOn(pull: number): readonly string[]
}

interface Press {
  readonly delivery?: string
  /** The commit of the check. Default: the head of the pull request. */
  readonly head?: string
}

interface Options {
  readonly share?: number
  readonly config?: string
  readonly log?: Log
  readonly meter?: Meter
}

/** A Monday. */
const START = Date.UTC(2026, 0, 5, 9)

/** A repository with one service in production, and a Perch that has looked at it once. */
export async function commanding({ share = 0, config = CONFIG, ...watched }: Options = {}): Promise<Commanding> {
  let now = START
  const clock = { now: () => now }
  const happenings: Happening[] = []
  const state = memoryGitHub({
    clock,
    files: {
      '.github/canary.yml': config,
      [ROUTE]: virtualService(100 - share, share),
      'apps/production/subsets.yaml': destinationRule('v1', 'v2'),
    },
    onHappening: (happening) => void happenings.push(happening),
  })
  const queue = memoryQueue({ clock, pause: async () => undefined })
  const memo = memoryMemo()
  const whole = ledger()
  const logged: string[] = []
  const log = bothLogs(
    watched.log ?? QUIET,
    lineLog(clock.now, (line) => void logged.push(line)),
  )
  const meter: Meter = {
    record: (...sample) => {
      for (const one of [whole.meter, watched.meter]) one?.record(...sample)
    },
  }
  const plain = memoryContext(state, { jobs: queue, memo, clock, log, meter, renderer: whole.renderer(NO_TOOLS) })
  const context = overLedger(plain, whole)
  keepAccount({ state, ledger: whole, memo: () => memo, logged })
  const handlers = new Map<string, (event: unknown) => unknown>()
  const app = { on: (name: string, handler: (event: unknown) => unknown) => void handlers.set(name, handler) }
  perchApp(app as never, { jobs: queue, memo, clock, appId: 1 })
  const handle = handleJobs({
    jobs: queue,
    log: QUIET,
    meter: UNWATCHED,
    clock,
    memo,
    webhooksSince: async () => ({ presses: [], lost: [], repositories: new Set<number>() }),
    redeliver: async () => undefined,
    pulses: async () => new Map<number, string>(),
    contextFor: async () => context,
    placeOf: async () => state,
    everyRepository: async () => [{ ...state, nodeId: '' }],
  })
  const failed: unknown[] = []
  await queue.work(async (job: ClaimedJob) => {
    try {
      await handle(job)
    } catch (error) {
      failed.push(error)
      throw error
    }
  })

  let sent = 0
  async function deliver(happening: Happening, id: string): Promise<void> {
    const payload = webhookOf(state, happening)
    if (!isEventName(happening.event)) return
    assert.ok(EVENTS[happening.event].safeParse(payload).success, happening.event)
    await handlers.get(happening.event)?.({ id, name: happening.event, payload })
  }
  async function rest(): Promise<void> {
    for (;;) {
      for (; sent < happenings.length; sent += 1) {
        const happening = happenings[sent]
        if (happening !== undefined) await deliver(happening, `delivery-${sent}`)
      }
      queue.tick()
      await queue.idle()
      const due = queue.nextDue()
      if (sent === happenings.length && (due === undefined || due > now)) return assertNone(failed)
    }
  }
  async function pass(ms = 0): Promise<void> {
    const end = now + ms
    await rest()
    for (let due = queue.nextDue(); due !== undefined && due <= end; due = queue.nextDue()) {
      now = Math.max(now, due)
      await rest()
    }
    now = end
    await rest()
  }
  const alice = memoryPerson(state, 'alice', 'write')
  const people = new Map([['alice', alice]])
  const person = (login: string, role?: Permission): MemoryPerson => {
    const known = people.get(login)
    if (known !== undefined && role === undefined) return known
    const made = memoryPerson(state, login, role)
    people.set(login, made)
    return made
  }
  const bodies = (pull: number): readonly string[] =>
    state.comments.filter((one) => one.pull === pull && one.author.isBot).map(({ body }) => body)
  async function say(login: string, pull: number, text: string): Promise<string | undefined> {
    // GitHub's times are whole seconds, and a head must be older than the comment.
    await pass(2_000)
    const id = person(login).comment(pull, text)
    await pass()
    const found = bodies(pull).find((body) => body.includes(`perch:answer:${id} `))
    return found?.replace(/^<!--.*-->\n+/, '')
  }
  const commander: Commanding = {
    state,
    person,
    async open(branch, to, base) {
      const files = to === undefined ? { [`docs/${branch}.md`]: 'x\n' } : { [ROUTE]: virtualService(100 - to, to) }
      alice.push(branch, files, base === undefined ? {} : { from: base })
      const pull = alice.open(branch, branch, base)
      assert.ok(pull !== undefined)
      await pass()
      return pull
    },
    pass,
    say,
    ask: async (login, pull, text) => (await say(login, pull, text))?.replace(/^> .*\n+/, ''),
    async press(login, pull, button, { delivery = `press-${state.nextId()}`, head = pull.head.sha } = {}) {
      await pass(2_000)
      const before = bodies(pull.number).length
      const run = {
        name: 'canary/gate',
        app: { id: 1 },
        head_sha: head,
        pull_requests: [{ number: pull.number, base: { ref: pull.base.ref } }],
      }
      const payload = { action: 'requested_action', check_run: run, requested_action: { identifier: button } }
      await deliver({ event: 'check_run', payload, sender: personOf(login) }, delivery)
      await pass()
      return bodies(pull.number)
        .slice(before)
        .join('\n')
        .replace(/^<!--.*-->\n+/, '')
    },
    async redeliver(ids) {
      for (const [index, happening] of happenings.slice(0, sent).entries())
        await deliver(happening, ids === 'same' ? `delivery-${index}` : `again-${index}`)
      await pass()
    },
    lose: () => void (sent = happenings.length),
    answersOn: (pull) => bodies(pull).filter((body) => body.startsWith('<!-- perch:answer:')),
  }
  alice.push('main', { 'docs/begin.md': 'x\n' })
  await pass()
  return commander
}

function assertNone(failed: readonly unknown[]): void {
  const [first] = failed
  if (first !== undefined) throw first
}
