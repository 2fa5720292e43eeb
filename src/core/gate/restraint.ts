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

/** The same service in the environment that comes first, as the base branch has it. */
export interface Order {
  readonly environment: string
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

export type RestraintReason =
  | { readonly code: 'held' | 'frozen'; readonly stop: Stop }
  | { readonly code: 'window'; readonly window: FrozenWindow }
  | {
      readonly code: 'after'
      readonly environment: string
      readonly problem: 'missing' | 'together' | 'owned' | 'other-version'
    }
  | { readonly code: 'after-not-live'; readonly environment: string; readonly liveness: Liveness }
  | {
      readonly code: 'after-behind'
      readonly environment: string
      readonly share: number | 'unknown'
      readonly wanted: number
    }
  | { readonly code: 'after-baking'; readonly environment: string; readonly until: number }
  | { readonly code: 'after-analysis'; readonly environment: string; readonly report: AnalysisReport }
  | { readonly code: 'after-done'; readonly environment: string }
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

/** What a raise to `to` percent of a canary waits for beside its own rollout. */
export function restrain(
  change: { readonly to: number; readonly canary: string | undefined },
  restraints: Restraints,
  now: number,
): readonly RestraintVerdict[] {
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

/** A step is done in the environment that comes first when it is live and baked there, or its version is stable there. */
function orderVerdict(
  change: { readonly to: number; readonly canary: string | undefined },
  { environment, found }: Order,
  now: number,
): RestraintVerdict {
  const wait = (reason: RestraintReason): RestraintVerdict => ({ gate: 'order', state: 'wait', reason })
  if (found.code !== 'found')
    return { gate: 'order', state: 'block', reason: { code: 'after', environment, problem: found.code } }
  const isFinished = found.share === 0 && found.stable !== undefined && found.stable === change.canary
  const done: RestraintVerdict = { gate: 'order', state: 'pass', reason: { code: 'after-done', environment } }
  if (isFinished) return done
  if (found.share === 'unknown' || found.share === 0 || found.share < change.to)
    return wait({ code: 'after-behind', environment, share: found.share, wanted: change.to })
  if (found.canary !== change.canary) return wait({ code: 'after', environment, problem: 'other-version' })
  const { liveness } = found
  if (liveness === undefined) return wait({ code: 'after-behind', environment, share: found.share, wanted: change.to })
  return unprovenVerdict(environment, { ...found, liveness }, now) ?? done
}

type DecidedOrder = Extract<Order['found'], { code: 'found' }>

/** What is missing for a step in the environment that comes first to be done; undefined where nothing is. */
function unprovenVerdict(
  environment: string,
  found: DecidedOrder & { readonly liveness: Liveness },
  now: number,
): RestraintVerdict | undefined {
  const { liveness, bakeMs, analysis } = found
  const waiting = { gate: 'order', state: 'wait' } as const
  if (liveness.state !== 'live') {
    const moment = liveness.until === undefined ? {} : { until: liveness.until }
    return { ...waiting, reason: { code: 'after-not-live', environment, liveness }, ...moment }
  }
  const until = liveness.since + bakeMs
  if (now < until) return { ...waiting, reason: { code: 'after-baking', environment, until }, until }
  if (analysis === undefined || isGood(analysis)) return undefined
  return { ...waiting, reason: { code: 'after-analysis', environment, report: analysis } }
}
