import type { OwnerRefusal } from '../refusal/owner-refusal.ts'
import type { Refusal } from '../refusal/refusal.ts'
import { err, ok, type Result } from '../result.ts'
import { limitTo } from '../owner/limit.ts'
import type { WeightOwner } from '../owner/weight-owner.ts'
import { findTargets } from './find-target.ts'
import { filesFor, type Move, type MoveEdit, type PlanChange, type TargetMove } from './move.ts'
import { narrowed } from './read-target.ts'
import { ambiguous, resolve, type RolloutQuery } from './resolve.ts'
import type { Snapshot } from './snapshot.ts'
import { versionCalled } from '../traffic/blue-green.ts'
import { moveAfter, rollbackOf, type Standing, standingOf, sureShare } from './standing.ts'
import { nextMove } from './transition.ts'
import { type Turn, turnsOf } from '../wave/turns.ts'
import { nextStep, planOf, sameRollouts, type Target, targetName, together } from './target.ts'

/** What somebody asks for, and the rollout if it was named. */
export type Wish = StepWish | (RolloutQuery & { readonly kind: 'plan'; readonly steps: readonly number[] })

/** The wishes for which Perch can open a separate pull request. */
export type StepWish = ShareWish | SwitchWish

/** Sends all traffic of a blue/green service to one of its versions. */
export type SwitchWish = RolloutQuery & { readonly kind: 'switch'; readonly version: string }

export type ShareWish = RolloutQuery &
  (
    | { readonly kind: 'share'; readonly percent: number }
    /** The plan's next step. */
    | { readonly kind: 'next' }
    | { readonly kind: 'promote' }
  )

/** The moves that fulfil a wish: those of one rollout, or with `--env all` those of a service's rollouts. */
export interface IntendedChange<M extends Move | PlanChange = Move | PlanChange> {
  /** The rollout by its name for people: the first of the targets, under the common name of all. */
  readonly target: Target
  /** The first of the moves, or among limits the one that starts highest. All moves have the same goal. */
  readonly move: M
  readonly moves: readonly TargetMove<M>[]
}

/** A move that edits the own files of a branch or folder, whatever weights these have. */
export type DirectMove = ShareMove | SwitchMove | LimitMove | PlanChange
export type SwitchMove = Extract<Move, { kind: 'switch' }>
export type ShareMove = Extract<Move, { kind: 'share' }>
export type LimitMove = Extract<Move, { kind: 'limit' }>

/** The files that a change edits, and the snapshot that shows the state of the rollouts. */
export interface BranchState {
  readonly snapshot: Snapshot
  /** Undefined if `snapshot` itself shows the state. */
  readonly base: Snapshot | undefined
  /** The paths that the pull request changes. */
  readonly changed: readonly string[]
}

/** The change that a wish means for a branch's own files. */
export function intend(at: BranchState, wish: ShareWish): Result<IntendedChange<ShareMove | LimitMove>, Refusal>
export function intend(at: BranchState, wish: SwitchWish): Result<IntendedChange<SwitchMove>, Refusal>
export function intend(at: BranchState, wish: Wish): Result<IntendedChange<DirectMove>, Refusal>
export function intend(at: BranchState, wish: Wish): Result<IntendedChange<DirectMove>, Refusal> {
  const targets = findTargets(at.snapshot, { ...wish, isSwitch: wish.kind === 'switch' }, at.changed)
  if (!targets.ok) return targets
  const apart = mixedOwners(targets.value)
  if (apart !== undefined) return err(apart)
  const moves: TargetMove<DirectMove>[] = []
  for (const target of targets.value) {
    const move = directMove(at.base, target, wish)
    if (!move.ok) return move
    moves.push({ target, move: move.value })
  }
  const [first] = moves
  if (first === undefined) throw new Error('A wish without a target was let through.')
  // The targets may have different next steps.
  if (new Set(moves.map(({ move }) => goalOf(move))).size > 1) return err(ambiguous(targets.value))
  const limits = moves.flatMap(({ move }) => (move.kind === 'limit' ? [move] : []))
  const [most = first.move] = limits.toSorted((one, other) => other.from - one.from)
  return ok({ target: together(targets.value, first.target), move: most, moves })
}

