import { reportWords } from '../core/message/check/report.ts'
import { keep, type Report } from '../core/report/report.ts'
import type { Desk } from './desk.ts'
import { wakeWaiting } from './wake.ts'

/** Keeps what a cluster told on the commit itself, so that it is there when we are not, and wakes who waits for it. */
export async function recordReport(
  desk: Pick<Desk, 'repo' | 'installation' | 'reports' | 'jobs' | 'memo' | 'log'>,
  report: Report,
  told: { readonly receivedAt: number; readonly id: string },
): Promise<void> {
  const { name, commit } = report
  const facts = { repo: `${desk.repo.owner}/${desk.repo.name}`, report: name, commit }
  const found = await desk.reports.find(commit, name)
  if (found === 'no-commit') {
    desk.log.warn(facts, 'ignored a report: the repository has no such commit')
    return
  }
  const kept = keep(found === 'none' ? undefined : found.kept, report, told.receivedAt)
  if (kept === 'nothing') {
    desk.log.debug(facts, 'a report brought nothing new')
    return
  }
  const words = { ...kept, ...reportWords(report) }
  if (found === 'none') await desk.reports.create(commit, name, words)
  else await desk.reports.update(found.id, words)
  // Said once more it changes nothing for who waits. Should we end before this, the sweep looks at them.
  const isNews = found === 'none' || found.kept.state !== kept.state
  if (isNews) await wakeWaiting(desk, { source: 'report', name, commit }, told.id)
}
