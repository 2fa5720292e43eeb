import { explainRefusal } from '../core/message/refusal/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { GitHubRefused } from '../ports/github-refused.ts'
import type { Desk } from './desk.ts'
import type { Refusal } from '../core/refusal/refusal.ts'
import type { Outcome } from '../core/command/outcome.ts'

/** Turns what GitHub refuses for good into a value. Outages and limits are thrown on: they are tried again. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<Result<T, Refusal>> {
  try {
    return ok(await work())
  } catch (error) {
    if (error instanceof GitHubRefused) return err({ code: 'github-refused', ...error.refusal })
    throw error
  }
}

/** What a command comes to, also where GitHub refuses what it needs. */
export async function orRefusedOutcome(work: () => Promise<Outcome>): Promise<Outcome> {
  const done = await orRefusal(work)
  return done.ok ? done.value : { code: 'refused', refusal: done.error }
}

/** Says something on a pull request once, found again by the marker that it begins with. */
export async function sayOnce(
  desk: Pick<Desk, 'conversation' | 'log'>,
  pull: number,
  said: { readonly marker: string; readonly body: string },
): Promise<'new' | 'old'> {
  const comments = await desk.conversation.of(pull)
  if (comments.some(({ isOurs, body }) => isOurs && body.startsWith(said.marker))) return 'old'
  await sayIfAllowed(desk, pull, () => desk.conversation.add(pull, said.body))
  return 'new'
}

/** Writes what is for people to read. Where GitHub takes no comments, everything else goes on without. */
export async function sayIfAllowed(desk: Pick<Desk, 'log'>, pull: number, say: () => Promise<void>): Promise<void> {
  const done = await orRefusal(say)
  if (!done.ok) desk.log.warn({ pull, reason: explainRefusal(done.error) }, 'GitHub takes no comment on a pull request')
}
