/** Computes how much of a rule's requests reaches one canary. */
import { cached } from '../cached.ts'
import { NOTHING_SURE, type Share, shareOf } from './share.ts'
import { type ExposureSides, type Canary, type DestinationUse, destinationKey, type ExposureSide } from './side.ts'
import type { ExposureRule, Table } from './tables.ts'
import {
  areTogether,
  isKnown,
  type Lead,
  leadsTo,
  type Selection,
  selectionsOf,
  wantedBy,
  workloadsOf,
} from './world.ts'

/** One way to identify a canary: the selections of its pods before and after the change, and its workloads. */
export interface Picture {
  readonly selections: { readonly old: readonly Selection[]; readonly now: readonly Selection[] }
  readonly workloads: ReadonlySet<string>
  /** If set, only destinations with the canary's name count, whatever pods they select. */
  readonly names: ReadonlySet<string> | undefined
  /** The base branch has no such canary. Requests that ask for the canary reach whatever has its name, as before. */
  readonly isNew: boolean
  readonly old: ExposureSide
  /** Results so far, by side and destination. */
  readonly known: Map<string, Lead>
}

/**
 * The canary's pods on the base branch, its pods after the change, and its name. None of the three may get more requests than
 * before.
 */
export function picturesOf(canary: Canary, { old, now }: ExposureSides): readonly Picture[] {
  const pick = (side: ExposureSide, places: Canary['before']): readonly Selection[] =>
    places.flatMap((place) => selectionsOf(side.world, place))
  const [was, is] = [pick(old, canary.before), pick(now, canary.after)]
  const pictureOf = (selections: Picture['selections'], side: ExposureSide): Picture => {
    const own = side === old ? selections.old : selections.now
    const workloads = new Set(own.flatMap((one) => [...workloadsOf(side.world, one)]))
    return { selections, workloads, names: undefined, isNew: false, old, known: new Map() }
  }
  const names = new Set([...canary.before, ...canary.after].map(destinationKey))
  const byName = { ...pictureOf({ old: [], now: [] }, old), names, isNew: canary.before.length === 0 }
  if (JSON.stringify(was) === JSON.stringify(is)) return [pictureOf({ old: was, now: was }, old), byName]
  // A canary that only gains or loses labels is still the same. Another version is another canary.
  const isNew = !isSame(was, is)
  const made = { ...pictureOf({ old: isNew ? is : was, now: is }, now), isNew }
  return [pictureOf({ old: was, now: was }, old), made, byName]
}

function isSame(was: readonly Selection[], is: readonly Selection[]): boolean {
  return is.every((one) =>
    was.some((other) => isKnown(one) && isKnown(other) && areTogether(wantedBy(one), wantedBy(other))),
  )
}

/** A rule's share. Unreadable weights count as one unknown part, which stays the same as long as their text does. */
export function shareIn(picture: Picture, { sent, written }: ExposureRule, side: ExposureSide): Share {
  const led = sent.map((one) => ({ ...one, leads: leadsIn(picture, destinationKey(one.place), side) }))
  if (led.every(({ leads }) => leads === 'none')) return NOTHING_SURE
  if (led.every(({ percent }) => percent !== undefined))
    return shareOf(led.map(({ percent = 0, leads }) => ({ percent, leads })))
  const ways = JSON.stringify(led.map(({ leads }) => leads))
  return shareOf([{ percent: 100, leads: { unknown: `${written} ${ways}` } }])
}

/** The rules that send, or may send, requests to a canary. */
export function rulesTo(picture: Picture, side: ExposureSide): DestinationUse['spots'] {
  const found = new Map<Table, Set<number>>()
  for (const [key, { spots }] of side.places) {
    if (leadsIn(picture, key, side) === 'none') continue
    for (const { table, index } of spots) found.set(table, (found.get(table) ?? new Set()).add(index))
  }
  return [...found].flatMap(([table, indices]) => [...indices].map((index) => ({ table, index })))
}

function leadsIn(picture: Picture, place: string, side: ExposureSide): Lead {
  if (picture.names !== undefined) return picture.names.has(place) ? 'all' : 'none'
  return cached(picture.known, `${side === picture.old ? 'old' : 'new'} ${place}`, () => {
    const selections = side.places.get(place)?.selections ?? []
    const ways = selections.map((selection) => leadOf(picture, selection, side))
    const [first = 'none'] = ways
    // If several rules define the destination's subset, it is unknown which one counts.
    const isOne = ways.every((way) => JSON.stringify(way) === JSON.stringify(first))
    return isOne ? first : { unknown: JSON.stringify(ways) }
  })
}

function leadOf(picture: Picture, selection: Selection, side: ExposureSide): Lead {
  const { old, now } = picture.selections
  const leads = (side === picture.old ? old : now).map((canary) => leadsTo(selection, canary))
  if (leads.includes('all')) return 'all'
  const unknown = leads.find((one) => typeof one === 'object')
  if (unknown !== undefined) return byPods(picture, unknown, workloadsOf(side.world, selection))
  return byWorkload(picture, selection, side) ?? lost(picture, selection, side) ?? 'none'
}

/**
 * The labels leave it open. If the workloads are here, they say whether the destination selects one of the canary's. Different
 * workloads are different unknown parts.
 */
function byPods({ workloads }: Picture, { unknown }: { readonly unknown: string }, picked: ReadonlySet<string>): Lead {
  if (workloads.size > 0 && picked.size > 0 && workloads.isDisjointFrom(picked)) return 'none'
  return { unknown: [unknown, ...[...picked].toSorted()].join(' ') }
}

/** The destination selects the canary's own workload, but under other labels, or under labels that are not known here. */
function byWorkload({ workloads }: Picture, selection: Selection, { world }: ExposureSide): Lead | undefined {
  const found = workloads.size === 0 ? [] : [...workloadsOf(world, selection)].filter((one) => workloads.has(one))
  const under = selection.labels === undefined ? ` by ${destinationKey(selection)}` : ''
  return found.length === 0 ? undefined : { unknown: `workload ${found.join(' ')}${under}` }
}

/** The base branch told which pods a destination next to the canary selects, and the change removes that. */
function lost({ selections, old }: Picture, selection: Selection, side: ExposureSide): Lead | undefined {
  const { host, subset = '', namespace } = selection
  if (side === old || isKnown(selection)) return undefined
  const isNear = selections.now.some((canary) => canary.namespace === namespace)
  const isLost = isNear && selectionsOf(old.world, selection).some((was) => isKnown(was))
  return isLost ? { unknown: `lost ${host} ${subset}` } : undefined
}
