import { type AnalysisReport, isGood } from '../analysis/report.ts'
import type { Stop } from '../stop/stop.ts'
import type { Liveness } from './live.ts'
import type { OverridableGate } from './names.ts'

/** What somebody decided about a change, apart from how the step before it is doing. */
export interface Restraints {
  readonly stops: readonly Stop[]
  /** Configured times without raises that hold this moment. */
  readonly windows: readonly FrozenWindow[]
  /** When the next configured time without raises begins, epoch milliseconds: until then at most a green gate lasts. */
  readonly freezesAt: number | undefined
  /** What the environments that come first have; one for each `after`. */
  readonly orders: readonly Order[]
  /** Approving reviews of the head commit; undefined where none are asked for. */
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

/** The same service in another environment that must have done something first, as the base branch has it. */
export interface Order {
  readonly environment: string
  /** Why it is asked about, where `after` is not the reason: it is in an earlier wave, or in the same or a later one. */
  readonly wave?: WavePlace
  readonly found:
    | { readonly code: 'missing' }
    /** Both environments are moved by the same file, so neither can be first. */
    | { readonly code: 'together' }
    /** A controller moves it there, so Git does not say how far it is. */
    | { readonly code: 'owned' }
    | {
        readonly code: 'found'
        /** `unknown`: a weight there cannot be read. */
        readonly share: number | 'unknown'
        readonly stable: string | undefined
        readonly canary: string | undefined
        readonly liveness: Liveness | undefined
        readonly bakeMs: number
        /** Undefined where nothing is to be measured there, or it is not live. */
        readonly analysis: AnalysisReport | undefined
      }
}

/** Where another environment has its place in `waves`. From those that do not come before, only the step before is asked. */
type WavePlace = 'earlier' | 'not-earlier'

/** An environment that an order asks about. */
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
  /** Without `liveness` it does not depend on that. */
  | (OrderPlace & { readonly code: 'after-done'; readonly liveness?: Liveness })
  | { readonly code: 'approvals'; readonly wanted: number; readonly has: number }
  | { readonly code: 'other-pull'; readonly pull: number }
  /** A promotion from another environment than the one that comes first. */
  | { readonly code: 'skips'; readonly environment: string; readonly from: string }
  /** A promotion whose target is in the middle of a rollout. */
  | { readonly code: 'rolling'; readonly service: string; readonly share: number | 'unknown' }
  /** A promotion between environments that the base branch does not have. */
  | { readonly code: 'no-flow' }
  /** The source of a promotion has what it carries. */
  | { readonly code: 'source-live'; readonly environment: string; readonly liveness: Liveness }

/** A verdict that does not name its rollout yet. */
export interface RestraintVerdict {
  readonly gate: OverridableGate
  readonly state: 'pass' | 'wait' | 'block'
  readonly reason: RestraintReason
  readonly until?: number
}

/** A raise, as far as other environments and people have a say in it. */
interface RestrainedRaise {
  readonly from: number
  readonly to: number
  /** The stable version becomes the canary's. */
  readonly promotes: boolean
  readonly canary: string | undefined
}

/** What a raise to `to` percent of a canary waits for beside its own rollout. */
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

/** A step is done in another environment when it is live and baked there, or its version is stable there. */
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

/** `liveness`: what that rests on, where it is the proof of a step. */
function doneIn(place: OrderPlace, liveness?: Liveness): RestraintVerdict {
  const rest = liveness === undefined ? {} : { liveness }
  return { gate: 'order', state: 'pass', reason: { code: 'after-done', ...place, ...rest } }
}

interface FoundOrder {
  readonly place: OrderPlace
  readonly found: DecidedOrder
  readonly now: number
}

/** A version begins in the first wave before the others have it: only a rollout of another version is in its way there. */
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
  // A share of 100 is the same before and after: only the stable version tells that this step is done.
  const isUnpromoted = change.promotes && place.wave === 'earlier' && found.stable !== change.canary
  if (isUnpromoted) return waiting({ code: 'after', ...place, problem: 'not-stable' })
  return liveness === undefined ? behind : proofVerdict(place, { ...found, liveness }, now)
}

function waiting(reason: RestraintReason): RestraintVerdict {
  return { gate: 'order', state: 'wait', reason }
}

type DecidedOrder = Extract<Order['found'], { code: 'found' }>

/** Whether a step in another environment is done. */
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
