import { acknowledge, readComment } from '../flows/commands/acknowledge.ts'
import { advance } from '../flows/advance.ts'
import { askIn } from '../flows/tasks/ask.ts'
import type { RepositoryContext } from '../flows/repository/repository-context.ts'
import { measureRollouts } from '../flows/measure/measure-rollouts.ts'
import { orRefusal } from '../flows/repository/github-refusals.ts'
import { keepDashboard } from '../flows/dashboard/keep-dashboard.ts'
import { giveUpCommands } from '../flows/commands/give-up-commands.ts'
import { showDeployment } from '../flows/deployment/show-deployment.ts'
import { deliver, notify } from '../flows/notify/notify.ts'
import { judgeStopsAgain } from '../flows/stop/judge-again.ts'
import { cleanUpClosed } from '../flows/review/clean-up.ts'
import { reviewGroup } from '../flows/review/merge-group.ts'
import { abandonReview } from '../flows/memory/pull-memory.ts'
import { unsettle } from '../flows/memory/base-memory.ts'
import { recordReport } from '../flows/measure/record-report.ts'
import { readApprovals } from '../flows/flagger/read-approvals.ts'
import { readCanaries } from '../flows/flagger/read-canaries.ts'
import { showCanaryNews } from '../flows/flagger/show-canary-news.ts'
import { redirect } from '../flows/commands/redirect.ts'
import { isForCommands } from '../flows/review/conversation.ts'
import { giveUpGroup, giveUpReview } from '../flows/review/check-board.ts'
import { review } from '../flows/review/review.ts'
import { rerun } from '../flows/review/rerun.ts'
import { isAtRest, isPulseTime, needsSweep, rememberCalm } from '../flows/calm.ts'
import { onboard } from '../flows/onboarding/onboard.ts'
import { sweep } from '../flows/sweep.ts'
import { type NamedTask, type RepositoryRef, type RepositoryTask, Task, type TaskOf } from '../flows/tasks/tasks.ts'
import type { ClaimedJob, JobHandler, Jobs, WorkOptions } from '../ports/jobs.ts'
import { GitHubUnavailable } from '../adapters/github/client/client.ts'
import type { NamedPlace } from '../adapters/github/installations.ts'
import { GitUnavailable } from '../adapters/git/errors.ts'
import { outageWords } from '../core/message/check/checks.ts'
import { explainRefusal } from '../core/message/refusal/refusal.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Memo } from '../ports/memo.ts'
import type { Meter } from '../ports/meter.ts'
import type { ListedPlace } from './github/repositories.ts'
import { forgetHeardWebhooks, recoverWebhooks } from './edge/missed-webhooks.ts'
import type { Refusal } from '../core/refusal/refusal.ts'

export interface WorkerParts {
  readonly jobs: Jobs
  readonly log: Log
  readonly meter: Meter
  readonly clock: Clock
  readonly contextFor: (place: RepositoryRef) => Promise<RepositoryContext>
  /** Undefined if Perch is not installed there. */
  readonly placeOf: (owner: string, repo: string) => Promise<NamedPlace | undefined>
  readonly memo: Memo
  readonly webhooksSince: Parameters<typeof recoverWebhooks>[0]['webhooksSince']
  readonly redeliver: (delivery: number) => Promise<void>
  readonly everyRepository: () => Promise<readonly ListedPlace[]>
  /** The last changes in each of these repositories, by its number. */
  readonly pulses: (places: readonly ListedPlace[]) => Promise<ReadonlyMap<number, string>>
}

interface WorkerState extends WorkerParts {
  /** GitHub's last refusal, by the key of the job, so that it is reported once. */
  readonly refused: Map<string, string>
}

/** The worker's handler for jobs: carries out the task in a job. */
export function handleJobs(given: WorkerParts): JobHandler {
  const parts: WorkerState = { ...given, refused: new Map() }
  return async (job) => {
    const task = taskIn(job)
    // Another version of Perch may have left this job in the queue.
    if (task === undefined) return dropUnknown(parts, job)
    if (task.type === 'sweep-all') return sweepAll(parts, task)
    if (task.type === 'onboard') return welcome(parts, task, job)
    if ('repository' in task) return runNamed(parts, task)
    const here = await whereNow(parts, job, task)
    return perform(parts, { job, task: here, work: (context) => run(parts, context, here) })
  }
}

async function dropUnknown({ log, memo }: WorkerParts, job: ClaimedJob): Promise<void> {
  log.warn(
    { key: job.key },
    'dropped a job of another version; the sweep finds its work, but reports have to be sent again',
  )
  await forgetHeardWebhooks(memo)
}

function taskIn(job: ClaimedJob): Task | undefined {
  return Task.safeParse(job.data).data
}

/**
 * The repository may have been renamed or transferred since the task was requested. Git does not follow redirects, and the
 * installation of the previous owner no longer has access. So before a task is retried, Perch asks GitHub where its repository is
 * now.
 */
async function whereNow<T extends RepositoryTask>(
  { placeOf }: WorkerParts,
  { attempt }: ClaimedJob,
  task: T,
): Promise<T> {
  const place = attempt === 0 ? undefined : await placeOf(task.repo.owner, task.repo.name)
  // Another repository may have taken the name.
  if (place === undefined || place.repo.id !== task.repo.id) return task
  return { ...task, installation: place.installation, repo: place.repo }
}

/** A task in its repository. */
interface Work {
  readonly job: ClaimedJob
  readonly task: RepositoryRef & Pick<Task, 'type' | 'why'>
  readonly work: (context: RepositoryContext) => Promise<void>
}

