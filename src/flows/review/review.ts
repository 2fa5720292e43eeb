import type { Override } from '../../core/gate/gate.ts'
import { concernsTraffic, NO_CHANGE, type Review } from '../../core/gate/review.ts'
import type { Comment, PullRequest, Sha } from '../../core/rollout/facts.ts'
import { mentionedBy } from '../tasks/causes.ts'
import { settleWaiting } from '../repository/command-memory.ts'
import { rememberPeer } from '../repository/commit-memory.ts'
import { openCommit } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { sayIfAllowed } from '../repository/github-refusals.ts'
import { judgeMerge, type Question } from '../judgement/judge-merge.ts'
import { followUp } from './follow-up.ts'
import { labelSteps } from './label-steps.ts'
import { rememberHead } from '../repository/head-age.ts'
import { leaveCommit, leavePull } from './leave.ts'
import { forgetPull, recallPull, rememberPull, rememberWaiting, type ReviewMemory } from '../repository/memory.ts'
import { postAnswer, takePending } from '../commands/pending-commands.ts'
import { carryOutComments } from '../commands/carry-out-comments.ts'
import { checkBoard, isSummary, publishFailure, publishMeasurements, publishSummary } from './publish.ts'
import { type PullEnds, fetchEnds, withHead } from '../repository/pull-ends.ts'
import { questionOf } from './pull-question.ts'
import { stopsAmong } from '../stop/stops.ts'
import { isUnmoved } from './unmoved.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type ReviewTask = TaskOf<'review'>

/**
 * Looks at one pull request: carries out its commands, finds out what a merge would do and whether it may be done, and says
 * so: the checks first, then the comment, the answers last, because words must not come before what they speak of.
 */
export async function review(context: RepositoryContext, task: ReviewTask): Promise<void> {
  const seen = await recallPull(context, task.pull)
  if (await isNothingNew(context, task, seen)) return
  // A first review is told apart from one that was cut off, after which things may be there already. Until it is done it counts
  // as one that changes traffic, so that what moves meanwhile has it judged again.
  await rememberPull(context, task.pull, { ...(seen ?? UNSEEN), traffic: true })
  const pull = await readPull(context, task.pull)
  const isFresh = task.why.code === 'opened' && seen === undefined
  const comments = isForCommands(task) ? await context.conversation.of(task.pull) : commentsOf(isFresh)
  const at = pull?.state === 'open' ? await fetchEnds(context, pull) : undefined
  if (at !== undefined) {
    await rememberPeer(context, at.pull.head.sha, task.pull)
    return reviewOpen(context, at, { task, comments, isFresh, seen })
  }
  // Closed, or without a branch: should it come back, it is seen for the first time again.
  if (pull !== undefined && pull.state !== 'open') await reviewClosed(context, { pull, task }, comments ?? [])
  await leavePull(context, task.pull, { seen, isMerged: pull?.state === 'merged' })
}

async function readPull(context: RepositoryContext, number: number): Promise<PullRequest | undefined> {
  const pull = await context.pulls.get(number)
  if (pull?.state === 'open') await rememberHead(context, pull)
  // A comment on an issue waits for nothing.
  if (pull === undefined) await settleWaiting(context, number, { pending: new Set(), answered: new Set() })
  return pull
}

/** Without asking: a pull request that was just opened has none; of any other they are not known. */
function commentsOf(isFresh: boolean): readonly Comment[] | undefined {
  return isFresh ? [] : undefined
}

const UNSEEN: ReviewMemory = {
  head: '',
  base: '',
  judgedFor: '',
  into: '',
  draft: false,
  peers: [],
  digest: '',
  green: false,
  waits: [],
  traffic: true,
  commented: false,
  targets: [],
  stops: '',
  polls: false,
}

/** A webhook that speaks of a head that has been reviewed brings nothing new, nor does every move of the base. */
async function isNothingNew(
  context: RepositoryContext,
  { pull, why }: ReviewTask,
  seen: ReviewMemory | undefined,
): Promise<boolean> {
  if (why.code === 'new-head') return why.head === seen?.head
  const moved = why.code === 'swept' ? why.moved : why.code === 'base-moved' ? why : undefined
  return moved !== undefined && isUnmoved(context, { pull, moved }, seen)
}

/** Whether the conversation is to be read for commands. */
export function isForCommands({ why: { code } }: ReviewTask): boolean {
  return code === 'command' || code === 'unanswered' || code === 'reopened'
}

/** Those that it is to have, where Perch has just opened it. */
function labelsOf({ why }: ReviewTask): readonly string[] | undefined {
  return why.code === 'opened' || why.code === 'adopted' ? why.labels : undefined
}

/** Whether the checks are to be written whatever memory says that they say. */
function mustWrite(task: ReviewTask): boolean {
  const { code } = task.why
  return code === 'rerun' || code === 'shared-commit' || isForCommands(task)
}

interface ConversationState {
  readonly task: ReviewTask
  /** The conversation, where it has been read. */
  readonly comments: readonly Comment[] | undefined
  readonly isFresh: boolean
  /** What was found out when it was last looked at. */
  readonly seen: ReviewMemory | undefined
}

