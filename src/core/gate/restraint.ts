import { type AnalysisReport, isGood } from '../analysis/report.ts'
import type { Stop } from '../stop/stop.ts'
import type { Liveness } from './live.ts'
import type { OverridableGate } from './names.ts'

/** What people have decided about a change, apart from the state of the previous step. */
export interface Restraints {
  readonly stops: readonly Stop[]
  /** Configured times without raises that apply now. */
  readonly windows: readonly FrozenWindow[]
  /** When the next configured time without raises begins, epoch milliseconds. A green gate lasts at most until then. */
  readonly freezesAt: number | undefined
  /** The state of the environments that must come first: one for each `after`, and those from `waves`. */
  readonly orders: readonly Order[]
  /** Approving reviews of the head commit; undefined if none are required. */
  readonly approvals: { readonly wanted: number; readonly has: number } | undefined
  /** An older open pull request that moves the same route. */
  readonly conflict: number | undefined
}

export const UNRESTRAINED: Restraints = {
  stops: [],
  windows: [],
  freezesAt: undefined,
  orders: [],
  approvals: undefined,
  conflict: undefined,
}

export interface FrozenWindow {
  readonly environment: string
  readonly until: number
  readonly reason: string | undefined
}

/** The same service in another environment that must come first, as it is on the base branch. */
export interface Order {
  readonly environment: string
  /**
   * Set if `waves` is the reason, and not `after`: whether the environment is in an earlier wave, or in the same or a later one.
   */
  readonly wave?: WavePlace
  readonly found:
    | { readonly code: 'missing' }
    /** One file moves both environments, so neither can come first. */
    | { readonly code: 'together' }
    /** A controller moves it there, so Git does not show its progress. */
    | { readonly code: 'owned' }
    | {
        readonly code: 'found'
        /** `unknown`: a weight in that environment cannot be read. */
        readonly share: number | 'unknown'
        readonly stable: string | undefined
        readonly canary: string | undefined
        readonly liveness: Liveness | undefined
        readonly bakeMs: number
        /** Undefined if nothing is measured there, or if the step is not live. */
        readonly analysis: AnalysisReport | undefined
      }
}

/**
 * The position of another environment in `waves`. In an environment that does not come before this one, only the previous step
 * counts.
 */
type WavePlace = 'earlier' | 'not-earlier'

/** An environment that an order refers to. */
interface OrderPlace {
  readonly environment: string
  readonly wave?: WavePlace
}

export type RestraintReason =
  | { readonly code: 'held' | 'frozen'; readonly stop: Stop }
  | { readonly code: 'window'; readonly window: FrozenWindow }
  | (OrderPlace & {
      readonly code: 'after'
      readonly problem: 'missing' | 'together' | 'owned' | 'other-version' | 'not-stable' | 'unreadable'
    })
  | (OrderPlace & { readonly code: 'after-not-live'; readonly liveness: Liveness })
  | (OrderPlace & { readonly code: 'after-behind'; readonly share: number | 'unknown'; readonly wanted: number })
  | (OrderPlace & { readonly code: 'after-baking'; readonly until: number; readonly liveness: Liveness })
  | (OrderPlace & { readonly code: 'after-analysis'; readonly report: AnalysisReport; readonly liveness: Liveness })
  /** Without `liveness`, the result does not depend on it. */
  | (OrderPlace & { readonly code: 'after-done'; readonly liveness?: Liveness })
  | { readonly code: 'approvals'; readonly wanted: number; readonly has: number }
  | { readonly code: 'other-pull'; readonly pull: number }
  /** A promotion that skips the environment which must come first. */
  | { readonly code: 'skips'; readonly environment: string; readonly from: string }
  /** A promotion into a target with a rollout in progress. */
  | { readonly code: 'rolling'; readonly service: string; readonly share: number | 'unknown' }
  /** A promotion between environments that are not on the base branch. */
  | { readonly code: 'no-flow' }
  /** The source of the promotion runs what is promoted. */
  | { readonly code: 'source-live'; readonly environment: string; readonly liveness: Liveness }

/** A verdict that is not assigned to a rollout yet. */
export interface RestraintVerdict {
  readonly gate: OverridableGate
  readonly state: 'pass' | 'wait' | 'block'
  readonly reason: RestraintReason
  readonly until?: number
}

/** The facts about a raise that matter for other environments and people. */
interface RestrainedRaise {
  readonly from: number
  readonly to: number
  /** The canary's version becomes the stable one. */
  readonly promotes: boolean
  readonly canary: string | undefined
}

