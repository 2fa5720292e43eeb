/**
 * Computes which share of the requests reaches the canary's version, before and after a change. Requests are distinguished by the
 * conditions of rules. A change raises the canary if some requests reach it more often than before. An unknown share counts as
 * all requests.
 */
import type { RenderedObject } from '../diff/objects.ts'
import type { Path } from '../manifest/data.ts'
import { reachedAt, takersOf } from './earlier.ts'
import { isForSome } from './match.ts'
import { type Picture, picturesOf, rulesTo, shareIn } from './picture.ts'
import { type Excess, excessOf, isMore, isUnknown, mostOf, NOTHING_SURE, type Share } from './share.ts'
import { type ExposureSides, type Canary, sideOf } from './side.ts'
import type { ExposureRule } from './tables.ts'
import { touchedBy } from './touched.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'

/** Some requests that reach a canary more often than before. */
export interface Rise {
  readonly canary: string
  /** `unknown`: it is unknown how much more, or whether at all. */
  readonly kind: 'raise' | 'unknown'
  /** In percent. `to` is the most that is possible if the unknown part of the share rises. */
  readonly from: number
  readonly to: number
  /** Only requests that ask for it: with a header, a query parameter or a host of their own. */
  readonly isForSome: boolean
  readonly object: ObjectIdentity
  readonly path: Path
  readonly rule: string
}

/**
 * Every rule that sends some requests to a canary more often than before. `before` is undefined if the render before the change
 * is unknown.
 */
export function risesIn(
  objects: { readonly before: readonly RenderedObject[] | undefined; readonly after: readonly RenderedObject[] },
  canaries: readonly Canary[],
): readonly Rise[] {
  if (canaries.length === 0) return []
  const { before, after } = objects
  const sides = { old: sideOf(before ?? []), now: sideOf(after) }
  const isTouched = before === undefined ? () => true : touchedBy({ before, after }, sides)
  const found = before === undefined ? risesFrom : risesOf
  const rises = canaries
    .filter(isTouched)
    .flatMap((canary) => picturesOf(canary, sides).flatMap((picture) => found(canary, picture, sides)))
  return distinct(rises)
}

/** Keeps one rise for each rule. A rule may stand for several hosts, and each canary has several pictures. */
function distinct(rises: readonly Rise[]): readonly Rise[] {
  const groups = Map.groupBy(rises, ({ canary, kind, isForSome: isOwn, object, path }) =>
    JSON.stringify([canary, kind, isOwn, object, path]),
  )
  return [...groups.values()].flatMap((group) => group.toSorted((a, b) => b.to - b.from - a.to + a.from).slice(0, 1))
}

function risesOf(canary: Canary, picture: Picture, { old, now }: ExposureSides): readonly Rise[] {
  return rulesTo(picture, now).flatMap(({ table, index }) => {
    const reached = reachedAt(table, index)
    const bases = reached === undefined ? [] : old.tablesFor(table.host)
    // Nobody calls a Service that did not exist before.
    if (reached === undefined || (bases.length === 0 && table.isPlain)) return []
    const { entry } = reached
    const after = shareIn(picture, entry, now)
    const { entries, isAll } = takersOf(reached, { bases, now })
    const shares = entries.map((base) => shareIn(picture, base, old))
    const excess = worst(after, isAll ? shares : [...shares, NOTHING_SURE])
    const isOwn = bases.length === 0 || isForSome(entry.match)
    return excess === undefined || (picture.isNew && isOwn)
      ? []
      : [riseOf(canary, entry, { ...excess, isForSome: isOwn })]
  })
}

/**
 * Compares with the share in the files, if the render before is unknown. Rules for special requests cannot be compared with that
 * share.
 */
function risesFrom(canary: Canary, picture: Picture, { now }: ExposureSides): readonly Rise[] {
  const base = { sure: canary.share, maybe: new Map() }
  return rulesTo(picture, now).flatMap(({ table, index }) => {
    const entry = reachedAt(table, index)?.entry
    if (table.isPlain || entry === undefined || isForSome(entry.match)) return []
    const excess = worst(shareIn(picture, entry, now), [base])
    return excess === undefined ? [] : [riseOf(canary, entry, { ...excess, isForSome: false })]
  })
}

interface Worst extends Excess {
  readonly from: number
  readonly to: number
}

/** The largest rise; undefined if there is none. */
function worst(after: Share, shares: readonly Share[]): Worst | undefined {
  const found = shares
    .map((share) => ({ ...excessOf(after, share), from: share.sure }))
    .filter(isMore)
    // If the unknown part is not larger than before, only the sure part rises.
    .map((found) => ({ ...found, to: isUnknown(found) ? mostOf(after) : after.sure }))
    .toSorted((a, b) => b.sure + b.maybe - a.sure - a.maybe)
  return found.find(isUnknown) ?? found[0]
}

function riseOf(canary: Canary, entry: ExposureRule, found: Worst & { readonly isForSome: boolean }): Rise {
  const { group, kind, namespace, name } = entry.object
  return {
    canary: canary.id,
    kind: isUnknown(found) ? 'unknown' : 'raise',
    from: rounded(found.from),
    to: rounded(found.to),
    isForSome: found.isForSome,
    object: { group, kind, namespace, name },
    path: entry.path,
    rule: entry.label,
  }
}

/** Rounded to the precision of displayed shares, so that a third does not count as more than a third. */
function rounded(percent: number): number {
  return Math.round(percent * 1e6) / 1e6
}
