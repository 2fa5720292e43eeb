import { forgetPull, rememberBegun } from '../repository/memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { checkBoard, publishFailure } from './check-board.ts'

/**
 * Both checks of a pull request's head, when reviewing it keeps failing: red, with words. Once nobody tries the task any more,
 * the pull request is forgotten, so that the sweep looks at it. Until then the next try must know that it is not the first: the
 * checks are there, and our comment may be.
 */
export async function giveUpReview(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'pulls' | 'checks'>,
  task: TaskOf<'review'>,
  { reason, isFinal }: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  if (isFinal) await forgetPull(context, task.pull)
  else await rememberBegun(context, task.pull, undefined)
  const pull = await context.pulls.get(task.pull)
  if (pull?.state !== 'open') return
  await publishFailure(checkBoard(context, pull.head.sha), { pull: pull.number, base: pull.base.ref }, reason)
}
