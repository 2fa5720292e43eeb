import type { AnalysisOutcome, CheckReason, ServerReason } from '../analysis/report.ts'
import type { Trouble } from './expression/trouble.ts'
import type { TemplateName, TemplateProblem } from './template-problem.ts'

/** The verdict of a metric's conditions on one measurement, in the words of Argo Rollouts. */
export type MeasurementVerdict = 'successful' | 'failed' | 'inconclusive' | 'error'

export interface MetricMeasurement {
  /** Epoch milliseconds. */
  readonly time: number
  /** One for each series. Values may be NaN or infinite. */
  readonly values: readonly number[]
  readonly verdict: MeasurementVerdict
}

export type ConditionKey = 'successCondition' | 'failureCondition'

/** Why a metric is not (yet) a pass. */
export type MetricReason =
  /** `no-data`: the first measurement is not due yet. */
  | { readonly code: 'too-early'; readonly first: number }
  /** `no-data`: all answers were empty, and the conditions do not say what that means. */
  | { readonly code: 'no-values' }
  /** `error`: a condition has no answer for the measurement; `inRow`: how many times in a row. */
  | {
      readonly code: 'not-evaluated'
      readonly condition: ConditionKey
      readonly trouble: Trouble
      readonly values: readonly number[]
      readonly inRow: number
    }
  /** `fail` or `inconclusive`: there were more than the limit. */
  | { readonly code: 'over-limit'; readonly limit: number }
  /** `fail` or `inconclusive`: all measurements are done, but there were never so many successes in a row. */
  | { readonly code: 'few-in-row'; readonly wanted: number }
  /** `inconclusive`: part of the data may be missing. */
  | Extract<CheckReason, { code: 'warned' }>
  /** `error` */
  | ServerReason

/** One metric of a template, as measured. */
export interface MeasuredMetric {
  readonly name: string
  readonly isDryRun: boolean
  readonly conditions: Readonly<Record<ConditionKey, string | undefined>>
  readonly outcome: AnalysisOutcome
  readonly reason: MetricReason | undefined
  /** No later measurement changes the outcome. */
  readonly isDone: boolean
  readonly counts: Readonly<Record<MeasurementVerdict, number>>
  /** The number of required measurements with an answer. Undefined for as many as there is time for. */
  readonly wanted: number | undefined
  /** How many may fail. Undefined for any number. */
  readonly failureLimit: number | undefined
  /** Oldest first. */
  readonly measurements: readonly MetricMeasurement[]
  /** The times of the last and of the next measurement, in epoch milliseconds. */
  readonly ends: number
  readonly next: number
}

export interface MeasuredTemplate extends TemplateName {
  /** Why nothing can be measured. */
  readonly problems: readonly TemplateProblem[]
  readonly metrics: readonly MeasuredMetric[]
}