/** What a raise of the canary to `to` percent waits for, apart from its own rollout. */
export function restrain(change: RestrainedRaise, restraints: Restraints, now: number): readonly RestraintVerdict[] {
  const { stops, windows, orders, approvals, conflict } = restraints
  return [
    ...orders.map((order) => orderVerdict(change, order, now)),
    ...(approvals === undefined ? [] : [approvalVerdict(approvals)]),
    ...stops.map(stopVerdict),
    ...windows.map((window): RestraintVerdict => {
      return { gate: 'freeze', state: 'wait', reason: { code: 'window', window }, until: window.until }
    }),
    ...(conflict === undefined ? [] : [conflictVerdict(conflict)]),
  ]
}

function stopVerdict(stop: Stop): RestraintVerdict {
  const code = stop.kind === 'hold' ? 'held' : 'frozen'
  const until = stop.until === undefined ? {} : { until: stop.until }
  return { gate: stop.kind, state: 'wait', reason: { code, stop }, ...until }
}

function approvalVerdict({ wanted, has }: NonNullable<Restraints['approvals']>): RestraintVerdict {
  return { gate: 'approvals', state: has >= wanted ? 'pass' : 'wait', reason: { code: 'approvals', wanted, has } }
}

function conflictVerdict(pull: number): RestraintVerdict {
  return { gate: 'conflict', state: 'wait', reason: { code: 'other-pull', pull } }
}

/** Another environment has done a step if the step is live and baked there, or if the version is already stable there. */
function orderVerdict(change: RestrainedRaise, order: Order, now: number): RestraintVerdict {
  const { found, wave } = order
  const place: OrderPlace = { environment: order.environment, ...(wave === undefined ? {} : { wave }) }
  if (found.code !== 'found')
    return { gate: 'order', state: 'block', reason: { code: 'after', ...place, problem: found.code } }
  const isFinished = found.share === 0 && found.stable !== undefined && found.stable === change.canary
  if (isFinished) return doneIn(place)
  const isStart = wave === 'not-earlier' && change.from === 0
  return isStart
    ? (busyVerdict(change, { place, found }) ?? doneIn(place))
    : behindVerdict(change, { place, found, now })
}

/** `liveness`: the proof of the step that this result depends on. */
function doneIn(place: OrderPlace, liveness?: Liveness): RestraintVerdict {
  const rest = liveness === undefined ? {} : { liveness }
  return { gate: 'order', state: 'pass', reason: { code: 'after-done', ...place, ...rest } }
}

interface FoundOrder {
  readonly place: OrderPlace
  readonly found: DecidedOrder
  readonly now: number
}

/** In the first wave, a version starts before the others have it. Only a rollout of another version blocks it there. */
function busyVerdict(change: RestrainedRaise, { place, found }: Omit<FoundOrder, 'now'>): RestraintVerdict | undefined {
  if (found.share === 'unknown') return waiting({ code: 'after', ...place, problem: 'unreadable' })
  const isOther = found.share > 0 && (found.canary === undefined || found.canary !== change.canary)
  return isOther ? waiting({ code: 'after', ...place, problem: 'other-version' }) : undefined
}

function behindVerdict(change: RestrainedRaise, { place, found, now }: FoundOrder): RestraintVerdict {
  const wanted = place.wave === 'not-earlier' ? change.from : change.to
  const { share, liveness } = found
  const behind = waiting({ code: 'after-behind', ...place, share, wanted })
  if (share === 'unknown' || share === 0 || share < wanted) return behind
  if (found.canary !== change.canary) return waiting({ code: 'after', ...place, problem: 'other-version' })
  // The share is 100 before and after this step, so only the stable version shows whether the step is done.
  const isUnpromoted = change.promotes && place.wave === 'earlier' && found.stable !== change.canary
  if (isUnpromoted) return waiting({ code: 'after', ...place, problem: 'not-stable' })
  return liveness === undefined ? behind : proofVerdict(place, { ...found, liveness }, now)
}

function waiting(reason: RestraintReason): RestraintVerdict {
  return { gate: 'order', state: 'wait', reason }
}

type DecidedOrder = Extract<Order['found'], { code: 'found' }>

/** Whether another environment has done a step. */
function proofVerdict(
  place: OrderPlace,
  found: DecidedOrder & { readonly liveness: Liveness },
  now: number,
): RestraintVerdict {
  const { liveness, bakeMs, analysis } = found
  if (liveness.state !== 'live') {
    const moment = liveness.until === undefined ? {} : { until: liveness.until }
    return { ...waiting({ code: 'after-not-live', ...place, liveness }), ...moment }
  }
  const until = liveness.since + bakeMs
  if (now < until) return { ...waiting({ code: 'after-baking', ...place, until, liveness }), until }
  if (analysis === undefined || isGood(analysis)) return doneIn(place, liveness)
  return waiting({ code: 'after-analysis', ...place, report: analysis, liveness })
}