/**
 * Why one command cannot apply to several rollouts: its percentage is a share for one of them and a controller's limit for
 * another.
 */
function mixedOwners(targets: readonly Target[]): Refusal | undefined {
  const owned = targets.find(({ owner }) => owner !== undefined)
  const others = targets.filter(({ owner }) => owner?.writer !== owned?.owner?.writer).map(targetName)
  return owned === undefined || others.length === 0 ? undefined : ownerRefusal(owned, { code: 'not-all', others })
}

function directMove(base: Snapshot | undefined, target: Target, wish: Wish): Result<DirectMove, Refusal> {
  if (target.owner !== undefined) return limitMove(target, target.owner, wish)
  const odd = otherStrategy(target, wish)
  if (odd !== undefined) return err(odd)
  if (wish.kind === 'plan') return ok({ kind: 'plan', steps: wish.steps })
  const known = base === undefined ? target : sameRollouts(base.targets, target)[0]
  if (wish.kind === 'switch') return switchMove(known ?? target, wish)
  const from = known === undefined ? 0 : sureShare(standingOf(known))
  const to = wish.kind === 'next' ? nextStep(planOf(known ?? target), from) : wantedShare(wish)
  if (to === undefined) return err({ code: 'no-next-step', name: targetName(target), share: from })
  return ok({ kind: 'share', from, to })
}

/** Why a command does not fit a rollout: a canary's share moves in steps, and a switch moves all traffic at once. */
function otherStrategy(target: Target, { kind }: Pick<Wish, 'kind'>): Refusal | undefined {
  const { blueGreen } = target.route.names
  const name = targetName(target)
  if (blueGreen === undefined)
    return kind === 'switch' ? { code: 'is-canary', name, service: target.service } : undefined
  return kind === 'switch' ? undefined : { code: 'is-blue-green', name, idle: blueGreen.idle.name }
}

/** Why commits cannot move a rollout. Undefined if they can. */
export function ownerRefusal(target: Target, why?: OwnerRefusal['why']): Refusal | undefined {
  return target.owner && refusalOf(target, target.owner, why)
}

function refusalOf(target: Target, { writer, title, place }: WeightOwner, why?: OwnerRefusal['why']): Refusal {
  return { code: 'owned', name: targetName(target), writer, title, why, ...place }
}

/** For a rollout that a controller moves, the wanted share is its limit. Git allows no other request to the controller. */
function limitMove(
  target: Target,
  owner: WeightOwner,
  wish: Pick<Wish, 'kind'> & { readonly percent?: number },
): Result<LimitMove, Refusal> {
  if (wish.kind !== 'share' || wish.percent === undefined) return err(refusalOf(target, owner))
  const { elsewhere } = owner
  if (elsewhere !== undefined) return err(refusalOf(target, owner, { code: 'elsewhere', environment: elsewhere }))
  const limit = limitTo(owner, wish.percent)
  if (!limit.ok) return err(refusalOf(target, owner, limit.error))
  return ok({ kind: 'limit', owner, from: limit.value.from, to: wish.percent })
}

function switchMove({ route, ...target }: Target, { version }: SwitchWish): Result<SwitchMove, Refusal> {
  const { blueGreen } = route.names
  const to = blueGreen && versionCalled(blueGreen, version)
  const known = blueGreen === undefined ? [] : [blueGreen.active.name, blueGreen.idle.name]
  if (blueGreen === undefined || to === undefined)
    return err({ code: 'unknown-version', name: targetName(target), asked: version, known })
  return ok({ kind: 'switch', from: blueGreen.active.name, to: to.name })
}

function wantedShare(wish: Exclude<ShareWish, { kind: 'next' }>): number {
  return wish.kind === 'promote' ? 100 : wish.percent
}

function goalOf(move: DirectMove): number | string | undefined {
  return move.kind === 'plan' ? undefined : move.to
}

/** Whether a change gives the canary more than its own files and the base branch give it, or changes its later steps. */
export function isRaise({ moves }: Pick<IntendedChange<DirectMove>, 'moves'>): boolean {
  return moves.some(({ target, move }) => {
    if (move.kind === 'switch') return move.to !== move.from
    if (move.kind === 'limit') return move.to > move.from
    return move.kind === 'plan' || move.to > Math.max(move.from, sureShare(standingOf(target)))
  })
}

