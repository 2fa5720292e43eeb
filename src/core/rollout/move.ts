import { isRenderedPart } from '../chart/rendered-parts.ts'
import type { Path } from '../manifest/data.ts'
import type { Edit } from '../manifest/edit/edit.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { type NewTexts, placeEdits, type PlaceRefusal } from '../layer/place.ts'
import { type NumberChange, type TextPlace, withReplaced } from '../layer/feed.ts'
import { type BuiltObject, layeredIn, placeKey } from '../layer/layered.ts'
import { withTexts } from '../layer/layout.ts'
import { limitTo } from '../owner/limit.ts'
import type { WeightOwner } from '../owner/weight-owner.ts'
import type { ChartRefusal } from '../refusal/chart-refusal.ts'
import { finishObjection, type FinishRefusal, roleRefusal } from '../refusal/finish-refusal.ts'
import { err, ok, type Result } from '../result.ts'
import { clearedNotes, readNotes, writeNotes } from '../traffic/annotations.ts'
import { versionCalled } from '../traffic/blue-green.ts'
import { withoutMirrors } from '../traffic/mirrors.ts'
import { reweigh, type WeightRefusal } from '../traffic/reweigh.ts'
import { switchRoute } from '../traffic/switch-route.ts'
import { hasNoCanary, type StartRefusal, withCanary } from '../traffic/start.ts'
import { canaryVersion, promoteVersion } from '../traffic/version.ts'
import { rereadTarget } from './read-target.ts'
import { isBlueGreen, planOf, type Target } from './target.ts'

/** One change of a rollout, as data. */
export type Move =
  /** `steps`: a plan that replaces that of the object or the config. */
  | { readonly kind: 'share'; readonly from: number; readonly to: number; readonly steps?: readonly number[] }
  | { readonly kind: 'rollback'; readonly from: number }
  /** The stable version becomes the version of the canary. The weights stay. */
  | { readonly kind: 'finish-version'; readonly from: string; readonly to: string }
  /** All traffic goes to the (new) stable version again, and the annotations are cleared. */
  | { readonly kind: 'finish-weights' }
  /** All traffic of a blue/green route moves from one version to the other. Both are names. */
  | { readonly kind: 'switch'; readonly from: string; readonly to: string }
  /**
   * The highest share that a controller in the cluster gives the canary before it promotes it. No weight in Git changes. In
   * percent.
   */
  | { readonly kind: 'limit'; readonly owner: WeightOwner; readonly from: number; readonly to: number }

/** A new plan for later steps. No traffic moves. */
export interface PlanChange {
  readonly kind: 'plan'
  readonly steps: readonly number[]
}

/** A move and its target. */
export interface TargetMove<M extends Move | PlanChange = Move | PlanChange> {
  readonly target: Target
  readonly move: M
}

export type MoveRefusal = PlaceRefusal | WeightRefusal | ChartRefusal | StartRefusal | FinishRefusal

/** The same move with another plan than that of the object or the config. Only share moves have a plan. */
export function underPlan(move: Move, steps: readonly number[]): Move {
  return move.kind === 'share' ? { ...move, steps } : move
}

/** The edits of a move in one object, as the target's environments have it. */
export interface ObjectChange {
  readonly target: Target
  readonly object: ManifestObject
  /** Paths begin at the top of the object's document. */
  readonly edits: readonly Edit[]
  /** The canary's share after the move. Undefined if the weights stay. */
  readonly share: number | undefined
}

/** New file texts by path (empty if nothing needs to change), and the changes of objects that they must cause. */
export interface MoveEdit {
  readonly files: NewTexts
  readonly changes: readonly ObjectChange[]
  /** Changed numbers in the texts from which objects take their weights. Everything else that shows these numbers changes too. */
  readonly fed: readonly NumberChange[]
}

/** How to edit routes that only a render shows. */
export interface EditAttempt {
  /** Counts the ways to place an edit, from 0. */
  readonly attempt: number
  /** The places from which weights are taken, by `weightKey`. */
  readonly feeds: ReadonlyMap<string, TextPlace>
  /** The texts of the files with those places. */
  readonly texts: ReadonlyMap<string, string>
  /** Leaves annotations out, because environments share the object and have no place of their own for them. */
  readonly isBare?: boolean
}

const FIRST_ATTEMPT: EditAttempt = { attempt: 0, feeds: new Map(), texts: new Map() }

/** A key for one value of a route in one environment. */
export function weightKey(environment: string, object: BuiltObject, path: Path): string {
  return JSON.stringify([placeKey(environment, object), path])
}

/**
 * The files after all moves of one service. Each move has its own environments. `pr`: the pull request from which a person drives
 * the rollout.
 */
