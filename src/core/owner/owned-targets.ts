/** Which targets a controller in the cluster moves by itself. */
import { oncePer } from '../cached.ts'
import { layeredIn, namespaceIn } from '../layer/layered.ts'
import { environmentNamespace, manifestIn } from '../layer/layout.ts'
import { canonicalText, recordOf } from '../manifest/data.ts'
import { identityKey, type ObjectIdentity } from '../manifest/identity.ts'
import { type PlacedOwner, type PlacedRoute, ownersInSiblingFolders } from './beside.ts'
import { ownersInSameCluster } from './same-cluster.ts'
import { type OwnerLookup, ownerLookup, selects } from './owner-lookup.ts'
import { mentionsOwners, ownersIn, type WeightOwner } from './weight-owner.ts'
import { isRoute } from '../traffic/read-route.ts'
import { type RouteName, type Rule, weightedRules } from '../traffic/route.ts'
import { narrowed, type TargetSources } from '../rollout/read-target.ts'
import { placedNeighbours } from '../rollout/snapshot/neighbours.ts'
import { servicesOf, settingsOf, type Target } from '../rollout/target.ts'

/**
 * Adds owners to targets, and adds a target for each owner whose route is in no file, because Flagger creates its routes itself.
 * A target of several environments is split if only some of them have an owner, or if their owners differ.
 */
export function withOwners(scene: TargetSources, targets: readonly Target[]): readonly Target[] {
  const { layout } = scene
  if (!mentionsOwners(layout)) return targets
  const read = layout.read && new Set([...layout.read, ...targets.flatMap(({ environments }) => environments)])
  const environments = layout.environments.filter(({ name }) => read?.has(name) !== false)
  const owners = environments.flatMap(({ name }) =>
    ownersIn(layout, name).map((owner) => ({ environment: name, owner })),
  )
  const places = targets.flatMap(placesOf)
  const near = ownersNear(owners, places)
  const others = withoutRoutes(owners, places)
  const known = new Map([...near, ...ownersElsewhere(scene, others, { places, near })])
  const used = new Set([...known.values()].map(({ owner }) => keyOf(owner)))
  const left = others.filter(({ owner }) => !used.has(keyOf(owner)))
  return [...splitByOwner(scene, places, known), ...routeless(scene, left)]
}

/** A target in one of its environments. */
interface Place extends PlacedRoute {
  readonly target: Target
}

type OwnersOfPlaces = ReadonlyMap<Place, PlacedOwner>

function placesOf(target: Target): readonly Place[] {
  const { route, layout, object, environments } = target
  const split = weightedRules(route)
  const rules = (split.length > 0 ? split : route.rules).map((rule) => ({ section: sectionOf(rule), name: rule.name }))
  return environments.map((environment) => {
    const layered = layeredIn(layout, environment, object)
    const rendered = layered?.rendered
    const { labels } = recordOf((layered?.object ?? object).data['metadata'])
    const names = [...new Set([route.name, ...(rendered === undefined ? [] : [rendered.name])])]
    const namespace = rendered?.namespace ?? object.namespace
    return { target, environment, route: { kind: route.kind, namespace, names, labels: recordOf(labels), rules } }
  })
}

/** For example `http` in `spec.http[0].route[1]`. */
function sectionOf({ destinations: [first] }: Rule): string {
  return String(first?.path.at(-4) ?? '')
}

/**
 * The owners in the environments of routes. An owner in the route's own file comes first, because each file in a folder of a
 * guide may have one.
 */
function ownersNear(owners: readonly PlacedOwner[], places: readonly Place[]): OwnersOfPlaces {
  const inEnvironment = lookupsBy(owners, ({ environment }) => environment)
  const inFile = lookupsBy(owners, ({ environment, owner }) => fileKey(environment, owner.object.file))
  return new Map(
    places.flatMap((place) => {
      const { environment, target, route } = place
      if (isLeftToPerch(target)) return []
      const own = inFile.get(fileKey(environment, target.object.file))?.(route)
      const owner = own ?? inEnvironment.get(environment)?.(route)
      return owner === undefined ? [] : [[place, owner] as const]
    }),
  )
}

function lookupsBy(
  owners: readonly PlacedOwner[],
  keyed: (one: PlacedOwner) => string,
): ReadonlyMap<string, OwnerLookup<PlacedOwner>> {
  return new Map([...Map.groupBy(owners, keyed)].map(([key, own]) => [key, ownerLookup(own.flatMap(routesOf))]))
}

function fileKey(environment: string, file: string): string {
  return JSON.stringify([environment, file])
}

function routesOf(one: PlacedOwner): readonly (readonly [WeightOwner['routes'][number], PlacedOwner])[] {
  return one.owner.routes.map((route) => [route, one] as const)
}

/** The owners whose environments do not have any of their routes, whatever the rules are. */
function withoutRoutes(owners: readonly PlacedOwner[], places: readonly Place[]): readonly PlacedOwner[] {
  const known = new Set(places.flatMap(namesOfPlace))
  return owners.filter(
    ({ environment, owner }) =>
      !owner.routes.some(
        (route) =>
          [route.namespace, ANY].some((namespace) => known.has(nameKey(environment, { ...route, namespace }))) ||
          (route.selector !== undefined &&
            places.some((place) => place.environment === environment && selects(route, place.route))),
      ),
  )
}

/** If one of the two names no namespace, the deployer puts both into the same one. */
const ANY = '*'

