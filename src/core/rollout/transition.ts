import type { AnalysisReport } from '../analysis/report.ts'
import type { Beginning } from '../arrival/begin.ts'
import { firstShare } from '../arrival/start-command.ts'
import { isBranchFor, moveOf } from './branch.ts'
import type { PullRequest } from './facts.ts'
import type { Move } from './move.ts'
import { moveAfter, rollbackOf, type Standing, sureShare } from './standing.ts'
import { originPull } from './target.ts'
import type { Turn } from '../wave/turns.ts'

/** An open pull request of ours for a rollout. */
export interface OpenStep {
  readonly pull: PullRequest
  readonly kind: Move['kind']
  /**
   * It merges without conflict into the base branch as it is today, and changes the route there; a rollback does there
   * exactly what Perch proposes.
   */
  readonly fits: boolean
}

/**
 * Whether a step was made on the share that the base branch has now. `shares`: those of its commits that the base branch does not have, newest
 * first; undefined where one has no such route. Before the step's own commit there is none, unless the base branch was moved back.
 */
export function isMadeOn(
  shares: readonly (Standing['share'] | undefined)[],
  { to, now }: { readonly to: number; readonly now: Standing['share'] },
): boolean {
  const own = shares.lastIndexOf(to)
  return own === -1 || own === shares.length - 1 || shares[own + 1] === now
}

export interface RolloutFacts {
  readonly standing: Standing
  readonly open: readonly OpenStep[]
  /** The pull request that set a share without our annotations, where Perch has checked it. Any other such share stays as it is. */
  readonly broughtBy?: number | undefined
  /** A person closed the newest step pull request of this step without merging: that is a stop, until somebody says `next`. */
  readonly stoppedByHand: boolean
  /** A person closed a rollback from this step without merging, and so decided to continue. */
  readonly rollbackRefused: boolean
  /** The measurements of this step, if it failed. */
  readonly failure?: AnalysisReport
  /** The rollout in another environment that was measured. Undefined if it is its own. */
  readonly failedIn?: string
  /** Set while the service moves in waves. */
  readonly turn?: Turn | undefined
  /** What Perch starts for the canary's new version. */
  readonly begins?: Beginning | undefined
}

export type CloseReason =
  | 'rolling-back'
  /** Another open step of the rollout fits. */
  | 'replaced'
  /** It does not fit the base branch as it is now, and it is not the step that comes next there. */
  | 'superseded'
  | 'nothing-to-do'
  | 'aborted'
  | 'split'
  /** The environments of its wave are no longer at the same step. */
  | 'apart'
  | 'failed'
  | 'not-deployed'
  /** A controller in the cluster moves the traffic now. */
  | 'owned'

/** What to do about a rollout's pull requests. */
export type RolloutAction =
  | { readonly type: 'propose'; readonly move: Move }
  /** The open pull request's branch is made again on today's base. */
  | { readonly type: 'replan'; readonly pull: PullRequest; readonly move: Move }
  /** `by`: the open pull request that stays. */
  | { readonly type: 'close'; readonly pull: PullRequest; readonly reason: CloseReason; readonly by?: number }
  /** The config's other answer to a failure: everything stays as it is until somebody decides. */
  | { readonly type: 'hold'; readonly failure: AnalysisReport }

/** From where a rollout stands and which pull requests are open to what must happen next. */
export function transition(facts: RolloutFacts): readonly RolloutAction[] {
  if (facts.standing.phase === 'owned') return closeEvery(facts.open, 'owned')
  const rollback = facts.open.find(({ kind }) => kind === 'rollback')
  if (rollback !== undefined) return backward(facts, rollback)
  if (facts.begins === 'restart') return restarted(facts)
  return facts.failure === undefined || facts.rollbackRefused ? forward(facts) : failed(facts, facts.failure)
}

/** The pull request that began a rollout. A note that an earlier one has left says nothing of one that follows another environment. */
export function beginningPull({ standing, turn }: Pick<RolloutFacts, 'standing' | 'turn'>): number | undefined {
  return turn?.kind === 'goes' && standing.phase === 'idle' ? turn.origin : originPull(standing.target)
}

/** The new version got the traffic of another one: it has to begin with none. */
function restarted({ standing, open }: RolloutFacts): readonly RolloutAction[] {
  return [...closeAll(open, 'superseded'), { type: 'propose', move: rollbackOf(standing) }]
}

