/**
 * Perch and a model of GitHub in this process, for tests that are sentences about a pull request. Webhooks, queue, flows and
 * memory are those of the service, and time passes only when a test says so.
 */
import assert from 'node:assert/strict'
import { type ContextParts, NO_DESTINATIONS, NO_TOOLS } from '../memory/context.ts'
import {
  filesOf,
  type GitHubState,
  type Happening,
  headOf,
  memoryGitHub,
  type Pull,
  webhookOf,
} from '../memory/github/github.ts'
import type { Meter } from '../../src/ports/meter.ts'
import { type MemoryPerson, memoryPerson } from '../memory/github/person.ts'
import { memoryMetrics } from '../memory/metrics.ts'
import { memoryRenderer } from '../memory/renderer.ts'
import { setStatus } from '../memory/github/signals.ts'
import type { Network } from '../simulate/network.ts'
import {
  type ConfigChoice,
  repositoryFiles,
  routeFile,
  shareIn,
  STATUS,
  subsetsFile,
  versionsIn,
  withCanaryVersion,
  withShare,
} from '../simulate/repository.ts'
import { type Service, simulatedService } from '../simulate/service.ts'
import { settled, timeline } from '../simulate/timeline.ts'
import { transcriptOf } from './conversations/transcript.ts'
import { keepAccount } from './recorded/account.ts'
import { bothLogs, ledger, lineLog } from './recorded/ledger.ts'
import { QUIET } from '../quiet-log.ts'

export interface WorldOptions extends Partial<
  Pick<ContextParts, 'metrics' | 'notifier' | 'log' | 'renderer' | 'validators'>
> {
  /** Default: only `web`. */
  readonly services?: readonly string[]
  /** Default: only `production`. */
  readonly environments?: readonly string[]
  /**
   * Differences from the default: steps of 5, 25 and 100, a bake of 10 minutes, live by a timer of 3 minutes, and no automatic
   * merges.
   */
  readonly config?: Partial<ConfigChoice>
  /** Files in addition to those of the services, or instead of them. */
  readonly files?: Readonly<Record<string, string>>
  /** The canary's share in all environments, as if people had set it before Perch was installed. */
  readonly share?: number
  /** Whether to record what happens, which takes a tenth of a test's time. */
  readonly hasTranscript?: boolean
  /** Whether Mallory repeats each comment of Perch, word for word. Nothing may follow from that. */
  readonly isEchoed?: boolean
}

export interface World {
  readonly state: GitHubState
  readonly service: Service
  readonly network: Network
  /** Has write access. */
  readonly alice: MemoryPerson
  readonly bob: MemoryPerson
  /** Has the role maintain. */
  readonly olga: MemoryPerson
  /** Has read access. */
  readonly mallory: MemoryPerson
  now(): number
  /** Runs everything that follows from earlier actions, which takes less than the shortest timer. */
  settle(): Promise<void>
  pass(minutes: number): Promise<void>
  sweep(): Promise<void>
  /** Whether webhooks arrive. */
  hears: boolean
  /** What people did, and how Perch reacted, so far. Only for a world with a transcript. */
  transcript(): Promise<string>
  /** The comments of people, by their number. */
  commands(): ReadonlyMap<number, { readonly pull: number; readonly text: string }>
}

const START = Date.UTC(2026, 0, 5, 9)
const MINUTE = 60_000
const SETTLED_MS = 25_000

const DEFAULTS: ConfigChoice = {
  steps: [5, 25, 100],
  bakeMinutes: 10,
  live: 'timer',
  isOrdered: false,
  autoMerge: 'never',
  approvals: 0,
}

