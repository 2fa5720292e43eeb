/** Check runs and statuses of a commit, summarized like on GitHub. */
import type { CheckRun, CheckSuite, Repository, Status } from './types.ts'

/** The latest run of every name and App on a commit, newest first. */
export function latestRuns(repo: Repository, sha: string): CheckRun[] {
  const runs = runsOn(repo, sha)
  return runs.filter((run, index) => runs.findIndex((one) => one.name === run.name && one.app === run.app) === index)
}

export function runsOn(repo: Repository, sha: string): CheckRun[] {
  return [...repo.checkRuns.values()].filter((run) => run.sha === sha).toReversed()
}

/** The latest status of every context on a commit. */
export function latestStatuses(repo: Repository, sha: string): Status[] {
  const newestFirst = repo.statuses.filter((status) => status.sha === sha).toReversed()
  return newestFirst.filter((one, index) => newestFirst.findIndex((other) => other.context === one.context) === index)
}

/** A suite has the state of its least advanced run. Without runs it is queued, even forever. */
export function suiteState(
  repo: Repository,
  suite: CheckSuite,
): { status: 'queued' | 'in_progress' | 'completed'; conclusion: string | null; runs: number } {
  const runs = latestRuns(repo, suite.sha).filter((run) => run.suite === suite)
  if (runs.every((run) => run.status === 'queued')) return { status: 'queued', conclusion: null, runs: runs.length }
  if (runs.some((run) => run.status !== 'completed')) {
    return { status: 'in_progress', conclusion: null, runs: runs.length }
  }
  const worst = WORST_FIRST.find((conclusion) => runs.some((run) => run.conclusion === conclusion))
  return { status: 'completed', conclusion: worst ?? 'success', runs: runs.length }
}

const WORST_FIRST = ['failure', 'timed_out', 'action_required', 'cancelled', 'success', 'neutral', 'skipped']

/**
 * The combined state of a commit's contexts.
 * https://docs.github.com/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
 */
export function combinedState(statuses: readonly Status[]): 'failure' | 'pending' | 'success' {
  if (statuses.some(({ state }) => state === 'error' || state === 'failure')) return 'failure'
  if (statuses.length === 0 || statuses.some(({ state }) => state === 'pending')) return 'pending'
  return 'success'
}
