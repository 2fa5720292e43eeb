import type { Probot } from 'probot'
import type { z } from 'zod'
import { acknowledge } from '../flows/acknowledge.ts'
import { advance } from '../flows/advance.ts'
import type { RepositoryContext } from '../flows/repository-context.ts'
import { measureRollouts } from '../flows/measure-rollouts.ts'
import { orRefusal } from '../flows/github-refusals.ts'
import { giveUpCommands } from '../flows/give-up-commands.ts'
import { judgeStopsAgain } from '../flows/judge-again.ts'
import { reviewLeft } from '../flows/leave.ts'
import { giveUpGroup, reviewGroup } from '../flows/merge-group.ts'
import { recordReport } from '../flows/record-report.ts'
import { redirect } from '../flows/redirect.ts'
import { giveUpReview, review } from '../flows/review.ts'
import { rerun } from '../flows/rerun.ts'
import { sweep } from '../flows/sweep.ts'
import { jobOf, type RepositoryRef, Task } from '../flows/work.ts'
import type { RepositoryName } from '../core/rollout/facts.ts'
import type { ClaimedJob, JobHandler, Jobs, WorkOptions } from '../ports/jobs.ts'
import { GitHubUnavailable } from '../adapters/github/client.ts'
import { GitUnavailable } from '../adapters/git/errors.ts'
import { outageWords } from '../core/message/check/checks.ts'
import { explainRefusal } from '../core/message/refusal/refusal.ts'
import type { Log } from '../ports/log.ts'
import type { Memo } from '../ports/memo.ts'
import { DeliveryJob, ReportJob, SweepAll } from './jobs.ts'
import { recoverButtons } from './missed-buttons.ts'
import type { Refusal } from '../core/refusal/refusal.ts'

export interface WorkerParts {
  readonly probot: Pick<Probot, 'receive'>
  readonly jobs: Jobs
  readonly log: Log
  readonly contextFor: (place: RepositoryRef) => Promise<RepositoryContext>
  /** Undefined where Perch is not installed. */
  readonly placeOf: (owner: string, repo: string) => Promise<RepositoryRef | undefined>
  readonly memo: Memo
  readonly pressedSince: Parameters<typeof recoverButtons>[0]['pressedSince']
  readonly everyRepository: () => Promise<readonly { readonly installation: number; readonly repo: RepositoryName }[]>
}

interface WorkerState extends WorkerParts {
  /** What GitHub refuses, by the key of the job: so that it is said once. */
  readonly refused: Map<string, string>
}

/** What a worker does with a job: feed a webhook to Probot, or carry out a task. */
export function handleJobs(given: WorkerParts): JobHandler {
  const parts: WorkerState = { ...given, refused: new Map() }
  return async (job) => {
    const delivery = DeliveryJob.safeParse(job.data)
    if (delivery.success) return parts.probot.receive(eventOf(delivery.data.delivery))
    const reported = ReportJob.safeParse(job.data)
    if (reported.success) return keepReport(parts, reported.data.told, job)
    if (SweepAll.safeParse(job.data).success) return sweepAll(parts, job)
    return perform(parts, Task.parse(job.data), job)
  }
}

type ProbotEvent = Parameters<Probot['receive']>[0]

/** Probot knows the event by its name; its handlers parse the payload again. */
function eventOf(delivery: z.infer<typeof DeliveryJob>['delivery']): ProbotEvent {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the union of all events cannot be checked by name alone
  return { id: delivery.id, name: delivery.name, payload: delivery.payload } as unknown as ProbotEvent
}

async function perform(parts: WorkerState, task: Task, job: ClaimedJob): Promise<void> {
  const started = performance.now()
  const done = await orRefusal(async () => run(await parts.contextFor(task), task))
  if (done.ok) parts.refused.delete(job.key)
  else await standRefused(parts, job, done.error)
  const { type, repo } = task
  parts.log.debug(
    { task: type, repo: `${repo.owner}/${repo.name}`, key: job.key, ms: Math.round(performance.now() - started) },
    'task done',
  )
}

