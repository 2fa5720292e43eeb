/** The content of the dashboard, as data. It comes from Git and pull requests, and is kept until the next look. */
import type { Verdict } from '../gate/gate.ts'
import type { GateName } from '../gate/names.ts'
import { kindOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import { isBlueGreen, originPull, targetName } from '../rollout/target.ts'
import type { RolloutFacts } from '../rollout/transition.ts'
import { canaryVersion } from '../traffic/version.ts'
import { ROLLOUT_STATES, rolloutState, type StateFacts } from '../watch/rollout-state.ts'

export const LISTED_STATES = [
  ...ROLLOUT_STATES,
  /** Its first step is open, and the canary has no traffic yet. */
  'beginning',
  /** Other environments of its service are first in `waves`. */
  'waits-for-wave',
  /** Both versions of a blue/green service have traffic. */
  'both-sides',
] as const
type ListedState = (typeof LISTED_STATES)[number]

/** One line of the dashboard. */
export interface ListedRollout {
  /** `production/api-service`. */
  readonly name: string
  readonly state: ListedState
  readonly share: number | 'unknown'
  readonly version: string
  /** When the commit of its step came to the base branch, in epoch milliseconds. Undefined if Git does not show it. */
  readonly since?: number | undefined
  /** The pull request that began it. */
  readonly origin?: number | undefined
  /** Its open pull requests. */
  readonly pulls: readonly number[]
  /** Why it does not continue, in Markdown that Perch wrote. */
  readonly stuck?: string | undefined
}

/** The rollouts of one base branch, or why they are not known. */
export type Listing =
  | { readonly code: 'listed'; readonly rollouts: readonly ListedRollout[]; readonly owned: number }
  | { readonly code: 'config' }
  /** Perch has not looked at the branch yet. */
  | { readonly code: 'not-looked-at' }

/** What Perch did with a rollout's pull requests in one look at a base branch, and why it could not do more. */
export interface DoneSteps {
  readonly opened: PullRequest | undefined
  readonly closed: readonly number[]
  readonly stuck: string | undefined
}

/** The line of a rollout after its steps, without its age. Undefined if there is nothing to list. */
export function listRollout(
  facts: RolloutFacts,
  { opened, closed, stuck }: DoneSteps,
): Omit<ListedRollout, 'since'> | undefined {
  const { standing, broughtBy } = facts
  const { target, share } = standing
  const left = facts.open.filter(({ pull }) => !closed.includes(pull.number) && pull.number !== opened?.number)
  const fresh = opened === undefined ? [] : [{ pull: opened, kind: kindOf(opened.head.ref, standing.phase) }]
  const open = [...left, ...fresh]
  const state = listedState({ ...facts, open }, stuck !== undefined)
  if (state === undefined) return undefined
  return {
    name: targetName(target),
    state,
    share,
    version: canaryVersion(target.route, target.neighbours),
    origin: originPull(target) ?? broughtBy,
    pulls: open.map(({ pull }) => pull.number),
    stuck,
  }
}

function listedState(facts: StateFacts & Pick<RolloutFacts, 'turn'>, isStuck: boolean): ListedState | undefined {
  const { standing, open, turn } = facts
  const state = rolloutState(facts, isStuck)
  if (standing.phase === 'idle') {
    const isWanted = isStuck && open.length === 0
    return isWanted ? 'stuck' : open.length > 0 ? 'beginning' : undefined
  }
  if (state === 'by-hand' && isBlueGreen(standing.target)) return 'both-sides'
  return state === 'stepping' && open.length === 0 && turn?.kind === 'waits' ? 'waits-for-wave' : state
}

/** What an open pull request waits for, according to its last review. */
export type PullState =
  | { readonly code: 'not-reviewed' }
  | { readonly code: 'ready' }
  | { readonly code: 'draft' }
  /** A gate blocks it, or waits. */
  | { readonly code: 'gated'; readonly blocking: readonly GateName[]; readonly waiting: readonly GateName[] }
  /** Its checks are not green, but not because of a gate. */
  | { readonly code: 'red' }

interface ReviewedPull {
  /** Empty while it is being looked at. */
  readonly head: string
  readonly draft: boolean
  /** Both checks are green, and it changes traffic. */
  readonly green: boolean
}

/** `gates`: the worst verdict of each gate. A pull request is ready only if it is known to be green. */
export function pullState(
  seen: ReviewedPull | undefined,
  gates: readonly (readonly [GateName, Verdict['state']])[],
): PullState {
  if (seen === undefined || seen.head === '') return { code: 'not-reviewed' }
  const of = (wanted: Verdict['state']): readonly GateName[] =>
    gates.filter(([, state]) => state === wanted).map(([gate]) => gate)
  if (seen.green) return { code: seen.draft ? 'draft' : 'ready' }
  const [blocking, waiting] = [of('block'), of('wait')]
  return blocking.length + waiting.length > 0 ? { code: 'gated', blocking, waiting } : { code: 'red' }
}

export interface Dashboard {
  /** The branch whose config asks for it. */
  readonly defaultBranch: string
  /** By base branch. */
  readonly listings: readonly (readonly [base: string, listing: Listing])[]
  /** The states of all open pull requests that change traffic, including listed steps. */
  readonly pulls: ReadonlyMap<number, PullState>
}

/** Open pull requests that change traffic and are no step of a listed rollout. */
export function otherPulls({ listings, pulls }: Dashboard): readonly number[] {
  const steps = new Set(listedRollouts(listings).flatMap((one) => one.pulls))
  return [...pulls.keys()].filter((number) => !steps.has(number)).sort((a, b) => a - b)
}

export function listedRollouts(listings: Dashboard['listings']): readonly ListedRollout[] {
  return listings.flatMap(([, listing]) => (listing.code === 'listed' ? listing.rollouts : []))
}