async function reviewOpen(context: RepositoryContext, at: PullEnds, conversed: ConversationState): Promise<void> {
  const { task, comments, isFresh, seen } = conversed
  let read = comments
  const conversation = async (): Promise<readonly Comment[]> => (read ??= await context.conversation.of(task.pull))
  const stops = await stopsAmong(context, at.refs)
  const questionAt = (head: Sha): Question => {
    const onWait = waitsOf(context, task.pull)
    return questionOf(context, withHead(at, head), {
      stops,
      mentioned: mentionedBy(task.why),
      comments: conversation,
      onWait,
    })
  }
  const look = (head: Sha): Promise<Review> => judgeMerge(context, questionAt(head))
  const pending = await takePending(context, at.pull, comments ?? [])
  const answered = await carryOutComments(context, { on: 'head', ...at, look }, pending)
  const before = at.pull.head.sha
  const ends = withHead(at, answered.head)
  if (answered.head !== before) await rememberPeer(context, answered.head, task.pull)
  // A commit that was made a moment ago, like a pull request that was, has no checks that would have to be looked for.
  const isNew = answered.head !== before || isFresh
  const commit = await openCommit(context, { ends, isNew, seen: mustWrite(task) ? undefined : seen, before })
  const question = withOverrides(questionAt(answered.head), answered.overrides)
  const found = await judgeMerge(context, isNew ? question : { ...question, onRender: () => commit.announce() })

  if (await hasEnded(context, conversed, found)) {
    for (const answer of answered.answers) await postAnswer(context, at.pull, answer)
    return
  }
  const concluded = await commit.conclude(found)
  await sayIfAllowed(context, task.pull, async () => {
    if (concernsTraffic(found) || comments !== undefined || mayHaveSummary(conversed, found))
      await publishSummary(context, { pull: task.pull, comments: await conversation() }, found)
    await publishMeasurements(context, at.pull, found)
  })
  for (const answer of answered.answers) await postAnswer(context, at.pull, answer)
  await sayIfAllowed(context, task.pull, () => labelSteps(context, { pull: at.pull, labels: labelsOf(task) }, found))
  const commented = concernsTraffic(found) || hasSummary(read, seen)
  await followUp(context, ends, { review: found, commented, ...concluded })
  await leaveOldHeads(context, ends.pull, { before, seen })
}

/** Whether our comment is there, by the conversation where that was read, else by memory. */
function hasSummary(comments: readonly Comment[] | undefined, seen: ReviewMemory | undefined): boolean {
  return comments?.some(isSummary) ?? seen?.commented === true
}

/**
 * Whether our comment may be there and say what is not so any more. Where memory does not tell, the first webhook about a
 * pull request is believed to be the first, so that one without traffic costs no request more.
 */
function mayHaveSummary({ task, seen, isFresh }: ConversationState, { problems }: Review): boolean {
  if (seen !== undefined) return seen.commented || seen.traffic
  return !isFresh && (task.why.code !== 'new-head' || problems.length > 0)
}

/**
 * Whether a pull request that changed traffic was merged or closed while it was looked at. After a merge the base branch has
 * the change, so that it seems to change nothing; what its comment and checks say must stay as the record of it. What it
 * leaves behind is dealt with when the webhook, or the sweep, says that it is closed.
 */
async function hasEnded(
  context: RepositoryContext,
  { task, comments, seen }: ConversationState,
  found: Review,
): Promise<boolean> {
  if (concernsTraffic(found)) return false
  if (seen?.traffic !== true && !(comments ?? []).some(isSummary)) return false
  return (await context.pulls.get(task.pull))?.state !== 'open'
}

/** What its checks said on the commits that were its head before. */
async function leaveOldHeads(
  context: RepositoryContext,
  { number, head }: PullRequest,
  { before, seen }: { readonly before: Sha; readonly seen: ReviewMemory | undefined },
): Promise<void> {
  for (const old of new Set([before, ...(seen === undefined || seen.head === '' ? [] : [seen.head])])) {
    const wasGreen = old === seen?.head && seen.green
    if (old !== head.sha) await leaveCommit(context, old, { pull: number, wasGreen })
  }
}

/** Keeps what a pull request waits for, from the moment that it is asked about. */
function waitsOf(context: RepositoryContext, pull: number): (keys: readonly string[]) => Promise<void> {
  const waits = new Set<string>()
  return async (keys) => {
    for (const key of keys) waits.add(key)
    await rememberWaiting(context, pull, [...waits])
  }
}

/** With what was passed a moment ago, whose record is posted last. */
function withOverrides(question: Question, overrides: readonly Override[]): Question {
  const before = question.around.overrides
  return { ...question, around: { ...question.around, overrides: async () => [...overrides, ...(await before())] } }
}

/**
 * Both checks of a pull request's head, when reviewing it keeps failing: red, with words. Once nobody tries the task any more,
 * the pull request is forgotten, so that the sweep looks at it. Until then the next try must know that it is not the first: the
 * checks are there, and our comment may be.
 */
export async function giveUpReview(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'pulls' | 'checks'>,
  task: ReviewTask,
  { reason, isFinal }: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  if (isFinal) await forgetPull(context, task.pull)
  else await rememberPull(context, task.pull, UNSEEN)
  const pull = await context.pulls.get(task.pull)
  if (pull?.state !== 'open') return
  await publishFailure(checkBoard(context, pull.head.sha), { pull: pull.number, base: pull.base.ref }, reason)
}

async function reviewClosed(
  context: RepositoryContext,
  { pull, task }: { readonly pull: PullRequest; readonly task: ReviewTask },
  comments: readonly Comment[],
): Promise<void> {
  // A person may merge a step before Perch has labelled it.
  const labels = (labelsOf(task) ?? []).filter((label) => !pull.labels.includes(label))
  if (labels.length > 0) await sayIfAllowed(context, pull.number, () => context.pulls.label(pull.number, labels))
  await rememberWaiting(context, pull.number, [])
  const pending = await takePending(context, pull, comments)
  const look = (): Promise<Review> => Promise.resolve(NO_CHANGE)
  const subject = { on: 'head', pull, base: pull.base.sha, judgedFor: pull.base.ref, look } as const
  const { answers } = await carryOutComments(context, subject, pending)
  for (const answer of answers) await postAnswer(context, pull, answer)
}
