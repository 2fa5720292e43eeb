/** Which targets a controller in the cluster moves by itself. */
import { layeredIn } from '../layer/layered.ts'
import { environmentNamespace, manifestIn } from '../layer/layout.ts'
import { canonicalText } from '../manifest/data.ts'
import { isOwnedBy, type OwnedRoute, ownsRule } from './owned-routes.ts'
import { holdsOwners, ownersIn, type WeightOwner } from './weight-owner.ts'
import { isRoute } from '../traffic/read-route.ts'
import { type Route, type RouteName, type Rule, weightedRules } from '../traffic/route.ts'
import { narrowed, neighboursOf, type TargetSources } from '../rollout/read-target.ts'
import { servicesOf, settingsOf, type Target } from '../rollout/target.ts'

/** An owner, and the environment that has it. */
interface PlacedOwner {
  readonly environment: string
  readonly owner: WeightOwner
}

/**
 * Targets with their owners, and a target for each owner whose route is in no file: Flagger makes its routes itself. What environments
 * share is taken apart where only some of them have an owner, or owners differ.
 */
export function withOwners(scene: TargetSources, targets: readonly Target[]): readonly Target[] {
  const { layout } = scene
  if (!holdsOwners(layout)) return targets
  const read = layout.read && new Set([...layout.read, ...targets.flatMap(({ environments }) => environments)])
  const environments = layout.environments.filter(({ name }) => read?.has(name) !== false)
  const owners = environments.flatMap(({ name }) =>
    ownersIn(layout, name).map((owner) => ({ environment: name, owner })),
  )
  if (owners.length === 0) return targets
  const own = targets.flatMap((target) => takenApart(scene, target, owners))
  const isUsed = ({ environment, owner }: PlacedOwner): boolean =>
    own.some((target) => target.environments.includes(environment) && isSameOwner(target.owner, owner))
  const others = owners.filter((one) => !isUsed(one))
  const beside = own.map((target) => ({ ...target, owner: target.owner ?? ownerBeside(target, own, others) }))
  const isKnown = ({ environment, owner }: PlacedOwner): boolean =>
    beside.some(
      (target) =>
        isSameOwner(target.owner, owner) ||
        (target.environments.includes(environment) && ownedIn(owner, target, environment).length > 0),
    )
  return [
    ...beside,
    ...routeless(
      scene,
      others.filter((one) => !isKnown(one)),
    ),
  ]
}

/** A target once for each owner that its environments have. */
function takenApart(scene: TargetSources, target: Target, owners: readonly PlacedOwner[]): readonly Target[] {
  const found = target.environments.map((environment) => ({
    environment,
    owner: owners.find((one) => one.environment === environment && owns(one.owner, target, environment))?.owner,
  }))
  const groups = Map.groupBy(found, ({ owner }) => owner && ownerKey(owner))
  return [...groups.values()].map((group) => {
    const environments = group.map(({ environment }) => environment)
    return { ...narrowed(scene.config, target, environments), owner: group[0]?.owner }
  })
}

function ownerKey({ object, identity }: WeightOwner): string {
  return canonicalText([identity, object.file, object.document, object.data['spec']])
}

function isSameOwner(one: WeightOwner | undefined, other: WeightOwner): boolean {
  return one !== undefined && ownerKey(one) === ownerKey(other)
}

/** Whether an owner's controller writes the weights that a target moves, and nobody says otherwise. */
function owns(owner: WeightOwner, target: Target, environment: string): boolean {
  const { route, settings } = target
  if (isLeftToPerch(route, settings.prefix)) return false
  const split = weightedRules(route)
  const rules = split.length > 0 ? split : route.rules
  return ownedIn(owner, target, environment).some(
    (owned) =>
      rules.length === 0 || rules.some((rule) => ownsRule(owned, { section: sectionOf(rule), name: rule.name })),
  )
}

/** What an owner says of a target's route, whichever rules. */
function ownedIn(owner: WeightOwner, { route, layout, object }: Target, environment: string): readonly OwnedRoute[] {
  const rendered = layeredIn(layout, environment, object)?.rendered
  const names = [route.name, ...(rendered === undefined ? [] : [rendered.name])]
  const namespace = rendered?.namespace ?? object.namespace
  return owner.routes.filter((owned) => isOwnedBy(owned, { kind: route.kind, namespace, names }))
}

/** `http` of `spec.http[0].route[1]`. */
function sectionOf({ destinations: [first] }: Rule): string {
  return String(first?.path.at(-4) ?? '')
}

/** The route's own word that nothing else writes it, whatever it looks like. */
function isLeftToPerch({ annotations }: Route, prefix: string): boolean {
  const codes = ['perch.dev/ignore', `${prefix}/ignore`].flatMap((key) => annotations[key]?.split(',') ?? [])
  return codes.some((code) => ['*', 'two-writers'].includes(code.trim()))
}

/**
 * The owner of a target's route in another environment, which has the application and not its route. If several environments have
 * such a route, the owner is for the one whose folder has most in common with its own.
 */
function ownerBeside(
  target: Target,
  targets: readonly Target[],
  owners: readonly PlacedOwner[],
): WeightOwner | undefined {
  const [home = ''] = target.environments
  return owners.find((one) => {
    const claimed = targets.filter(
      (other) => other.owner === undefined && owns(one.owner, other, other.environments[0] ?? ''),
    )
    if (!claimed.includes(target)) return false
    const nearness = (name: string): number => commonFolders(target.layout, one.environment, name)
    const most = Math.max(...claimed.flatMap(({ environments }) => environments.map(nearness)))
    return nearness(home) === most
  })?.owner
}

function commonFolders({ environments }: Target['layout'], one: string, other: string): number {
  const [first = [], second = []] = [one, other].map((name) =>
    (environments.find((known) => known.name === name)?.root ?? '').split('/'),
  )
  return first.filter((folder) => folder !== '' && second.includes(folder)).length
}

/** Targets of owners whose routes no file has, alike ones of several environments together. */
function routeless(scene: TargetSources, owners: readonly PlacedOwner[]): readonly Target[] {
  const groups = Map.groupBy(owners, ({ owner }) => ownerKey(owner))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    const [owned] = first?.owner.routes ?? []
    if (first === undefined || owned === undefined) return []
    const { owner } = first
    const kind = owned.kind === '*' ? 'VirtualService' : owned.kind
    const name = { kind, name: owned.name, namespace: owned.namespace === '' ? 'default' : owned.namespace }
    return targetWithout(scene, { owner, environments: group.map(({ environment }) => environment), name })
  })
}

/** A target whose route only its controller has. */
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
      neighbours: neighboursOf(layout, environments, object.way),
      settings: settingsOf(config, service, environments),
      unclear: undefined,
      isRendered: false,
      layout,
      placement: environmentNamespace(layout, home),
      owner,
    },
  ]
}

/** Whether a target's route is in no file: only its owner is. */
export function isRouteless({ object }: Pick<Target, 'object'>): boolean {
  return !isRoute(object)
}
