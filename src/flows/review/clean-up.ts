/** Cleans up the checks and the memory of a pull request that is closed, or that has a new head. */
import { orphanReport } from '../../core/message/check/commit-checks.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { forgetGroup, forgetPeer, pullsWithHead, recallGroup } from '../memory/commit-memory.ts'
import { askForDashboard } from '../dashboard/ask-dashboard.ts'
import { judgePullAgain } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeWaitingFor } from '../stop/judge-again.ts'
import { forgetPull, recallPull, rememberWaiting, type ReviewMemory } from '../memory/pull-memory.ts'
import { checkBoard } from './check-board.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'ask' | 'checks' | 'clock'>

/** Called when a webhook says that a pull request is closed. It may have been reopened since. */
export async function cleanUpClosed(
  context: Needs & Pick<RepositoryContext, 'pulls'>,
  task: TaskOf<'clean-up'>,
): Promise<void> {
  const seen = await recallPull(context, task.pull)
  const isMerged = task.why.code === 'pull-ended' && task.why.merged
  // A pull request that is not in memory may have been green when memory was lost.
  const mayBeGreen = seen === undefined || seen.green
  const pull = mayBeGreen && !isMerged ? await context.pulls.get(task.pull) : undefined
  if (pull?.state === 'open') return judgePullAgain(context, task.pull)
  const lost = pull === undefined ? undefined : { head: pull.head.sha, green: true }
  await cleanUpPull(context, task.pull, { seen: seen ?? lost, isMerged: isMerged || pull?.state === 'merged' })
}

const MAX_FORGOTTEN = 20

/** Withdraws green checks of steps that were closed before memory began. No webhook or sweep finds them any more. */
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

/** Forgets a closed pull request. Those that it blocked, and those that share its commit, are judged again. */
export async function cleanUpPull(
  context: Needs,
  pull: number,
  { seen, isMerged }: { readonly seen: Pick<ReviewMemory, 'head' | 'green'> | undefined; readonly isMerged: boolean },
): Promise<void> {
  await rememberWaiting(context, pull, [])
  await forgetPull(context, pull)
  await judgeWaitingFor(context, pull)
  await askForDashboard(context)
  if (seen !== undefined) await cleanUpCommit(context, seen.head, { pull, wasGreen: seen.green && !isMerged })
}

/**
 * When a commit is no longer the head of a pull request, it is judged again for the pull requests that still have it. If there
 * are none, a green check that allowed a raise is withdrawn. Otherwise nobody would turn it red later, and a pull request that
 * returns to the commit could be merged.
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
  // Another pull request may have got this head meanwhile, and may have found the check in order.
  await judgeOthers(context, head)
}

/** Forgets a merge group. The pull requests with this commit as their head have its checks to themselves again. */
export async function cleanUpGroup(context: Needs, head: Sha): Promise<void> {
  await forgetGroup(context, head)
  await judgeOthers(context, head)
}

async function judgeOthers(context: Needs, head: Sha): Promise<boolean> {
  const [first] = await pullsWithHead(context, head)
  if (first !== undefined) await judgePullAgain(context, first)
  return first !== undefined
}
