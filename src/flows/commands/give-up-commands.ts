import { pendingComments } from '../../core/command/pending.ts'
import { refused } from '../../core/command/outcome.ts'
import { answer } from '../../core/message/comment/answer.ts'
import { answeredCommands } from '../memory/command-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { postAnswer } from './pending-commands.ts'

/** Answers commands that are too old. Looks at nothing else, because that may be what fails. */
export async function giveUpCommands(context: RepositoryContext, number: number): Promise<void> {
  const pull = await context.pulls.get(number)
  if (pull === undefined) return
  const comments = await context.conversation.of(number)
  const pending = pendingComments(comments, context.clock.now(), await answeredCommands(context, number))
  for (const comment of pending.filter(({ isLate }) => isLate)) {
    const outcomes = comment.commands.map(({ text, result }) => ({
      command: text,
      read: result,
      outcome: refused({ code: 'too-late' }),
    }))
    await postAnswer(context, pull, { comment, body: answer(comment.id, comment.login, outcomes), answered: outcomes })
  }
}
