import { ROLLBACK_HOOK } from '../../../core/flagger/hook.ts'
import { asksPerch, canariesNear } from '../../../core/flagger/canaries-near.ts'
import { abortMarker, isForRestart, isOursWith } from '../../../core/marker/comment.ts'
import { withoutRestart } from '../../../core/message/pull-request/pull-request.ts'
import { isStepOf, kindOf } from '../../../core/rollout/branch.ts'
import type { PullRequest } from '../../../core/rollout/facts.ts'
import { ownedNear, withWaves } from '../../../core/rollout/related.ts'
import { withParts } from '../../../core/rollout/read-target.ts'
import { type Target, targetName } from '../../../core/rollout/target.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import { abortAll } from '../../../core/wave/convoy.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseState } from '../../rollout/rollouts.ts'
import { abortOwned } from '../../stop/abort.ts'
import { wholeSecond } from '../../stop/stops.ts'
import { takeSteps } from '../../rollout/take-steps.ts'
import { type Outcome, type OwnedRollout, refused } from '../../../core/command/outcome.ts'
import type { Requester } from '../../../core/command/requester.ts'
import type { CommandRequest } from './command-request.ts'
import { changedBy, wordsOfStop } from './subject.ts'

interface AbortRequest extends Requester {
  readonly related: readonly RolloutFacts[]
}

/**
 * Closes the open steps of rollouts, and opens a rollback if the canary has traffic. For a service in waves, it does so in all
 * environments of the waves. In a retry, the answer includes what the first try closed and opened.
 */
export async function abortRollouts(
  context: RepositoryContext,
  { command, subject: { base, pull, related: own }, by }: CommandRequest<'abort'>,
): Promise<Outcome> {
  const targets = base.rollouts.map(({ standing }) => standing.target)
  const { service, reason } = wordsOfStop(command.reason, targets)
  const isMeant = (one: RolloutFacts): boolean => service === undefined || one.standing.target.service === service
  const related = withWaves(own.filter(isMeant), base.rollouts)
  const closed = new Set<number>()
  const rolledBack = rollbacksSince(context, base, { ...by, related })
  const rollbacks = openRollbacks(related)
  for (const convoy of abortAll(related)) {
    const asked = { ...by, pull: pull.number, reason }
    const earlier = await closedBefore(context, base, { ...by, related: convoy.members })
    // First, because a rollback that is made again gets a new title and body.
    for (const rollout of convoy.members) await keepRolledBack(context, rollout)
    const done = await takeSteps(context, base, { ...convoy, asked, closed: earlier })
    if (!done.ok) return refused(done.error)
    for (const number of done.value.closed) closed.add(number)
    if (done.value.opened !== undefined) rollbacks.add(done.value.opened.number)
  }
  const unreadable = related.filter(({ standing }) => standing.phase === 'unreadable')
  const names = unreadable.map(({ standing }) => targetName(standing.target))
  const changed = related.length > 0 ? [] : await changedBy(context, base.sha, pull)
  const near = base.rollouts.filter(isMeant)
  const taken = takenBackIn(near, changed)
  if (taken !== undefined) await abortOwned(context, taken, { ...by, reason, base: base.sha })
  const takenBack: readonly string[] = taken === undefined ? [] : [targetName(taken)]
  const owned = ownedIn(related.length > 0 ? related : ownedNear(near, changed)).filter(
    ({ name }) => !takenBack.includes(name),
  )
  const all = [[...closed], [...rollbacks], rolledBack, names, owned, takenBack]
  const isNothing = all.every(({ length }) => length === 0)
  return isNothing
    ? refused({ code: 'nothing-to-abort', isOpen: pull.state === 'open', service })
    : {
        code: 'aborted',
        closed: [...closed],
        rollbacks: [...rollbacks],
        rolledBack,
        unreadable: names,
        owned,
        takenBack,
      }
}

/** The Canary that Flagger should roll back. Undefined if several are possible, because the wrong one must not be rolled back. */
function takenBackIn(rollouts: readonly RolloutFacts[], changed: readonly string[]): Target | undefined {
  const near = canariesNear(
    rollouts.map(({ standing }) => standing.target),
    changed,
  )
  const [only] = near
  return near.length === 1 && only !== undefined && asksPerch(only, ROLLBACK_HOOK) ? only : undefined
}

function ownedIn(rollouts: readonly RolloutFacts[]): readonly OwnedRollout[] {
  return rollouts.flatMap(({ standing: { target } }) =>
    target.owner === undefined ? [] : [{ name: targetName(target), owner: target.owner }],
  )
}

/** If an open rollback makes room for a new version, that version does not start after it any more. */
async function keepRolledBack({ pulls }: Pick<RepositoryContext, 'pulls'>, { open }: RolloutFacts): Promise<void> {
  for (const { pull } of open.filter((one) => isForRestart(one.pull)))
    await pulls.edit(pull.number, { title: pull.title, body: withoutRestart(pull.body) })
}

function openRollbacks(related: readonly RolloutFacts[]): Set<number> {
  const open = related.flatMap((rollout) => rollout.open)
  return new Set(open.filter(({ kind, fits }) => kind === 'rollback' && fits).map(({ pull }) => pull.number))
}

/** The pull requests that an earlier try of the same abort closed. */
async function closedBefore(context: RepositoryContext, base: BaseState, asked: AbortRequest): Promise<number[]> {
  const marker = abortMarker(asked.cause)
  const found: number[] = []
  for (const pull of stepsOf(context, base, asked)) {
    if (pull.state !== 'closed' || (pull.closedAt ?? 0) < wholeSecond(asked.at)) continue
    const comments = await context.conversation.of(pull.number)
    if (comments.some(isOursWith(marker))) found.push(pull.number)
  }
  return found
}

/**
 * Our rollbacks that are younger than the command: an earlier try opened them, and they were merged meanwhile. A rollback whose
 * branch someone else pushed to may not have removed the canary's traffic.
 */
function rollbacksSince(context: RepositoryContext, base: BaseState, asked: AbortRequest): readonly number[] {
  const related = asked.related.filter(({ standing }) => standing.share === 0)
  const isRollback = ({ state, createdAt, head }: PullRequest): boolean =>
    state === 'merged' && createdAt >= wholeSecond(asked.at) && kindOf(head.ref, 'stepping') === 'rollback'
  return stepsOf(context, base, { related })
    .filter(isRollback)
    .map(({ number }) => number)
}

function stepsOf(
  context: RepositoryContext,
  base: BaseState,
  { related }: Pick<AbortRequest, 'related'>,
): readonly PullRequest[] {
  const targets = related.flatMap(({ standing }) => withParts(base.snapshot.config, standing.target))
  return base.pulls.filter((pull) => targets.some((target) => isStepOf(target, pull, context.botLogin)))
}
