import type { StoredReport, Report } from '../../core/report/report.ts'
import type { Sha } from '../../core/rollout/facts.ts'

/** The content of one of our check runs that stores a report. */
export interface KeptReport extends StoredReport {
  readonly state: Report['state']
  readonly title: string
  readonly summary: string
}

/** The reports from clusters, stored as this App's check runs: one for each name and commit. */
export interface Reports {
  /** `no-commit`: the repository does not have that commit. */
  find(commit: Sha, name: string): Promise<{ readonly id: number; readonly kept: StoredReport } | 'none' | 'no-commit'>
  create(commit: Sha, name: string, kept: KeptReport): Promise<void>
  update(id: number, kept: KeptReport): Promise<void>
}