export async function aWorld(options: WorldOptions = {}): Promise<World> {
  const {
    services = ['web'],
    environments = ['production'],
    config,
    share,
    files,
    hasTranscript,
    isEchoed,
    ...parts
  } = options
  const time = timeline(START)
  let deliveries = 0
  const hear = (happening: Happening): void => {
    record?.hear(happening)
    if (!world.hears) return
    const id = `delivery-${(deliveries += 1)}`
    const payload = webhookOf(state, happening)
    time.at(time.now() + 200, () => void world.service.receive(id, happening.event, payload))
    const said = state.comments.at(-1)
    if (isEchoed === true && happening.event === 'issue_comment' && said?.author.isBot === true)
      world.mallory.comment(said.pull, said.body)
  }
  const all = repositoryFiles({ services, environments, config: { ...DEFAULTS, ...config } })
  if (share !== undefined)
    for (const path of Object.keys(all)) if (path.includes('-route')) all[path] = withShare(all[path] ?? '', share)
  const state = memoryGitHub({ clock: time, files: { ...all, ...files }, onHappening: hear })
  const network: Network = {
    timeline: time,
    random: () => 0,
    outages: new Map(),
    strikes: [],
    requests: 0,
    lastWebhook: Infinity,
  }
  const [quiet, whole] = [ledger(), ledger()]
  const record = hasTranscript === true ? transcriptOf(state, quiet) : undefined
  const logged: string[] = []
  const log = bothLogs(
    parts.log ?? record?.log ?? QUIET,
    lineLog(
      () => time.now(),
      (line) => void logged.push(line),
    ),
  )
  network.onAnswered = (name, answer) => {
    whole.request(name)
    record?.answered(name, answer)
  }
  network.onLocal = (name, given) => {
    for (const one of [quiet, whole]) one.local(name, given)
  }
  const meter: Meter = {
    record: (...sample) => {
      for (const one of [quiet, whole]) one.meter.record(...sample)
    },
  }
  const { renderer = NO_TOOLS, notifier = NO_DESTINATIONS, metrics = memoryMetrics({}) } = parts
  const service = simulatedService(state, network, {
    ...parts,
    log,
    meter,
    renderer: quiet.renderer(whole.renderer(renderer)),
    notifier: quiet.notifier(whole.notifier(notifier)),
    metrics: quiet.metrics(whole.metrics(metrics)),
  })
  keepAccount({ state, ledger: whole, memo: () => service.memo(), logged })
  let sweeps = 0
  const world: World = {
    state,
    service,
    network,
    alice: memoryPerson(state, 'alice', 'write'),
    bob: memoryPerson(state, 'bob', 'write'),
    olga: memoryPerson(state, 'olga', 'maintain'),
    mallory: memoryPerson(state, 'mallory', 'read'),
    now: () => time.now(),
    async settle() {
      await settled()
      await time.runUntil(time.now() + SETTLED_MS)
    },
    pass: (minutes) => time.runUntil(time.now() + minutes * MINUTE),
    async sweep() {
      sweeps += 1
      await service.sweep(sweeps)
      await world.settle()
    },
    hears: true,
    async transcript() {
      assert.ok(record !== undefined, 'nothing was written down')
      return record.text(await service.memo().entries(''))
    },
    commands: () => {
      const byPeople = state.comments.filter(({ author }) => !author.isBot)
      return new Map(byPeople.map(({ id, pull, body }) => [id, { pull, text: body }]))
    },
  }
  await service.start()
  await world.settle()
  return world
}

/** A world with only these files, which kustomize and helm build. */
export function aBuiltWorld(
  files: Readonly<Record<string, string>>,
  more: Pick<WorldOptions, 'hasTranscript' | 'metrics'> = {},
): Promise<World> {
  return aWorld({ ...more, services: [], environments: [], renderer: memoryRenderer(), files })
}

interface Rollout {
  readonly service?: string
  readonly environment?: string
}

/** A pull request by Alice with a new version of the canary. Default: v3. */
export async function aNewVersion(world: World, { service = 'web', environment = 'production' }: Rollout = {}) {
  const path = subsetsFile(environment, service)
  const text = withCanaryVersion(textOn(world, 'main', path), 'v3')
  return aPull(world, { [path]: text }, `${service} v3`)
}

/** A pull request by Alice with these files. */
export async function aPull(
  world: World,
  files: Readonly<Record<string, string | undefined>>,
  title = 'Change',
): Promise<Pull> {
  const branch = `change-${world.state.pulls.size + 1}`
  world.alice.push(branch, files)
  const pull = world.alice.open(branch, title)
  assert.ok(pull !== undefined, 'nothing to open')
  await world.settle()
  return pull
}

/**
 * A rollout whose first share is on the base branch. Resolves to the pull request that brought it, and the step that Perch
 * opened.
 */
export async function aRollout(
  world: World,
  { share = 5, ...rollout }: Rollout & { readonly share?: number } = {},
): Promise<{ readonly pull: Pull; readonly step: Pull }> {
  const pull = await aNewVersion(world, rollout)
  await says(world, 'alice', pull, `/canary ${share}`)
  await merges(world, 'bob', pull)
  const step = openSteps(world)[0]
  assert.ok(step !== undefined, `no step was opened: ${checkOf(world, pull, 'canary/gate')}`)
  return { pull, step }
}

/** Writes a comment, and waits for everything that follows. */
export async function says(world: World, who: Login, pull: Pull, text: string): Promise<void> {
  world[who].comment(pull.number, text)
  await world.settle()
}

