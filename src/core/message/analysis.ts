import type { AnalysisReport } from '../analysis/report.ts'

export function analysisWords(report: AnalysisReport): string {
  return report.outcome
}

export function analysisTable(report: AnalysisReport): string {
  return report.server
}

/** Why a rollout is held, in one line of plain text. */
export function failureReason(report: AnalysisReport): string {
  return `the canary failed its analysis: ${analysisWords(report).replaceAll(/[`*]/g, '')}`
}
