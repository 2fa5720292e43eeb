import type { Proposal } from '../rollout/proposal.ts'
import type { Comment } from '../rollout/facts.ts'
import type { Refusal } from '../refusal/refusal.ts'
import { type Target, targetName } from '../rollout/target.ts'

/** Whether a comment is Perch's own and begins with a marker. Anyone can write the marker. */
export function isOursWith(marker: string): (comment: Pick<Comment, 'isOurs' | 'body'>) => boolean {
  return ({ isOurs, body }) => isOurs && body.startsWith(marker)
}

/** Marks the answer to a comment, so that Perch answers only once. */
export function answerMarker(comment: number): string {
  return `<!-- perch:answer:${comment} -->`
}

/** The id of the comment that a comment of Perch answers. Only the very start counts, because later parts quote other people. */
export function answeredIn(body: string): number | undefined {
  const match = /^<!-- perch:answer:(\d+) -->/.exec(body)
  return match === null ? undefined : Number(match[1])
}

/** Marks the answer to a pressed button. */
export function buttonMarker(id: string): string {
  return `<!-- perch:button:${encodeURIComponent(id.toWellFormed())} -->`
}

/** Marks the answer to a review with commands, so that Perch answers only once. */
export function redirectionMarker(review: number): string {
  return `<!-- perch:review:${review} -->`
}

/** Marks a notice, so that Perch posts it once per step. */
export function noticeMarker({ target, move }: Proposal, refusal: Refusal): string {
  const step = move.kind === 'share' ? `share-${move.to}` : move.kind
  const why = refusal.code === 'github-refused' ? `${refusal.code}-${refusal.cause}` : refusal.code
  return `<!-- perch:notice:${encodeURIComponent(targetName(target).toWellFormed())}:${step}:${why} -->`
}

/** Marks the notice that a rollout could not begin by itself. */
export function ownStartMarker(id: string): string {
  return `<!-- perch:notice:${id} -->`
}

/** Marks the notice about a merge that GitHub refuses. */
export const MERGE_MARKER = '<!-- perch:notice:merge -->'

/** Marks the notice on a step that cannot continue because the previous step is not live. */
export function notLiveMarker(target: Target): string {
  return `<!-- perch:notice:not-live:${encodeURIComponent(targetName(target).toWellFormed())} -->`
}

/** Marks the notice on a step that has somebody else's commits. */
export const STEP_MARKER = '<!-- perch:notice:changed-step -->'

/** Marks the notice on a promotion that has somebody else's commits. */
export const PROMOTION_MARKER = '<!-- perch:notice:changed-promotion -->'

/** Marks the notice that GitHub does not let Perch create deployments. */
export const DEPLOYMENTS_MARKER = '<!-- perch:notice:deployments -->'

/** Marks the comment on a step that was closed without merging. */
export const STOPPED_MARKER = '<!-- perch:stopped -->'

/** Marks the one comment that Perch keeps up to date. Only a comment by this App counts, because anybody can write the marker. */
export const SUMMARY_MARKER = '<!-- perch:summary -->'

/** Begin and end of the measurements of the previous step in a step's body. */
export const MEASURED = { begin: '<!-- perch:measured -->', end: '<!-- /perch:measured -->' }

/** Begin and end of the part of a rollback's body about a restart with another version (`onNewVersion: restart`). */
export const RESTART = { begin: '<!-- perch:restart -->', end: '<!-- /perch:restart -->' }

/** Whether Perch begins a rollout once this rollback has merged. */
export function isForRestart({ body }: { readonly body: string }): boolean {
  return body.includes(RESTART.begin)
}

/** Marks the comment on a step that an abort closes, so that a second try of the same abort finds the steps that the first one closed. */
export function abortMarker(cause: string): string {
  return `<!-- perch:aborted:${encodeURIComponent(cause)} -->`
}

function isAbort(body: string): boolean {
  return body.startsWith('<!-- perch:aborted:')
}

/** Whether a comment of Perch says why Perch closed a step. */
export function saysClosed(body: string): boolean {
  return /^(?:<!-- [^>]* -->\s+)?Closed: /.test(body)
}

/** Whether the comments on a closed step say that Perch closed it for a reason of its own, without a request. */
export function isClosedByPerch(comments: readonly Pick<Comment, 'isOurs' | 'body'>[]): boolean {
  return comments.some(({ isOurs, body }) => isOurs && saysClosed(body) && !isAbort(body))
}

/**
 * Marks that a step was closed because of a failure. The time when it went live identifies the measured step, because the
 * measurements themselves change from one look to the next.
 */
export function failedMarker(liveSince: number): string {
  return `<!-- perch:failed:${liveSince} -->`
}
