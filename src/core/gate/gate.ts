import { type AnalysisReport, isGood } from '../analysis/report.ts'
import type { Writer } from '../owner/owned-routes.ts'
import { earliest, type Liveness } from './live.ts'
import type { GateName, OverridableGate } from './names.ts'
import { restrain, type RestraintReason, type Restraints } from './restraint.ts'

/** The reason of a verdict, as data; `core/message` has the words. */
export type GateReason =
  | { readonly code: 'live'; readonly liveness: Liveness }
  /** `done`: how much of the bake is over, from 0 to 1, in slices of at least `SLICE_MS`. */
  | {
      readonly code: 'baking'
      readonly since: number
      readonly until: number
      readonly bakeMs: number
      readonly done: number
    }
  | { readonly code: 'analysis'; readonly report: AnalysisReport }
  | { readonly code: 'not-live-yet' }
  | { readonly code: 'unchecked'; readonly what: string }
  | { readonly code: 'canary-swapped'; readonly share: number }
  | UnknownBase
  | { readonly code: 'base-undated' }
  | { readonly code: 'two-steps'; readonly raisers: readonly string[] }
  | RestraintReason

/**
 * Why the traffic of the versions on the base branch is unknown. `base-owned`: a controller moves it there, and the change removes the controller.
 */
export type UnknownBase =
  | { readonly code: 'base-unreadable' }
  | { readonly code: 'base-owned'; readonly writer: Writer; readonly share: number | 'unknown' }

/** The verdict of one gate on one change. `wait`: it may change with time or a report, at `until` if that is known. */
export interface Verdict {
  readonly gate: GateName
  readonly target: string
  readonly state: 'pass' | 'wait' | 'block'
  readonly reason: GateReason
  readonly until?: number
  /** A maintainer has overridden the gate for this head commit. Then `state` is `pass`, whatever the reason is. */
  readonly override?: Override
}

/** A gate that a maintainer has overridden for one head commit. */
export interface Override {
  readonly gate: OverridableGate
  readonly by: string
  readonly reason: string
}

/** How a change raises the traffic of the canary. */
interface CanaryRaise {
  readonly from: number
  readonly to: number
  /** More requests reach the canary, apart from its own share. */
  readonly widens: boolean
  /** The stable version changes while the canary has traffic. */
  readonly promotes: boolean
}

/** One traffic change that a pull request would make, measured against the base branch. */
export interface TrafficChange extends CanaryRaise {
  readonly target: string
  /** The version of the canary changes, and the canary had traffic and keeps some. */
  readonly swaps: boolean
  /** On the base branch the canary has all the traffic and both versions are the same, so only the weights have to change back. */
  readonly finishes: boolean
  /** It sends the traffic of a blue/green service back to the version that had it before. */
  readonly goesBack: boolean
  /** Why the state before the change is unknown. Undefined if the change only makes the same state readable. */
  readonly unknownBase: UnknownBase | undefined
  /** Only a render shows the share on the base branch, so the files of older commits do not say since when it is there. */
  readonly isBaseUndated: boolean
  readonly bakeMs: number
  /** What the config asks for, but Perch cannot check. */
  readonly unchecked: readonly string[]
  /** Whether the current step of the base branch is live. Undefined if the canary has no traffic yet. */
  readonly liveness: Liveness | undefined
  /** The measurements of that step. Undefined if the config asks for none, or the step is not live. */
  readonly analysis: AnalysisReport | undefined
  /** The config asks for measurements. */
  readonly isAnalysed: boolean
  /** The canary's version after the change. Undefined if it is unknown. */
  readonly canary: string | undefined
  readonly restraints: Restraints
}

/** Whether other gates than the previous step apply to a change: approvals, stops, the order of environments, older pull requests. */
export function isHeldBack({ from, to, widens, promotes }: CanaryRaise): boolean {
  return to > from || widens || promotes
}

/**
 * The gates of one change. Lowering traffic and switching back are never gated, except for the change of weights at the finish, which must not reach
 * pods that are still rolling out.
 */
export function judge(change: TrafficChange, now: number): readonly Verdict[] {
  const { target, liveness } = change
  if (change.goesBack) return []
  if (change.finishes && !change.widens) return liveness === undefined ? [] : [live(change, liveness)]
  if (change.unknownBase !== undefined) return [hidden(change, change.unknownBase), ...restrained(change, now)]
  const swapped = change.swaps ? [blockSwap(change)] : []
  if (!isHeldBack(change)) return swapped
  const unchecked = change.unchecked.map((what) => block(target, what))
  const isStart = change.from === 0 && !change.promotes
  const waits = isStart ? [] : stepGates(change, now)
  return [...swapped, ...unchecked, ...waits, ...restrained(change, now)]
}

