import type { AnalysisReport } from '../analysis/report.ts'
import type { Standing } from './standing.ts'

/** Whether a rollout is measured: the config asks for it, Perch drives it, and its canary has traffic. */
export function isWatched({ phase, target }: Standing): boolean {
  return target.settings.analysis !== undefined && (phase === 'stepping' || phase === 'finishing-version')
}

/** The action that the config asks for after a step's measurements. */
export function consequenceOf(standing: Standing, report: AnalysisReport | undefined): 'rollback' | 'hold' | 'nothing' {
  return report?.isFailure === true && isWatched(standing) ? standing.target.settings.onFailure : 'nothing'
}
