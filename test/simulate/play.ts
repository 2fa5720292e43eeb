import { memoryGitHub, webhookOf } from '../memory/github/github.ts'
import { randomFrom } from '../stories/random.ts'
import { act, type Stage } from './actors.ts'
import { type Event, type Fate, PEOPLE, type Plan } from './events.ts'
import { endViolations, type Laws, laws } from './laws.ts'
import type { Network, Part, Strike } from './network.ts'
import { repositoryFiles } from './repository.ts'
import { type Service, simulatedService } from './service.ts'
import { settled, timeline, type Timeline } from './timeline.ts'

export interface Played {
  readonly violations: readonly string[]
  /** What happened, in one sentence each. */
  readonly told: readonly string[]
  readonly requests: number
  readonly jobs: number
  readonly merges: number
  readonly steps: number
}

/** A Monday. */
const START = Date.UTC(2026, 0, 5, 9)
const MINUTE = 60_000
const REST_SECONDS = 300

interface Play {
  readonly plan: Plan
  readonly timeline: Timeline
  readonly stage: Stage
  readonly network: Network
  readonly service: Service
  readonly laws: Laws
  readonly random: () => number
  readonly hooks: { lose: number; double: number; late: number; lateMs: number }
  readonly told: string[]
  isResting: boolean
  /** For an observer of GitHub and Perch. */
  log(words: string): void
}

/** Plays a plan to its end without waiting, and reports the broken laws. */
export async function play(plan: Plan): Promise<Played> {
  const at = stageOf(plan)
  await at.service.start()
  sweepAgain(at, 1)
  for (const { after, event } of plan.events) {
    await at.timeline.runUntil(at.timeline.now() + after * 1000)
    await perform(at, event)
    if (at.laws.violations.length > 0) return result(at)
  }
  await comeToRest(at)
  at.laws.violations.push(...endViolations(at.stage))
  if (at.laws.violations.length === 0) at.laws.violations.push(...(await unfinished(at)))
  return result(at)
}

function stageOf(plan: Plan): Play {
  const random = randomFrom(plan.seed)
  const time = timeline(START)
  const told: string[] = []
  const log = (words: string): void => void told.push(`${clock(time.now())} ${words}`)
  const hooks = { lose: 0, double: 0, late: 0, lateMs: 0 }
  const outages = new Map<Part, number>()
  const network: Network = { timeline: time, random, outages, strikes: [], requests: 0, lastWebhook: START }
  let deliveries = 0
  const state = memoryGitHub({
    clock: time,
    files: repositoryFiles(plan.world),
    roles: PEOPLE,
    deletesBranches: plan.deletesBranches,
    onHappening(happening) {
      at.laws.watch(happening)
      tell(happening, log)
      network.lastWebhook = time.now()
      const id = `delivery-${(deliveries += 1)}`
      const payload = webhookOf(state, happening)
      const arrive = (delay: number): void =>
        time.at(time.now() + delay, () => void at.service.receive(id, happening.event, payload))
      if (hooks.lose > 0) return void (hooks.lose -= 1)
      const isLate = hooks.late > 0
      if (isLate) hooks.late -= 1
      arrive(200 + Math.floor(random() * 3000) + (isLate ? hooks.lateMs : 0))
      if (hooks.double === 0) return undefined
      hooks.double -= 1
      return arrive(200 + Math.floor(random() * 60_000))
    },
  })
  const stage: Stage = { state, world: plan.world, commands: new Map(), forced: new Set(), branches: 0 }
  const graceMs = 3 * plan.sweepSeconds * 1000 + MINUTE
  const watched = laws({ ...stage, now: () => time.now(), graceMs })
  const service = simulatedService(state, network)
  const at: Play = {
    plan,
    timeline: time,
    stage,
    network,
    service,
    laws: watched,
    random,
    hooks,
    told,
    log,
    isResting: false,
  }
  return at
}

/** What Perch does, in people's view. */
function tell({ event, payload, sender }: Parameters<Laws['watch']>[0], log: (words: string) => void): void {
  if (!sender.isBot) return undefined
  if (event === 'issue_comment') {
    const { issue, comment } = payload as { issue: { number: number }; comment: { body: string } }
    return log(`    Perch: comment on #${issue.number}: ${comment.body.replaceAll(/\s+/g, ' ').slice(0, 200)}`)
  }
  if (event !== 'pull_request') return undefined
  const { number, merged, head } = payload['pull_request'] as { number: number; merged: boolean; head: { ref: string } }
  const action = payload['action'] === 'closed' && merged ? 'merged' : String(payload['action'])
  return log(`    Perch: #${number} ${action} (${head.ref})`)
}

async function perform(at: Play, event: Event): Promise<void> {
  if (isFate(event)) return strike(at, event)
  const words = act(at.stage, event)
  if (words !== undefined) at.log(words)
  return settled()
}

const FATES: readonly string[] = [
  'wait',
  'outage',
  'strike',
  'crash',
  'lose-webhooks',
  'double-webhooks',
  'late-webhooks',
] satisfies Fate['type'][]

function isFate(event: Event): event is Fate {
  return FATES.includes(event.type)
}

