import { reportWords } from '../../core/message/check/report.ts'
import { keep } from '../../core/report/report.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { wakeWaiting } from './wake.ts'

/**
 * Stores a cluster's report on the commit itself, so that it is not lost with our data, and wakes the pull requests that wait for
 * it.
 */
export async function recordReport(
  context: Pick<RepositoryContext, 'repo' | 'reports' | 'ask' | 'memo' | 'log'>,
  { report, receivedAt, why }: Pick<TaskOf<'report'>, 'report' | 'receivedAt' | 'why'>,
): Promise<void> {
  const { name, commit } = report
  const facts = { repo: `${context.repo.owner}/${context.repo.name}`, report: name, commit }
  const found = await context.reports.find(commit, name)
  if (found === 'no-commit') {
    context.log.warn(facts, 'ignored a report: the repository has no such commit')
    return
  }
  const kept = keep(found === 'none' ? undefined : found.kept, report, receivedAt)
  if (kept === 'nothing') {
    context.log.debug(facts, 'a report brought nothing new')
    return
  }
  const words = { ...kept, ...reportWords(report) }
  if (found === 'none') await context.reports.create(commit, name, words)
  else await context.reports.update(found.id, words)
  // A repeated report changes nothing for those who wait. If the process ends before this, the sweep wakes them.
  const isNews = found === 'none' || found.kept.state !== kept.state
  if (isNews) await wakeWaiting(context, { source: 'report', name, commit }, why.delivery)
}
