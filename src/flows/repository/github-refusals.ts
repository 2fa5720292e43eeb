import { isOursWith } from '../../core/marker/comment.ts'
import { explainRefusal } from '../../core/message/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { GitHubRefused } from '../../ports/github/github-refused.ts'
import type { RepositoryContext } from './repository-context.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** Turns permanent refusals of GitHub into values. Outages and limits are rethrown, because they are retried. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<Result<T, Refusal>> {
  try {
    return ok(await work())
  } catch (error) {
    if (error instanceof GitHubRefused) return err({ code: 'github-refused', ...error.refusal })
    throw error
  }
}

/** Posts a comment on a pull request once. The marker that it begins with identifies it. */
export async function sayOnce(
  context: Pick<RepositoryContext, 'conversation' | 'log'>,
  pull: number,
  said: { readonly marker: string; readonly body: string },
): Promise<'new' | 'old'> {
  const comments = await context.conversation.of(pull)
  if (comments.some(isOursWith(said.marker))) return 'old'
  await sayIfAllowed(context, pull, () => context.conversation.add(pull, said.body))
  return 'new'
}

/** Writes a text for people. If GitHub accepts no comments, everything else continues without it. */
export async function sayIfAllowed(
  context: Pick<RepositoryContext, 'log'>,
  pull: number,
  say: () => Promise<void>,
): Promise<void> {
  const done = await orRefusal(say)
  if (!done.ok)
    context.log.warn({ pull, reason: explainRefusal(done.error) }, 'GitHub takes no comment on a pull request')
}
