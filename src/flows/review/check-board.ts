import { failedReports, workingReports } from '../../core/message/check/checks.ts'
import type { CheckReport, CheckRun, CheckSubject, Sha } from '../../core/rollout/facts.ts'
import { rememberFailing } from '../memory/pull-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/** This App's checks on one commit, read at most once. */
export interface CheckBoard {
  readonly sha: Sha
  /** The check runs on the commit. */
  runs(): Promise<readonly CheckRun[]>
  /** Creates or updates one check. Does nothing if GitHub already shows the same. */
  put(report: CheckReport): Promise<void>
}

/** `known`: the check runs on the commit, if they are certain. A commit that was just made has none. */
export function checkBoard(
  context: Pick<RepositoryContext, 'checks'>,
  sha: Sha,
  known?: readonly CheckRun[],
): CheckBoard {
  let runs = known
  const read = async (): Promise<readonly CheckRun[]> => (runs ??= await context.checks.on(sha))
  return {
    sha,
    runs: read,
    async put(report) {
      const all = await read()
      // Two runs with one name exist if two were created at the same time. GitHub may show either.
      const same = all.filter(({ name }) => name === report.name)
      const says = shownBy(report)
      if (same.length === 0) {
        const id = await context.checks.create(sha, report)
        runs = [...all, { ...says, id, name: report.name }]
        return
      }
      // A concluded run is never reopened: GitHub does not allow it, and an old verdict is better than none.
      if (report.conclusion === undefined) return
      const other = same.filter((run) => JSON.stringify(shownBy(run)) !== JSON.stringify(says))
      for (const { id } of other) await context.checks.update(id, report)
      runs = all.map((run) => (other.includes(run) ? { ...run, ...says } : run))
    },
  }
}

type CheckContent = Pick<CheckRun, 'conclusion' | 'title' | 'summary' | 'text' | 'subjects'>

function shownBy({
  conclusion,
  title,
  summary,
  text,
  subjects = [],
}: Pick<CheckReport, 'conclusion' | 'title' | 'summary' | 'subjects'> & {
  readonly text?: string | undefined
}): CheckContent {
  return { conclusion, title, summary, text, subjects }
}

export async function announceWork(board: CheckBoard, subjects: readonly CheckSubject[]): Promise<void> {
  for (const report of workingReports()) await board.put({ ...report, subjects })
}

async function publishFailure(board: CheckBoard, subject: CheckSubject, reason: string): Promise<void> {
  for (const report of failedReports(reason)) await board.put({ ...report, subjects: [subject] })
}

/**
 * Turns both checks of a pull request's head red, with an explanation, when its review keeps failing. While the task is still
 * retried, the next try must know that it is not the first: the checks exist, and our comment may exist.
 */
export async function giveUpReview(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'pulls' | 'checks'>,
  task: TaskOf<'review'>,
  { reason, isFinal }: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  if (!isFinal) await rememberFailing(context, task.pull)
  const pull = await context.pulls.get(task.pull)
  if (pull?.state !== 'open') return
  await publishFailure(checkBoard(context, pull.head.sha), { pull: pull.number, base: pull.base.ref }, reason)
}

/** Turns both checks of a group red when its review has failed permanently, so that the queue continues without it. */
export async function giveUpGroup(
  context: Pick<RepositoryContext, 'checks'>,
  { base, head }: TaskOf<'group'>,
  reason: string,
): Promise<void> {
  await publishFailure(checkBoard(context, head), { pull: undefined, base }, reason)
}
