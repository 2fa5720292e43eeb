import { parseCommands } from '../../core/command/parse.ts'
import type { Comment } from '../../core/rollout/facts.ts'
import { knownCommands } from '../memory/command-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Sweeps ignore younger commands, because another task may still be carrying them out. */
const PATIENCE_MS = 60_000

/**
 * Makes sure that every unanswered command is handled, on open, merged and closed pull requests: commands without a webhook, in
 * comments that are new since the last sweep, and commands that are known to wait.
 */
export async function lookForCommands(
  context: RepositoryContext,
  comments: readonly { readonly pull: number; readonly comment: Comment }[],
): Promise<void> {
  const now = context.clock.now()
  const { done, waiting } = await knownCommands(context)
  const known = new Set(waiting.map(({ comment }) => comment))
  const found = comments.filter(({ comment }) => hasCommand(comment) && !done.has(comment.id))
  const missed = found.filter(({ comment }) => !known.has(comment.id))
  for (const { pull, comment } of missed)
    await context.ask.acknowledge({ pull, comment: comment.id }, { code: 'missed' })
  const late = waiting.filter(({ at }) => now - at > PATIENCE_MS)
  for (const [pull, comment] of newestBy([
    ...missed.map(({ pull, comment: { id } }) => ({ pull, comment: id })),
    ...late,
  ]))
    await context.ask.review(pull, { code: 'unanswered', comment, at: now })
}

function hasCommand({ author, isEdited, isOurs, body }: Comment): boolean {
  return !author.isBot && !isOurs && !isEdited && parseCommands(body).length > 0
}

/** The newest comment of each pull request. */
function newestBy(all: readonly { readonly pull: number; readonly comment: number }[]): ReadonlyMap<number, number> {
  return new Map(all.toSorted((a, b) => a.comment - b.comment).map(({ pull, comment }) => [pull, comment]))
}