function namesOfPlace({ environment, route: { kind, namespace, names } }: Place): readonly string[] {
  const namespaces = namespace === '' ? ['', ANY] : [namespace, '']
  return names.flatMap((name) =>
    [kind, ANY].flatMap((one) =>
      namespaces.map((where) => nameKey(environment, { kind: one, namespace: where, name })),
    ),
  )
}

function nameKey(
  environment: string,
  { kind, namespace, name }: Readonly<Record<'kind' | 'namespace' | 'name', string>>,
): string {
  return JSON.stringify([environment, kind, namespace, name])
}

/** Whether an annotation of the route says that nothing else writes it. */
function isLeftToPerch({ route: { annotations }, settings: { prefix } }: Target): boolean {
  const codes = ['perch.dev/ignore', `${prefix}/ignore`].flatMap((key) => annotations[key]?.split(',') ?? [])
  return codes.some((code) => ['*', 'two-writers'].includes(code.trim()))
}

/**
 * The owners of routes in other environments. Only those of Argo Rollouts in environments without routes count. Flagger creates
 * its routes, so its objects do not refer to other folders.
 */
function ownersElsewhere(
  { layout }: TargetSources,
  owners: readonly PlacedOwner[],
  { places, near }: { readonly places: readonly Place[]; readonly near: OwnersOfPlaces },
): OwnersOfPlaces {
  const withRoutes = new Set(places.map(({ environment }) => environment))
  const apart = owners
    .filter(({ environment, owner }) => owner.writer === 'argo-rollouts' && !withRoutes.has(environment))
    .map(({ environment, owner }) => ({ environment, owner: { ...owner, elsewhere: environment } }))
  const free = new Set(places.filter((place) => !near.has(place) && !isLeftToPerch(place.target)))
  const siblings = ownersInSiblingFolders(layout, apart, [...free])
  const taken = new Set([...siblings.values()].map(({ owner }) => owner))
  const left = apart.filter(({ owner }) => !taken.has(owner))
  const others = [...ownersInSameCluster(layout, left, places)].filter(
    ([place]) => !siblings.has(place) && free.has(place),
  )
  return new Map([...siblings, ...others])
}

/** Splits targets by the owners in their environments. */
function splitByOwner({ config }: TargetSources, places: readonly Place[], known: OwnersOfPlaces): readonly Target[] {
  return [...Map.groupBy(places, ({ target }) => target)].flatMap(([target, own]) => {
    const groups = Map.groupBy(own, (place) => {
      const owner = known.get(place)?.owner
      return owner && keyOf(owner)
    })
    return [...groups.values()].map((group) => {
      const environments = group.map(({ environment }) => environment)
      const [first] = group
      return { ...narrowed(config, target, environments), owner: first && known.get(first)?.owner }
    })
  })
}

/** Equal for owners with the same content in any environments. */
const keyOf = oncePer(({ object, identity }: WeightOwner): string =>
  canonicalText([identity, object.file, object.document, object.data['spec']]),
)

/** Targets for owners whose routes are in no file. Equal owners in several environments share one target. */
function routeless(scene: TargetSources, owners: readonly PlacedOwner[]): readonly Target[] {
  const groups = Map.groupBy(owners, ({ owner }) => keyOf(owner))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    // A selector names no route.
    const owned = first?.owner.routes.find(({ selector }) => selector === undefined)
    if (first === undefined || owned === undefined) return []
    const { owner } = first
    const kind = owned.kind === '*' ? 'VirtualService' : owned.kind
    const name = { kind, name: owned.name, namespace: owned.namespace === '' ? 'default' : owned.namespace }
    return targetWithout(scene, { owner, environments: group.map(({ environment }) => environment), name })
  })
}

/** A target whose route exists only in the cluster. */
function targetWithout(
  { config, layout }: TargetSources,
  of: { readonly owner: WeightOwner; readonly environments: readonly string[]; readonly name: RouteName },
): readonly Target[] {
  const { owner, environments, name } = of
  const manifest = manifestIn(layout, owner.object.file)
  if (!manifest.ok || manifest.value === undefined) return []
  const [service] = servicesOf(config, name)
  const { object, place, identity } = owner
  const { document, at } = object
  const isAll = environments.length > 1 && environments.length === layout.environments.length
  const [home = ''] = environments
  return [
    {
      service: service.name,
      aliases: [...new Set([service.name, name.name, identity.name])],
      environment: isAll ? 'all' : environments.join('+'),
      environments,
      route: { ...name, place, document, at, annotations: {}, names: service.names, rules: [], delegates: [] },
      manifest: manifest.value,
      object,
      neighbours: placedNeighbours(layout, { environments, way: object.way, placement: {} }).neighbours,
      settings: settingsOf(config, service, environments),
      unclear: undefined,
      isRendered: false,
      layout,
      placement: { all: environmentNamespace(layout, home), unnamed: namespaceIn(layout, home) },
      owner,
    },
  ]
}

/** Whether a target's route is in no file, so that its object is the owner. */
export function isRouteless({ object }: Pick<Target, 'object'>): boolean {
  return !isRoute(object)
}

/** Whether a controller writes the weights of a rendered route of an environment. */
export function ownedIn(targets: readonly Target[], environment: string): (route: ObjectIdentity) => boolean {
  const owned = targets.filter(({ owner, environments }) => owner !== undefined && environments.includes(environment))
  const keys = new Set(
    owned.map(({ layout, object }) => identityKey(layeredIn(layout, environment, object)?.rendered ?? object)),
  )
  return (route) => keys.has(identityKey(route))
}
