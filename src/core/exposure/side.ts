import type { RenderedObject } from '../diff/objects.ts'
import { type HostIndex, hostIndex } from '../finding/scene/hosts.ts'
import { type Table, tablesOf } from './tables.ts'
import { type NamedDestination, type Selection, selectionsOf, type World, worldOf } from './world.ts'

/** A canary: the destinations with its name, on either side of a change. */
export interface Canary {
  readonly id: string
  readonly before: readonly NamedDestination[]
  readonly after: readonly NamedDestination[]
  /** The share in the files, for an environment that could not be rendered before the change. */
  readonly share: number
}

/** A destination that rules name: what it selects, and the rules and tables that contain it. */
export interface DestinationUse {
  readonly selections: readonly Selection[]
  readonly spots: readonly { readonly table: Table; readonly index: number }[]
}

/** An environment before or after a change. */
export interface ExposureSide {
  readonly world: World
  readonly tables: readonly Table[]
  readonly tablesFor: HostIndex<Table>
  /** By `destinationKey`. */
  readonly places: ReadonlyMap<string, DestinationUse>
}

export interface ExposureSides {
  readonly old: ExposureSide
  readonly now: ExposureSide
}

export function sideOf(objects: readonly RenderedObject[]): ExposureSide {
  const world = worldOf(objects)
  const tables = tablesOf(world)
  return { world, tables, tablesFor: hostIndex(tables, ({ host }) => host), places: placesIn(world, tables) }
}

function placesIn(world: World, tables: readonly Table[]): ReadonlyMap<string, DestinationUse> {
  const spots = tables.flatMap((table) =>
    table.entries.flatMap(({ sent }, index) => sent.map(({ place }) => ({ place, table, index }))),
  )
  const groups = Map.groupBy(spots, ({ place }) => destinationKey(place))
  return new Map(
    [...groups].map(([key, group]) => [
      key,
      { spots: group, selections: group.slice(0, 1).flatMap(({ place }) => selectionsOf(world, place)) },
    ]),
  )
}

export function destinationKey({ host, subset = '' }: NamedDestination): string {
  return `${host} ${subset}`
}