async function strike(at: Play, event: Fate): Promise<void> {
  const { timeline: time, network, laws: watched, hooks } = at
  switch (event.type) {
    case 'wait':
      at.log(`${event.minutes} minutes pass`)
      return time.runUntil(time.now() + event.minutes * MINUTE)
    case 'outage': {
      const end = time.now() + event.minutes * MINUTE
      network.outages.set(event.part, end)
      // What failed in the meantime is tried again after pauses.
      watched.disturbed(end + 5 * MINUTE)
      return at.log(`${event.part} is out for ${event.minutes} minutes`)
    }
    case 'strike':
      network.strikes.push({ nth: event.nth, when: event.when } satisfies Strike)
      watched.disturbed(time.now() + 20 * MINUTE)
      return at.log(`the request after ${event.nth} others fails ${event.when} its effect`)
    case 'crash':
      return crash(at, event)
    case 'lose-webhooks':
      hooks.lose += event.count
      watched.disturbed(time.now() + 20 * MINUTE)
      return at.log(`the next ${event.count} webhooks are lost`)
    case 'double-webhooks':
      hooks.double += event.count
      return at.log(`the next ${event.count} webhooks come twice`)
    case 'late-webhooks':
      hooks.late += event.count
      hooks.lateMs = event.minutes * MINUTE
      watched.disturbed(time.now() + hooks.lateMs + 20 * MINUTE)
      return at.log(`the next ${event.count} webhooks come ${event.minutes} minutes late`)
  }
}

async function crash(at: Play, { seconds, loses }: Extract<Fate, { type: 'crash' }>): Promise<void> {
  const { timeline: time, service } = at
  if (!service.isUp()) return
  service.crash(loses)
  at.laws.disturbed(time.now() + seconds * 1000 + 5 * MINUTE)
  at.log(
    `Perch is killed and comes back after ${seconds} s${loses === 'nothing' ? '' : `, having lost ${loses === 'memo' ? 'its memo' : 'all its data'}`}`,
  )
  time.at(time.now() + seconds * 1000, () => void service.start())
  await settled()
}

function sweepAgain(at: Play, number: number): void {
  const { timeline: time, service, plan } = at
  // When nothing happens any more, more frequent sweeps find nothing more.
  const seconds = at.isResting ? Math.max(REST_SECONDS, plan.sweepSeconds) : plan.sweepSeconds
  time.at(time.now() + seconds * 1000, () => {
    void service.sweep(number)
    sweepAgain(at, number + 1)
  })
}

/** Ends all disturbances, and lets time pass. */
async function comeToRest(at: Play): Promise<void> {
  const { timeline: time, network, hooks } = at
  at.log('nothing disturbs any more')
  at.isResting = true
  network.strikes.length = 0
  network.outages.clear()
  Object.assign(hooks, { lose: 0, double: 0, late: 0 })
  const { steps, autoMerge, waves = [] } = at.plan.world.config
  const rounds = autoMerge === 'always' ? (steps.length + 3) * Math.max(1, waves.length) : 1
  await time.runUntil(time.now() + rounds * 30 * MINUTE + 10 * MINUTE)
}

/** Whether a Perch without any memory would change something. Then this Perch has forgotten it. */
async function unfinished(at: Play): Promise<string[]> {
  const { timeline: time, service } = at
  const before = picture(at)
  service.crash('all')
  await service.start()
  await time.runUntil(time.now() + 10 * MINUTE)
  const after = picture(at)
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) =>
    before.get(key) === after.get(key)
      ? []
      : [`Perch without memory changes ${key}: ${difference(before.get(key) ?? '', after.get(key) ?? '')}.`],
  )
}

/** The first lines that differ. */
function difference(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const at = old.findIndex((line, index) => line !== now[index])
  return `“${old.at(at) ?? ''}” → “${(at === -1 ? now.at(old.length) : now[at]) ?? ''}”`
}

/** Everything that people see, except what changes with time alone. */
function picture({ stage: { state } }: Play): ReadonlyMap<string, string> {
  const seen = new Map<string, string>()
  for (const [ref, sha] of state.refs) seen.set(`the branch ${ref}`, sha)
  for (const { number, isOpen, body } of state.issues.values()) seen.set(`the issue #${number}`, `${isOpen}\n${body}`)
  for (const pull of state.pulls.values()) {
    const { number, title, body } = pull
    seen.set(`#${number}`, JSON.stringify([pull.state, title, pull.labels, body]))
    if (pull.state !== 'open') continue
    const runs = state.runs.filter(({ sha, report }) => sha === pull.head.sha && report !== undefined)
    seen.set(
      `the checks of #${number}`,
      runs.map(({ name, report }) => `${name} ${report?.conclusion}: ${report?.title}`).join('; '),
    )
  }
  for (const { id, pull, body } of state.comments)
    seen.set(
      `comment ${id} on #${pull}`,
      body.replaceAll(/`perch diff [^`]*`/g, 'the diff').replace(/(?<=Looked at commit .*) on [-\d]+ [:\d]+ UTC/, ''),
    )
  return seen
}

function result({ laws: { violations }, told, network, service, stage: { state } }: Play): Played {
  const merged = [...state.pulls.values()].filter((pull) => pull.state === 'merged')
  return {
    violations,
    told,
    requests: network.requests,
    jobs: service.begun(),
    merges: merged.length,
    steps: merged.filter(({ author }) => author.isBot).length,
  }
}

function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 23)
}
