import { idleReports, workingReports } from '../../core/message/check/checks.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { forgetPull } from '../memory/pull-memory.ts'
import { QUEUE_REFS, queueGroups } from '../repository/queue-groups.ts'
import { checkBoard } from './check-board.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/**
 * Someone asked GitHub to run the checks of a commit again. GitHub then waits for new runs, whatever the old ones say. They are
 * created at once, and concluded by the reviews of the pull requests with this head. If there are none, they are concluded here,
 * with an explanation.
 */
export async function rerun(context: RepositoryContext, { head, why: { delivery } }: TaskOf<'rerun'>): Promise<void> {
  const board = checkBoard(context, head, [])
  const pulls = (await context.pulls.allOpen()).filter((pull) => pull.head.sha === head)
  const inQueue = pulls.length > 0 ? [] : queueGroups(await context.mirror.fetch([QUEUE_REFS]))
  const groups = inQueue.filter((group) => group.head === head)
  for (const report of pulls.length + groups.length > 0 ? workingReports() : idleReports()) await board.put(report)
  // The new runs have no result yet, even if memory says that the old ones have.
  for (const { number } of pulls) await forgetPull(context, number)
  for (const { number } of pulls) await context.ask.review(number, { code: 'rerun', delivery })
  for (const group of groups) await context.ask.group(group, { code: 'rerun', delivery })
}
