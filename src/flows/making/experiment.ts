import type { Environment } from '../../core/environment/environment.ts'
import { type TextPlace, numberPlaces, probeAt, withReplaced } from '../../core/layer/feed.ts'
import { layeredIn } from '../../core/layer/layered.ts'
import { type NewTexts, PLACE_ATTEMPTS } from '../../core/layer/place.ts'
import type { ProofOfEdit } from '../../core/command/outcome.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { objectChanges, type EditAttempt, filesFor, type TargetMove, weightKey } from '../../core/rollout/move.ts'
import { isSameRollout, sameRollouts, type Target } from '../../core/rollout/target.ts'
import { readNotes } from '../../core/traffic/annotations.ts'
import { ROUTE_KINDS } from '../../core/traffic/route.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { computedWeight } from './computed-weight.ts'
import { singleChanges } from './own-numbers.ts'
import { proveEdit } from './prove.ts'
import { renderEdited } from './render-edited.ts'
import { renderedWeight } from './rendered-weight.ts'
import { lineAt, placesShown } from './places-shown.ts'
import { weightSearch } from './weight-search.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'
import { withRenderedTargets } from '../judgement/rendered-targets.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/** Texts with the intended effect, and the renders that prove it. */
export interface ProvenEdit {
  readonly files: NewTexts
  readonly proof: ProofOfEdit
}

/** The intended change, and why the first try failed. */
export interface EditRequest {
  readonly moves: readonly TargetMove[]
  /** The pull request that a person drives the rollout from. */
  readonly pull: number | undefined
  readonly refused: Refusal
}

/**
 * The texts for moves if those that the files suggest do not work, proven by rendering. An experiment finds the place of a
 * weight. If no attempt has the intended effect, returns the cause that it found, or else the first refusal.
 */
export async function experiment(
  context: Needs,
  side: TreeSnapshot,
  request: EditRequest,
): Promise<Result<ProvenEdit, Refusal>> {
  const { moves, pull, refused } = request
  if (!isOpen(refused, moves)) return err(refused)
  const snapshot = await withRenderedTargets(context, side, (target) =>
    moves.some((move) => isSameRollout(move.target, target)),
  )
  const seen = { ...side, snapshot }
  const own = moves.flatMap(({ target, move }) => targetsIn(seen, target).map((found) => ({ target: found, move })))
  const tried = new Set<string>()
  let leak: Refusal | undefined
  for (const how of await attemptsFor(context, seen, { ...request, moves: own })) {
    const made = filesFor(own, pull, how)
    const key = made.ok ? JSON.stringify([...made.value.files]) : ''
    if (!made.ok || tried.has(key) || made.value.files.size === 0) continue
    tried.add(key)
    const proof = await proveEdit(context, seen, made.value)
    if (proof.ok) return ok({ files: made.value.files, proof: proof.value })
    leak ??= leakOf(proof.error, how, own)
  }
  const shared = (await sharedValue(context, seen, { moves: own, pull })) ?? leak
  return err(shared ?? (await unchangeable(context, seen, { moves: own, pull })) ?? refused)
}

/** Why no change of a number sets the weights. */
async function unchangeable(
  context: Needs,
  side: TreeSnapshot,
  request: Pick<EditRequest, 'moves' | 'pull'>,
): Promise<Refusal | undefined> {
  const [change] = objectChanges(request.moves, request.pull)
  const search = change && (await weightSearch(context, side, { change, wanted: new Set(change.target.environments) }))
  const { name = '' } = change?.object ?? {}
  const found =
    search &&
    // Each of them may use all builds of a search.
    ((await computedWeight({ search: { ...search }, name })) ?? (await renderedWeight({ search: { ...search }, name })))
  return found ?? request.moves.map(({ target }) => unclearRefusal(target)).find((one) => one !== undefined)
}

/**
 * The refusal with the place of the number from which the weight is taken. Undefined if the number is in the route's own file, or sets
 * no weights of other routes.
 */
function leakOf(refusal: Refusal, { feeds, texts }: EditAttempt, moves: EditRequest['moves']): Refusal | undefined {
  const own = new Set(moves.map(({ target }) => target.object.file))
  const place = [...feeds.values()].find(({ file }) => !own.has(file))
  if (refusal.code !== 'render-leak' || place === undefined) return undefined
  const also = refusal.also.filter((title) => OTHER_ROUTE.test(title))
  if (also.length === 0) return undefined
  return { ...refusal, also, source: { file: place.file, line: lineAt(texts.get(place.file) ?? '', place) } }
}

/** The title of another route. The title of the route itself is followed by a path. */
const OTHER_ROUTE = new RegExp(`^(?:${ROUTE_KINDS.join('|')}) \\S+$`)

/** The place that a weight is taken from, if environments use it that must not change. */
async function sharedValue(
  context: Needs,
  side: TreeSnapshot,
  { moves, pull }: Pick<EditRequest, 'moves' | 'pull'>,
): Promise<Refusal | undefined> {
  const [environment] = moves.flatMap(({ target }) => target.environments)
  const [first] = moves
  if (environment === undefined || first === undefined) return undefined
  const { owners, environments } = first.target.layout
  const everything = new Set(environments.map(({ name }) => name))
  const [place] = (await findFeeds(context, side, { moves, pull, wanted: everything })).values()
  if (place === undefined) return undefined
  const near = new Set(owners.get(place.file))
  // Files that belong to neither a chart nor a deployer have layers that can contain the weight.
  const takers = environments.filter(
    ({ name, charts = [], deployer }) =>
      near.has(name) && (charts.length > 0 || deployer?.files.includes(place.file) === true),
  )
  // Only the first few are built, so the environment to change comes first.
  const isAsked = ({ name }: { readonly name: string }): number => Number(name === environment)
  const among = takers.toSorted((one, other) => isAsked(other) - isAsked(one))
  const users = await showing(context, side, { place, among })
  if (users.length < 2) return undefined
  const text = (await context.mirror.read(side.treeish, [place.file])).get(place.file) ?? ''
  const { file } = place
  return { code: 'cannot-edit', refusal: { code: 'shared-value', file, line: lineAt(text, place), environment, users } }
}

