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
   * It merges without conflict into the current base branch and changes the route there. A rollback must do exactly what Perch
   * proposes.
   */
  readonly fits: boolean
  /** The pull request for which it was opened, if the canary has no traffic yet. */
  readonly origin?: number | undefined
}

/**
 * Whether a step was made on the current share of the base branch. `shares`: the shares in the step's commits that the base
 * branch does not have, newest first; undefined for a commit without the route. The step's own commit is the oldest of them,
 * unless the base branch was moved back.
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
  /** If it has several environments: open steps of one of them alone. Only an abort closes them. */
  readonly openParts?: readonly OpenStep[]
  /**
   * The pull request that set a share without Perch's annotations, if Perch has checked it. Any other such share stays as it is.
   */
  readonly broughtBy?: number | undefined
  /**
   * A person closed the latest step pull request from this step without merging it. The rollout stops until somebody says `next`.
   */
  readonly stoppedByHand: boolean
  /** A person closed a rollback from this step without merging it, and so decided to continue. */
  readonly rollbackRefused: boolean
  /** The measurements of this step, if it failed. */
  readonly failure?: AnalysisReport
  /** The rollout in another environment that was measured. Undefined if it is this one. */
  readonly failedIn?: string
  /** Undefined unless the service moves in waves. */
  readonly turn?: Turn | undefined
  /** What Perch starts for the canary's new version. */
  readonly begins?: Beginning | undefined
}

export type CloseReason =
  | 'rolling-back'
  /** Another open step of the rollout fits. */
  | 'replaced'
  /** It does not fit the current base branch, and is not the next step there. */
  | 'superseded'
  | 'nothing-to-do'
  | 'aborted'
  | 'split'
  /** The environments of its wave are no longer at the same step. */
  | 'apart'
  | 'failed'
  | 'not-deployed'
  /** It was made for another base branch. */
  | 'misplaced'
  /** A controller in the cluster moves the traffic now. */
  | 'owned'

/** What to do about a rollout's pull requests. */
export type RolloutAction =
  | { readonly type: 'propose'; readonly move: Move }
  /** Makes the branch of the open pull request again on the current base branch. */
  | { readonly type: 'replan'; readonly pull: PullRequest; readonly move: Move }
  /** `by`: the open pull request that stays. */
  | { readonly type: 'close'; readonly pull: PullRequest; readonly reason: CloseReason; readonly by?: number }
  /** The config's alternative to a rollback: everything stays until somebody decides. */
  | { readonly type: 'hold'; readonly failure: AnalysisReport }

/** Decides what must happen next, from the state of a rollout and its open pull requests. */
export function transition(facts: RolloutFacts): readonly RolloutAction[] {
  if (facts.standing.phase === 'owned') return closeEvery(facts.open, 'owned')
  const rollback = facts.open.find(({ kind }) => kind === 'rollback')
  if (rollback !== undefined) return backward(facts, rollback)
  if (facts.begins === 'restart') return restarted(facts)
  return facts.failure === undefined || facts.rollbackRefused ? forward(facts) : failed(facts, facts.failure)
}

/**
 * The pull request that began a rollout. If the rollout follows another environment, an annotation left by an earlier rollout
 * does not count.
 */
export function beginningPull({ standing, turn }: Pick<RolloutFacts, 'standing' | 'turn'>): number | undefined {
  return turn?.kind === 'goes' && standing.phase === 'idle' ? turn.origin : originPull(standing.target)
}

/** The new version inherited traffic from another one, but has to begin without any. */
function restarted({ standing, open }: RolloutFacts): readonly RolloutAction[] {
  return [...closeAll(open, 'superseded'), { type: 'propose', move: rollbackOf(standing) }]
}

export function nextMove({
  standing,
  begins,
  turn,
}: Pick<RolloutFacts, 'standing' | 'begins' | 'turn'>): Move | undefined {
  if (turn?.kind === 'goes' && turn.to !== undefined) return { kind: 'share', from: sureShare(standing), to: turn.to }
  // A later wave begins when the previous one has a share.
  const isLater = (standing.target.settings.wave?.index ?? 0) > 0
  if (begins !== 'start' || isLater) return moveAfter(standing)
  return { kind: 'share', from: 0, to: firstShare(standing.target) }
}

/** A canary that failed its analysis gets no more traffic, whichever step is open. */
function failed(facts: RolloutFacts, failure: AnalysisReport): readonly RolloutAction[] {
  const { standing, open } = facts
  if (standing.target.settings.onFailure === 'hold') return [...forward(facts), { type: 'hold', failure }]
  const closed = closeAll(open, 'failed')
  // In waves, it may have failed in another environment before it had traffic here.
  return standing.share === 0 ? closed : [...closed, { type: 'propose', move: rollbackOf(standing) }]
}

function forward(facts: RolloutFacts): readonly RolloutAction[] {
  const { standing, open } = facts
  const next = nextMove(facts)
  const steps: RolloutAction[] = []
  let covering: PullRequest | undefined
  for (const { pull, fits, kind } of open) {
    // Only a person asks for a switch, so it is wanted as long as its pull request is open.
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

/**
 * Whether nothing follows until a person asks: somebody closed its step, its share may be meant to stay, or other waves come
 * first.
 */
function isLeftToPeople(rollout: RolloutFacts): boolean {
  return rollout.stoppedByHand || rollout.turn?.kind === 'waits' || isLeftAsItIs(rollout)
}

/** A split that is older than Perch, or that was made without Perch, may be meant to stay. */
export function isLeftAsItIs({ standing, broughtBy }: Pick<RolloutFacts, 'standing' | 'broughtBy'>): boolean {
  return standing.phase === 'by-hand' && broughtBy === undefined
}

/** While a rollback is open, no other step is. If the base branch has moved, the rollback is made again. */
function backward({ standing, open }: RolloutFacts, rollback: OpenStep): readonly RolloutAction[] {
  const { pull } = rollback
  const closed = closeAll(open, 'rolling-back', pull.number)
  if (standing.share === 0) return [...closed, { type: 'close', pull, reason: 'nothing-to-do' }]
  if (rollback.fits) return closed
  return [...closed, { type: 'replan', pull, move: rollbackOf(standing) }]
}

/** What an abort does: it closes every open step, and proposes a rollback if the canary has traffic. */
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
