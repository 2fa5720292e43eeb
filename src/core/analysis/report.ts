export type AnalysisOutcome = 'pass' | 'fail' | 'no-data' | 'error' | 'inconclusive'

/** What the measurements of one step say so far. Times are epoch milliseconds. */
export interface AnalysisReport {
  readonly outcome: AnalysisOutcome
  readonly isFailure: boolean
  readonly isComplete: boolean
  readonly from: number
  readonly until: number
  readonly server: string
  readonly checks: readonly unknown[]
}
