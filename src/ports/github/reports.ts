import type { StoredReport, Report } from '../../core/report/report.ts'
import type { Sha } from '../../core/rollout/facts.ts'

/** What a check run of ours that keeps a report says. */
export interface KeptReport extends StoredReport {
  readonly state: Report['state']
  readonly title: string
  readonly summary: string
}

/** The reports of clusters that this App keeps: one check run for each name and commit. */
export interface Reports {
  /** `no-commit`: the repository has no such commit. */
  find(commit: Sha, name: string): Promise<{ readonly id: number; readonly kept: StoredReport } | 'none' | 'no-commit'>
  create(commit: Sha, name: string, kept: KeptReport): Promise<void>
  update(id: number, kept: KeptReport): Promise<void>
}
