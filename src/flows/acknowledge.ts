import { rememberWaitingCommand } from './command-memory.ts'
import type { RepositoryContext } from './repository-context.ts'
import type { Task } from './work.ts'

/** Puts 👀 under a comment with commands, and remembers that it waits for an answer. */
export async function acknowledge(
  context: RepositoryContext,
  task: Extract<Task, { type: 'acknowledge' }>,
): Promise<void> {
  const { pull, comment } = task
  if (pull !== undefined) await rememberWaitingCommand(context, { pull, comment })
  await context.conversation.acknowledge(comment)
}
