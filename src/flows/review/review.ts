import { concernsTraffic, isGated, isWorthComment, NO_CHANGE, type Review } from '../../core/gate/review.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { askForDashboard } from '../dashboard/ask-dashboard.ts'
import { settleWaiting } from '../memory/command-memory.ts'
import { rememberPeer } from '../memory/commit-memory.ts'
import { sayIfAllowed } from '../repository/github-refusals.ts'
import { rememberHead } from '../repository/head-age.ts'
import { recallPull, rememberBegun, rememberWaiting, type ReviewMemory } from '../memory/pull-memory.ts'
import { type PullEnds, fetchEnds, withHead } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { followUp } from './aftermath.ts'
import { cleanUpPull } from './clean-up.ts'
import { openChecks } from './conclude-commit.ts'
import {
  carryOutCommands,
  hasSummary,
  isForCommands,
  openComments,
  postAnswers,
  type PullComments,
  sayFindings,
} from './conversation.ts'
import { judgeFor } from './judge-pull.ts'
import { startByItself } from '../arrival/start-by-itself.ts'
import { isUnmoved } from './unmoved.ts'

type ReviewTask = TaskOf<'review'>

/**
 * Reviews one pull request. First its conversation, which may contain commands, then the judgement of its head, which is
 * published as checks, and then what follows. The checks are written first, then the comment, and the answers last, because texts
 * must not appear before what they describe.
 */
export async function review(context: RepositoryContext, task: ReviewTask): Promise<void> {
  const seen = await recallPull(context, task.pull)
  if (await isNothingNew(context, task, seen)) return
  // The next try can then tell that this one was interrupted, and that it may have created something.
  await rememberBegun(context, task.pull, seen)
  const pull = await readPull(context, task.pull)
  const isFresh = task.why.code === 'opened' && seen === undefined
  const comments = await openComments(context, { pull: task.pull, isRead: isForCommands(task), isFresh })
  const ends = pull?.state === 'open' ? await fetchEnds(context, pull) : undefined
  if (ends !== undefined) return reviewOpen(context, ends, { task, comments, isFresh, seen })
  if (pull !== undefined && pull.state !== 'open') {
    await reviewClosed(context, { pull, task, comments })
    await goOnWithout(context, pull, seen)
  }
  // It is closed, or has no branch. If it is reopened, it counts as seen for the first time.
  await cleanUpPull(context, task.pull, { seen, isMerged: pull?.state === 'merged' })
}

/** A webhook about an already reviewed head brings nothing new, and neither does every move of the base. */
async function isNothingNew(
  context: RepositoryContext,
  { pull, why }: ReviewTask,
  seen: ReviewMemory | undefined,
): Promise<boolean> {
  if (why.code === 'new-head') return why.head === seen?.head && seen.digest !== ''
  const moved = why.code === 'swept' ? why.moved : why.code === 'base-moved' ? why : undefined
  return moved !== undefined && isUnmoved(context, { pull, moved }, seen)
}

async function readPull(context: RepositoryContext, number: number): Promise<PullRequest | undefined> {
  const pull = await context.pulls.get(number)
  if (pull?.state === 'open') await rememberHead(context, pull)
  // A comment on an issue waits for nothing.
  if (pull === undefined) await settleWaiting(context, number, { pending: new Set(), answered: new Set() })
  return pull
}

interface BegunReview {
  readonly task: ReviewTask
  readonly comments: PullComments
  /** Perch has just opened the pull request, so there are no checks and comments yet. */
  readonly isFresh: boolean
  /** The result of the last review. */
  readonly seen: ReviewMemory | undefined
}

async function reviewOpen(context: RepositoryContext, at: PullEnds, begun: BegunReview): Promise<void> {
  const { task, comments, isFresh, seen } = begun
  const { pull } = at
  const before = pull.head.sha
  await rememberPeer(context, before, task.pull)

  const judge = await judgeFor(context, at, { why: task.why, comments })
  const { head, overrides, answers } = await carryOutCommands(context, { on: 'head', ...at, look: judge }, comments)

  const ends = withHead(at, head)
  if (head !== before) await rememberPeer(context, head, task.pull)
  // A commit or pull request that was just created has no checks to look for.
  const isNew = head !== before || isFresh
  const checks = await openChecks(context, { ends, isNew, seen: mustWrite(task) ? undefined : seen, before })
  const found = await judge(head, { overrides, ...(isNew ? {} : { onRender: () => checks.announce() }) })
  if (await hasEnded(context, begun, found)) return postAnswers(context, pull, answers)
  const concluded = await checks.conclude(found)

  const isExpected = mayHaveSummary(begun, found)
  const isBegun = (await startByItself(context, ends, found)) !== undefined
  // The checks of this head are outdated.
  if (!isBegun)
    await sayIfAllowed(context, task.pull, () => sayFindings(context, { pull, comments, isExpected }, found))
  await postAnswers(context, pull, answers)

  const commented = (!isBegun && isWorthComment(found)) || hasSummary(comments, seen)
  const verdict = { review: found, commented, ...concluded }
  await followUp(context, ends, { ...verdict, labels: openedLabels(task), before, seen })
  await tellRollout(context, ends, { begun, found })
}

