import { pendingComments } from '../core/command/pending.ts'
import { nextLook, type Override } from '../core/gate/gate.ts'
import { wantOf } from '../core/gate/live.ts'
import { concernsTraffic, type Review } from '../core/gate/review.ts'
import { waitKey } from '../core/gate/signal.ts'
import { gateReport, validateReport } from '../core/message/checks.ts'
import { isStep } from '../core/rollout/branch.ts'
import type { Comment, PullRequest, Sha } from '../core/rollout/facts.ts'
import { movedRoutes } from '../core/rollout/target.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import type { Desk } from './desk.ts'
import { evaluate, NOTHING, type Question } from './evaluate.ts'
import { forgetPull, recallPull, recallPulls, rememberPull, rememberWaiting, type Seen } from './memory.ts'
import { mergeWhenAllowed } from './merge.ts'
import { type Answered, handOver, isForBase, type Place, runCommands } from './pull-commands.ts'
import { labelsOf } from './propose.ts'
import {
  announceWork,
  checkBoard,
  publishChecks,
  publishFailure,
  publishMeasurements,
  publishSummary,
} from './publish.ts'
import { stopsAmong, stopsKey } from './stops.ts'
import { surroundingsOf } from './surroundings.ts'
import { jobOf, type Task } from './work.ts'

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
  const pull = await desk.pulls.get(task.pull)
  const isFresh = task.fresh === true && seen === undefined
  const comments = task.comments === true ? await desk.conversation.of(task.pull) : commentsOf(isFresh)
  const at = pull?.state === 'open' ? await fetchEnds(desk, pull) : undefined
  if (at !== undefined) {
    const before = { wasTraffic: seen?.traffic === true, told: toldOf(task, seen) }
    return reviewOpen(desk, at, { task, comments, isFresh, ...before })
  }
  // Closed, or without a branch: should it come back, it is seen for the first time again.
  if (pull !== undefined && pull.state !== 'open') await reviewClosed(desk, pull, comments ?? [])
  await forgetPull(desk, task.pull)
}

/** Without asking: a pull request that was just opened has none; of any other they are not known. */
function commentsOf(isFresh: boolean): readonly Comment[] | undefined {
  return isFresh ? [] : undefined
}

/** One request each, in every review; a commit that was told of longer ago has been overtaken by several. */
const MAX_TOLD = 5

/** The commits that webhooks told of while this pull request waited, the newest first. */
function toldOf({ commit }: ReviewTask, seen: Seen | undefined): readonly Sha[] {
  const all = [...(commit === undefined ? [] : [commit]), ...(seen?.told ?? [])]
  return [...new Set(all)].slice(0, MAX_TOLD)
}

const UNSEEN: Seen = { head: '', base: '', waits: [], told: [], traffic: false, targets: [], stops: '', polls: false }

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
  readonly told: readonly Sha[]
}

async function reviewOpen(desk: Desk, at: Ends, conversed: Conversed): Promise<void> {
  const { task, comments, isFresh, wasTraffic, told } = conversed
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
    return { base: at.base, head, told, onWait, around }
  }
  const look = (head: Sha): Promise<Review> => evaluate(desk, questionOf(head))
  const answered = await answerCommands(desk, { ...at, look }, comments ?? [])
  const head = answered.head
  // A commit that was made a moment ago, like a pull request that was, has no checks that would have to be looked for.
  const isNew = head !== at.pull.head.sha || isFresh
  const board = isNew ? checkBoard(desk, head, []) : checkBoard(desk, head)
  const question = withOverrides(questionOf(head), answered.overrides)
  const found = await evaluate(desk, isNew ? question : { ...question, onRender: () => announceWork(board) })

  await publishChecks(board, found, isStep(at.pull, desk.botLogin))
  if (concernsTraffic(found) || comments !== undefined || wasTraffic)
    await publishSummary(desk, { pull: task.pull, comments: await conversation() }, found)
  await publishMeasurements(desk, at.pull, found)
  for (const body of answered.answers) await desk.conversation.add(task.pull, body)
  await label(desk, { pull: at.pull, labels: task.labels }, found)
  await lookAgain(desk, { ...at, told, pull: { ...at.pull, head: { ...at.pull.head, sha: head } } }, found)
}

