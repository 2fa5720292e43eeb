/** What to carry from one value to another: the differences, except those that belong to an environment. */
import { isRecord, type JsonValue, type Path, sameData } from '../manifest/data.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import { isNote } from '../traffic/annotations.ts'
import { type EnvironmentNames, someText } from './environment-names.ts'
import type { LeftReason } from './promotion.ts'
import { leadsToVersion } from './switched-versions.ts'

/** One change of the target's value: set a value, remove it (undefined), or insert a new item into a list. */
export interface ValueEdit {
  readonly kind: 'set' | 'insert'
  /** For a new item, its future index. */
  readonly path: Path
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
}

/** An edit of one document of a file. Its path begins at the top of that document. */
export type DocumentEdit = ValueEdit & {
  readonly document: number
  /** The source's bytes for a text. */
  readonly written?: string | undefined
}

export interface CarriedValues {
  /** In the order in which they must be made. */
  readonly edits: readonly ValueEdit[]
  readonly left: readonly { readonly path: Path; readonly why: LeftReason }[]
}

/** What belongs to an environment. */
export interface OwnValues {
  readonly names: EnvironmentNames
  /** Versions of blue/green services that do not have the traffic in both environments. */
  readonly versions: ReadonlySet<string>
}

interface Walk extends OwnValues {
  /** In an operation of a JSON patch, the place to which it points. */
  readonly pointer?: Path
  readonly edits: ValueEdit[]
  /** Inserts move the items after them, so they are made after all other edits, from last to first. */
  readonly inserts: ValueEdit[]
  readonly left: { readonly path: Path; readonly why: LeftReason }[]
}

interface Both {
  readonly source: JsonValue
  readonly target: JsonValue
}

export function carryValues({ source, target }: Both, { names, versions }: OwnValues): CarriedValues {
  const walk: Walk = { names, versions, edits: [], inserts: [], left: [] }
  carry(walk, { source, target }, [])
  return { edits: [...walk.edits, ...walk.inserts.toReversed()], left: walk.left }
}

function carry(walk: Walk, both: Both, path: Path): void {
  const { source, target } = both
  if (sameData(source, target)) return
  const why = stays(path)
  if (why !== undefined) return leave(walk, path, why)
  if (isRecord(source) && isRecord(target)) return carryMap(walk, { source, target }, path)
  if (isListOfMaps(source) && isListOfMaps(target)) return carryList(walk, { source, target }, path)
  const own = belongs(walk, both, path)
  if (own === undefined) walk.edits.push({ kind: 'set', path, before: target, after: source })
  else leave(walk, path, own)
}

/** Why a value belongs to its environment. Undefined if the source's value may replace it. */
function belongs({ names, versions }: OwnValues, { source, target }: Both, path: Path): LeftReason | undefined {
  if (someText(source, names.source) || someText(target, names.target)) return 'environment'
  if (leadsToVersion(versions, source, path) || leadsToVersion(versions, target, path)) return 'version'
  return holdsWeights(source) || holdsWeights(target) ? 'weights' : undefined
}

export type Mapping = { readonly [key: string]: JsonValue }

function carryMap(
  walk: Walk,
  { source, target }: { readonly source: Mapping; readonly target: Mapping },
  path: Path,
): void {
  const more = Object.keys(target).filter((key) => !Object.hasOwn(source, key))
  // The subset of one host means nothing for another host. So a destination of Istio with another host is carried as a whole, or
  // not at all.
  const isWhole = isDestinationOfIstio(placeOf(walk, path)) && more.length > 0 && hasOtherHost(source, target)
  const why = isWhole ? belongs(walk, { source, target }, path) : undefined
  if (why !== undefined) return leave(walk, path, why)
  for (const [key, value] of Object.entries(source)) {
    const own = Object.hasOwn(target, key) ? target[key] : undefined
    if (own === undefined) add(walk, value, { kind: 'set', path: [...path, key] })
    else carry(walk, { source: value, target: own }, [...path, key])
  }
  for (const key of more) {
    const at = [...path, key]
    if (isWhole) walk.edits.push({ kind: 'set', path: at, before: target[key], after: undefined })
    else leave(walk, at, stays(at) ?? 'target-only')
  }
}

function add(walk: Walk, value: JsonValue, { kind, path }: Pick<ValueEdit, 'kind' | 'path'>): void {
  // At the index of a new item, the target has another item. So the list stands for an item that is left out.
  const place = kind === 'insert' ? path.slice(0, -1) : path
  const why = stays(path)
  if (why !== undefined) return leave(walk, place, why)
  if (someText(value, walk.names.source)) return leave(walk, place, 'environment')
  if (leadsToVersion(walk.versions, value, path)) return leave(walk, place, 'version')
  if (holdsWeights(value)) return leave(walk, place, 'weights')
  const kept = withoutNotes(value, path)
  if (isRecord(kept) && Object.keys(kept).length === 0 && !sameData(kept, value))
    return leave(walk, place, 'rollout-notes')
  const edits = kind === 'insert' ? walk.inserts : walk.edits
  edits.push({ kind, path, before: undefined, after: kept })
}

function carryList(
  walk: Walk,
  { source, target }: { readonly source: readonly Mapping[]; readonly target: readonly Mapping[] },
  path: Path,
): void {
  const pairing = pairItems(source, target, placeOf(walk, path))
  if (pairing === undefined) {
    if (holdsWeights(source) || holdsWeights(target)) return leave(walk, path, 'weights')
    return leave(walk, path, 'order')
  }
  const paired = pairing.filter((index) => index !== undefined)
  if (paired.some((index, at) => index < (paired[at - 1] ?? 0))) return leave(walk, path, 'order')
  let behind = 0
  for (const [at, item] of source.entries()) {
    const index = pairing[at]
    const own = index === undefined ? undefined : target[index]
    if (index !== undefined && own !== undefined) {
      behind = index + 1
      carryItem(walk, { source: item, target: own }, [...path, index])
    } else addItem(walk, item, [...path, behind])
  }
  target.forEach((_, index) => {
    if (!paired.includes(index)) leave(walk, [...path, index], 'target-only')
  })
}

