/** Cleans up after a pull request that is closed, or has another head now: its checks and what is remembered of it. */
import { orphanReport } from '../../core/message/check/commit-checks.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { forgetPeer, pullsWithHead, recallGroup } from '../repository/commit-memory.ts'
import { askForDashboard } from '../dashboard/ask-dashboard.ts'
import { judgeAnew } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeWaitingFor } from '../stop/judge-again.ts'
import { forgetPull, recallPull, rememberWaiting, type ReviewMemory } from '../repository/memory.ts'
import { checkBoard } from './check-board.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'ask' | 'checks' | 'clock'>

/** A webhook said that a pull request is closed. It may have been opened again since. */
export async function cleanUpClosed(
  context: Needs & Pick<RepositoryContext, 'pulls'>,
  task: TaskOf<'clean-up'>,
): Promise<void> {
  const seen = await recallPull(context, task.pull)
  const isMerged = task.why.code === 'pull-ended' && task.why.merged
  // One that memory does not know may have been green when memory was lost.
  const mayBeGreen = seen === undefined || seen.green
  const pull = mayBeGreen && !isMerged ? await context.pulls.get(task.pull) : undefined
  if (pull?.state === 'open') return judgeAnew(context, task.pull)
  const lost = pull === undefined ? undefined : { head: pull.head.sha, green: true }
  await cleanUpPull(context, task.pull, { seen: seen ?? lost, isMerged: isMerged || pull?.state === 'merged' })
}

const MAX_FORGOTTEN = 20

/** Takes back what is green on steps that were closed before memory began: of them no webhook and no sweep tells any more. */
export async function cleanUpForgotten(
  context: Needs & Pick<RepositoryContext, 'botLogin'>,
  { ref, pulls }: { readonly ref: string; readonly pulls: readonly PullRequest[] },
): Promise<void> {
  const key = `cleaned-up:${context.repo.id}:${ref}`
  if ((await context.memo.get(key)) === true) return
  const closed = pulls.filter((pull) => pull.state === 'closed' && isStep(pull, context.botLogin))
  for (const { number, head } of closed.slice(0, MAX_FORGOTTEN))
    await cleanUpCommit(context, head.sha, { pull: number, wasGreen: true })
  await context.memo.set(key, true)
}

/** Forgets a pull request that is closed; those that it held back, and those that share its commit, are judged again. */
export async function cleanUpPull(
  context: Needs,
  pull: number,
  { seen, isMerged }: { readonly seen: Pick<ReviewMemory, 'head' | 'green'> | undefined; readonly isMerged: boolean },
): Promise<void> {
  await rememberWaiting(context, pull, [])
  await forgetPull(context, pull)
  await judgeWaitingFor(context, pull)
  await askForDashboard(context)
  if (seen !== undefined && seen.head !== '')
    await cleanUpCommit(context, seen.head, { pull, wasGreen: seen.green && !isMerged })
}

/**
 * A commit that a pull request no longer has as its head is judged again for those that still have. Where none has, a green
 * check that let traffic be raised is taken back: nobody would turn it red later, and it would let in whoever comes back to it.
 */
export async function cleanUpCommit(
  context: Needs,
  head: Sha,
  { pull, wasGreen }: { readonly pull: number; readonly wasGreen: boolean },
): Promise<void> {
  await forgetPeer(context, head, pull)
  if (await judgeOthers(context, head)) return
  if (!wasGreen || (await recallGroup(context, head)) !== undefined) return
  const board = checkBoard(context, head)
  const isGreen = (await board.runs()).some(
    ({ name, conclusion }) => name === 'canary/gate' && conclusion === 'success',
  )
  if (isGreen) await board.put(orphanReport())
  // Somebody may have come meanwhile, and have found the check as it should be.
  await judgeOthers(context, head)
}

async function judgeOthers(context: Needs, head: Sha): Promise<boolean> {
  const [first] = await pullsWithHead(context, head)
  if (first !== undefined) await judgeAnew(context, first)
  return first !== undefined
}
