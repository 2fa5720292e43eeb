import { isForBase, type PendingComment, pendingComments } from '../../core/command/pending.ts'
import { answeredIn } from '../../core/marker/comment.ts'
import type { Comment, PullRequest } from '../../core/rollout/facts.ts'
import { answeredCommands, rememberAnswered, settleWaiting } from '../memory/command-memory.ts'
import { recordCommands, recordedAnswer } from '../repository/command-record.ts'
import { homeOf } from '../repository/deployed-branches.ts'
import { type AnsweredCommand, logCommands } from './log-command.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { sayIfAllowed } from '../repository/github-refusals.ts'

/** An answer to a comment, to be posted. */
export interface CommandAnswer {
  readonly comment: PendingComment
  readonly body: string
  /** The result of each of its commands. */
  readonly answered: readonly AnsweredCommand[]
}

/**
 * The comments of a pull request whose commands wait to be carried out. Commands of this job that were carried out before memory
 * was lost are only answered again. Another job may be about to answer the others.
 */
export async function readPending(
  context: RepositoryContext,
  { pull, comments }: { readonly pull: PullRequest; readonly comments: readonly Comment[] },
  isOwn: (comment: PendingComment) => boolean,
): Promise<readonly PendingComment[]> {
  const pending = pendingComments(comments, context.clock.now(), await answeredCommands(context, pull.number))
  const answered = comments.flatMap(({ isOurs, body }) => (isOurs ? (answeredIn(body) ?? []) : []))
  await settleWaiting(context, pull.number, {
    pending: new Set(pending.map(({ id }) => id)),
    answered: new Set(answered),
  })
  const left: PendingComment[] = []
  for (const comment of pending) {
    const body = isOwn(comment) ? await recordedAnswer(context, pull, comment) : undefined
    if (body === undefined) left.push(comment)
    else await post(context, pull, { comment, body })
  }
  return left
}

/** The waiting comments about the pull request's own branch. The others are passed on to the task of the base branch. */
export async function takePending(
  context: RepositoryContext,
  pull: PullRequest,
  comments: readonly Comment[],
): Promise<readonly PendingComment[]> {
  if (comments.length === 0) return []
  const pending = await readPending(context, { pull, comments }, (comment) => !isForBase(pull, comment))
  for (const comment of pending.filter((one) => isForBase(pull, one))) await handOver(context, pull, comment)
  return pending.filter((one) => !isForBase(pull, one))
}

/** After this time, a waiting command is passed on again, because its task may have ended without an answer. */
const AGAIN_MS = 10 * 60_000

async function handOver(
  context: RepositoryContext,
  pull: PullRequest,
  { id, createdAt }: PendingComment,
): Promise<void> {
  const at = context.clock.now()
  const command = { pull: pull.number, comment: id }
  const isLate = at - createdAt > AGAIN_MS
  const why = isLate
    ? ({ code: 'handed-again', ...command, at } as const)
    : ({ code: 'handed-over', ...command } as const)
  await context.ask.advance(await homeOf(context, pull), why)
}

/** Posts an answer, and remembers that it was given. */
export async function postAnswer(context: RepositoryContext, pull: PullRequest, answer: CommandAnswer): Promise<void> {
  await recordCommands(context, pull, answer)
  await post(context, pull, answer)
  const { login, createdAt } = answer.comment
  logCommands(context, { pull: pull.number, login, at: createdAt }, answer.answered)
}

async function post(
  context: RepositoryContext,
  pull: PullRequest,
  { comment, body }: Omit<CommandAnswer, 'answered'>,
): Promise<void> {
  await sayIfAllowed(context, pull.number, () => context.conversation.add(pull.number, body))
  await rememberAnswered(context, { pull: pull.number, comment: comment.id })
}
