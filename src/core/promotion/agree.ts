/** Whether two renders of the target differ exactly in the carried values. */
import type { RenderedObject } from '../diff/objects.ts'
import { type Pair, pairObjects } from '../diff/pair.ts'
import { holdsSecrets } from '../diff/secret-texts.ts'
import { settled } from '../layer/compare.ts'
import { isRecord, type JsonValue, type Path, sameData } from '../manifest/data.ts'
import { titleOf } from '../manifest/identity.ts'
import { isListOfMaps, pairItems, stays } from './carry-values.ts'
import type { CarriedValue, PromotionPlan } from './promotion.ts'

interface Place {
  readonly path: Path
  readonly after: JsonValue | undefined
}

/** `also`: changes that were not carried. `missing`: carried values that change nothing. */
export function promotionMismatch(
  { before, after }: { readonly before: readonly RenderedObject[]; readonly after: readonly RenderedObject[] },
  plan: Carried,
  secrets: readonly string[],
): { readonly also: readonly string[]; readonly missing: readonly string[] } {
  const names = new Set([...before, ...after].map(({ name }) => name))
  const found: Found = { seen: new Set(), also: [], images: 0, names }
  for (const pair of pairObjects(before, after)) lookAtObject(found, pair, { plan, secrets })
  const { seen, also, images } = found
  const isSilent = (value: CarriedValue): boolean => stays(value.path) !== undefined || isIdentity(value)
  const unseen = plan.values.filter((value) => !seen.has(value) && !isSilent(value))
  const missing = unseen.map(({ kind, name, path }) => `${kind} ${name} ${path.join('.')}`.trim())
  if (images === 0) missing.push(...plan.images.map(({ name }) => `image ${name}`))
  return { also, missing }
}

type Carried = Pick<PromotionPlan, 'values' | 'added' | 'images'>

interface Found {
  readonly seen: Set<CarriedValue>
  readonly also: string[]
  images: number
  /** The names of all rendered objects. */
  readonly names: ReadonlySet<string>
}

function lookAtObject(
  found: Found,
  { before: old, after: now }: Pair,
  { plan, secrets }: { readonly plan: Carried; readonly secrets: readonly string[] },
): void {
  const either = now ?? old
  if (either === undefined || sameData(old?.data, now?.data)) return
  const isCarried = old !== undefined || isAdded(either, found, plan)
  if (now === undefined || !isCarried || holdsSecrets(either.data, secrets)) found.also.push(titleOf(either))
  else if (old !== undefined) look(found, { old, now }, plan)
}

/** Checks every place at which an object changes. It must be carried, and it must not belong to its environment. */
function look(
  found: Found,
  { old, now }: { readonly old: RenderedObject; readonly now: RenderedObject },
  plan: Carried,
): void {
  for (const place of placesOf(settled(old.data), settled(now.data), [])) {
    const mine = plan.values.filter((value) => isFor(value, now, found) && meet(value, place))
    const isImage = isImagePlace(place, plan)
    if (isImage) found.images += 1
    for (const value of mine) found.seen.add(value)
    const isWanted = stays(place.path) === undefined && (mine.length > 0 || isImage)
    if (!isWanted) found.also.push(`${titleOf(now)} ${place.path.join('.')}`)
  }
}

function isAdded(object: RenderedObject, found: Found, { added }: Pick<PromotionPlan, 'added'>): boolean {
  return added.some(({ objects }) =>
    objects.some((one) => one.kind === object.kind && isCalled(object, one.name, found)),
  )
}

function isFor(value: CarriedValue, object: RenderedObject, found: Found): boolean {
  return (value.kind === '' || value.kind === object.kind) && isCalled(object, value.name, found)
}

/** A kustomization may add a prefix or suffix to the name in the files. */
function isCalled({ name }: RenderedObject, written: string, { names }: Found): boolean {
  return names.has(written) ? name === written : name.includes(written)
}

/** Fields by which a patch finds its object. They change nothing in the object. */
function isIdentity({ path: [first, second] }: CarriedValue): boolean {
  return ['apiVersion', 'kind', '$patch'].includes(String(first)) || (first === 'metadata' && second === 'name')
}

/** A list of patches and the patched list may use different indexes, so indexes are not compared. */
function meet(value: CarriedValue, place: Place): boolean {
  const [one, other] = [withoutPlaces(value.path), withoutPlaces(place.path)]
  const length = Math.min(one.length, other.length)
  if (!one.slice(0, length).every((key, index) => key === other[index])) return false
  const isScalar = one.length === other.length && typeof value.after !== 'object' && value.after !== undefined
  if (!isScalar) return true
  // Names may have a prefix or suffix in the render.
  if (typeof value.after === 'string' && typeof place.after === 'string') return place.after.includes(value.after)
  return sameData(value.after, place.after)
}

function withoutPlaces(path: Path): readonly string[] {
  return path.map((key) => (typeof key === 'number' || /^(?:\d+|-)$/.test(key) ? '*' : key))
}

/** Whether an entry of `images` explains the new image: it has the name, tag or digest of the entry. */
function isImagePlace({ path, after }: Place, { images }: Pick<PromotionPlan, 'images'>): boolean {
  if (path.at(-1) !== 'image' || typeof after !== 'string') return false
  return images.some((image) => after === image.after || after.startsWith(image.after) || image.after.startsWith(after))
}

/** The outermost places at which two values differ. Items of lists are paired by name if they have names. */
function placesOf(before: unknown, after: unknown, path: Path): readonly Place[] {
  if (sameData(before, after)) return []
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => placesOf(before[key], after[key], [...path, key]))
  }
  const [old, now] = [jsonOf(before), jsonOf(after)]
  const lists = old !== undefined && now !== undefined && isListOfMaps(old) && isListOfMaps(now)
  const pairing = lists ? pairItems(now, old, path) : undefined
  if (!lists || pairing === undefined) return [{ path, after: now }]
  const kept = new Set(pairing)
  return [
    ...now.flatMap((item, index) => {
      const place = pairing[index]
      return place === undefined
        ? [{ path: [...path, index], after: item }]
        : placesOf(old[place], item, [...path, index])
    }),
    ...old.flatMap((_, index) => (kept.has(index) ? [] : [{ path: [...path, index], after: undefined }])),
  ]
}

function jsonOf(value: unknown): JsonValue | undefined {
  return value === undefined ? undefined : asJson(value)
}

/** Rendered data is JSON. */
function asJson(value: unknown): JsonValue | undefined {
  return isJson(value) ? value : undefined
}

function isJson(value: unknown): value is JsonValue {
  return value === null || ['string', 'number', 'boolean', 'object'].includes(typeof value)
}
