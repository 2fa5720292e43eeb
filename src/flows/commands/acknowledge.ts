import { parseCommands } from '../../core/command/parse.ts'
import { rememberWaitingCommand } from '../memory/command-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'conversation' | 'clock' | 'ask'>

/** Adds 👀 to a comment with commands, and remembers that it waits for an answer. */
export async function acknowledge(
  context: Needs,
  { pull, comment }: Pick<TaskOf<'acknowledge'>, 'pull' | 'comment'>,
): Promise<void> {
  await rememberWaitingCommand(context, { pull, comment })
  await context.conversation.acknowledge(comment)
}

/** The same for a new comment, if it contains commands. Then requests that they are carried out. */
export async function readComment(context: Needs, { pull, comment, body, why }: TaskOf<'comment'>): Promise<void> {
  if (parseCommands(body).length === 0) return
  await rememberWaitingCommand(context, { pull, comment })
  await context.ask.review(pull, why)
  await context.conversation.acknowledge(comment)
}
