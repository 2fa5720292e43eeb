import type { Analysis } from '../config/analysis.ts'
import type { AnalysisOutcome } from './report.ts'

/** Whether an outcome is a failure: `fail` is one at once, others depend on the config's policy when the window is over. */
export function countsAsFailure(
  analysis: Pick<Analysis, 'onNoData' | 'onError' | 'onInconclusive'>,
  outcome: AnalysisOutcome,
  isComplete: boolean,
): boolean {
  if (outcome === 'pass' || outcome === 'fail') return outcome === 'fail'
  const policies = { 'no-data': analysis.onNoData, error: analysis.onError, inconclusive: analysis.onInconclusive }
  return isComplete && policies[outcome] === 'fail'
}