async function perform(parts: WorkerState, { job, task, work }: Work): Promise<void> {
  const started = performance.now()
  const done = await orRefusal(async () => work(await parts.contextFor(task)))
  if (done.ok) parts.refused.delete(job.key)
  else await standRefused(parts, job, done.error)
  const { type, repo, why } = task
  parts.log.debug(
    {
      task: type,
      why: why.code,
      repo: `${repo.owner}/${repo.name}`,
      key: job.key,
      ms: Math.round(performance.now() - started),
    },
    'task done',
  )
}

/**
 * GitHub refuses the task permanently, so it is not retried. The refusal is reported once, in the log and on the checks. The
 * sweep tries again.
 */
async function standRefused(parts: WorkerState, job: ClaimedJob, refusal: Refusal): Promise<void> {
  const reason = explainRefusal(refusal)
  await leaveToSweep(parts, job)
  if (parts.refused.get(job.key) === reason) return
  if (parts.refused.size >= MAX_REFUSED) parts.refused.clear()
  parts.refused.set(job.key, reason)
  parts.log.warn({ key: job.key, reason }, 'GitHub refuses a task')
  const cause = refusal.code === 'github-refused' ? refusal.cause : refusal.code
  parts.meter.record('perch_github_refusals_total', { cause })
  const written = await orRefusal(() => failChecks(parts, job, { reason, isFinal: true }))
  if (!written.ok) parts.log.warn({ key: job.key, reason: explainRefusal(written.error) }, 'GitHub takes no checks')
}

/** The number of remembered refusals. Each is logged once. */
const MAX_REFUSED = 10_000

function run({ jobs }: WorkerParts, context: RepositoryContext, task: RepositoryTask): Promise<void> {
  switch (task.type) {
    case 'comment':
      return readComment(context, task)
    case 'acknowledge':
      return acknowledge(context, task)
    case 'redirect':
      return redirect(context, task)
    case 'review':
      return review(context, task)
    case 'advance':
      return advance(context, task)
    case 'measure':
      return measureRollouts(context, task)
    case 'notify':
      return notify(context, task)
    case 'deliver':
      return deliver(context, task)
    case 'deployment':
      return showDeployment(context, task)
    case 'dashboard':
      return keepDashboard(context, task)
    case 'group':
      return reviewGroup(context, task)
    case 'rerun':
      return rerun(context, task)
    case 'clean-up':
      return cleanUpClosed(context, task)
    case 'judge-again':
      return judgeStopsAgain(context)
    case 'sweep':
      return sweepAndRest(context, task, jobs)
  }
}

/** Rollouts do not take place in archived repositories or in forks. */
async function welcome(parts: WorkerState, task: TaskOf<'onboard'>, job: ClaimedJob): Promise<void> {
  const { owner, name } = task.repository
  const place = await parts.placeOf(owner, name)
  if (place === undefined || place.isArchived || place.isFork) return
  const { installation, repo } = place
  await perform(parts, { job, task: { ...task, installation, repo }, work: onboard })
}

/** If a sweep finds nothing to do and nothing is in progress, the next one can wait until something happens. */
async function sweepAndRest(context: RepositoryContext, task: TaskOf<'sweep'>, jobs: Jobs): Promise<void> {
  let asked = false
  const ask = askIn(task, jobs, () => (asked = true))
  await sweep({ ...context, ask })
  await rememberCalm(context, { pulse: task.pulse, asked })
}

async function runNamed(parts: WorkerParts, task: NamedTask): Promise<void> {
  const { owner, name } = task.repository
  const place = await parts.placeOf(owner, name)
  if (place === undefined) return warnNotInstalled(parts, task)
  const context = await parts.contextFor(place)
  switch (task.type) {
    case 'report':
      return recordReport(context, task)
    case 'canaries':
      return readCanaries(context)
    case 'canary-approvals':
      return readApprovals(context, task)
    case 'canary-news':
      return showCanaryNews(context, task.rollout)
  }
}

function warnNotInstalled({ log }: Pick<WorkerParts, 'log'>, task: NamedTask): void {
  const repo = `${task.repository.owner}/${task.repository.name}`
  if (task.type === 'report')
    log.warn({ repo, report: task.report.name }, 'ignored a report: Perch is not installed there')
  if (task.type === 'canaries') log.warn({ repo }, 'Flagger asks about a repository on which Perch is not installed')
}

async function sweepAll(parts: WorkerParts, { why }: TaskOf<'sweep-all'>): Promise<void> {
  const active = await recoverWebhooks(parts)
  const places = await parts.everyRepository()
  const pulses = isPulseTime(why) ? await parts.pulses(await placesAtRest(parts, places)) : undefined
  for (const place of places) {
    if (!(await needsSweep(parts, place.repo, { pulses, active }))) continue
    await askIn(place, parts.jobs).sweep(why, pulses?.get(place.repo.id))
  }
}

async function placesAtRest({ memo }: WorkerParts, places: readonly ListedPlace[]): Promise<readonly ListedPlace[]> {
  const found: ListedPlace[] = []
  for (const place of places) if (await isAtRest({ memo, repo: place.repo })) found.push(place)
  return found
}

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
async function leaveToSweep({ memo }: WorkerParts, job: ClaimedJob): Promise<void> {
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

async function failChecks(
  parts: WorkerParts,
  job: ClaimedJob,
  failed: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  const task = taskIn(job)
  if (task?.type === 'review') await giveUpReview(await parts.contextFor(task), task, failed)
  if (task?.type === 'group') await giveUpGroup(await parts.contextFor(task), task, failed.reason)
}
