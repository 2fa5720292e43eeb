import type { CheckReport, CheckRun, Sha } from '../../core/rollout/facts.ts'

/** This App's check runs in one repository. */
export interface Checks {
  /** This App's check runs on a commit, newest first. */
  on(sha: Sha): Promise<readonly CheckRun[]>
  create(sha: Sha, report: CheckReport): Promise<number>
  update(id: number, report: CheckReport): Promise<void>
}
