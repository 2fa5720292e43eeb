import { acknowledge, readComment } from '../../flows/commands/acknowledge.ts'
import { advance } from '../../flows/advance.ts'
import { askIn } from '../../flows/tasks/ask.ts'
import type { RepositoryContext } from '../../flows/repository/repository-context.ts'
import { measureRollouts } from '../../flows/measure/measure-rollouts.ts'
import { keepDashboard } from '../../flows/dashboard/keep-dashboard.ts'
import { showDeployment } from '../../flows/deployment/show-deployment.ts'
import { deliver, notify } from '../../flows/notify/notify.ts'
import { judgeStopsAgain } from '../../flows/stop/judge-again.ts'
import { cleanUpClosed } from '../../flows/review/clean-up.ts'
import { reviewGroup } from '../../flows/review/merge-group.ts'
import { recordReport } from '../../flows/measure/record-report.ts'
import { readApprovals } from '../../flows/flagger/read-approvals.ts'
import { readCanaries } from '../../flows/flagger/read-canaries.ts'
import { showCanaryNews } from '../../flows/flagger/show-canary-news.ts'
import { redirect } from '../../flows/commands/redirect.ts'
import { review } from '../../flows/review/review.ts'
import { rerun } from '../../flows/review/rerun.ts'
import { rememberCalm } from '../../flows/calm.ts'
import { sweep } from '../../flows/sweep.ts'
import type { NamedTask, RepositoryTask, TaskOf } from '../../flows/tasks/tasks.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { WorkerParts } from './worker-parts.ts'

/** Calls the flow of a task. */
export function runTask({ jobs }: WorkerParts, context: RepositoryContext, task: RepositoryTask): Promise<void> {
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

/** If a sweep finds nothing to do and nothing is in progress, the next one can wait until something happens. */
async function sweepAndRest(context: RepositoryContext, task: TaskOf<'sweep'>, jobs: Jobs): Promise<void> {
  let asked = false
  const ask = askIn(task, jobs, () => (asked = true))
  await sweep({ ...context, ask })
  await rememberCalm(context, { pulse: task.pulse, asked })
}

/** Calls the flow of a task whose repository is known by its name alone. */
export async function runNamed(parts: WorkerParts, task: NamedTask): Promise<void> {
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
