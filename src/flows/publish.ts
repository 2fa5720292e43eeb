import { failedReports, gateReport, validateReport, workingReports } from '../core/message/checks.ts'
import { buttonsFor } from '../core/message/buttons.ts'
import { SUMMARY_MARKER, summaryPages } from '../core/message/summary.ts'
import { isGood } from '../core/analysis/report.ts'
import { concernsTraffic, type Review } from '../core/gate/review.ts'
import { withMeasurements } from '../core/message/pull-request.ts'
import { isStep } from '../core/rollout/branch.ts'
import type { CheckReport, CheckRun, Comment, PullRequest, Sha } from '../core/rollout/facts.ts'
import type { Desk } from './desk.ts'

/** This App's checks on one commit, read at most once. */
export interface CheckBoard {
  /** Creates or updates one check; nothing happens where GitHub says the same already. */
  put(report: CheckReport): Promise<void>
}

/** `known`: what is on the commit, where that is certain; a commit that was made a moment ago has none. */
export function checkBoard(desk: Pick<Desk, 'checks'>, sha: Sha, known?: readonly CheckRun[]): CheckBoard {
  let runs = known === undefined ? undefined : [...known]
  return {
    async put(report) {
      runs ??= [...(await desk.checks.on(sha))]
      const run = runs.find(({ name }) => name === report.name)
      if (run === undefined) {
        const id = await desk.checks.create(sha, report)
        runs.push({ ...shownBy(report), id, name: report.name })
        return
      }
      const says = shownBy(report)
      const { conclusion, title, summary, text } = run
      const isSame = JSON.stringify(shownBy({ conclusion, title, summary, text })) === JSON.stringify(says)
      // A concluded run is never put back to work: GitHub does not reopen it, and an old verdict beats none.
      if (isSame || report.conclusion === undefined) return
      await desk.checks.update(run.id, report)
      runs = runs.map((other) => (other.id === run.id ? { ...run, ...says } : other))
    },
  }
}

type Shown = Pick<CheckRun, 'conclusion' | 'title' | 'summary' | 'text'>

function shownBy({
  conclusion,
  title,
  summary,
  text,
}: Omit<Shown, 'text'> & { readonly text?: string | undefined }): Shown {
  return { conclusion, title, summary, text }
}

export async function announceWork(board: CheckBoard): Promise<void> {
  for (const report of workingReports()) await board.put(report)
}

/** Concludes both checks. `isStep`: of a pull request that Perch opened for a rollout, which has more buttons. */
export async function publishChecks(board: CheckBoard, review: Review, isStep: boolean): Promise<void> {
  await board.put(validateReport(review))
  await board.put({ ...gateReport(review), actions: buttonsFor(review, isStep) })
}

/** A step's body tells what the step before it measured, once that is certain. */
export async function publishMeasurements(
  desk: Pick<Desk, 'pulls' | 'botLogin'>,
  pull: PullRequest,
  { changes }: Review,
): Promise<void> {
  if (!isStep(pull, desk.botLogin)) return
  const reports = changes.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ reason }) => (reason.code === 'analysis' ? [reason.report] : [])),
  )
  const isCertain = reports.length > 0 && reports.every((report) => isGood(report) || report.isFailure)
  const body = isCertain ? withMeasurements(pull.body, reports) : pull.body
  if (body !== pull.body) await desk.pulls.edit(pull.number, { title: pull.title, body })
}

export async function publishFailure(board: CheckBoard, reason: string): Promise<void> {
  for (const report of failedReports(reason)) await board.put(report)
}

/** Whether a comment is the one that says what a pull request does. */
export function isSummary({ isOurs, body }: Comment): boolean {
  return isOurs && body.startsWith(SUMMARY_MARKER)
}

/** Writes the one comment, or edits it where it says something else. */
export async function publishSummary(
  desk: Pick<Desk, 'conversation'>,
  at: { readonly pull: number; readonly comments: readonly Comment[] },
  review: Review,
): Promise<void> {
  const { comment: body } = summaryPages(review)
  const existing = at.comments.find(isSummary)
  if (existing === undefined) {
    if (concernsTraffic(review)) await desk.conversation.add(at.pull, body)
  } else if (existing.body.trim() !== body.trim()) await desk.conversation.edit(existing.id, body)
}
