import { SUMMARY_MARKER } from '../../core/marker/comment.ts'
import { failedReports, workingReports } from '../../core/message/check/checks.ts'
import { summaryPages } from '../../core/message/comment/summary.ts'
import { isGood } from '../../core/analysis/report.ts'
import { concernsTraffic, type Review } from '../../core/gate/review.ts'
import { withMeasurements } from '../../core/message/pull-request/pull-request.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { CheckReport, CheckRun, CheckSubject, Comment, PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** This App's checks on one commit, read at most once. */
export interface CheckBoard {
  readonly sha: Sha
  /** What is on the commit. */
  runs(): Promise<readonly CheckRun[]>
  /** Creates or updates one check; nothing happens where GitHub says the same already. */
  put(report: CheckReport): Promise<void>
}

/** `known`: what is on the commit, where that is certain; a commit that was made a moment ago has none. */
export function checkBoard(
  context: Pick<RepositoryContext, 'checks'>,
  sha: Sha,
  known?: readonly CheckRun[],
): CheckBoard {
  let runs = known
  const read = async (): Promise<readonly CheckRun[]> => (runs ??= await context.checks.on(sha))
  return {
    sha,
    runs: read,
    async put(report) {
      const all = await read()
      // Two of one name come about when two began at once: GitHub may look at either.
      const same = all.filter(({ name }) => name === report.name)
      const says = shownBy(report)
      if (same.length === 0) {
        const id = await context.checks.create(sha, report)
        runs = [...all, { ...says, id, name: report.name }]
        return
      }
      // A concluded run is never put back to work: GitHub does not reopen it, and an old verdict beats none.
      if (report.conclusion === undefined) return
      const other = same.filter((run) => JSON.stringify(shownBy(run)) !== JSON.stringify(says))
      for (const { id } of other) await context.checks.update(id, report)
      runs = all.map((run) => (other.includes(run) ? { ...run, ...says } : run))
    },
  }
}

type CheckContent = Pick<CheckRun, 'conclusion' | 'title' | 'summary' | 'text' | 'subjects'>

function shownBy({
  conclusion,
  title,
  summary,
  text,
  subjects = [],
}: Pick<CheckReport, 'conclusion' | 'title' | 'summary' | 'subjects'> & {
  readonly text?: string | undefined
}): CheckContent {
  return { conclusion, title, summary, text, subjects }
}

export async function announceWork(board: CheckBoard, subjects: readonly CheckSubject[]): Promise<void> {
  for (const report of workingReports()) await board.put({ ...report, subjects })
}

/** A step's body tells what the step before it measured, once that is certain. */
export async function publishMeasurements(
  context: Pick<RepositoryContext, 'pulls' | 'botLogin'>,
  pull: PullRequest,
  { changes }: Review,
): Promise<void> {
  if (!isStep(pull, context.botLogin)) return
  const reports = changes.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ reason }) => (reason.code === 'analysis' ? [reason.report] : [])),
  )
  const isCertain = reports.length > 0 && reports.every((report) => isGood(report) || report.isFailure)
  const body = isCertain ? withMeasurements(pull.body, reports) : pull.body
  if (body !== pull.body) await context.pulls.edit(pull.number, { title: pull.title, body })
}

export async function publishFailure(board: CheckBoard, subject: CheckSubject, reason: string): Promise<void> {
  for (const report of failedReports(reason)) await board.put({ ...report, subjects: [subject] })
}

/** Whether a comment is the one that says what a pull request does. */
export function isSummary({ isOurs, body }: Comment): boolean {
  return isOurs && body.startsWith(SUMMARY_MARKER)
}

/** Writes the one comment, or edits it where it says something else. */
export async function publishSummary(
  context: Pick<RepositoryContext, 'conversation'>,
  at: { readonly pull: number; readonly comments: readonly Comment[] },
  review: Review,
): Promise<void> {
  const { comment: body } = summaryPages(review)
  const existing = at.comments.find(isSummary)
  if (existing === undefined) {
    if (concernsTraffic(review)) await context.conversation.add(at.pull, body)
  } else if (existing.body.trim() !== body.trim()) await context.conversation.edit(existing.id, body)
}
