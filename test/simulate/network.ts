import { GitUnavailable } from '../../src/adapters/git/errors.ts'
import { GitHubUnavailable } from '../../src/adapters/github/client/client.ts'
import type { RepositoryContext } from '../../src/flows/repository/repository-context.ts'
import type { Timeline } from './timeline.ts'

/** The ways to reach GitHub. One may fail while the others work. */
export type Part = 'rest' | 'graphql' | 'git'

/** These methods use git or GraphQL. All others use REST. */
const PARTS: Readonly<Record<string, Part>> = {
  'mirror.fetch': 'git',
  'conversation.of': 'graphql',
  'queue.waiting': 'graphql',
  'issues.ours': 'graphql',
  'branches.commit': 'graphql',
  'branches.move': 'graphql',
}

/** Ports that stay on this machine. */
const LOCAL: readonly string[] = ['mirror', 'memo', 'ask']
const GITHUB: readonly string[] = [
  'pulls',
  'conversation',
  'checks',
  'branches',
  'activity',
  'records',
  'people',
  'protections',
  'queue',
  'signals',
  'deployments',
  'issues',
  'reports',
  'canaryChecks',
]

export interface Strike {
  /** Counts from the next request, which is 0. */
  nth: number
  /** Before the request takes effect, or after it, so that only the answer is lost. */
  readonly when: 'before' | 'after'
}

export interface Network {
  /** When GitHub last sent a webhook, including lost ones. */
  lastWebhook: number
  readonly timeline: Timeline
  readonly random: () => number
  /** The end of each part's outage, in epoch milliseconds. */
  readonly outages: Map<Part, number>
  readonly strikes: Strike[]
  requests: number
  /** Called with each answered request, by its name (`pulls.open`). */
  onAnswered?: (name: string, answer: unknown) => void
  /** Called with each call that stays on this machine (`ask.review`). */
  onLocal?: (name: string, given: readonly unknown[]) => void
}

/** One run of the service. After it has ended, the requests that it started have no answer any more. */
export interface Life {
  isOver: boolean
}

/** A context whose requests take time, can fail, and end with the process. */
export function overNetwork(context: RepositoryContext, network: Network, life: Life): RepositoryContext {
  return overPorts(context, (name, isGitHub, call) => {
    const part = PARTS[name] ?? (isGitHub ? 'rest' : undefined)
    if (part !== undefined) return (...args) => request(network, life, { part, name, send: () => call(...args) })
    return (...args) => {
      network.onLocal?.(name, args)
      return locally(call(...args), life)
    }
  })
}

type Call = (...args: unknown[]) => Promise<unknown>

/** A context in which `wrap` replaces each method. `name`: for example `pulls.open`. */
export function overPorts(
  context: RepositoryContext,
  wrap: (name: string, isGitHub: boolean, call: Call) => Call,
): RepositoryContext {
  const wrapped: Record<string, unknown> = { ...context }
  for (const port of [...LOCAL, ...GITHUB]) {
    const methods = Object.entries(Reflect.get(context, port) as object).map(([name, call]) => [
      name,
      wrap(`${port}.${name}`, GITHUB.includes(port), call as Call),
    ])
    wrapped[port] = Object.fromEntries(methods)
  }
  return wrapped as unknown as RepositoryContext
}

const NEVER = new Promise<never>(() => undefined)

async function locally<T>(answer: Promise<T>, life: Life): Promise<T> {
  const value = await answer
  return life.isOver ? NEVER : value
}

interface Request {
  readonly part: Part
  readonly name: string
  readonly send: () => Promise<unknown>
}

async function request(network: Network, life: Life, { part, name, send }: Request): Promise<unknown> {
  const { timeline, random } = network
  if (life.isOver) return NEVER
  network.requests += 1
  const strike = struck(network)
  await timeline.pause(latency(random))
  // The process ended while the request was on its way, or before it was sent.
  if (life.isOver && random() < 0.5) return NEVER
  const isOut = (network.outages.get(part) ?? 0) > timeline.now()
  try {
    if (isOut || strike === 'before') throw unavailable(part, `${name}: 502`)
    const answer = await send()
    network.onAnswered?.(name, answer)
    if (strike === 'after') throw unavailable(part, `${name}: no answer`)
    return answer
  } finally {
    await timeline.pause(latency(random))
    if (life.isOver) await NEVER
  }
}

function struck(network: Network): Strike['when'] | undefined {
  let found: Strike['when'] | undefined
  for (const strike of network.strikes.splice(0)) {
    if (strike.nth === 0) found ??= strike.when
    else network.strikes.push({ ...strike, nth: strike.nth - 1 })
  }
  return found
}

function unavailable(part: Part, words: string): Error {
  return part === 'git' ? new GitUnavailable(words) : new GitHubUnavailable(words)
}

/** The time of one way in milliseconds. Usually short. */
function latency(random: () => number): number {
  const chance = random()
  return 10 + Math.floor(chance * chance * chance * 400)
}