/** A base branch, and its rollouts that the pull request is about. */
export interface BaseRollouts {
  readonly snapshot: Snapshot
  readonly related: readonly Target[]
  /** The paths that the pull request has changed. */
  readonly changed: readonly string[]
}

/**
 * The change that a wish means for the base branch, where a separate pull request makes it. It moves one rollout or one wave from
 * its state on the base branch. If a share move has equal `from` and `to`, the rollout is already there.
 */
export function intendStep(at: BaseRollouts, wish: StepWish): Result<IntendedChange<Move>, Refusal> {
  const turns = turnsOf(at.snapshot.targets.map(standingOf))
  const meant = resolve(poolOf(at, wish, turns), { ...wish, isSwitch: wish.kind === 'switch' }, at.changed)
  if (!meant.ok) return meant
  const { alone, targets } = meant.value
  const moves: TargetMove<Move>[] = []
  for (const one of targets) {
    // If one environment leaves the others, its own rollout begins at their state.
    const target = alone === undefined ? one : narrowed(at.snapshot.config, one, alone)
    const move = moveFrom(target, wish, turns.get(one))
    if (!move.ok && targets.length === 1) return move
    if (move.ok) moves.push({ target, move: move.value })
  }
  return asOneChange(targets, moves)
}

/** Perch moves several rollouts at once only if they are a wave and all make the same move. */
function asOneChange(
  targets: readonly Target[],
  moves: readonly TargetMove<Move>[],
): Result<IntendedChange<Move>, Refusal> {
  const [first, ...others] = moves
  if (first === undefined || moves.length < targets.length) return err(ambiguous(targets))
  if (others.length === 0) return ok({ ...first, moves })
  const isAlike = new Set(moves.map(({ move }) => JSON.stringify(move))).size === 1
  const inWaves = targets.every(({ settings }) => settings.wave !== undefined)
  return isAlike && inWaves
    ? ok({ target: together(targets, first.target), move: first.move, moves })
    : err(ambiguous(targets))
}

/** The rollouts to which a wish can apply. For `next` without a name, those of the waves that are next. */
function poolOf(at: BaseRollouts, wish: StepWish, turns: ReadonlyMap<Target, Turn>): readonly Target[] {
  if (wish.service !== undefined || wish.environment !== undefined) return at.snapshot.targets
  const known = at.related.length > 0 ? at.related : at.snapshot.targets
  const going = known.filter((target) => turns.get(target)?.kind === 'goes')
  return wish.kind === 'next' && going.length > 0 ? going : known
}

/** The move that fulfils a wish, from the state of a rollout on the base branch. */
function moveFrom(target: Target, wish: StepWish, turn: Turn | undefined): Result<Move, Refusal> {
  if (target.owner !== undefined) return limitMove(target, target.owner, wish)
  const odd = otherStrategy(target, wish)
  if (odd !== undefined) return err(odd)
  if (wish.kind === 'switch') return switchMove(target, wish)
  const standing = standingOf(target)
  const move = stepMove(standing, wish, turn)
  return move === undefined ? err({ code: 'no-next-step', name: targetName(target), share: standing.share }) : ok(move)
}

function stepMove(standing: Standing, wish: ShareWish, turn: Turn | undefined): Move | undefined {
  if (wish.kind === 'next') return nextMove({ standing, turn })
  if (wish.kind === 'promote' && standing.share === 100) return moveAfter(standing)
  const from = sureShare(standing)
  const to = wantedShare(wish)
  return to === 0 && standing.share !== 0 ? rollbackOf(standing) : { kind: 'share', from, to }
}

/** The new texts of a change. `pull`: the pull request from which a person drives the rollout. */
export function editFor({ moves }: Pick<IntendedChange, 'moves'>, pull: number | undefined): Result<MoveEdit, Refusal> {
  const made = filesFor(moves, pull)
  return made.ok ? made : err({ code: 'cannot-edit', refusal: made.error })
}
