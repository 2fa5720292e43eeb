/** What a chart must render so that the stable version becomes the canary's, and which of its values could set that. */
import { pairObjects } from '../diff/pair.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { differences } from '../layer/compare.ts'
import type { TextPlace } from '../layer/feed.ts'
import { type Path, sameData, valueAt } from '../manifest/data.ts'
import { identityKey, identityOf, type ObjectIdentity, titleOf } from '../manifest/identity.ts'
import { standingOf } from '../rollout/standing.ts'
import type { Target } from '../rollout/target.ts'
import { POD_SPEC } from '../traffic/pods.ts'
import { podsBehind, promoteVersion, roleLabelOf } from '../traffic/version.ts'

/** A value of a rendered object of the stable version, and the canary's value in the same place. */
export interface VersionValue {
  /** A unique string for the value. */
  readonly key: string
  readonly object: ObjectIdentity
  readonly path: Path
  readonly was: unknown
  readonly wanted: unknown
  /** It selects pods, and does not say what they run. */
  readonly isLabel: boolean
}

/** The values in which the two versions differ: labels that select pods, unless they name roles, and what the pods run. */
export function versionValues({ route, neighbours }: Pick<Target, 'route' | 'neighbours'>): readonly VersionValue[] {
  const hasRoles = roleLabelOf(route, neighbours) !== undefined
  const promoted = hasRoles ? undefined : promoteVersion(route, neighbours)
  const labels = (promoted?.edits ?? []).flatMap((edit): VersionValue[] => {
    if (promoted === undefined || edit.kind !== 'set') return []
    const path = edit.path.slice(promoted.object.at.length)
    const was = valueAt(promoted.object.data, path)
    return [versionValue({ object: promoted.object, path, was, wanted: edit.value, isLabel: true })]
  })
  const [stable, ...others] = podsBehind(route, 'stable', neighbours)
  const [canary, ...more] = podsBehind(route, 'canary', neighbours)
  if (stable === undefined || canary === undefined || others.length + more.length > 0) return labels
  const specs = [stable, canary].map(({ data }) => valueAt(data, POD_SPEC))
  const runs = differences(specs[0], specs[1]).map(({ path, after }) => {
    const own = [...POD_SPEC, ...path]
    return versionValue({ object: stable, path: own, was: valueAt(stable.data, own), wanted: after, isLabel: false })
  })
  return [...labels, ...runs]
}

function versionValue(value: Omit<VersionValue, 'key'>): VersionValue {
  const object = identityOf(value.object)
  return { ...value, object, key: JSON.stringify([identityKey(object), value.path]) }
}

/** The values in a render. Undefined if one of their objects is missing. */
export function versionValuesIn(
  values: readonly VersionValue[],
  objects: readonly RenderedObject[],
): ReadonlyMap<string, unknown> | undefined {
  const byKey = new Map(objects.map((object) => [identityKey(object), object]))
  const found = values.map(({ key, object, path }) => ({ key, path, own: byKey.get(identityKey(object)) }))
  if (found.some(({ own }) => own === undefined)) return undefined
  return new Map(found.map(({ key, own, path }) => [key, valueAt(own?.data, path)]))
}

/** How a value may be written in a file, and its replacement: the whole value, or the part that differs, such as an image's tag. */
export function spellingsOf({ was, wanted }: VersionValue): ReadonlyMap<string, string> {
  if (!isScalar(was) || !isScalar(wanted)) return new Map()
  const [whole, next] = [String(was), String(wanted)]
  const [old, now] = [whole.split(PARTS), next.split(PARTS)]
  const parts = old.length === now.length ? old.map((part, index) => [part, now[index] ?? ''] as const) : []
  return new Map([...parts.filter(([part, other]) => part !== other), [whole, next] as const])
}

/** The separators between the parts of an image. */
const PARTS = /[:@/]/

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

export type VersionEdit = readonly [TextPlace, string]

/**
 * Alternative changes that may turn the stable version into the canary's: first all values that have a place, then only what the
 * pods run (labels of a running workload cannot change), then only the labels.
 */
export function finishAttempts(
  values: readonly VersionValue[],
  places: ReadonlyMap<string, TextPlace>,
): readonly (readonly VersionEdit[])[] {
  const placed = values.filter(({ key }) => places.has(key))
  const [labels, runs] = [placed.filter(({ isLabel }) => isLabel), placed.filter(({ isLabel }) => !isLabel)]
  return [placed, runs, labels].flatMap((some) => {
    const changes = changesOf(some, places)
    return changes === undefined || changes.length === 0 ? [] : [changes]
  })
}

/** Undefined if one place would need two different values. */
function changesOf(
  values: readonly VersionValue[],
  places: ReadonlyMap<string, TextPlace>,
): readonly VersionEdit[] | undefined {
  const changes = new Map<string, VersionEdit>()
  for (const value of values) {
    const place = places.get(value.key)
    const next = place && spellingsOf(value).get(place.text)
    if (place === undefined || next === undefined) return undefined
    const at = `${place.file}:${place.at}`
    if ((changes.get(at)?.[1] ?? next) !== next) return undefined
    changes.set(at, [place, next])
  }
  return [...changes.values()]
}

/** The differences between two renders of an environment that do not follow from changes of its values. */
export function strayChanges(
  before: readonly RenderedObject[],
  after: readonly RenderedObject[],
  changes: readonly VersionEdit[],
): readonly string[] {
  const pairs = changes.map(([{ text }, next]) => [text, next] as const)
  return pairObjects(before, after).flatMap(({ before: old, after: now }) => {
    const either = now ?? old
    if (either === undefined) return []
    if (old === undefined || now === undefined) return [titleOf(either)]
    const found = differences(old.data, now.data)
    const stray = found.filter(({ path, after: value }) => {
      const isFixed = path.at(-1) === 'name' && path[0] === 'metadata'
      return isFixed || isSelector(path) || !follows(pairs, valueAt(old.data, path), value)
    })
    return stray.map(({ path }) => `${titleOf(either)} ${path.join('.')}`)
  })
}

/** Kubernetes refuses to change the selector of an existing workload. The selector of a Service has no `matchLabels`. */
function isSelector(path: Path): boolean {
  return path[0] === 'spec' && path[1] === 'selector' && path[2] === 'matchLabels'
}

function follows(pairs: readonly (readonly [string, string])[], was: unknown, now: unknown): boolean {
  if (!isScalar(was) || !isScalar(now)) return false
  return pairs.some(([from, to]) => String(was).split(from).join(to) === String(now))
}

/** Whether a target's versions are the same, and everything that its pods could be runs the same. */
export function isFinished(target: Target): boolean {
  const { route, neighbours } = target
  const pods = [...podsBehind(route, 'stable', neighbours), ...podsBehind(route, 'canary', neighbours)]
  const specs = pods.map(({ data }) => valueAt(data, POD_SPEC))
  return standingOf(target).phase === 'finishing-weights' && specs.every((spec) => sameData(spec, specs[0]))
}