/**
 * GitHub refuses the task for good, so it is not tried again: what is refused is said once, in the log and on the checks.
 * The sweep comes back to it.
 */
async function standRefused(parts: WorkerState, job: ClaimedJob, refusal: Refusal): Promise<void> {
  const reason = explainRefusal(refusal)
  if (parts.refused.get(job.key) === reason) return
  if (parts.refused.size >= MAX_REFUSED) parts.refused.clear()
  parts.refused.set(job.key, reason)
  parts.log.warn({ key: job.key, reason }, 'GitHub refuses a task')
  const written = await orRefusal(() => failChecks(parts, job, reason))
  if (!written.ok) parts.log.warn({ key: job.key, reason: explainRefusal(written.error) }, 'GitHub takes no checks')
}

/** What is remembered so that it is said once. */
const MAX_REFUSED = 10_000

function run(context: RepositoryContext, task: Task): Promise<void> {
  switch (task.type) {
    case 'acknowledge':
      return acknowledge(context, task)
    case 'redirect':
      return redirect(context, task)
    case 'review':
      return review(context, task)
    case 'advance':
      return advance(context, task)
    case 'examine':
      return measureRollouts(context, task)
    case 'group':
      return reviewGroup(context, task)
    case 'rerun':
      return rerun(context, task)
    case 'closed':
      return reviewLeft(context, task)
    case 'regate':
      return judgeStopsAgain(context)
    case 'sweep':
      return sweep(context)
  }
}

async function keepReport(parts: WorkerParts, told: z.infer<typeof ReportJob>['told'], job: ClaimedJob): Promise<void> {
  const { owner, repo, report, receivedAt } = told
  const place = await parts.placeOf(owner, repo)
  if (place === undefined) {
    parts.log.warn({ repo: `${owner}/${repo}`, report: report.name }, 'ignored a report: Perch is not installed there')
    return
  }
  await recordReport(await parts.contextFor(place), report, { receivedAt, id: job.id })
}

async function sweepAll(parts: WorkerParts, job: ClaimedJob): Promise<void> {
  for (const { installation, repo } of await parts.everyRepository()) {
    await parts.jobs.enqueue(jobOf({ type: 'sweep', installation, repo }, { id: job.id }))
  }
  await recoverButtons(parts)
}

/** When a job keeps failing: a review's checks must say so, and commands that nobody tries any more get an answer. */
export function giveUp(parts: WorkerParts): NonNullable<WorkOptions['onExhausted']> {
  return async (job, error, isFinal) => {
    const words = isFinal ? 'gave up a job; the sweep will look again' : 'a job keeps failing; it is tried on'
    parts.log.error({ key: job.key, err: error }, words)
    await failChecks(parts, job, outageWords(outageDetail(error)))
    if (isFinal) await answerLate(parts, job)
  }
}

/** The commands that a job was to carry out. */
async function answerLate(parts: WorkerParts, job: ClaimedJob): Promise<void> {
  const { data: task } = Task.safeParse(job.data)
  const pull = task?.type === 'review' && task.comments === true ? task.pull : commandIn(task)?.pull
  if (task !== undefined && pull !== undefined) await giveUpCommands(await parts.contextFor(task), pull)
}

function commandIn(task: Task | undefined): { readonly pull: number } | undefined {
  return task?.type === 'advance' ? task.command : undefined
}

/** What may be shown of an error: the messages of these hold no token and no path of this machine. */
function outageDetail(error: unknown): string {
  const isShown = error instanceof GitHubUnavailable || error instanceof GitUnavailable
  return isShown ? error.message : ''
}

async function failChecks(parts: WorkerParts, job: ClaimedJob, reason: string): Promise<void> {
  const task = Task.safeParse(job.data)
  if (!task.success) return
  if (task.data.type === 'review') await giveUpReview(await parts.contextFor(task.data), task.data, reason)
  if (task.data.type === 'group') await giveUpGroup(await parts.contextFor(task.data), task.data, reason)
}