function carryItem(
  walk: Walk,
  { source, target }: { readonly source: Mapping; readonly target: Mapping },
  path: Path,
): void {
  const why = staysByPointer(source) ?? operationLeads(walk.versions, source) ?? operationLeads(walk.versions, target)
  const { path: pointer } = source
  const inner = typeof pointer === 'string' && 'op' in source ? { ...walk, pointer: pointerSteps(pointer) } : walk
  if (why === undefined) return carry(inner, { source, target }, path)
  if (!sameData(source, target)) leave(walk, path, why)
}

function addItem(walk: Walk, item: Mapping, path: Path): void {
  const isSplit = isDestination(item) || isBackends(placeOf(walk, path.slice(0, -1)))
  const why = isSplit ? 'weights' : (staysByPointer(item) ?? operationLeads(walk.versions, item))
  if (why === undefined) add(walk, item, { kind: 'insert', path })
  else leave(walk, path.slice(0, -1), why)
}

/** A place in the object, also for a value of a JSON patch. */
function placeOf({ pointer }: Walk, path: Path): Path {
  return pointer === undefined ? path : [...pointer, ...path.slice(2)]
}

function isDestinationOfIstio(path: Path): boolean {
  const [list, , key] = path.slice(-3)
  return key === 'destination' ? list === 'route' || list === 'mirrors' : key === 'mirror' && list === 'http'
}

function hasOtherHost({ host }: Mapping, target: Mapping): boolean {
  return host !== undefined && host !== target['host']
}

/** Whether a list splits requests between backends of the Gateway API. A backend without a weight gets as much as the others. */
function isBackends(path: Path): boolean {
  return path.at(-1) === 'backendRefs'
}

/**
 * For each item of the source, the index of the same item in the target; undefined for a new one. Undefined as a whole if the
 * items cannot be paired. `path`: the place of the list in the object.
 */
export function pairItems(
  source: readonly Mapping[],
  target: readonly Mapping[],
  path: Path,
): readonly (number | undefined)[] | undefined {
  // A single destination may be replaced by another. Among several, only those on both sides can keep their weights.
  const isSingle = source.length + target.length === 2
  const known = isSingle ? (isBackends(path) ? [] : KEYS) : [destinationKey, ...KEYS]
  const keys = known.find((key) => isKeyOf(key, source) && isKeyOf(key, target))
  if (keys !== undefined) {
    const places = new Map(target.map((item, index) => [keys(item), index]))
    return source.map((item) => places.get(keys(item)))
  }
  if (source.length === target.length) return source.map((_, index) => index)
  return undefined
}

type ItemKey = (item: Mapping) => string | undefined

function destinationKey({ destination }: Mapping): string | undefined {
  return isRecord(destination) ? JSON.stringify([destination['host'], destination['subset']]) : undefined
}

/** The key of a list item: its target for operations, or else its name. */
const KEYS: readonly ItemKey[] = [
  ({ op, path }) => (typeof op === 'string' && typeof path === 'string' ? `${op} ${path}` : undefined),
  ({ name, port }) => (typeof name === 'string' ? JSON.stringify([name, port ?? null]) : undefined),
  ({ name }) => (typeof name === 'string' ? name : undefined),
]

function isKeyOf(key: ItemKey, items: readonly Mapping[]): boolean {
  const keys = items.map(key)
  return keys.every((one) => one !== undefined) && new Set(keys).size === keys.length
}

function isDestination(item: Mapping): boolean {
  return 'weight' in item || isRecord(item['destination'])
}

/** Whether several destinations share requests, and at least one of them has a weight. */
function holdsWeights(value: JsonValue): boolean {
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    const isSplit = items.length > 1 && items.some((item) => isRecord(item) && 'weight' in item)
    return isSplit || items.some(holdsWeights)
  }
  return isRecord(value) && Object.values(value).some(holdsWeights)
}

/** Why a place never gets the source's value. Undefined if it may. */
export function stays(path: Path): LeftReason | undefined {
  const [first, second, third] = path
  if (path.at(-1) === 'weight') return 'weights'
  if (first !== 'metadata') return undefined
  if (second === 'namespace') return 'environment'
  return second === 'annotations' && isNote(String(third ?? '')) ? 'rollout-notes' : undefined
}

/** The same for an operation of a JSON patch, by its pointer. */
export function staysByPointer({ op, path }: Mapping): LeftReason | undefined {
  if (typeof op !== 'string' || typeof path !== 'string') return undefined
  return stays(pointerSteps(path))
}

/** Whether an operation of a JSON patch makes a destination lead to one of the versions. */
export function operationLeads(versions: ReadonlySet<string>, { op, path, value }: Mapping): LeftReason | undefined {
  if (typeof op !== 'string' || typeof path !== 'string') return undefined
  return leadsToVersion(versions, value, pointerSteps(path)) ? 'version' : undefined
}

/** New annotations, except those about a rollout. */
function withoutNotes(value: JsonValue, path: Path): JsonValue {
  const isAnnotations = path.length === 2 && path[0] === 'metadata' && path[1] === 'annotations'
  if (!isAnnotations || !isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !isNote(key)))
}

export function isListOfMaps(value: JsonValue): value is readonly Mapping[] {
  return Array.isArray(value) && value.length > 0 && value.every((item: JsonValue) => isRecord(item))
}

function leave(walk: Walk, path: Path, why: LeftReason): void {
  walk.left.push({ path, why })
}
