import { findTemplate, type TemplateQuestion } from '../analysis-template/find-template.ts'
import { templateName } from '../analysis-template/plan.ts'
import type { Config } from '../config/schema.ts'
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import { type Environment, environmentNamed, inputsOf } from '../environment/environment.ts'
import { isKustomization } from '../environment/tree.ts'
import { type BuiltObject, decisiveSteps, type LayeredObject, layeredIn, placeOf, waysTo } from '../layer/layered.ts'
import { type Layout, layoutOf, manifestIn, environmentNamespace, resourcesOf, withTexts } from '../layer/layout.ts'
import type { Path } from '../manifest/data.ts'
import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { withBlueGreen } from '../traffic/blue-green.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import { withNames } from '../traffic/roles.ts'
import { type Route, type RouteName, weightedRules } from '../traffic/route.ts'
import { versionObjects } from '../traffic/version.ts'
import { servicesOf, type Settings, settingsOf, type Target } from './target.ts'
import { effectiveNamespace, identityKey } from '../manifest/identity.ts'

/** What a target is read from. */
export interface TargetSources {
  readonly config: Config
  readonly layout: Layout
}

/**
 * One route of a file as some environments have it, all in the same way: once for each service whose traffic it splits; none where it
 * has no rules. Its neighbours are those of the first of them, and every file that one of the others has besides.
 */
export function readTargets(
  scene: TargetSources,
  object: BuiltObject,
  environments: readonly string[],
): readonly Target[] {
  const { layout, config } = scene
  const [first = ''] = environments
  // In a file that environments of several namespaces share, names stay as they are written.
  const [namespace, ...others] = new Set(environments.map((name) => environmentNamespace(layout, name)))
  const layered = layeredIn(layout, first, object)
  if (layered === undefined) return []
  const { way } = object
  const ofWay = way === undefined ? undefined : layered.rendered.namespace
  const placement = others.length === 0 ? (namespace ?? ofWay) : undefined
  const { neighbours, objects } = placedNeighbours(layout, { environments, way, placement })
  const [own = layered.object] = placed({ ...layered.manifest, objects: [layered.object] }, placement).objects
  const bare = readRoute(layered.manifest, own, { stable: undefined, canary: undefined })
  // Names of delegates stay as they are written, and an affix may give the delegate that very name.
  const called = (one: ManifestObject): ManifestObject => {
    const { rendered } = layeredIn(layout, first, one) ?? { rendered: one }
    return { ...one, name: rendered.name }
  }
  if (bare.rules.length === 0 && !isLost(bare, [...objects, ...objects.filter(isRoute).map(called)])) return []
  const { name } = layered.rendered
  const roots = [...rootsOf(bare, objects), ...(name === bare.name ? [] : rootsOf({ ...bare, name }, objects))]
  return servicesOf(config, bare, roots).map((service) => ({
    service: service.name,
    aliases: [service.name, bare.name, ...roots.map(({ name }) => name)],
    environment: nameOf(layout, environments),
    environments,
    route: withPlace(layered, withBlueGreen(readRoute(layered.manifest, own, service.names), objects, service.config)),
    manifest: layered.manifest,
    object: own,
    neighbours,
    settings: withTemplate(settingsOf(config, service, environments), layout, {
      environments,
      namespace: layered.rendered.namespace,
    }),
    unclear: layered.unclear,
    isRendered: layered.isRendered,
    layout,
    placement,
  }))
}

function withTemplate(settings: Settings, layout: Layout, at: Omit<TemplateQuestion, 'wanted'>): Settings {
  if (settings.analysis?.template === undefined) return settings
  return { ...settings, template: findTemplate(layout, { ...at, wanted: templateName(settings.analysis) }) }
}

interface Neighbourhood {
  readonly neighbours: readonly Manifest[]
  readonly objects: readonly ManifestObject[]
}

/** Hundreds of routes of an environment have the same neighbours: looked for once for each layout, which never changes. */
const neighbourhoods = new WeakMap<Layout, Map<string, Neighbourhood>>()

/** The manifests of environments as kustomize places them, and all their objects. */
export function placedNeighbours(
  layout: Layout,
  of: Pick<Target, 'environments' | 'placement'> & Pick<BuiltObject, 'way'>,
): Neighbourhood {
  const { environments, way, placement } = of
  const known = neighbourhoods.get(layout) ?? new Map<string, Neighbourhood>()
  neighbourhoods.set(layout, known)
  const key = JSON.stringify([environments, way ?? null, placement ?? null])
  const before = known.get(key)
  if (before !== undefined) return before
  const neighbours = neighboursOf(layout, environments, way).map((manifest) => placed(manifest, placement))
  const found = { neighbours, objects: neighbours.flatMap((neighbour) => neighbour.objects) }
  known.set(key, found)
  return found
}

