import { branchRef } from '../../core/branch-ref.ts'
import type { CommandLine } from '../../core/command/commands.ts'
import { refused } from '../../core/command/outcome.ts'
import type { PendingComment } from '../../core/command/pending.ts'
import type { Override } from '../../core/gate/gate.ts'
import { answer } from '../../core/message/comment/answer.ts'
import type { Result } from '../../core/result.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { withHead } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseProblem, BaseState } from '../rollout/rollouts.ts'
import { carryOut } from './carry-out.ts'
import type { AnsweredCommand } from './log-command.ts'
import type { CommitResult, HeadSubject, UncheckedBase } from './handlers/command-request.ts'
import { type CommandAnswer, postAnswer, readPending } from './pending-commands.ts'

export interface CommandsResult {
  /** The branch's head after the commands. */
  readonly head: Sha
  /** Answers to post after the checks are written. */
  readonly answers: readonly CommandAnswer[]
  /** The overrides for that head from these commands. Their answers have not been posted yet. */
  readonly overrides: readonly Override[]
}

/** Carries out the commands of comments, one after the other, and writes the answers. */
export async function carryOutComments(
  context: RepositoryContext,
  subject: HeadSubject | UncheckedBase,
  pending: readonly PendingComment[],
): Promise<CommandsResult> {
  let head = subject.pull.head.sha
  const answers: CommandAnswer[] = []
  const overrides: Override[] = []
  for (const comment of pending) {
    const outcomes: (AnsweredCommand & { readonly command: string })[] = []
    for (const [index, line] of comment.commands.entries()) {
      const done = await carryOutLine(context, withHead(subject, head), { comment, index, line })
      outcomes.push({ command: line.text, read: line.result, outcome: done.outcome })
      if (done.head !== head) {
        // An override counts only for the commit that was the head at the time.
        overrides.length = 0
        // The next command, or the review, uses the new head.
        await context.mirror.fetch([branchRef(subject.pull.head.ref)])
      }
      if (done.outcome.code === 'overridden') overrides.push(done.outcome.record)
      head = done.head
    }
    answers.push({ comment, body: answer(comment.id, comment.login, outcomes), answered: outcomes })
  }
  return { head, answers, overrides }
}

async function carryOutLine(
  context: RepositoryContext,
  subject: HeadSubject | UncheckedBase,
  { comment, index, line }: { readonly comment: PendingComment; readonly index: number; readonly line: CommandLine },
): Promise<CommitResult> {
  const head = subject.pull.head.sha
  if (comment.isLate) return { outcome: refused({ code: 'too-late' }), head }
  const by = { login: comment.login, cause: String(comment.id), at: comment.createdAt }
  const done = await carryOut(context, { read: line.result, subject, by, id: `${comment.id}.${index}` })
  return 'outcome' in done ? done : { outcome: done, head }
}

/** Carries out, once, the commands of a comment that change a rollout, and not the branch that they are written on. */
export async function answerOnBase(
  context: RepositoryContext,
  base: Result<BaseState, BaseProblem>,
  at: { readonly pull: number; readonly comment: number },
): Promise<void> {
  const pull = await context.pulls.get(at.pull)
  if (pull === undefined) return
  const isMeant = ({ id }: { readonly id: number }): boolean => id === at.comment
  const comments = await context.conversation.of(at.pull)
  const pending = (await readPending(context, { pull, comments }, isMeant)).filter(isMeant)
  const { answers } = await carryOutComments(context, { on: 'base', pull, base }, pending)
  for (const given of answers) await postAnswer(context, pull, given)
}
