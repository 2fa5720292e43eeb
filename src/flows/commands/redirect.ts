import { parseCommands } from '../../core/command/parse.ts'
import { isOursWith, redirectionMarker } from '../../core/marker/comment.ts'
import { redirection } from '../../core/message/comment/redirection.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/**
 * Answers commands in a review, once. They are never carried out there, because one place for commands needs only one rule for
 * edits.
 */
export async function redirect(
  { conversation }: Pick<RepositoryContext, 'conversation'>,
  { pull, review, login, body }: TaskOf<'redirect'>,
): Promise<void> {
  if (parseCommands(body).length === 0) return
  const comments = await conversation.of(pull)
  const isTold = comments.some(isOursWith(redirectionMarker(review)))
  if (!isTold) await conversation.add(pull, redirection(review, login))
}
