import { idleReports, workingReports } from '../core/message/check/checks.ts'
import type { RepositoryContext } from './repository-context.ts'
import { forgetPull } from './memory.ts'
import { checkBoard } from './publish.ts'
import { jobOf, type Task } from './work.ts'

/** Where GitHub's merge queue keeps the commits that it asks checks for. */
const QUEUE_REFS = 'refs/heads/gh-readonly-queue/*'

/**
 * Somebody asked GitHub to run the checks of a commit again. GitHub waits for new runs then, whatever the old ones say. They
 * are made at once, and concluded by the reviews of what the commit is the head of; where it is none, with words here.
 */
export async function rerun(context: RepositoryContext, task: Extract<Task, { type: 'rerun' }>): Promise<void> {
  const { repo, installation } = context
  const { head, id } = task
  const board = checkBoard(context, head, [])
  const pulls = (await context.pulls.allOpen()).filter((pull) => pull.head.sha === head)
  const tasks: Task[] = pulls.map(({ number }) => ({
    type: 'review',
    installation,
    repo,
    pull: number,
    force: true,
    anew: true,
  }))
  const groups = pulls.length > 0 ? new Map() : await context.mirror.fetch([QUEUE_REFS])
  for (const [ref, sha] of groups) {
    const base = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]{40}$/.exec(ref)?.[1]
    if (sha === head && base !== undefined) tasks.push({ type: 'group', installation, repo, base, ref, head })
  }
  for (const report of tasks.length > 0 ? workingReports() : idleReports()) await board.put(report)
  // The new runs say nothing yet, whatever memory says that the old ones do.
  for (const { number } of pulls) await forgetPull(context, number)
  for (const one of tasks) await context.jobs.enqueue(jobOf(one, { id: `rerun:${id}` }))
}
