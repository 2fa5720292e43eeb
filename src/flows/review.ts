import type { Override } from '../core/gate/gate.ts'
import { concernsTraffic, type Review } from '../core/gate/review.ts'
import { isStep } from '../core/rollout/branch.ts'
import type { Comment, PullRequest, Sha } from '../core/rollout/facts.ts'
import type { Desk } from './desk.ts'
import { settleWaiting } from './command-memory.ts'
import { sayIfAllowed } from './github-refusals.ts'
import { evaluate, NOTHING, type Question } from './evaluate.ts'
import { followUp } from './follow-up.ts'
import { labelSteps } from './label-steps.ts'
import { rememberHead } from './head-age.ts'
import { forgetPull, recallPull, rememberPull, rememberWaiting, type Seen } from './memory.ts'
import { postAnswer, takePending } from './pending-commands.ts'
import { type Answered, type Place, runCommands } from './pull-commands.ts'
import {
  announceWork,
  checkBoard,
  isSummary,
  publishChecks,
  publishFailure,
  publishMeasurements,
  publishSummary,
} from './publish.ts'
import { type Ends, fetchEnds } from './pull-ends.ts'
import { stopsAmong } from './stops.ts'
import { surroundingsOf } from './surroundings.ts'
import type { Task } from './work.ts'

type ReviewTask = Extract<Task, { type: 'review' }>

/**
 * Looks at one pull request: carries out its commands, finds out what a merge would do and whether it may be done, and says
 * so: the checks first, then the comment, the answers last, because words must not come before what they speak of.
 */
export async function review(desk: Desk, task: ReviewTask): Promise<void> {
  const seen = await recallPull(desk, task.pull)
  if (isReviewed(task, seen)) return
  // Whoever looks first is told apart from whoever comes after a try that was cut off: then things may be there already.
  if (seen === undefined) await rememberPull(desk, task.pull, UNSEEN)
  const pull = await readPull(desk, task.pull)
  const isFresh = task.fresh === true && seen === undefined
  const comments = task.comments === true ? await desk.conversation.of(task.pull) : commentsOf(isFresh)
  const at = pull?.state === 'open' ? await fetchEnds(desk, pull) : undefined
  if (at !== undefined) {
    return reviewOpen(desk, at, { task, comments, isFresh, wasTraffic: seen?.traffic === true })
  }
  // Closed, or without a branch: should it come back, it is seen for the first time again.
  if (pull !== undefined && pull.state !== 'open') await reviewClosed(desk, pull, comments ?? [])
  await forgetPull(desk, task.pull)
}

async function readPull(desk: Desk, number: number): Promise<PullRequest | undefined> {
  const pull = await desk.pulls.get(number)
  if (pull?.state === 'open') await rememberHead(desk, pull)
  // A comment on an issue waits for nothing.
  if (pull === undefined) await settleWaiting(desk, number, { pending: new Set(), answered: new Set() })
  return pull
}

/** Without asking: a pull request that was just opened has none; of any other they are not known. */
function commentsOf(isFresh: boolean): readonly Comment[] | undefined {
  return isFresh ? [] : undefined
}

const UNSEEN: Seen = { head: '', base: '', waits: [], traffic: false, targets: [], stops: '', polls: false }

/** A webhook that speaks of a head that has been reviewed brings nothing new. */
function isReviewed(task: ReviewTask, seen: Seen | undefined): boolean {
  const isDemanded = task.comments === true || task.force === true
  return task.head !== undefined && task.head === seen?.head && !isDemanded
}

interface Conversed {
  readonly task: ReviewTask
  /** The conversation, where it has been read. */
  readonly comments: readonly Comment[] | undefined
  readonly isFresh: boolean
  /** When it was last looked at it changed traffic, so there is a comment to keep true. */
  readonly wasTraffic: boolean
}