export function nextMove({
  standing,
  begins,
  turn,
}: Pick<RolloutFacts, 'standing' | 'begins' | 'turn'>): Move | undefined {
  if (turn?.kind === 'goes' && turn.to !== undefined) return { kind: 'share', from: sureShare(standing), to: turn.to }
  // A later wave begins when the one before it has a share.
  const isLater = (standing.target.settings.wave?.index ?? 0) > 0
  if (begins !== 'start' || isLater) return moveAfter(standing)
  return { kind: 'share', from: 0, to: firstShare(standing.target) }
}

/** A canary that fails its analysis is sent no more traffic, whichever step is open. */
function failed(facts: RolloutFacts, failure: AnalysisReport): readonly RolloutAction[] {
  const { standing, open } = facts
  if (standing.target.settings.onFailure === 'hold') return [...forward(facts), { type: 'hold', failure }]
  const closed = closeAll(open, 'failed')
  // In waves it may have failed elsewhere, before it had traffic here.
  return standing.share === 0 ? closed : [...closed, { type: 'propose', move: rollbackOf(standing) }]
}

function forward(facts: RolloutFacts): readonly RolloutAction[] {
  const { standing, open } = facts
  const next = nextMove(facts)
  const steps: RolloutAction[] = []
  let covering: PullRequest | undefined
  for (const { pull, fits, kind } of open) {
    // Nobody but a person wants a switch, so what its branch is called is wanted as long as it is open.
    const wanted = kind === 'switch' ? moveOf(pull.head.ref, standing) : next
    const isWanted = wanted !== undefined && isBranchFor(pull.head.ref, wanted)
    if (covering !== undefined) steps.push({ type: 'close', pull, reason: 'replaced', by: covering.number })
    else if (fits) covering = pull
    else if (isWanted) {
      steps.push({ type: 'replan', pull, move: wanted })
      covering = pull
    } else steps.push({ type: 'close', pull, reason: wanted === undefined ? 'nothing-to-do' : 'superseded' })
  }
  if (covering === undefined && next !== undefined && !isLeftToPeople(facts))
    steps.push({ type: 'propose', move: next })
  return steps
}

/** Whether nothing follows unless a person asks: one has closed its step, or its share may be meant to stay. In waves others may come first. */
function isLeftToPeople(rollout: RolloutFacts): boolean {
  return rollout.stoppedByHand || rollout.turn?.kind === 'waits' || isLeftAsItIs(rollout)
}

/** A split that was there before Perch, or came past it, may be meant to stay. */
export function isLeftAsItIs({ standing, broughtBy }: Pick<RolloutFacts, 'standing' | 'broughtBy'>): boolean {
  return standing.phase === 'by-hand' && broughtBy === undefined
}

/** While a rollback is open nothing else is; it is made again when the base branch has moved under it. */
function backward({ standing, open }: RolloutFacts, rollback: OpenStep): readonly RolloutAction[] {
  const { pull } = rollback
  const closed = closeAll(open, 'rolling-back', pull.number)
  if (standing.share === 0) return [...closed, { type: 'close', pull, reason: 'nothing-to-do' }]
  if (rollback.fits) return closed
  return [...closed, { type: 'replan', pull, move: rollbackOf(standing) }]
}

/** What an abort does: every open step is closed, and where the canary has traffic a rollback is proposed. */
export function abort({ standing, open }: Pick<RolloutFacts, 'standing' | 'open'>): readonly RolloutAction[] {
  if (standing.phase === 'owned') return closeEvery(open, 'owned')
  const closed = closeAll(open, 'aborted')
  if (standing.share === 0) return closed
  const move = rollbackOf(standing)
  const rollback = open.find(({ kind }) => kind === 'rollback')
  if (rollback === undefined) return [...closed, { type: 'propose', move }]
  return rollback.fits ? closed : [...closed, { type: 'replan', pull: rollback.pull, move }]
}

function closeAll(open: readonly OpenStep[], reason: CloseReason, by?: number): readonly RolloutAction[] {
  return open
    .filter(({ kind }) => kind !== 'rollback')
    .map(({ pull }) => ({ type: 'close', pull, reason, ...(by === undefined ? {} : { by }) }))
}

function closeEvery(open: readonly OpenStep[], reason: CloseReason): readonly RolloutAction[] {
  return open.map(({ pull }): RolloutAction => ({ type: 'close', pull, reason }))
}
