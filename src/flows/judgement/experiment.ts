import { finderIn } from '../../core/diff/rendered-route.ts'
import type { Environment } from '../../core/environment/graph.ts'
import { type NumberPlace, numberPlaces, probeFor, withNumbers } from '../../core/layer/feed.ts'
import { layeredIn } from '../../core/layer/layered.ts'
import { PLACE_ATTEMPTS } from '../../core/layer/place.ts'
import { type Path, valueAt } from '../../core/manifest/data.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import {
  changesOf,
  type EditAttempt,
  filesForAll,
  type Move,
  type MoveEdit,
  type PlanChange,
  weightKey,
} from '../../core/rollout/move.ts'
import { isSameRollout, type Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { type Proof, proveEdit } from './prove.ts'
import { renderEnvironment, type TreeSnapshot } from './render.ts'
import { withRenderedTargets } from './rendered-targets.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>
type Moves = readonly { readonly target: Target; readonly move: Move | PlanChange }[]

/** Texts that do what moves are to do, and the renders that prove it. */
export interface ProvenEdit {
  readonly edit: MoveEdit
  /** Undefined where nothing had to be rendered. */
  readonly proof: Proof | undefined
}

/** What is to be changed, and for whom. */
export interface EditRequest {
  readonly moves: Moves
  /** The pull request that a person drives the rollout from. */
  readonly pull: number | undefined
}

/**
 * The texts that make moves, proven by rendering. Where the files do not say for sure what sets a weight, or the proof of what they
 * say fails, the place is found by experiment.
 */
export async function findEdit(
  context: Needs,
  side: TreeSnapshot,
  request: EditRequest,
): Promise<Result<ProvenEdit, Refusal>> {
  const { moves, pull } = request
  const first = await tryEdit(context, side, filesForAll(moves, pull))
  if (first.ok || !isOpen(first.error, moves)) return first
  const snapshot = await withRenderedTargets(context, side, (target) =>
    moves.some((move) => isSameRollout(move.target, target)),
  )
  const seen = { ...side, snapshot }
  const own = moves.flatMap(({ target, move }) => targetsIn(seen, target).map((found) => ({ target: found, move })))
  if (own.length === 0) return first
  const feeds = await findFeeds(context, seen, { moves: own, pull })
  const texts = await context.mirror.read(
    side.treeish,
    [...feeds.values()].map(({ file }) => file),
  )
  const attempts = [new Map<string, NumberPlace>(), ...(feeds.size === 0 ? [] : [feeds])].flatMap((known) =>
    Array.from({ length: PLACE_ATTEMPTS }, (_, attempt): EditAttempt => ({ attempt, feeds: known, texts })),
  )
  const tried = new Set<string>()
  for (const how of attempts) {
    const made = filesForAll(own, pull, how)
    const key = made.ok ? JSON.stringify([...made.value.files]) : ''
    if (!made.ok || tried.has(key)) continue
    tried.add(key)
    const proven = await tryEdit(context, seen, made)
    if (proven.ok) return proven
  }
  return err(own.map(({ target }) => unclearRefusal(target)).find((refusal) => refusal !== undefined) ?? first.error)
}

/** What the files say about why a route is not sure. */
function unclearRefusal({ layout, environments: [first = ''], object, route }: Target): Refusal | undefined {
  const unclear = layeredIn({ ...layout, rendered: new Map() }, first, object)?.unclear
  return unclear && { code: 'cannot-edit', refusal: { ...unclear, code: 'unclear', name: route.name } }
}

function targetsIn({ snapshot }: TreeSnapshot, target: Target): readonly Target[] {
  return snapshot.targets.filter((found) => isSameRollout(found, target))
}

/** What says that one place of a value cannot be changed; another may be. */
const PLACE_REFUSALS: ReadonlySet<string> = new Set(
  'unclear would-leak no-layer odd-number template anchored aliased block-text no-place'.split(' '),
)

/** Whether another way may be open: nothing says that what was asked for is wrong in itself. */
function isOpen(refusal: Refusal, moves: Moves): boolean {
  if (refusal.code === 'cannot-edit') {
    const { code } = refusal.refusal
    const isSure = moves.every(({ target }) => target.unclear === undefined && !isSeen(target))
    return !isSure && PLACE_REFUSALS.has(code)
  }
  const { code } = refusal
  return code === 'no-effect' || code === 'render-leak' || (code === 'unreadable' && refusal.isEdited)
}

function isSeen({ layout, environments: [first = ''], object }: Target): boolean {
  return layeredIn(layout, first, object)?.isRendered === true
}

async function tryEdit(
  context: Needs,
  side: TreeSnapshot,
  made: ReturnType<typeof filesForAll>,
): Promise<Result<ProvenEdit, Refusal>> {
  if (!made.ok) return err({ code: 'cannot-edit', refusal: made.error })
  if (made.value.files.size === 0) return ok({ edit: made.value, proof: undefined })
  const proof = await proveEdit(context, side, made.value)
  return proof.ok ? ok({ edit: made.value, proof: proof.value }) : proof
}

/**
 * Builds in one search. Most need one: all places are changed at once. A build that breaks is taken apart in halves, so that one bad
 * place among hundreds costs about ten.
 */
const MAX_BUILDS = 24

/** Where the weights that moves change are taken from, by `weightKey`: every place gets a number of its own, and is found in the render. */
async function findFeeds(
  context: Needs,
  side: TreeSnapshot,
  { moves, pull }: EditRequest,
): Promise<EditAttempt['feeds']> {
  const found = new Map<string, NumberPlace>()
  // What others use too is changed for one environment by a patch of its own.
  const wanted = new Set(moves.flatMap(({ target }) => target.environments))
  for (const { target, object, edits } of changesOf(moves, pull)) {
    const [name = ''] = target.environments
    const environment = side.snapshot.environments.find((known) => known.name === name)
    const layered = layeredIn(target.layout, name, object)
    if (environment === undefined || layered?.isRendered !== true) continue
    const weights = edits
      .filter((edit) => edit.kind === 'set' && typeof edit.value === 'number')
      .map(({ path }) => ({ path, own: path.slice(object.at.length) }))
    const values = new Set(
      weights.flatMap(({ own }) => {
        const value = valueAt(layered.object.data, own)
        return typeof value === 'number' ? [value] : []
      }),
    )
    const texts = await context.mirror.read(side.treeish, environment.files)
    const search: Search = {
      context,
      side,
      environment,
      texts,
      target,
      paths: weights.map(({ own }) => own),
      builds: 0,
    }
    const isOwn = (file: string): boolean => target.layout.owners.get(file)?.every((user) => wanted.has(user)) ?? false
    const mine = new Map([...texts].filter(([file]) => isOwn(file)))
    const shown = await placesShown(search, numberPlaces(mine, values))
    for (const { path, own } of weights) {
      const place = shown.get(JSON.stringify(own))
      if (place !== undefined) found.set(weightKey(name, object, path), place)
    }
  }
  return found
}

interface Search {
  readonly context: Needs
  readonly side: TreeSnapshot
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
  readonly target: Target
  /** Of the weights, in the object. */
  readonly paths: readonly Path[]
  builds: number
}

/** Which place each weight shows when all of them have other numbers. */
async function placesShown(search: Search, places: readonly NumberPlace[]): Promise<ReadonlyMap<string, NumberPlace>> {
  const { context, environment, texts, target, paths, side } = search
  if (places.length === 0 || search.builds >= MAX_BUILDS) return new Map()
  search.builds += 1
  const probes = withNumbers(
    texts,
    places.map((place, index) => [place, probeFor(index)] as const),
  )
  const { secrets } = side.snapshot.config
  const changed = new Map([...texts, ...probes])
  const rendered = await renderEnvironment(context, { environment, texts: changed, secrets, documents: new Map() })
  const object =
    rendered.ok && rendered.parsed.ok ? finderIn(environment.name, rendered.parsed.objects)(target) : undefined
  if (object === undefined) {
    if (places.length === 1) return new Map()
    const middle = Math.ceil(places.length / 2)
    const halves = [places.slice(0, middle), places.slice(middle)]
    const shown = [await placesShown(search, halves[0] ?? []), await placesShown(search, halves[1] ?? [])]
    return new Map(shown.flatMap((one) => [...one]))
  }
  return new Map(
    paths.flatMap((path) => {
      const value = valueAt(object.data, path)
      const place = places.find((_, index) => probeFor(index) === value)
      return place === undefined ? [] : [[JSON.stringify(path), place] as const]
    }),
  )
}
