import type { Outcome } from '../core/message/answer.ts'
import { abortMarker } from '../core/message/pull-request.ts'
import { isStepOf, kindOf } from '../core/rollout/branch.ts'
import type { PullRequest } from '../core/rollout/facts.ts'
import { abort, type RolloutFacts } from '../core/rollout/transition.ts'
import type { Desk } from './desk.ts'
import type { BaseState } from './rollouts.ts'
import type { StopAsked } from './stops.ts'
import { takeSteps } from './take-steps.ts'

interface AbortAsked extends StopAsked {
  readonly pull: number
  readonly related: readonly RolloutFacts[]
  readonly reason: string | undefined
}

/**
 * Closes the open steps of rollouts, and opens a rollback where the canary has traffic. It may be a second try: what the
 * first one closed and opened belongs to the answer.
 */
export async function abortAll(desk: Desk, base: BaseState, asked: AbortAsked): Promise<Outcome> {
  const closed = await closedBefore(desk, base, asked)
  let rollback = openRollback(asked.related) ?? rollbackSince(desk, base, asked)
  for (const rollout of asked.related) {
    const done = await takeSteps(desk, base, { rollout, steps: abort(rollout), asked })
    if (!done.ok) return { code: 'refused', refusal: done.error }
    closed.push(...done.value.closed)
    rollback = done.value.opened?.number ?? rollback
  }
  return closed.length === 0 && rollback === undefined
    ? { code: 'refused', refusal: { code: 'nothing-to-abort' } }
    : { code: 'aborted', closed, rollback }
}

function openRollback(related: readonly RolloutFacts[]): number | undefined {
  return related.flatMap(({ open }) => open).find(({ kind }) => kind === 'rollback')?.pull.number
}

/** What an earlier try of this very abort has closed. */
async function closedBefore(desk: Desk, base: BaseState, asked: AbortAsked): Promise<number[]> {
  const marker = abortMarker(asked.cause)
  const found: number[] = []
  for (const pull of stepsOf(desk, base, asked)) {
    if (pull.state !== 'closed' || (pull.closedAt ?? 0) < wholeSecond(asked.at)) continue
    const comments = await desk.conversation.of(pull.number)
    if (comments.some(({ isOurs, body }) => isOurs && body.startsWith(marker))) found.push(pull.number)
  }
  return found
}

/** A rollback of ours that is younger than the command: an earlier try has opened it, and it was merged meanwhile. */
function rollbackSince(desk: Desk, base: BaseState, asked: AbortAsked): number | undefined {
  const isRollback = ({ state, createdAt, head }: PullRequest): boolean =>
    state === 'merged' && createdAt >= wholeSecond(asked.at) && kindOf(head.ref, 'stepping') === 'rollback'
  return stepsOf(desk, base, asked).find(isRollback)?.number
}

function stepsOf(desk: Desk, base: BaseState, { related }: AbortAsked): readonly PullRequest[] {
  return base.pulls.filter((pull) => related.some(({ standing }) => isStepOf(standing.target, pull, desk.botLogin)))
}

/** GitHub's times have whole seconds; a button's are ours. */
function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000
}
