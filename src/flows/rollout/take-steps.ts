import { isForRestart, noticeMarker } from '../../core/marker/comment.ts'
import { closingComment } from '../../core/message/pull-request/closing.ts'
import { notice } from '../../core/message/comment/notice.ts'
import { ok, type Result } from '../../core/result.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { type Move, underPlan } from '../../core/rollout/move.ts'
import { beginningPull, type RolloutFacts, type RolloutAction } from '../../core/rollout/transition.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import { planOf } from '../../core/rollout/target.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import { holdFailed } from '../measure/failures.ts'
import { historyOf } from '../measure/landing.ts'
import { readTargetAt } from '../repository/load.ts'
import { propose, replan } from './propose.ts'
import { makeChange } from '../making/make-change.ts'
import type { BaseState } from './rollouts.ts'
import type { Requester } from '../../core/command/requester.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import type { Proposal } from '../../core/rollout/proposal.ts'

interface StepsRequest extends Pick<Requester, 'login' | 'cause'> {
  readonly pull: number
  readonly reason?: string | undefined
}

interface DecidedSteps {
  /** One rollout, or the rollout that represents those of a wave that move together. */
  readonly rollout: RolloutFacts
  readonly members?: readonly RolloutFacts[]
  readonly steps: readonly RolloutAction[]
  readonly asked?: StepsRequest
  /** What an earlier try closed for the same cause. */
  readonly closed?: readonly number[]
}

export type StepsDone = Result<
  { readonly opened: PullRequest | undefined; readonly closed: readonly number[] },
  Refusal
>

/**
 * Carries out a decision, in order. Returns the pull requests that it opened, and those that it or an earlier try closed. A
 * refusal is reported on the pull request that drives the rollout.
 */
export async function takeSteps(
  context: RepositoryContext,
  base: BaseState,
  decided: DecidedSteps,
): Promise<StepsDone> {
  const { rollout, members = [rollout] } = decided
  const { failure, failedIn } = rollout
  let opened: PullRequest | undefined
  const closed = [...(decided.closed ?? [])]
  for (const step of decided.steps) {
    if (step.type === 'close') {
      const drivers = step.pull.assignees
      const words = closingComment(step.reason, {
        failure,
        failedIn,
        by: step.by,
        cause: decided.asked?.cause,
        drivers,
      })
      const done = await orRefusal(() => closePull(context, step.pull, words))
      if (!done.ok) return done
      if (done.value) closed.push(step.pull.number)
      continue
    }
    if (step.type === 'hold') {
      const done = await orRefusal(() => holdEach(context, base, members))
      if (!done.ok) return done
      continue
    }
    const done = await openOrTell(context, base, { ...decided, step, closed })
    if (!done.ok) return done
    opened = done.value
  }
  return ok({ opened, closed })
}

async function holdEach(context: RepositoryContext, base: BaseState, members: readonly RolloutFacts[]): Promise<void> {
  for (const { standing, failure } of members)
    if (failure !== undefined) await holdFailed(context, { base: base.ref, target: standing.target }, failure)
}

type OpenedMove = Extract<RolloutAction, { type: 'propose' | 'replan' }>

/** Opens a step. If nobody requested it, nobody would see a refusal, so Perch posts it. */
async function openOrTell(
  context: RepositoryContext,
  base: BaseState,
  decided: DecidedSteps & Pick<AskedMove, 'step' | 'closed'>,
): Promise<Result<PullRequest, Refusal>> {
  const { rollout, step, asked, closed } = decided
  const { standing } = rollout
  // A canary without traffic has no previous step, and the search for one would read the whole history.
  const previous = standing.phase === 'idle' ? undefined : await stepPull(context, base, standing)
  const proposal = { ...proposalOf(base, decided, { step, asked, closed }), previous }
  const tried = await orRefusal(() => openMove(context, base, { step, proposal }))
  const done = tried.ok ? tried.value : tried
  if (!done.ok && asked === undefined) await tell(context, { proposal, refusal: done.error })
  return done
}

interface AskedMove {
  readonly step: OpenedMove
  readonly asked: StepsRequest | undefined
  /** The steps that were closed before it. */
  readonly closed: readonly number[]
}

/** Makes a move on the current base, and opens or updates its pull request. */
async function openMove(
  context: RepositoryContext,
  base: BaseState,
  { step, proposal }: { readonly step: OpenedMove; readonly proposal: Proposal },
): Promise<Result<PullRequest, Refusal>> {
  const { origin, moves = [proposal] } = proposal
  const move = step.type === 'replan' ? await withItsPlan(context, proposal, step.pull) : proposal.move
  const site = { treeish: base.sha, snapshot: base.snapshot, pull: origin }
  const made = await makeChange(context, site, { moves: moves.map(({ target }) => ({ target, move })) })
  if (!made.ok) return made
  const ready = { proposal, files: made.value.files }
  if (step.type === 'replan') return replan(context, { base, pull: step.pull }, ready)
  const done = await propose(context, base, ready)
  if (done.ok && move.kind === 'rollback') logRollback(context, done.value, proposal)
  return done
}