/** The environments that have a route, those together that have its weights in one place. */
export function groupsOf(layout: Layout, object: BuiltObject, environments: readonly string[]): readonly string[][] {
  const groups = Map.groupBy(environments, (environment) => {
    const layered = layeredIn(layout, environment, object)
    // Unknown values of two environments may differ.
    const isOwn = layered?.unclear !== undefined || layered?.isRendered === true || layered?.filledBy !== undefined
    const own = isOwn ? environment : undefined
    return JSON.stringify([layered === undefined, own, layered && patchesIn(layered)])
  })
  return [...groups.values()]
}

function patchesIn(layered: LayeredObject): readonly string[] {
  return [...new Set(decisiveSteps(layered).map(({ patch }) => patch.id))]
}

/** A target as some of its environments have it, by themselves. */
export function narrowed(config: Config, target: Target, environments: readonly string[]): Target {
  const kept = target.environments.filter((name) => environments.includes(name))
  if (kept.length === target.environments.length) return target
  if (!isRoute(target.object)) return { ...target, environment: nameOf(target.layout, kept), environments: kept }
  const found = readTargets({ config, layout: target.layout }, target.object, kept)
  const narrow = found.find(({ route }) => route.names.scope === target.route.names.scope)
  return { ...(narrow ?? target), service: target.service, owner: target.owner }
}

/** The same target with other texts of its files. Undefined if its route no longer exists. */
export function rereadTarget(target: Target, changed: ReadonlyMap<string, string>): Target | undefined {
  const layout = withTexts(target.layout, changed)
  if (!isRoute(target.object)) return { ...target, layout }
  return reread(
    { ...target, layout },
    {
      object: target.object,
      neighbours: neighboursOf(layout, target.environments, target.object.way),
    },
  )
}

/** The files that decide the state of a target: those of its route and its versions, and the kustomizations and patches between. */
export function filesOf(target: Target): readonly string[] {
  return [
    ...new Set(
      [target.object, ...versionObjects(target.route, target.neighbours)].flatMap((object) => filesFor(target, object)),
    ),
  ]
}

/** The kustomizations of a target, also those that say nothing about it now and may have done so before. */
export function kustomizationsOf({ layout, environments }: Target): readonly string[] {
  const [first = ''] = environments
  const files = environmentNamed(layout.environments, first)?.files ?? []
  return files.filter(isKustomization)
}

/** Every file that `targetAt` asks for first. */
export function filesToRead(target: Target): readonly string[] {
  const [first = ''] = target.environments
  return [...new Set([...filesOf(target), ...resourcesOf(target.layout, first)])]
}

function filesFor({ layout, environments }: Target, object: ManifestObject): readonly string[] {
  const [first = ''] = environments
  // What the chart and its values are.
  const environment = environmentNamed(layout.environments, first)
  if (isRenderedPart(object.file)) return environment === undefined ? [] : inputsOf(environment)
  const layered = layeredIn(layout, first, object)
  const patches = layered === undefined ? [] : decisiveSteps(layered).map(({ patch }) => patch)
  const variables = layered?.filledBy === undefined ? [] : (environment?.deployer?.files ?? [])
  return [object.file, ...patches.flatMap(({ holder, listed }) => [holder.file, listed]), ...variables]
}

/**
 * The same target in another commit, from texts of its files there. `needs` names files whose texts must be given too before
 * the answer is final (a file that is not there counts as undefined).
 */
export function targetAt(
  target: Target,
  texts: ReadonlyMap<string, string | undefined>,
): { readonly target: Target | undefined; readonly needs: readonly string[] } {
  const [first = ''] = target.environments
  const environments = target.layout.environments.filter(({ name }) => name === first).map(withoutFiles)
  const layout = { ...layoutOf(environments, texts), owners: target.layout.owners }
  const isPlain = environments.every(({ kind }) => kind === 'plain')
  const files = isPlain ? target.neighbours.map(({ file }) => file) : resourcesOf(layout, first)
  const neighbours = manifestsIn({ layout, environment: first, way: target.object.way }, files)
  const then = reread({ ...target, layout }, { object: target.object, neighbours })
  return { target: then, needs: [...layout.needs] }
}

/** What a deployer generates a kustomization of has no other list of its files. */
export function withoutFiles(environment: Environment): Environment {
  return environment.deployer === undefined ? { ...environment, files: [] } : environment
}

/** Reads a target's route again. It may have moved to another file, or to another place in its own. */
export function reread(
  target: Target,
  at: { readonly object: BuiltObject; readonly neighbours: readonly Manifest[] },
): Target | undefined {
  const [first = ''] = target.environments
  const neighbours = at.neighbours.map((manifest) => placed(manifest, target.placement))
  const isHome = ({ file }: Manifest): boolean => file === at.object.file
  for (const manifest of [...neighbours.filter(isHome), ...neighbours]) {
    const object = manifest.objects.find((known) => isRoute(known) && isSameObject(known, at.object))
    const layered = object === undefined ? undefined : layeredIn(target.layout, first, object)
    if (object === undefined || layered === undefined) continue
    const { names } = target.route
    const read = readRoute(layered.manifest, { ...layered.object, namespace: object.namespace }, names)
    const route = withPlace(layered, withNames(read, names))
    return {
      ...target,
      route,
      manifest: layered.manifest,
      object,
      neighbours,
      unclear: layered.unclear,
      isRendered: layered.isRendered,
    }
  }
  return undefined
}

