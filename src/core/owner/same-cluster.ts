/**
 * Finds a Rollout in a different folder from its route, if the deployers of both apply them to one cluster: `base` and `istio`, each
 * with an Argo CD Application.
 */
import type { Environment } from '../environment/environment.ts'
import { type Layout, manifestIn, resourcesOf } from '../layer/layout.ts'
import { isRoute } from '../traffic/read-route.ts'
import { ROUTE_KINDS } from '../traffic/route.ts'
import type { PlacedOwner, PlacedRoute } from './beside.ts'
import { ownerLookup } from './owner-lookup.ts'
import { mentionsOwners, ownersIn } from './weight-owner.ts'

/** The routes whose owners are in other environments of the same cluster. Each must be the only one in its cluster that fits the other. */
export function ownersInSameCluster<R extends PlacedRoute>(
  layout: Layout,
  owners: readonly PlacedOwner[],
  routes: readonly R[],
): ReadonlyMap<R, PlacedOwner> {
  const applied = new Map(layout.environments.map((environment) => [environment.name, environment.applied]))
  const clusterOf = ({ environment }: PlacedOwner | R): string => applied.get(environment)?.cluster ?? ''
  const byCluster = Map.groupBy(owners, clusterOf)
  byCluster.delete('')
  const pairs = [...Map.groupBy(routes, clusterOf)].flatMap(([cluster, own]) => {
    const findOwner = onlyOwner(byCluster.get(cluster) ?? [])
    return own.flatMap((place) => {
      const owner = findOwner(place)
      return owner !== undefined && isInOneNamespace(applied, owner, place) ? [[place, owner] as const] : []
    })
  })
  const groups = [...Map.groupBy(pairs, ([, owner]) => owner).values()]
  const isOne = (group: typeof pairs): boolean => new Set(group.map(([{ environment }]) => environment)).size === 1
  return new Map(groups.filter(isOne).flat())
}

/** Finds the owner of a route, if all of its owners are in one environment. */
function onlyOwner(owners: readonly PlacedOwner[]): (place: PlacedRoute) => PlacedOwner | undefined {
  const lookupIn = (some: readonly PlacedOwner[]): ReturnType<typeof ownerLookup<PlacedOwner>> =>
    ownerLookup(some.flatMap((one) => one.owner.routes.map((route) => [route, one] as const)))
  const [first, last] = [lookupIn(owners), lookupIn(owners.toReversed())]
  return ({ route }) => {
    const found = first(route)
    return found?.environment === last(route)?.environment ? found : undefined
  }
}

/** Names without a namespace mean the one that the deployer sets. */
function isInOneNamespace(
  applied: ReadonlyMap<string, Environment['applied']>,
  { environment, owner }: PlacedOwner,
  place: PlacedRoute,
): boolean {
  const [own, other] = [environment, place.environment].map((name) => applied.get(name))
  const areNamed = owner.identity.namespace !== '' && place.route.namespace !== ''
  const namespaces = new Set([own, other].flatMap((applied) => applied?.namespaces ?? []))
  return areNamed || namespaces.size === 1
}

/** If more folders have a name, the owner of its route is not read, because more than one would fit. */
const MAX_READ = 16

/** The other environments that must be read to know the Rollouts of the routes in these, and the routes of their Rollouts. */
export function partnersOf(layout: Layout, names: ReadonlySet<string>): readonly string[] {
  if (!mentionsOwners(layout)) return []
  const halves = layout.environments.flatMap((environment) => halfOf(layout, environment) ?? [])
  return halves.flatMap((half) => {
    if (!names.has(half.environment.name)) return []
    const wanted = wordsIn(half.names())
    const others = halves.filter(
      (other) =>
        !names.has(other.environment.name) &&
        other.has !== half.has &&
        other.environment.applied?.cluster === half.environment.applied?.cluster &&
        other.texts.some((text) => wanted?.test(text) === true),
    )
    return others.length > MAX_READ ? [] : others.map(({ environment: { name } }) => name)
  })
}

/** Matches a text that contains one of these names as a whole. */
function wordsIn(names: readonly string[]): RegExp | undefined {
  const safe = names.filter((name) => /^[-\w.]+$/.test(name)).map((name) => name.replaceAll('.', '\\.'))
  return safe.length === 0 ? undefined : new RegExp(`(?<![-\\w])(?:${safe.join('|')})(?![-\\w])`)
}

/** An environment that has either routes or Rollouts. */
interface Half {
  readonly environment: Environment
  readonly has: 'routes' | 'rollouts'
  /** The texts with them. */
  readonly texts: readonly string[]
  /** The names of its routes, or of the routes that its Rollouts write. */
  readonly names: () => readonly string[]
}

const ROLLOUT = /\bRollout\b/
const ROUTE = new RegExp(`\\b(?:${ROUTE_KINDS.join('|')})\\b`)

function halfOf(layout: Layout, environment: Environment): Half | undefined {
  if (environment.applied?.cluster === undefined) return undefined
  const { name, files } = environment
  const textsWith = (words: RegExp): readonly string[] =>
    files.flatMap((file) => layout.texts.get(file) ?? []).filter((text) => words.test(text))
  const [routes, rollouts] = [textsWith(ROUTE), textsWith(ROLLOUT)]
  if (routes.length > 0 && rollouts.length === 0)
    return { environment, has: 'routes', texts: routes, names: () => routeNames(layout, name) }
  if (routes.length > 0 || rollouts.length === 0) return undefined
  const owned = (): readonly string[] =>
    ownersIn(layout, name).flatMap(({ routes: own }) => own.map((route) => route.name))
  return { environment, has: 'rollouts', texts: rollouts, names: owned }
}

function routeNames(layout: Layout, environment: string): readonly string[] {
  return resourcesOf(layout, environment).flatMap((file) => {
    const manifest = manifestIn(layout, file)
    const objects = manifest.ok ? (manifest.value?.objects ?? []) : []
    return objects.filter(isRoute).map(({ name }) => name)
  })
}