async function reviewOpen(desk: Desk, at: Ends, conversed: Conversed): Promise<void> {
  const { task, comments, isFresh, wasTraffic } = conversed
  let read = comments
  const conversation = async (): Promise<readonly Comment[]> => (read ??= await desk.conversation.of(task.pull))
  const stops = await stopsAmong(desk, at.refs)
  const questionOf = (head: Sha): Question => {
    const around = surroundingsOf(desk, { pull: at.pull, stops }, { sha: head, comments: conversation })
    const waits = new Set<string>()
    const onWait = async (keys: readonly string[]): Promise<void> => {
      for (const key of keys) waits.add(key)
      await rememberWaiting(desk, task.pull, [...waits])
    }
    return { base: at.base, baseRef: at.pull.base.ref, head, mentioned: task.commit, onWait, around }
  }
  const look = (head: Sha): Promise<Review> => evaluate(desk, questionOf(head))
  const answered = await answerCommands(desk, { ...at, look }, comments ?? [])
  const head = answered.head
  // A commit that was made a moment ago, like a pull request that was, has no checks that would have to be looked for.
  const isNew = head !== at.pull.head.sha || isFresh
  const board = isNew ? checkBoard(desk, head, []) : checkBoard(desk, head)
  const question = withOverrides(questionOf(head), answered.overrides)
  const found = await evaluate(desk, isNew ? question : { ...question, onRender: () => announceWork(board) })

  if (await hasEnded(desk, conversed, found)) {
    for (const answer of answered.answers) await postAnswer(desk, at.pull, answer)
    await forgetPull(desk, task.pull)
    return
  }
  await publishChecks(board, found, isStep(at.pull, desk.botLogin))
  await sayIfAllowed(desk, task.pull, async () => {
    if (concernsTraffic(found) || comments !== undefined || wasTraffic)
      await publishSummary(desk, { pull: task.pull, comments: await conversation() }, found)
    await publishMeasurements(desk, at.pull, found)
  })
  for (const answer of answered.answers) await postAnswer(desk, at.pull, answer)
  await sayIfAllowed(desk, task.pull, () => labelSteps(desk, { pull: at.pull, labels: task.labels }, found))
  await followUp(desk, { ...at, pull: { ...at.pull, head: { ...at.pull.head, sha: head } } }, found)
}

/**
 * Whether a pull request that changed traffic was merged or closed while it was looked at. After a merge the base branch has
 * the change, so that it seems to change nothing; what its comment and checks say must stay as the record of it.
 */
async function hasEnded(desk: Desk, { task, comments, wasTraffic }: Conversed, found: Review): Promise<boolean> {
  if (concernsTraffic(found)) return false
  if (!wasTraffic && !(comments ?? []).some(isSummary)) return false
  return (await desk.pulls.get(task.pull))?.state !== 'open'
}

/** With what was passed a moment ago, whose record is posted last. */
function withOverrides(question: Question, overrides: readonly Override[]): Question {
  const before = question.around.overrides
  return { ...question, around: { ...question.around, overrides: async () => [...overrides, ...(await before())] } }
}

/** Both checks of a pull request's head, when reviewing it failed for good: red, with words. The sweep tries again. */
export async function giveUpReview(desk: Desk, task: ReviewTask, reason: string): Promise<void> {
  await forgetPull(desk, task.pull)
  const pull = await desk.pulls.get(task.pull)
  if (pull?.state === 'open') await publishFailure(checkBoard(desk, pull.head.sha), reason)
}

async function reviewClosed(desk: Desk, pull: PullRequest, comments: readonly Comment[]): Promise<void> {
  await rememberWaiting(desk, pull.number, [])
  const pending = await takePending(desk, pull, comments)
  const look = (): Promise<Review> => Promise.resolve(NOTHING)
  const { answers } = await runCommands(desk, { pull, base: pull.base.sha, look }, pending)
  for (const answer of answers) await postAnswer(desk, pull, answer)
}

async function answerCommands(desk: Desk, at: Ends & Place, comments: readonly Comment[]): Promise<Answered> {
  const answered = await runCommands(desk, at, await takePending(desk, at.pull, comments))
  if (answered.head !== at.pull.head.sha) await desk.mirror.fetch([`refs/heads/${at.pull.head.ref}`])
  return answered
}
