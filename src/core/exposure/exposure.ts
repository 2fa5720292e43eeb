/**
 * Which share of requests reaches the canary's version, before and after a change. Requests are told apart by what rules ask of
 * them; a change raises the canary where some of them reach it more often than before. Where nobody can know the share, it
 * counts as all.
 */
import type { RenderedObject } from '../diff/objects.ts'
import type { Path } from '../manifest/data.ts'
import { reachedAt, takersOf } from './earlier.ts'
import { isForSome } from './match.ts'
import { type Picture, picturesOf, rulesTo, shareIn } from './picture.ts'
import { type Excess, excessOf, isMore, isUnknown, mostOf, NOTHING_SURE, type Share } from './share.ts'
import { type BothSides, type Canary, sideOf, tablesFor } from './side.ts'
import type { ExposureRule } from './tables.ts'
import { touchedBy } from './touched.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'

/** Some requests that reach a canary more often than before. */
export interface Rise {
  readonly canary: string
  /** `unknown`: nobody can tell how much more, or whether at all. */
  readonly kind: 'raise' | 'unknown'
  /** Percent, at most. */
  readonly from: number
  readonly to: number
  /** Only requests that ask for it, by a header, a parameter or a host of their own. */
  readonly isForSome: boolean
  readonly object: ObjectIdentity
  readonly path: Path
  readonly rule: string
}

/** Every rule that sends some requests to a canary more often than before. `before` undefined: nobody knows what was rendered. */
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

/** One for each rule: it may stand for several hosts, and the canary is looked at in several ways. */
function distinct(rises: readonly Rise[]): readonly Rise[] {
  const groups = Map.groupBy(rises, ({ canary, kind, isForSome: isOwn, object, path }) =>
    JSON.stringify([canary, kind, isOwn, object, path]),
  )
  return [...groups.values()].flatMap((group) => group.toSorted((a, b) => b.to - b.from - a.to + a.from).slice(0, 1))
}

function risesOf(canary: Canary, picture: Picture, { old, now }: BothSides): readonly Rise[] {
  return rulesTo(picture, now).flatMap(({ table, index }) => {
    const reached = reachedAt(table, index)
    const bases = reached === undefined ? [] : tablesFor(old, table.host)
    // Nobody calls a Service that was not there.
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

/** Against what the files said, where the render before is not known. Rules that some ask for cannot be compared with that. */
function risesFrom(canary: Canary, picture: Picture, { now }: BothSides): readonly Rise[] {
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

/** Where the most comes on top; undefined where nothing does. */
function worst(after: Share, shares: readonly Share[]): Worst | undefined {
  const found = shares
    .map((share) => ({ ...excessOf(after, share), from: share.sure, to: mostOf(after) }))
    .filter(isMore)
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

/** Rounded as shares are shown, so that a third is not more than a third. */
function rounded(percent: number): number {
  return Math.round(percent * 1e6) / 1e6
}