/** With what was passed a moment ago, whose record is posted last. */
function withOverrides(question: Question, overrides: readonly Override[]): Question {
  const before = question.around.overrides
  return { ...question, around: { ...question.around, overrides: async () => [...overrides, ...(await before())] } }
}

/** What step pull requests are found by in GitHub's lists. */
async function label(
  desk: Desk,
  at: { readonly pull: PullRequest; readonly labels: readonly string[] | undefined },
  found: Review,
): Promise<void> {
  const { pull } = at
  const isHeld = found.changes.some(({ verdicts }) => verdicts.some(({ reason }) => reason.code === 'held'))
  const labels = [...(at.labels ?? missingLabels(desk, pull))]
  const isMarked = pull.labels.includes(HOLD_LABEL)
  if (isHeld && !isMarked && isStep(pull, desk.botLogin)) labels.push(HOLD_LABEL)
  if (labels.length > 0) await desk.pulls.label(pull.number, labels)
  if (!isHeld && isMarked) await desk.pulls.unlabel(pull.number, HOLD_LABEL)
}

const HOLD_LABEL = 'canary:hold'

/** The task that was to label a step may have been lost with the process that opened it, or come too late. */
function missingLabels({ botLogin }: Pick<Desk, 'botLogin'>, pull: PullRequest): readonly string[] {
  return isStep(pull, botLogin) ? labelsOf('share').filter((label) => !pull.labels.includes(label)) : []
}

/** Both checks of a pull request's head, when reviewing it failed for good: red, with words. The sweep tries again. */
export async function giveUpReview(desk: Desk, task: ReviewTask): Promise<void> {
  await forgetPull(desk, task.pull)
  const pull = await desk.pulls.get(task.pull)
  if (pull?.state === 'open') await publishFailure(checkBoard(desk, pull.head.sha))
}

async function reviewClosed(desk: Desk, pull: PullRequest, comments: readonly Comment[]): Promise<void> {
  await rememberWaiting(desk, pull.number, [])
  const pending = pendingComments(comments, desk.clock.now())
  for (const comment of pending.filter((one) => isForBase(pull, one))) await handOver(desk, pull, comment)
  const local = pending.filter((one) => !isForBase(pull, one))
  const look = (): Promise<Review> => Promise.resolve(NOTHING)
  const { answers } = await runCommands(desk, { pull, base: pull.base.sha, look }, local)
  for (const body of answers) await desk.conversation.add(pull.number, body)
}

interface Ends {
  /** The pull request with the head that Git has, which may be newer than what the API said a moment ago. */
  readonly pull: PullRequest
  readonly base: Sha
  /** All refs that were fetched with them, the stops too. */
  readonly refs: ReadonlyMap<string, Sha>
}

async function fetchEnds(desk: Pick<Desk, 'mirror'>, pull: PullRequest): Promise<Ends | undefined> {
  const baseRef = `refs/heads/${pull.base.ref}`
  const headRef = pull.head.isFork ? `refs/pull/${pull.number}/head` : `refs/heads/${pull.head.ref}`
  const refs = await desk.mirror.fetch([baseRef, headRef, STOP_REFS])
  const base = refs.get(baseRef)
  const head = refs.get(headRef)
  return base === undefined || head === undefined
    ? undefined
    : { base, refs, pull: { ...pull, head: { ...pull.head, sha: head } } }
}

async function answerCommands(desk: Desk, at: Ends & Place, comments: readonly Comment[]): Promise<Answered> {
  const pending = pendingComments(comments, desk.clock.now())
  for (const comment of pending.filter((one) => isForBase(at.pull, one))) await handOver(desk, at.pull, comment)
  const local = pending.filter((one) => !isForBase(at.pull, one))
  const answered = await runCommands(desk, at, local)
  if (answered.head !== at.pull.head.sha) await desk.mirror.fetch([`refs/heads/${at.pull.head.ref}`])
  return answered
}

