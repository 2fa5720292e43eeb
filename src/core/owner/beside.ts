/** Finds a Rollout in a different folder from its route, such as `apps/staging` next to `mesh/staging`. */
import { cached } from '../cached.ts'
import { type Environment, environmentNamed } from '../environment/environment.ts'
import { runsPods } from '../environment/traffic-text.ts'
import { type Layout, resourcesOf } from '../layer/layout.ts'
import { type OwnerLookup, ownerLookup, type WrittenRoute } from './owner-lookup.ts'
import { mentionsOwners, type WeightOwner } from './weight-owner.ts'

/** An owner, and its environment. */
export interface PlacedOwner {
  readonly environment: string
  readonly owner: WeightOwner
}

/** A route in one environment. */
export interface PlacedRoute {
  readonly environment: string
  readonly route: WrittenRoute
}

/**
 * Routes whose owners are in other environments. It is a guess that two folders are for one cluster. So one of them must have the
 * route and no pods, and their paths must differ in exactly one folder above the last. An owner that could belong to several
 * environments belongs to none.
 */
export function ownersInSiblingFolders<R extends PlacedRoute>(
  layout: Layout,
  owners: readonly PlacedOwner[],
  routes: readonly R[],
): ReadonlyMap<R, PlacedOwner> {
  const lookup = lookupsByFolder(layout, owners)
  const found = routes.flatMap((place) => {
    const owner = lookup(place)
    return owner === undefined ? [] : [[owner, place] as const]
  })
  const groups = [...Map.groupBy(found, ([owner]) => owner).values()]
  const isOne = (group: typeof found): boolean => new Set(group.map(([, { environment }]) => environment)).size === 1
  const isHalf = new Map<string, boolean>()
  const holdsNoPods = ({ environment }: R): boolean => cached(isHalf, environment, () => !hasPods(layout, environment))
  const pairs = groups.filter(isOne).flatMap((group) => group.map(([owner, place]) => [place, owner] as const))
  return new Map(pairs.filter(([place]) => holdsNoPods(place)))
}

function lookupsByFolder(
  layout: Layout,
  owners: readonly PlacedOwner[],
): (place: PlacedRoute) => PlacedOwner | undefined {
  const byFolder = Map.groupBy(
    owners.flatMap((one) => siblingsOf(layout, one.environment).map((folder) => ({ folder, one }))),
    ({ folder }) => folder,
  )
  const lookups = new Map<string, OwnerLookup<PlacedOwner>>()
  for (const [folder, some] of byFolder)
    lookups.set(folder, ownerLookup(some.flatMap(({ one }) => one.owner.routes.map((route) => [route, one] as const))))
  return ({ environment, route }) =>
    siblingsOf(layout, environment)
      .map((folder) => lookups.get(folder)?.(route))
      .find((owner) => owner !== undefined)
}

/** Nobody has deeper folders. */
const MAX_DEPTH = 12

/**
 * The folder of an environment, once for each folder above the last, with that one replaced by a wildcard: `[*, staging]` for
 * `mesh/staging`.
 */
function siblingsOf({ environments }: Layout, name: string): readonly string[] {
  const folders = (environmentNamed(environments, name)?.root ?? '').split('/')
  if (folders.length > MAX_DEPTH) return []
  return folders.slice(0, -1).map((_, index) => folders.with(index, '*').join('/'))
}

/**
 * The environments that must be read to know who writes the routes of the given ones. These are pairs of folders that may be
 * halves of an application, of which one has a Rollout.
 */
export function halvesOf(layout: Layout, names: ReadonlySet<string>): readonly string[] {
  if (!mentionsOwners(layout)) return []
  const hasRollout = ({ files }: Environment): boolean =>
    files.some((file) => /Rollout/.test(layout.texts.get(file) ?? ''))
  const known = layout.environments.map((environment) => ({
    name: environment.name,
    hasRollout: hasRollout(environment),
    folders: siblingsOf(layout, environment.name),
  }))
  const chosen = known.filter(({ name }) => names.has(name))
  const near = new Set(chosen.flatMap(({ folders }) => folders))
  const nearRollouts = new Set(chosen.flatMap((one) => (one.hasRollout ? one.folders : [])))
  return known
    .filter((one) => one.folders.some((folder) => nearRollouts.has(folder) || (one.hasRollout && near.has(folder))))
    .map(({ name }) => name)
}

function hasPods(layout: Layout, environment: string): boolean {
  return resourcesOf(layout, environment).some((file) => runsPods(layout.texts.get(file) ?? ''))
}