/** A refusal is not worth more builds. */
const MAX_SHOWN = 20

/** The environments whose render changes with a place in a file. */
async function showing(
  context: Needs,
  side: TreeSnapshot,
  { place, among }: { readonly place: TextPlace; readonly among: readonly Environment[] },
): Promise<readonly string[]> {
  const found: string[] = []
  for (const known of among.slice(0, MAX_SHOWN)) {
    const { environment, texts } = await readEnvironmentTexts(context, side.treeish, known)
    const changed = withReplaced(texts, [[place, probeAt(place, 0)]])
    const renders = await Promise.all(
      [new Map<string, string>(), changed].map((edited) => renderEdited(context, side, { environment, texts, edited })),
    )
    const [before, after] = renders.map((one) => (one.ok ? one.yaml : undefined))
    if (before !== after) found.push(known.name)
  }
  return found
}

/** The reason in the files why a route is uncertain. */
function unclearRefusal({ layout, environments: [first = ''], object, route }: Target): Refusal | undefined {
  const unclear = layeredIn({ ...layout, rendered: new Map() }, first, object)?.unclear
  return unclear && { code: 'cannot-edit', refusal: { ...unclear, code: 'unclear', name: route.name } }
}

/** First with the numbers changed at their source, then the ways of the layer model, one after the other. */
async function attemptsFor(context: Needs, side: TreeSnapshot, request: EditRequest): Promise<readonly EditAttempt[]> {
  const feeds = await findFeeds(context, side, request)
  const files = [...feeds.values()].map(({ file }) => file)
  const texts = await context.mirror.read(side.treeish, files)
  const single = feeds.size > 0 ? [] : await singleChanges(context, side, request)
  if (single.length > 0) return single
  const sources = [feeds, new Map<string, TextPlace>()]
  const placed = sources.flatMap((known) =>
    Array.from({ length: PLACE_ATTEMPTS }, (_, attempt) => ({ attempt, feeds: known, texts })),
  )
  const bare = sources.map((known) => ({ attempt: 0, feeds: known, texts, isBare: true }))
  return request.moves.some(({ target }) => hasNotes(target)) ? placed : [...placed, ...bare]
}

/** Existing annotations would become wrong if only the weights changed. */
function hasNotes({ route, settings }: Target): boolean {
  return Object.values(readNotes(route, settings.prefix)).some((note) => note !== undefined)
}

function targetsIn({ snapshot }: TreeSnapshot, target: Target): readonly Target[] {
  return sameRollouts(snapshot.targets, target)
}

/** Refusals about one place of a value. Another place may work. */
const PLACE_REFUSALS: ReadonlySet<string> = new Set(
  'unclear would-leak no-layer odd-number template anchored aliased block-text no-place'.split(' '),
)

/** Whether another way may work, because the refusal does not say that the request itself is wrong. */
function isOpen(refusal: Refusal, moves: EditRequest['moves']): boolean {
  const { code } = refusal
  // Nobody has looked at the render, so the state of such a rollout is unknown.
  if (moves.some(({ target }) => target.unclear !== undefined)) return false
  if (code === 'cannot-edit')
    return PLACE_REFUSALS.has(refusal.refusal.code) && moves.some(({ target }) => isSeen(target))
  return code === 'no-effect' || code === 'render-leak' || (code === 'unreadable' && refusal.isEdited)
}

function isSeen({ layout, environments: [first = ''], object }: Target): boolean {
  const layered = layeredIn(layout, first, object)
  return layered?.isRendered === true || layered?.filledBy !== undefined
}

interface FeedSearch extends Pick<EditRequest, 'moves' | 'pull'> {
  /** The environments that may change. A file that others use too is left out, because a patch changes it for one of them. */
  readonly wanted?: ReadonlySet<string>
}

function environmentsOf(moves: EditRequest['moves']): ReadonlySet<string> {
  return new Set(moves.flatMap(({ target }) => target.environments))
}

/**
 * Finds where the moved weights are taken from, by `weightKey`: every place gets a unique number, which is then searched for in
 * the render.
 */
async function findFeeds(
  context: Needs,
  side: TreeSnapshot,
  { moves, pull, wanted = environmentsOf(moves) }: FeedSearch,
): Promise<EditAttempt['feeds']> {
  const found = new Map<string, TextPlace>()
  for (const change of objectChanges(moves, pull)) {
    const search = await weightSearch(context, side, { change, wanted })
    if (search === undefined) continue
    const shown = await placesShown(search, numberPlaces(search.mine, search.values))
    for (const { path, own } of search.weights) {
      const place = shown.get(JSON.stringify(own))
      if (place !== undefined) found.set(weightKey(search.environment.name, change.object, path), place)
    }
  }
  return found
}
