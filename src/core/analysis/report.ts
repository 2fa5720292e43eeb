import type { MeasuredTemplate } from '../analysis-template/measured.ts'
import type { MetricsFailure } from './answer.ts'
import type { SideTrouble } from './side.ts'
import type { Variable } from './template.ts'

/** The outcome of a step's measurements. */
export type AnalysisOutcome = 'pass' | 'fail' | 'no-data' | 'error' | 'inconclusive'

/** From best to worst. A report is as good as its worst check. */
export const OUTCOMES = ['pass', 'no-data', 'inconclusive', 'error', 'fail'] as const satisfies AnalysisOutcome[]

/** The limit that a value is compared with. */
export type Bar =
  | { readonly kind: 'min' | 'max'; readonly value: number }
  /** How far the canary may be below or above the stable version: in the unit, or in percent of stable's value. */
  | { readonly kind: 'max-below' | 'max-above'; readonly by: number; readonly isPercent: boolean }

/** The reason of a check's outcome, as data; `core/message` has the words. A pass has no reason. */
export type CheckReason =
  /** `fail`: the worst point broke this bar. */
  | { readonly code: 'broke-bar'; readonly bar: Bar }
  /** `no-data`: the first point is not over yet. */
  | { readonly code: 'too-early'; readonly first: number }
  | { readonly code: 'no-values' }
  /** `inconclusive`: the average number of requests per point; `enoughMs` is an interval that might have enough. */
  | {
      readonly code: 'few-requests'
      readonly average: number
      readonly wanted: number
      readonly enoughMs: number | undefined
    }
  | { readonly code: 'gaps'; readonly missing: number; readonly points: number }
  /** `inconclusive`: the stable version measured too little to compare with. */
  | { readonly code: 'stable-unknown' }
  | { readonly code: 'warned'; readonly detail: string }
  /** `error` */
  | ServerReason
  | { readonly code: 'several-series'; readonly count: number }
  | { readonly code: 'side'; readonly trouble: SideTrouble }
  | { readonly code: 'no-variable'; readonly variables: readonly Variable[] }
  | { readonly code: 'long-query' }

/** Why the server gave no usable answer. */
export type ServerReason =
  | { readonly code: 'unknown-server'; readonly known: readonly string[] }
  | { readonly code: Exclude<MetricsFailure, 'unknown-server'>; readonly detail: string }
  | { readonly code: 'outside-window' }
  | { readonly code: 'clock-off'; readonly byMs: number }

/** One check of the config, as measured. */
export interface MeasuredCheck {
  readonly metric: string
  readonly unit: string
  readonly bars: readonly Bar[]
  readonly outcome: AnalysisOutcome
  readonly reason: CheckReason | undefined
  /** The canary's values, oldest first. Each is for the time that a point covers, up to its own moment (epoch ms). */
  readonly values: readonly (readonly [time: number, value: number])[]
  /** The point farthest beyond its bars, or closest to them. With the value of the stable version at that time, if they are compared. */
  readonly worst: { readonly time: number; readonly value: number; readonly stable: number | undefined } | undefined
  /** Points that are over, and how many of them broke a bar. */
  readonly points: number
  readonly failed: number
  /** The requests to the canary in all points. Undefined if they are not counted. */
  readonly requests: number | undefined
}

/** The measurements of one step so far. Times are epoch milliseconds. */
export interface AnalysisReport {
  /** The worst of all checks. */
  readonly outcome: AnalysisOutcome
  /** `fail` at once, or, when the window is complete, an outcome that the config's policy counts as a failure. */
  readonly isFailure: boolean
  /** The whole bake window is over and was measured. Only a complete `pass` allows the next step. */
  readonly isComplete: boolean
  /** The window that was measured: from the settled start of the bake until the newest point. */
  readonly from: number
  readonly until: number
  /** When the bake window is over. */
  readonly ends: number
  /** When the next point is over. Before that there is nothing new to measure. */
  readonly next: number
  /** The server's name, never its URL. */
  readonly server: string
  readonly failureLimit: number
  /** The checks of the config. Empty if a template is the analysis. */
  readonly checks: readonly MeasuredCheck[]
  /** The template that is the analysis, as measured. */
  readonly template?: MeasuredTemplate | undefined
}

/** Whether the whole bake was measured and passed. Only this allows the next step. */
export function isGood({ isComplete, outcome }: AnalysisReport): boolean {
  return isComplete && outcome === 'pass'
}