export function filesFor(
  moves: readonly TargetMove[],
  pr: number | undefined,
  how: EditAttempt = FIRST_ATTEMPT,
): Result<MoveEdit, MoveRefusal> {
  const wanted = moves.flatMap(({ target }) => target.environments)
  const changes: ObjectChange[] = []
  let known: readonly NumberChange[] = []
  let files: NewTexts = new Map()
  for (const { move, target } of moves) {
    const change = restrictToWeights(changeFor(move, target, pr), move, how)
    // Start from the text that an earlier move has written: two targets may share a file.
    const now = files.size === 0 ? target : rereadTarget(target, files)
    const left = now === undefined || now === target ? change : restrictToWeights(changeFor(move, now, pr), move, how)
    if (!change.ok) return change
    if (!left.ok) return left
    const { object } = left.value
    const { layout, environments } = left.value.target
    const { numbers, others } = splitNumbers(left.value, how)
    const { fed, texts } = withMoreNumbers(how.texts, known, numbers)
    const own = texts.size === 0 ? layout : withTexts(layout, texts)
    const at = { layout: own, spot: object, environments, wanted, attempt: how.attempt }
    const placed = isRenderedPart(object.file) ? withoutText(left.value, numbers) : placeEdits(at, others)
    if (!placed.ok) return placed
    files = new Map([...files, ...texts, ...placed.value])
    known = fed
    changes.push(change.value)
  }
  return ok({ files, changes, fed: known })
}

/**
 * Adds numbers to the known ones, and gives the texts that change with them. A number that several environments take from one
 * place is changed once.
 */
function withMoreNumbers(
  texts: EditAttempt['texts'],
  known: readonly NumberChange[],
  numbers: readonly NumberChange[],
): { readonly fed: readonly NumberChange[]; readonly texts: NewTexts } {
  const fresh = numbers.filter((one) => !known.some((other) => isSameChange(one, other)))
  const fed = [...known, ...fresh]
  const files = new Set(fresh.map(([{ file }]) => file))
  // Places are offsets in the original texts, so all numbers of a file are replaced at once.
  const changes = fed.filter(([{ file }]) => files.has(file))
  return { fed, texts: withReplaced(texts, changes) }
}

/** Whether two environments take a weight from one place. */
function isSameChange([place, number]: NumberChange, [other, same]: NumberChange): boolean {
  return place.file === other.file && place.at === other.at && number === same
}

/**
 * A chart's template decides which annotations an object has. So only the weights in its output are changed, and any other edit
 * is refused.
 */
function restrictToWeights(
  change: Result<ObjectChange, MoveRefusal>,
  move: Move | PlanChange,
  { isBare = false }: EditAttempt,
): Result<ObjectChange, MoveRefusal> {
  if (!change.ok || !(isBare || isRenderedPart(change.value.object.file))) return change
  const { object } = change.value
  const edits = change.value.edits.filter(({ path }) => path[object.at.length] !== 'metadata')
  const isWeights = edits.every((edit) => edit.kind === 'set' && typeof edit.value === 'number')
  return isWeights && move.kind !== 'plan' ? ok({ ...change.value, edits }) : err(unclearChart(change.value))
}

/** A weight that follows from another one has no text of its own to edit. The proof shows whether it follows. */
function withoutText(change: ObjectChange, numbers: readonly NumberChange[]): Result<NewTexts, MoveRefusal> {
  return numbers.length > 0 || change.edits.length === 0 ? ok(new Map()) : err(unclearChart(change))
}

function unclearChart({ object, target }: ObjectChange): MoveRefusal {
  return { code: 'unclear', why: 'chart', name: object.name, ...target.route.place }
}

/** The object changes of moves. Leaves out moves that cannot be made. */
export function objectChanges(moves: readonly TargetMove[], pr: number | undefined): readonly ObjectChange[] {
  return moves.flatMap(({ move, target }) => {
    const change = restrictToWeights(changeFor(move, target, pr), move, FIRST_ATTEMPT)
    return change.ok ? [change.value] : []
  })
}

/** Splits edits into those of numbers that come from another place, and those of the object itself. */
function splitNumbers(
  { target: { environments }, object, edits }: ObjectChange,
  { feeds }: EditAttempt,
): { readonly numbers: readonly NumberChange[]; readonly others: readonly Edit[] } {
  const [first = ''] = environments
  const numbers: NumberChange[] = []
  const others = edits.filter((edit) => {
    const place = feeds.get(weightKey(first, object, edit.path))
    if (place === undefined || edit.kind === 'copy' || typeof edit.value !== 'number') return true
    numbers.push([place, edit.value])
    return false
  })
  return { numbers, others }
}

