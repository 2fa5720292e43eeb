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

/** What somebody asks for, and of which rollout, if that was named. */
export type Wish = StepWish | (RolloutQuery & { readonly kind: 'plan'; readonly steps: readonly number[] })

/** What a pull request of its own can be opened for. */
export type StepWish = ShareWish | SwitchWish

/** All traffic of a blue/green service to one of its versions. */
export type SwitchWish = RolloutQuery & { readonly kind: 'switch'; readonly version: string }

export type ShareWish = RolloutQuery &
  (
    | { readonly kind: 'share'; readonly percent: number }
    /** The plan's next step. */
    | { readonly kind: 'next' }
    | { readonly kind: 'promote' }
  )

/** The moves for a wish: those of one rollout, or with `--env all` those of a service's rollouts. */
export interface IntendedChange<M extends Move | PlanChange = Move | PlanChange> {
  /** The rollout, as people name it: the first of the targets, with the name of all. */
  readonly target: Target
  /** The first of the moves, or the limit that was the highest. The others end where it ends. */
  readonly move: M
  readonly moves: readonly TargetMove<M>[]
}

/** The targets on a branch or in a folder, whose weights may be anything. */
export type DirectMove = ShareMove | SwitchMove | LimitMove | PlanChange
export type SwitchMove = Extract<Move, { kind: 'switch' }>
export type ShareMove = Extract<Move, { kind: 'share' }>
export type LimitMove = Extract<Move, { kind: 'limit' }>

/** The files for a change, and the snapshot that shows the state of its rollouts. */
export interface BranchState {
  readonly snapshot: Snapshot
  /** Undefined where the files themselves say it. */
  readonly base: Snapshot | undefined
  /** The paths that the pull request changes. */
  readonly changed: readonly string[]
}

/** The change of a branch's own files that a wish means. */
export function intend(at: BranchState, wish: ShareWish): Result<IntendedChange<ShareMove | LimitMove>, Refusal>
export function intend(at: BranchState, wish: SwitchWish): Result<IntendedChange<SwitchMove>, Refusal>
export function intend(at: BranchState, wish: Wish): Result<IntendedChange<DirectMove>, Refusal>
export function intend(at: BranchState, wish: Wish): Result<IntendedChange<DirectMove>, Refusal> {
  const targets = findTargets(at.snapshot, { ...wish, isSwitch: wish.kind === 'switch' }, at.changed)
  if (!targets.ok) return targets
  const apart = ownedApart(targets.value)
  if (apart !== undefined) return err(apart)
  const moves: TargetMove<DirectMove>[] = []
  for (const target of targets.value) {
    const move = directMove(at.base, target, wish)
    if (!move.ok) return move
    moves.push({ target, move: move.value })
  }
  const [first] = moves
  if (first === undefined) throw new Error('A wish without a target was let through.')
  // The next step of each may be another one.
  if (new Set(moves.map(({ move }) => goalOf(move))).size > 1) return err(ambiguous(targets.value))
  const limits = moves.flatMap(({ move }) => (move.kind === 'limit' ? [move] : []))
  const [most = first.move] = limits.toSorted((one, other) => other.from - one.from)
  return ok({ target: together(targets.value, first.target), move: most, moves })
}

/** Why one command cannot apply to several rollouts: its share is a share for one of them, and a limit of a controller for another. */
function ownedApart(targets: readonly Target[]): Refusal | undefined {
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

/** Why a command is not for a rollout: shares move in steps, and a switch moves all at once. */
function otherStrategy(target: Target, { kind }: Pick<Wish, 'kind'>): Refusal | undefined {
  const { blueGreen } = target.route.names
  const name = targetName(target)
  if (blueGreen === undefined)
    return kind === 'switch' ? { code: 'is-canary', name, service: target.service } : undefined
  return kind === 'switch' ? undefined : { code: 'is-blue-green', name, idle: blueGreen.idle.name }
}

/** Why commits do not move a rollout. Undefined if they do. */
export function ownerRefusal(target: Target, why?: OwnerRefusal['why']): Refusal | undefined {
  return target.owner && refusalOf(target, target.owner, why)
}

function refusalOf(target: Target, { writer, title, place }: WeightOwner, why?: OwnerRefusal['why']): Refusal {
  return { code: 'owned', name: targetName(target), writer, title, why, ...place }
}

/** For a rollout that a controller moves, a share is its limit. Nothing else can be asked of the controller in Git. */
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

/** Whether a change gives the canary more than its own files and the base branch do, or changes its later shares. */
export function isRaise({ moves }: Pick<IntendedChange<DirectMove>, 'moves'>): boolean {
  return moves.some(({ target, move }) => {
    if (move.kind === 'switch') return move.to !== move.from
    if (move.kind === 'limit') return move.to > move.from
    return move.kind === 'plan' || move.to > Math.max(move.from, sureShare(standingOf(target)))
  })
}

/** A base branch, and the rollouts of it that the pull request is about. */
export interface BaseRollouts {
  readonly snapshot: Snapshot
  readonly related: readonly Target[]
}

/**
 * The change that a wish means for the base branch, where a pull request of its own makes it: of one rollout, or of a wave, from where
 * that stands. A share from `from` to the same: it is there already.
 */
export function intendStep(at: BaseRollouts, wish: StepWish): Result<IntendedChange<Move>, Refusal> {
  const turns = turnsOf(at.snapshot.targets.map(standingOf))
  const meant = resolve(poolOf(at, wish, turns), { ...wish, isSwitch: wish.kind === 'switch' }, [])
  if (!meant.ok) return meant
  const { alone, targets } = meant.value
  const moves: TargetMove<Move>[] = []
  for (const one of targets) {
    // One environment leaves the others: a rollout of its own begins where they are.
    const target = alone === undefined ? one : narrowed(at.snapshot.config, one, [alone])
    const move = moveFrom(target, wish, turns.get(one))
    if (!move.ok && targets.length === 1) return move
    if (move.ok) moves.push({ target, move: move.value })
  }
  return asOneChange(targets, moves)
}

/** Several rollouts are moved at once only where they are a wave, and move alike. */
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

/** The rollouts to which a wish can apply. In waves, the next step is that of the wave that is next. */
function poolOf(at: BaseRollouts, wish: StepWish, turns: ReadonlyMap<Target, Turn>): readonly Target[] {
  if (wish.service !== undefined || wish.environment !== undefined) return at.snapshot.targets
  const known = at.related.length > 0 ? at.related : at.snapshot.targets
  const going = known.filter((target) => turns.get(target)?.kind === 'goes')
  return wish.kind === 'next' && going.length > 0 ? going : known
}

/** The move for a wish, from the state of a rollout on the base branch. */
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

/** The new texts of a change. `pull` is the pull request that a person drives the rollout from. */
export function editFor({ moves }: Pick<IntendedChange, 'moves'>, pull: number | undefined): Result<MoveEdit, Refusal> {
  const made = filesFor(moves, pull)
  return made.ok ? made : err({ code: 'cannot-edit', refusal: made.error })
}
