import { giveUpCommands } from '../../flows/commands/give-up-commands.ts'
import { abandonReview } from '../../flows/memory/pull-memory.ts'
import { unsettle } from '../../flows/memory/base-memory.ts'
import { isForCommands } from '../../flows/review/conversation.ts'
import { giveUpGroup, giveUpReview } from '../../flows/review/check-board.ts'
import { type RepositoryRef, Task } from '../../flows/tasks/tasks.ts'
import type { ClaimedJob, WorkOptions } from '../../ports/jobs.ts'
import { GitHubUnavailable } from '../../adapters/github/client/client.ts'
import { GitUnavailable } from '../../adapters/git/errors.ts'
import { outageWords } from '../../core/message/check/checks.ts'
import { taskIn, type WorkerParts } from './worker-parts.ts'

/** Called when a job keeps failing. A review's checks must say so, and commands that are no longer tried get an answer. */
export function giveUp(parts: WorkerParts): NonNullable<WorkOptions['onExhausted']> {
  return async (job, error, isFinal) => {
    const words = isFinal
      ? 'gave up a job; sweeps go on looking at its repository'
      : 'a job keeps failing; it is tried on'
    parts.log.error({ key: job.key, err: error }, words)
    if (isFinal) await leaveToSweep(parts, job)
    await failChecks(parts, job, { reason: outageWords(outageDetail(error)), isFinal })
    if (isFinal) await answerLate(parts, job)
  }
}

/**
 * Sweeps skip base branches whose head is settled, and pull requests that are being reviewed. The given-up job left something
 * undone, so the next sweep must not skip its branch or pull request.
 */
export async function leaveToSweep({ memo }: WorkerParts, job: ClaimedJob): Promise<void> {
  const task = taskIn(job)
  if (task?.type === 'advance') await unsettle({ memo, repo: task.repo }, task.base)
  if (task?.type === 'review') await abandonReview({ memo, repo: task.repo }, task.pull)
}

/** The commands that a job was to carry out. */
async function answerLate(parts: WorkerParts, job: ClaimedJob): Promise<void> {
  const task = taskIn(job)
  const pull = task === undefined ? undefined : commandedPull(task)
  if (pull !== undefined) await giveUpCommands(await parts.contextFor(pull), pull.number)
}

function commandedPull(task: Task): (RepositoryRef & { readonly number: number }) | undefined {
  if (task.type === 'comment' || (task.type === 'review' && isForCommands(task))) return { ...task, number: task.pull }
  if (task.type !== 'advance') return undefined
  const { why } = task
  return why.code === 'handed-over' || why.code === 'handed-again' ? { ...task, number: why.pull } : undefined
}

/** What may be shown of an error. The messages of these errors contain no token and no path of this machine. */
function outageDetail(error: unknown): string {
  const isShown = error instanceof GitHubUnavailable || error instanceof GitUnavailable
  return isShown ? error.message : ''
}

/** Tells people why a job has no result: its checks become red. */
export async function failChecks(
  parts: WorkerParts,
  job: ClaimedJob,
  failed: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  const task = taskIn(job)
  if (task?.type === 'review') await giveUpReview(await parts.contextFor(task), task, failed)
  if (task?.type === 'group') await giveUpGroup(await parts.contextFor(task), task, failed.reason)
}