/** The gates about the current step of the base branch. */
function stepGates(change: TrafficChange, now: number): readonly Verdict[] {
  const { target, liveness } = change
  if (change.isBaseUndated) return [{ gate: 'live', target, state: 'block', reason: { code: 'base-undated' } }]
  return liveness === undefined ? [] : [live(change, liveness), bake(change, liveness, now), ...judgeMeasured(change)]
}

function restrained(change: TrafficChange, now: number): readonly Verdict[] {
  const { target } = change
  return restrain(change, change.restraints, now).map((verdict): Verdict => ({ ...verdict, target }))
}

/** Without this gate, Perch would treat the change as a start, and any share and version would pass. */
function hidden({ target }: TrafficChange, reason: UnknownBase): Verdict {
  return { gate: 'live', target, state: 'block', reason }
}

/** The verdicts, with the overrides of maintainers applied. */
export function overrule(verdicts: readonly Verdict[], overrides: readonly Override[]): readonly Verdict[] {
  return verdicts.map((verdict) => {
    const override = overrides.find(({ gate }) => gate === verdict.gate)
    if (override === undefined || verdict.state === 'pass') return verdict
    const { gate, target, reason } = verdict
    return { gate, target, reason, state: 'pass', override }
  })
}

function live({ target }: TrafficChange, liveness: Liveness): Verdict {
  return { gate: 'live', target, ...liveState(liveness), reason: { code: 'live', liveness } }
}

/** What the state of a step means for a verdict that waits until the step is live. */
export function liveState(liveness: Liveness): { readonly state: Verdict['state']; readonly until?: number } {
  if (liveness.state === 'live') return { state: 'pass' }
  if (liveness.state === 'failed') return { state: 'block' }
  return liveness.until === undefined ? { state: 'wait' } : { state: 'wait', until: liveness.until }
}

function bake({ target, bakeMs }: TrafficChange, liveness: Liveness, now: number): Verdict {
  if (liveness.state !== 'live') return { gate: 'bake', target, state: 'wait', reason: { code: 'not-live-yet' } }
  const { since } = liveness
  const until = since + bakeMs
  const reason = { code: 'baking', since, until, bakeMs, done: progress({ since, bakeMs }, now) } as const
  return now >= until
    ? { gate: 'bake', target, state: 'pass', reason }
    : { gate: 'bake', target, state: 'wait', reason, until }
}

/** The progress of a bake is shown in ten slices, or fewer if they would be shorter than this. Each slice costs a look. */
const SLICE_MS = 30_000

function slicesOf(bakeMs: number): number {
  return Math.max(1, Math.min(10, Math.floor(bakeMs / SLICE_MS)))
}

function progress({ since, bakeMs }: { readonly since: number; readonly bakeMs: number }, now: number): number {
  const slices = slicesOf(bakeMs)
  const passed = bakeMs === 0 ? 1 : Math.min(1, Math.max(0, now - since) / bakeMs)
  return Math.floor(passed * slices) / slices
}

/** Only a good measurement of the whole bake allows the next step. */
function judgeMeasured({ target, analysis, isAnalysed }: TrafficChange): readonly Verdict[] {
  if (!isAnalysed) return []
  const gate = 'analysis'
  if (analysis === undefined) return [{ gate, target, state: 'wait', reason: { code: 'not-live-yet' } }]
  const reason = { code: 'analysis', report: analysis } as const
  if (analysis.isFailure) return [{ gate, target, state: 'block', reason }]
  if (isGood(analysis)) return [{ gate, target, state: 'pass', reason }]
  // When the bake is over, only another measurement can tell more. The sweep takes care of that.
  return [{ gate, target, state: 'wait', reason, ...(analysis.isComplete ? {} : { until: analysis.ends }) }]
}

/** The measurements are about the old version. The new one would start with all its traffic without any proof. */
function blockSwap({ target, from }: TrafficChange): Verdict {
  return { gate: 'version', target, state: 'block', reason: { code: 'canary-swapped', share: from } }
}

function block(target: string, what: string): Verdict {
  return { gate: 'config', target, state: 'block', reason: { code: 'unchecked', what } }
}

/** The moment at which waiting gates may change, or have more to show. Undefined if that does not depend on time. */
export function nextLook(verdicts: readonly Verdict[]): number | undefined {
  return earliest(verdicts.flatMap((verdict) => momentOf(verdict) ?? []))
}

function momentOf({ state, until, reason }: Verdict): number | undefined {
  if (state !== 'wait' || until === undefined || reason.code !== 'baking') return state === 'wait' ? until : undefined
  const { since, bakeMs, done } = reason
  return Math.ceil(since + bakeMs * Math.min(1, done + 1 / slicesOf(bakeMs)))
}
