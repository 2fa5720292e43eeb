import type { RepositoryContext } from '../../flows/repository/repository-context.ts'
import { orRefusal } from '../../flows/repository/github-refusals.ts'
import { onboard } from '../../flows/onboarding/onboard.ts'
import { type RepositoryRef, type RepositoryTask, Task, type TaskOf } from '../../flows/tasks/tasks.ts'
import type { ClaimedJob, JobHandler } from '../../ports/jobs.ts'
import { explainRefusal } from '../../core/message/refusal/refusal.ts'
import { forgetHeardWebhooks } from '../edge/missed-webhooks.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { failChecks, leaveToSweep } from './give-up.ts'
import { runNamed, runTask } from './run-task.ts'
import { sweepAll } from './sweep-all.ts'
import { taskIn, type WorkerParts } from './worker-parts.ts'

interface WorkerState extends WorkerParts {
  /** GitHub's last refusal, by the key of the job, so that it is reported once. */
  readonly refused: Map<string, string>
}

/** The worker's handler for jobs: carries out the task in a job. */
export function handleJobs(given: WorkerParts): JobHandler {
  const parts: WorkerState = { ...given, refused: new Map() }
  return async (job) => {
    const task = taskIn(job)
    if (task === undefined) return dropUnknown(parts, job)
    if (task.type === 'sweep-all') return sweepAll(parts, task)
    if (task.type === 'onboard') return welcome(parts, task, job)
    if ('repository' in task) return runNamed(parts, task)
    const here = await whereNow(parts, job, task)
    return perform(parts, { job, task: here, work: (context) => runTask(parts, context, here) })
  }
}

async function dropUnknown({ log, memo }: WorkerParts, job: ClaimedJob): Promise<void> {
  log.warn(
    { key: job.key },
    'dropped a job of another version; the sweep finds its work, but reports have to be sent again',
  )
  await forgetHeardWebhooks(memo)
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
  else await reportRefusal(parts, job, done.error)
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
async function reportRefusal(parts: WorkerState, job: ClaimedJob, refusal: Refusal): Promise<void> {
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

/** Rollouts do not take place in archived repositories or in forks. */
async function welcome(parts: WorkerState, task: TaskOf<'onboard'>, job: ClaimedJob): Promise<void> {
  const { owner, name } = task.repository
  const place = await parts.placeOf(owner, name)
  if (place === undefined || place.isArchived || place.isFork) return
  const { installation, repo } = place
  await perform(parts, { job, task: { ...task, installation, repo }, work: onboard })
}
