import { rememberWaitingCommand } from './command-memory.ts'
import type { Desk } from './desk.ts'
import type { Task } from './work.ts'

/** Puts 👀 under a comment with commands, and remembers that it waits for an answer. */
export async function acknowledge(desk: Desk, task: Extract<Task, { type: 'acknowledge' }>): Promise<void> {
  const { pull, comment } = task
  if (pull !== undefined) await rememberWaitingCommand(desk, { pull, comment })
  await desk.conversation.acknowledge(comment)
}