/** Tells the tasks for whole rollouts that something may be new. */
async function tellRollout(
  context: RepositoryContext,
  ends: PullEnds,
  { begun: { task, seen }, found }: { readonly begun: BegunReview; readonly found: Review },
): Promise<void> {
  if (isGated(found) || seen?.traffic === true) await askForDashboard(context)
  if (seen === undefined) await goOnAgain(context, ends, task.why)
}

/**
 * If someone reopens a step, its rollout is no longer stopped, and only the review notices that. During a sweep, it requests the
 * sweep's own task.
 */
async function goOnAgain(
  { ask, clock, botLogin }: Pick<RepositoryContext, 'ask' | 'clock' | 'botLogin'>,
  { pull, base }: PullEnds,
  why: ReviewTask['why'],
): Promise<void> {
  if (!isStep(pull, botLogin) || (why.code !== 'reopened' && why.code !== 'swept')) return
  await ask.advance(pull.base.ref, { code: 'swept', head: base, at: why.code === 'swept' ? why.at : clock.now() })
}

/** Whether the checks must be written, even if memory says that they are up to date. */
function mustWrite(task: ReviewTask): boolean {
  const { code } = task.why
  return code === 'rerun' || code === 'shared-commit' || isForCommands(task)
}

/**
 * Whether our comment may exist and be outdated. If memory does not tell, the first webhook about a pull request counts as the
 * first, so that a pull request without traffic costs no additional request.
 */
function mayHaveSummary({ task, seen, isFresh }: BegunReview, { problems }: Review): boolean {
  if (seen !== undefined) return seen.commented || seen.traffic
  return !isFresh && (task.why.code !== 'new-head' || problems.length > 0)
}

/**
 * Whether a pull request that changed traffic was merged or closed during its review. After a merge, the base branch contains the
 * change, so the pull request seems to change nothing. Its comment and checks must stay as a record. The webhook of its end, or
 * the sweep, causes the cleaning up.
 */
async function hasEnded(context: RepositoryContext, begun: BegunReview, found: Review): Promise<boolean> {
  const { task, comments, seen } = begun
  if (concernsTraffic(found)) return false
  if (seen?.traffic !== true && !hasSummary(comments, seen)) return false
  return (await context.pulls.get(task.pull))?.state !== 'open'
}

async function reviewClosed(
  context: RepositoryContext,
  { pull, task, comments }: Pick<BegunReview, 'task' | 'comments'> & { readonly pull: PullRequest },
): Promise<void> {
  // A person may merge a step before Perch has labelled it.
  const labels = (openedLabels(task) ?? []).filter((label) => !pull.labels.includes(label))
  if (labels.length > 0) await sayIfAllowed(context, pull.number, () => context.pulls.label(pull.number, labels))
  await rememberWaiting(context, pull.number, [])
  const look = (): Promise<Review> => Promise.resolve(NO_CHANGE)
  const subject = { on: 'head', pull, base: pull.base.sha, judgedFor: pull.base.ref, look } as const
  await postAnswers(context, pull, (await carryOutCommands(context, subject, comments)).answers)
}

/**
 * Continues the rollout without a pull request that was found closed. Its webhook may be lost, and no sweep finds a pull request
 * that has been cleaned up. One that is not in memory was already cleaned up.
 */
async function goOnWithout(
  { ask, clock }: Pick<RepositoryContext, 'ask' | 'clock'>,
  { number, base }: PullRequest,
  seen: ReviewMemory | undefined,
): Promise<void> {
  if (seen?.traffic !== true && seen?.commented !== true) return
  await ask.advance(base.ref, { code: 'ended', pull: number, at: clock.now() })
}

/** The labels that a pull request needs which Perch has just opened; undefined for others. */
function openedLabels({ why }: ReviewTask): readonly string[] | undefined {
  return why.code === 'opened' || why.code === 'adopted' ? why.labels : undefined
}