function changeFor(move: Move | PlanChange, target: Target, pr: number | undefined): Result<ObjectChange, MoveRefusal> {
  if (move.kind === 'limit') return limitChange(target, move)
  const { route, object, unclear } = target
  if (unclear !== undefined) return err({ ...unclear, code: 'unclear', name: route.name })
  if (move.kind === 'finish-version') return versionChange(target)
  if (move.kind === 'plan') return ok({ target, object, edits: planNote(target, move.steps), share: undefined })
  return move.kind === 'switch' || isBlueGreen(target) ? switchChange(move, target) : shareChange(move, target, pr)
}

/** Adds what sets a weight that is not in the file that people see as its place. */
function withSource(refusal: WeightRefusal, { layout, environments: [first = ''], object }: Target): WeightRefusal {
  if (refusal.code !== 'invalid-weight') return refusal
  const source = isRenderedPart(object.file) ? 'chart' : layeredIn(layout, first, object)?.filledBy
  return source === undefined ? refusal : { ...refusal, source }
}

/** The change of a limit in the owner's object. */
function limitChange(
  target: Target,
  { owner, to }: Extract<Move, { kind: 'limit' }>,
): Result<ObjectChange, MoveRefusal> {
  const limit = limitTo(owner, to)
  if (!limit.ok) return err({ code: 'no-place', path: [], ...owner.place })
  return ok({ target, object: owner.object, edits: limit.value.edits, share: undefined })
}

function shareChange(
  move: Exclude<Move, { kind: 'finish-version' | 'switch' | 'limit' }>,
  target: Target,
  pr: number | undefined,
): Result<ObjectChange, MoveRefusal> {
  const { route, object, settings } = target
  const percent = move.kind === 'share' ? move.to : 0
  // A canary that does not exist has no traffic, so nothing needs to be added.
  if (percent === 0 && hasNoCanary(route, target.neighbours)) return ok({ target, object, edits: [], share: undefined })
  const started = withCanary(route, target.neighbours)
  if (!started.ok) return started
  const weights = reweigh(started.value, percent, settings)
  if (!weights.ok) return err(withSource(weights.error, target))
  const isEnd = percent === 0 || percent === 100
  const mirrors = isEnd && settings.mirror === 'remove' ? withoutMirrors(route) : []
  return ok({ target, object, edits: [...weights.value, ...mirrors, ...notesFor(move, target, pr)], share: percent })
}

/**
 * Sends all traffic to one of the two versions. The rollback of a split that somebody made sends all of it to the active version.
 */
function switchChange(
  move: Exclude<Move, { kind: 'finish-version' | 'limit' }>,
  target: Target,
): Result<ObjectChange, MoveRefusal> {
  const { route, settings, object } = target
  const { blueGreen } = route.names
  const to = blueGreen && (move.kind === 'switch' ? versionCalled(blueGreen, move.to) : blueGreen.active)
  if (blueGreen === undefined || to === undefined) return err({ code: 'no-version', ...route.place })
  const edits = switchRoute(target, to, settings)
  return edits.ok ? ok({ target, object, edits: edits.value, share: to === blueGreen.idle ? 100 : 0 }) : edits
}

function notesFor(
  move: Exclude<Move, { kind: 'finish-version' | 'switch' | 'limit' }>,
  target: Target,
  pr: number | undefined,
): readonly Edit[] {
  const { route, settings } = target
  if (move.kind === 'finish-weights') return writeNotes(route, settings.prefix, clearedNotes(route, settings.prefix))
  const now = readNotes(route, settings.prefix)
  if (move.kind === 'rollback') return writeNotes(route, settings.prefix, { ...now, percentage: '0' })
  return writeNotes(route, settings.prefix, {
    percentage: String(move.to),
    version: canaryVersion(route, target.neighbours),
    pr: pr === undefined ? now.pr : String(pr),
    steps: (move.steps ?? planOf(target)).join(','),
  })
}

function planNote({ route, settings }: Target, steps: readonly number[]): readonly Edit[] {
  return writeNotes(route, settings.prefix, { ...readNotes(route, settings.prefix), steps: steps.join(',') })
}

function versionChange(target: Target): Result<ObjectChange, MoveRefusal> {
  const objection = finishObjection(target)
  if (objection !== undefined) return err(objection)
  const role = roleRefusal(target)
  if (role !== undefined) return err(role)
  const change = promoteVersion(target.route, target.neighbours)
  return change === undefined
    ? err({ code: 'no-version', ...target.route.place })
    : ok({ target, ...change, share: undefined })
}