function logRollback(
  { log, meter, repo }: Pick<RepositoryContext, 'log' | 'meter' | 'repo'>,
  { number: pull }: PullRequest,
  { target: { environment, service }, asked, isForRestart: isRestart }: Proposal,
): void {
  const cause = isRestart === true ? 'restart' : asked === undefined ? 'failed' : 'command'
  const person = asked === undefined ? {} : { person: asked.login }
  log.info({ repo: `${repo.owner}/${repo.name}`, pull, environment, service, cause, ...person }, 'rollback opened')
  meter.record('perch_rollbacks_total', { cause })
}

/** If a plan was written on the step itself, the new commit contains it too. */
async function withItsPlan(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { move, target, moves = [] }: Proposal,
  pull: PullRequest,
): Promise<Move> {
  const [{ target: first } = { target }] = moves
  const there = move.kind === 'share' ? await readTargetAt(context, pull.head.sha, first) : undefined
  return there === undefined ? move : underPlan(move, planOf(there))
}

function proposalOf(
  base: BaseState,
  { rollout, members = [] }: Pick<DecidedSteps, 'rollout' | 'members'>,
  { step, asked, closed }: AskedMove,
): Proposal {
  const { standing, failure, failedIn, broughtBy, begins } = rollout
  const { target } = standing
  const { move } = step
  const origin = beginningPull(rollout) ?? asked?.pull ?? broughtBy
  return {
    move,
    target,
    moves: movesOf(members, move),
    version: canaryVersion(target.route, target.neighbours),
    origin,
    closed: [...closed],
    driver: asked?.login ?? authorOf(base, origin),
    ...(asked === undefined ? {} : { asked }),
    ...(move.kind === 'rollback' && failure !== undefined ? { failure, failedIn } : {}),
    isForRestart: beginsAgain(step, { asked, begins }),
  }
}

/** The person who opened a pull request, and who drives its rollout if nobody else requests a step. Undefined for an App. */
function authorOf({ pulls }: BaseState, origin: number | undefined): string | undefined {
  const author = pulls.find(({ number }) => number === origin)?.author
  return author?.isBot === false ? author.login : undefined
}

/** The moves in each environment of a wave. */
function movesOf(members: readonly RolloutFacts[], move: Move): Proposal['moves'] {
  return members.length > 1 ? members.map(({ standing: { target } }) => ({ target, move })) : undefined
}

/** Whether a rollback only makes room for a new version. Remaking it does not change that, because people may have decided about it. */
function beginsAgain(
  step: OpenedMove,
  { asked, begins }: Pick<AskedMove, 'asked'> & Pick<RolloutFacts, 'begins'>,
): boolean {
  if (asked !== undefined) return false
  return step.type === 'replan' ? isForRestart(step.pull) : begins === 'restart'
}

/**
 * Returns false if it was merged since it was read. Then the base branch has moved because of it, and there is nothing to say.
 */
export async function closePull(
  context: Pick<RepositoryContext, 'conversation' | 'pulls'>,
  pull: PullRequest,
  why: string,
): Promise<boolean> {
  if ((await context.pulls.get(pull.number))?.state === 'merged') return false
  // The comment comes first, and only once: a closed pull request is not looked at again, so a missing comment would stay
  // missing.
  const comments = await context.conversation.of(pull.number)
  const [first = ''] = why.split('\n')
  const isSame = (body: string): boolean =>
    first.startsWith('<!--') ? body.startsWith(first) : body.trim() === why.trim()
  const isSaid = comments.some(({ isOurs, body }) => isOurs && isSame(body))
  if (!isSaid) await context.conversation.add(pull.number, why)
  return (await context.pulls.close(pull.number)) === 'closed'
}

interface StuckMove {
  readonly proposal: Proposal
  readonly refusal: Refusal
}

/**
 * Says once that a rollout cannot continue by itself: on the pull request that it began with or, if its files do not name one, on
 * the one that brought its step.
 */
async function tell(context: RepositoryContext, { proposal, refusal }: StuckMove): Promise<void> {
  const pull = proposal.origin ?? proposal.previous
  const about = { target: proposal.target.service, refusal: refusal.code, ...(pull === undefined ? {} : { pull }) }
  const said = { marker: noticeMarker(proposal, refusal), body: notice(proposal, refusal) }
  const isOld = pull !== undefined && (await sayOnce(context, pull, said)) === 'old'
  if (!isOld) context.log.warn(about, 'a rollout cannot go on by itself')
}

/**
 * The pull request whose merge brought the step; undefined if the step was pushed. The list of pull requests may be older than
 * the base branch.
 */
async function stepPull(context: RepositoryContext, base: BaseState, standing: Standing): Promise<number | undefined> {
  const landing = (await historyOf(context, base, standing))?.landing
  if (landing === undefined) return undefined
  const listed = base.pulls.find(({ mergeCommit }) => mergeCommit === landing.sha)
  return (listed ?? (await context.pulls.mergedAs(landing.sha, base.ref)))?.number
}