function isSameObject(a: ManifestObject, b: ManifestObject): boolean {
  return a.kind === b.kind && a.name === b.name && effectiveNamespace(a) === effectiveNamespace(b)
}

/** `all`, or names joined by `+`. */
function nameOf({ environments: all }: Layout, environments: readonly string[]): string {
  return environments.length > 1 && environments.length === all.length ? 'all' : environments.join('+')
}

/** A route and its rules stand where their weights do. */
function withPlace(layered: LayeredObject, route: Route): Route {
  const { file: home } = route.place
  if (isRenderedPart(home)) return { ...route, place: { ...route.place, file: templateOf(home) } }
  const [destination] = [...weightedRules(route), ...route.rules].flatMap(({ destinations }) => destinations)
  if (destination === undefined || layered.steps.length === 0) return route
  const fileAt = (path: Path): string => placeOf(layered, path.slice(layered.object.at.length)).file
  const rules = route.rules.map((rule) => {
    const [first] = rule.destinations
    const isElsewhere = first !== undefined && fileAt(first.path.slice(0, -2)) !== fileAt(first.weightPath)
    return isElsewhere ? { ...rule, line: first.line } : rule
  })
  const file = fileAt(destination.weightPath)
  return { ...route, rules, place: file === route.place.file ? route.place : { file, line: destination.line } }
}

/** The manifests of environments, as the first of them that has a file has it; of a loose folder, those around it too. */
export function neighboursOf(
  layout: Layout,
  environments: readonly string[],
  way: number | undefined,
): readonly Manifest[] {
  const seen = new Set<string>()
  const own = environments.flatMap((environment) => {
    const files = resourcesOf(layout, environment).filter((file) => !seen.has(file))
    for (const file of files) seen.add(file)
    return manifestsIn({ layout, environment, way }, files)
  })
  const isLoose = layout.environments.some(({ name, isLoose: loose }) => loose && environments.includes(name))
  return isLoose ? [...own, ...manifestsAround(layout, environments)] : own
}

/**
 * What other folders that nothing deploys hold: a delegate, or the versions of a service. Nobody knows whether they are for the
 * same place, so objects that several of the folders have do not count.
 */
function manifestsAround(layout: Layout, environments: readonly string[]): readonly Manifest[] {
  const loose = layout.environments.filter(({ isLoose }) => isLoose)
  const all = loose.flatMap(({ name, files }) =>
    manifestsIn({ layout, environment: name, way: undefined }, files).map((manifest) => ({ name, manifest })),
  )
  const counts = new Map<string, number>()
  for (const object of all.flatMap(({ manifest }) => manifest.objects)) {
    const key = identityKey(object)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return all
    .filter(({ name }) => !environments.includes(name))
    .map(({ manifest }) => ({
      ...manifest,
      objects: manifest.objects.filter((object) => counts.get(identityKey(object)) === 1),
    }))
}

interface Build {
  readonly layout: Layout
  readonly environment: string
  /** Which of several builds of the same files. */
  readonly way: number | undefined
}

function manifestsIn({ layout, environment, way }: Build, files: readonly string[]): readonly Manifest[] {
  return files.flatMap((file) => {
    const manifest = manifestIn(layout, file)
    if (!manifest.ok || manifest.value === undefined) return []
    const own = waysTo(layout, environment, { file }).find((known) => known === way)
    const objects = manifest.value.objects.flatMap(
      (object) => layeredIn(layout, environment, { ...object, way: own })?.object ?? [],
    )
    return [{ ...manifest.value, objects }]
  })
}

/** The manifest as it is after kustomize has put its objects into a namespace; as written where it does not. */
function placed(manifest: Manifest, namespace: string | undefined): Manifest {
  if (namespace === undefined || manifest.objects.every((object) => object.namespace === namespace)) return manifest
  return { ...manifest, objects: manifest.objects.map((object) => ({ ...object, namespace })) }
}

/** A root whose delegates are all elsewhere. Whoever names it must learn why nothing can be moved. */
function isLost({ delegates }: Route, objects: readonly ManifestObject[]): boolean {
  return delegates.length > 0 && !objects.some((object) => delegates.some((delegate) => isObject(delegate, object)))
}

function isObject({ kind, name, namespace }: RouteName, object: ManifestObject): boolean {
  return object.kind === kind && object.name === name && effectiveNamespace(object) === namespace
}
