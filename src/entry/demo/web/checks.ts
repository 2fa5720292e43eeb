import type { GitHubBox } from '../../../sandbox/github.ts'

export type CheckView = ReturnType<ReturnType<GitHubBox['repository']>['checkRuns']>[number]

/** The newest run of each check on a commit, without command records, which people need not see. */
export function newestChecks(box: GitHubBox, sha: string): readonly CheckView[] {
  const runs = box
    .repository()
    .checkRuns(sha)
    .filter(({ name }) => !name.startsWith('perch/'))
  const names = [...new Set(runs.map(({ name }) => name))].toSorted()
  return names.flatMap((name) => runs.find((run) => run.name === name) ?? [])
}

export function concludedChecks(box: GitHubBox, sha: string): readonly CheckView[] {
  return newestChecks(box, sha).filter(({ conclusion }) => conclusion !== null)
}

const MARKS: Readonly<Record<string, string>> = { success: '✅', action_required: '⏳', failure: '❌' }

export function markOf({ conclusion }: CheckView): string {
  return conclusion === null ? '🟡' : (MARKS[conclusion] ?? '❔')
}