export async function merges(world: World, who: Login, pull: Pull): Promise<void> {
  const done = world[who].merge(pull)
  assert.equal(done, 'merged', `${gateOf(world, pull)}; ${checkOf(world, pull, 'canary/validate')}`)
  await world.settle()
}

type Login = 'alice' | 'bob' | 'olga' | 'mallory'

/** Flux reports on the base branch's head whether it could apply the commit. */
export async function flux(world: World, said: 'success' | 'failure'): Promise<void> {
  setStatus(world.state, world.state.refs.get('refs/heads/main') ?? '', { context: STATUS, said, by: 'flux' })
  await world.settle()
}

/** Somebody presses a button on the check of the gate. */
export async function presses(world: World, who: Login, pull: Pull, identifier: string): Promise<void> {
  const { number, head, base } = pull
  const happening = {
    event: 'check_run',
    payload: {
      action: 'requested_action',
      check_run: {
        name: 'canary/gate',
        app: { id: 1 },
        pull_requests: [{ number, base: { ref: base.ref } }],
        head_sha: head.sha,
      },
      requested_action: { identifier },
    },
    sender: { login: world[who].login, isBot: false },
  }
  world.state.happened(happening)
  await world.settle()
}

/** The result of a check on a pull request's head: `success: …`. */
export function checkOf({ state }: World, pull: Pull, name: string): string {
  const run = state.runs.findLast((one) => one.sha === pull.head.sha && one.name === name)
  return run?.report === undefined ? 'none' : `${run.report.conclusion ?? 'running'}: ${run.report.title}`
}

export function gateOf(world: World, pull: Pull): string {
  return checkOf(world, pull, 'canary/gate')
}

/** Perch's comments on a pull request. */
export function comments({ state }: World, pull: Pull): readonly string[] {
  return state.comments.filter((one) => one.pull === pull.number && one.author.isBot).map(({ body }) => body)
}

/** The answers to commands on a pull request, without their markers. */
export function answers(world: World, pull: Pull): readonly string[] {
  return comments(world, pull).flatMap((body) => {
    const [, text] = /^<!-- perch:(?:answer|button)[^>]*-->\s*(.*)$/s.exec(body) ?? []
    return text === undefined ? [] : [text]
  })
}

/** Perch's open pull requests, oldest first. */
export function openSteps({ state }: World): readonly Pull[] {
  return [...state.pulls.values()].filter((pull) => pull.state === 'open' && pull.author.isBot)
}

export function branches(pulls: readonly Pull[]): readonly string[] {
  return pulls.map(({ head }) => head.ref)
}

export function textOn({ state }: World, branch: string, path: string): string {
  return filesOf(state, branch).get(path) ?? ''
}

/** The canary's share on a branch. */
export function shareOn(world: World, branch: string, { service = 'web', environment = 'production' }: Rollout = {}) {
  return shareIn(textOn(world, branch, routeFile(environment, service)))
}

/** The versions of stable and canary on a branch. */
export function versionsOn(
  world: World,
  branch: string,
  { service = 'web', environment = 'production' }: Rollout = {},
) {
  return versionsIn(textOn(world, branch, subsetsFile(environment, service)))
}

/** GitHub's merge queue creates a commit for some pull requests, and requests its checks. */
export async function queue(
  world: World,
  pulls: readonly Pull[],
): Promise<{ readonly sha: string; readonly gate: () => string }> {
  const { state } = world
  const base = headOf(state, 'main') ?? ''
  let sha = base
  state.queued.splice(0, state.queued.length, ...pulls.map(({ number, head }) => ({ pull: number, head: head.sha })))
  for (const pull of pulls) {
    const merged = state.objects.merge(sha, pull.head.sha)
    assert.ok('tree' in merged)
    const files = state.objects.files(merged.tree) ?? new Map()
    const made = {
      files,
      parents: [sha, pull.head.sha],
      message: pull.title,
      author: 'github',
      isVerified: true,
      time: state.now(),
    }
    ;({ sha } = state.objects.commit(made))
  }
  const ref = `refs/heads/gh-readonly-queue/main/pr-${pulls.at(-1)?.number}-${base}`
  state.refs.set(ref, sha)
  const group = { head_sha: sha, head_ref: ref, base_ref: 'refs/heads/main' }
  state.happened({
    event: 'merge_group',
    payload: { action: 'checks_requested', merge_group: group },
    sender: { login: 'github', isBot: true },
  })
  await world.settle()
  const [first] = pulls
  assert.ok(first !== undefined)
  return { sha, gate: () => checkOf(world, { ...first, head: { ref, sha } }, 'canary/gate') }
}