/** Merges where the config says so, remembers what was found, and comes back when time alone can change it. */
async function lookAgain(desk: Desk, at: Ends & Pick<Conversed, 'told'>, found: Review): Promise<void> {
  const { pull, base } = at
  const verdicts = found.changes.flatMap((change) => change.verdicts)
  const waits = [...new Set(verdicts.flatMap(({ reason }) => waitsIn(reason)))]
  const isGreen = [validateReport(found), gateReport(found)].every(({ conclusion }) => conclusion === 'success')
  const moment = isGreen ? undefined : nextLook(verdicts)
  const until = moment === undefined ? {} : { until: moment }
  const behind = verdicts.flatMap(({ reason }) => (reason.code === 'other-pull' ? [reason.pull] : []))[0]
  await rememberPull(desk, pull.number, {
    head: pull.head.sha,
    base,
    waits,
    told: waits.length === 0 ? [] : [...at.told],
    traffic: found.changes.length > 0,
    targets: found.changes.flatMap(({ target }) => movedRoutes(target)),
    stops: stopsKey(at.refs),
    polls: verdicts.some(({ gate, state }) => gate === 'approvals' && state !== 'pass'),
    ...(behind === undefined ? {} : { behind }),
    ...until,
  })
  await rememberWaiting(desk, pull.number, waits)
  await lookAtRivals(desk, pull, { found, behind })
  if (verdicts.some(({ gate, state }) => gate === 'analysis' && state === 'block')) await askToExamine(desk, pull)
  if (isGreen) await mergeWhenAllowed(desk, pull, found.changes)
  else if (moment !== undefined) await setTimer(desk, pull, moment)
}

/** What follows from a failed analysis is the rollout's business, not this pull request's. */
async function askToExamine(desk: Desk, pull: PullRequest): Promise<void> {
  const { repo, installation } = desk
  const task: Task = { type: 'examine', installation, repo, base: pull.base.ref }
  await desk.jobs.enqueue(jobOf(task, { id: `failed:${pull.head.sha}` }))
}

/**
 * Of two pull requests that move the same route the younger waits, and either may be looked at first, or both at once. Each
 * has remembered what it moves before it looks for others here, so one of them sees the other: then the younger is judged again.
 */
async function lookAtRivals(
  desk: Desk,
  pull: PullRequest,
  { found, behind }: { readonly found: Review; readonly behind: number | undefined },
): Promise<void> {
  const { repo, installation } = desk
  const targets = found.changes.flatMap(({ target }) => movedRoutes(target))
  for (const [number, seen] of await recallPulls(desk)) {
    if (number === pull.number || !targets.some((target) => seen.targets.includes(target))) continue
    const [older, younger] = number < pull.number ? [number, pull.number] : [pull.number, number]
    const waitsFor = younger === number ? seen.behind : behind
    if (waitsFor !== undefined && waitsFor <= older) continue
    const task: Task = { type: 'review', installation, repo, pull: younger, force: true }
    await desk.jobs.enqueue(jobOf(task, { id: `behind:${older}:${[seen.head, pull.head.sha].sort().join(':')}` }))
  }
}

/** Below this a timer's moment is so near that it may just have gone off too early, by a clock that is ahead of ours. */
const NEAR_MS = 5_000

async function setTimer(desk: Desk, pull: PullRequest, moment: number): Promise<void> {
  const { repo, installation } = desk
  const now = desk.clock.now()
  const near = moment - now < NEAR_MS ? `:${Math.floor(now / 1000)}` : ''
  // A moment later than said: the clock that decides then must not be behind the one that set the timer.
  const timing = { notBefore: moment + 50, id: `look:${pull.head.sha}:${moment}${near}` }
  await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, force: true }, timing))
}

/** Also of what has come: a failure can turn, and a success can be taken back while the step bakes. */
function waitsIn(reason: Review['changes'][number]['verdicts'][number]['reason']): string[] {
  if (reason.code !== 'live' && reason.code !== 'after-not-live') return []
  const wants = reason.liveness.parts.flatMap(({ entry }) => wantOf(entry) ?? [])
  return wants.map(({ source, pattern }) => waitKey(source, pattern))
}
