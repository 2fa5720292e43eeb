/** The conversation on a pull request: commands are carried out first, then our comment is written, and answers come last. */
import { isGood } from '../../core/analysis/report.ts'
import { isWorthComment, type Review } from '../../core/gate/review.ts'
import { isOursWith, SUMMARY_MARKER } from '../../core/marker/comment.ts'
import { isSameSummary, type SummaryOptions, summaryPages } from '../../core/message/comment/summary.ts'
import { withMeasurements, withShare } from '../../core/message/pull-request/pull-request.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { Comment, PullRequest } from '../../core/rollout/facts.ts'
import { carryOutComments, type CommandsResult } from '../commands/carry-out-comments.ts'
import type { HeadSubject } from '../commands/handlers/command-request.ts'
import { type CommandAnswer, postAnswer, takePending } from '../commands/pending-commands.ts'
import type { ReviewMemory } from '../memory/pull-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/** Whether to read the conversation for commands. */
export function isForCommands({ why: { code } }: Pick<TaskOf<'review'>, 'why'>): boolean {
  return code === 'command' || code === 'unanswered' || code === 'reopened'
}

/** A pull request's comments, read at most once. */
export interface PullComments {
  /** Undefined until they have been read. */
  known(): readonly Comment[] | undefined
  read(): Promise<readonly Comment[]>
}

/** Sends no request, unless the comments are needed for commands. A pull request that was just opened has none. */
export async function openComments(
  { conversation }: Pick<RepositoryContext, 'conversation'>,
  { pull, isRead, isFresh }: { readonly pull: number; readonly isRead: boolean; readonly isFresh: boolean },
): Promise<PullComments> {
  const none = isFresh ? [] : undefined
  let comments = isRead ? await conversation.of(pull) : none
  return {
    known: () => comments,
    read: async () => (comments ??= await conversation.of(pull)),
  }
}

/** Carries out waiting commands, if the comments were read for that. */
export async function carryOutCommands(
  context: RepositoryContext,
  subject: HeadSubject,
  comments: PullComments,
): Promise<CommandsResult> {
  return carryOutComments(context, subject, await takePending(context, subject.pull, comments.known() ?? []))
}

export async function postAnswers(
  context: RepositoryContext,
  pull: PullRequest,
  answers: readonly CommandAnswer[],
): Promise<void> {
  for (const answer of answers) await postAnswer(context, pull, answer)
}

interface ReviewedPull {
  readonly pull: PullRequest
  readonly comments: PullComments
  /** Our comment may already exist. */
  readonly isExpected: boolean
}

/** Publishes the result of a review: in our one comment, and in the body of a step. */
export async function sayFindings(
  context: Pick<RepositoryContext, 'conversation' | 'pulls' | 'botLogin' | 'pageUrl' | 'clock'>,
  { pull, comments, isExpected }: ReviewedPull,
  found: Review,
): Promise<void> {
  const isRead = comments.known() !== undefined
  if (isWorthComment(found) || isRead || isExpected)
    await writeSummary(context, { pull, comments: await comments.read() }, found)
  await describeStep(context, pull, found)
}

/** Writes the one comment, or edits it if it says something else than before. */
async function writeSummary(
  { conversation, ...context }: Pick<RepositoryContext, 'conversation' | 'pageUrl' | 'clock'>,
  { pull, comments }: { readonly pull: PullRequest; readonly comments: readonly Comment[] },
  found: Review,
): Promise<void> {
  const { comment: body } = summaryPages(found, summaryOptions(context, pull))
  const existing = comments.find(isSummary)
  if (existing === undefined) {
    if (isWorthComment(found)) await conversation.add(pull.number, body)
  } else if (!isSameSummary(existing.body, body)) await conversation.edit(existing.id, body)
}

/** How the comment on a pull request is written. */
export function summaryOptions(
  { pageUrl, clock }: Pick<RepositoryContext, 'pageUrl' | 'clock'>,
  { head }: Pick<PullRequest, 'head'>,
): SummaryOptions {
  return { isFork: head.isFork, repository: pageUrl, at: clock.now() }
}

/** Writes the share of a step's branch into its title and body, and the measurements of the previous step, once they are final. */
async function describeStep(
  { pulls, botLogin }: Pick<RepositoryContext, 'pulls' | 'botLogin'>,
  pull: PullRequest,
  { changes }: Review,
): Promise<void> {
  if (!isStep(pull, botLogin)) return
  const reports = changes.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ reason }) => (reason.code === 'analysis' ? [reason.report] : [])),
  )
  const isCertain = reports.length > 0 && reports.every((report) => isGood(report) || report.isFailure)
  const { title, body: text } = withShare(pull, changes)
  const body = isCertain ? withMeasurements(text, reports) : text
  if (title !== pull.title || body !== pull.body) await pulls.edit(pull.number, { title, body })
}

/** Whether our comment exists: according to the comments if they were read, and otherwise according to memory. */
export function hasSummary(comments: PullComments, seen: Pick<ReviewMemory, 'commented'> | undefined): boolean {
  return comments.known()?.some(isSummary) ?? seen?.commented === true
}

/** Whether a comment is the one that describes the pull request's changes. */
const isSummary = isOursWith(SUMMARY_MARKER)
