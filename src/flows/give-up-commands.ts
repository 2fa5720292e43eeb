import { pendingComments } from '../core/command/pending.ts'
import { answer } from '../core/message/comment/answer.ts'
import { answeredCommands } from './command-memory.ts'
import type { Desk } from './desk.ts'
import { postAnswer } from './pending-commands.ts'

/** Answers the commands that have waited for as long as commands live, without looking at anything else: that may be what fails. */
export async function giveUpCommands(desk: Desk, number: number): Promise<void> {
  const pull = await desk.pulls.get(number)
  if (pull === undefined) return
  const comments = await desk.conversation.of(number)
  const pending = pendingComments(comments, desk.clock.now(), await answeredCommands(desk, number))
  for (const comment of pending.filter(({ isLate }) => isLate)) {
    const outcomes = comment.commands.map(({ text }) => ({
      command: text,
      outcome: { code: 'refused', refusal: { code: 'too-late' } } as const,
    }))
    await postAnswer(desk, pull, { comment, body: answer(comment.id, comment.login, outcomes) })
  }
}
