import { findTemplate, type TemplateQuestion } from '../analysis-template/find-template.ts'
import { templateName } from '../analysis-template/plan.ts'
import type { Config } from '../config/schema.ts'
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import { type Environment, environmentNamed, hasOneNamespace, inputsOf } from '../environment/environment.ts'
import { isKustomization } from '../environment/tree.ts'
import { type BuiltObject, decisiveSteps, type LayeredObject, layeredIn, namespaceIn } from '../layer/layered.ts'
import { placeOf } from '../layer/build/origin.ts'
import { environmentNamespace, keptOf, type Layout, layoutOf, resourcesOf, withTexts } from '../layer/layout.ts'
import type { Path } from '../manifest/data.ts'
import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { withBlueGreen } from '../traffic/blue-green.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import { withNames } from '../traffic/roles.ts'
import { type Route, type RouteName, weightedRules } from '../traffic/route.ts'
import { versionObjects } from '../traffic/version.ts'
import { type Placement, servicesOf, type Settings, settingsOf, type Target } from './target.ts'
import { waveOf } from '../wave/wave.ts'
import { effectiveNamespace } from '../manifest/identity.ts'
import { manifestsIn, neighboursOf, placedManifest, placedNeighbours, placedObject } from './snapshot/neighbours.ts'

/** All files that the builds of a target's environments read. */
export function buildInputsOf({ layout, environments }: Target): readonly string[] {
  const found = environments.flatMap((name) => environmentNamed(layout.environments, name) ?? [])
  return [...new Set(found.flatMap(inputsOf))]
}

/** The sources of a target. */
export interface TargetSources {
  readonly config: Config
  readonly layout: Layout
}

/**
 * The targets for one route of a file, in environments that all have it in the same way: one target for each service whose
 * traffic it splits. Empty if the route has no rules. The neighbours are those of the first environment, and the files that only
 * the others have.
 */
export function readTargets(
  scene: TargetSources,
  object: BuiltObject,
  environments: readonly string[],
): readonly Target[] {
  const { layout, config } = scene
  const [first = ''] = environments
  const layered = layeredIn(layout, first, object)
  if (layered === undefined) return []
  const { way } = object
  const placement = placementOf(layout, environments, way === undefined ? undefined : layered.rendered.namespace)
  const { neighbours, objects } = placedNeighbours(layout, { environments, way, placement })
  const own = placedObject(layered.object, placement)
  const bare = readRoute(layered.manifest, own, { stable: undefined, canary: undefined })
  // The name in `delegate` stays as written, and an affix may rename an object to exactly that name.
  const called = (one: ManifestObject): ManifestObject => {
    const { rendered } = layeredIn(layout, first, one) ?? { rendered: one }
    return { ...one, name: rendered.name }
  }
  if (bare.rules.length === 0 && !isLost(bare, [...objects, ...objects.filter(isRoute).map(called)])) return []
  const { name } = layered.rendered
  const roots = [...rootsOf(bare, objects), ...(name === bare.name ? [] : rootsOf({ ...bare, name }, objects))]
  // An entry may call a route `default` that its file puts into no namespace, whatever the deployer does.
  const written = layered.object.namespace === '' ? [{ ...bare, namespace: effectiveNamespace(layered.object) }] : []
  return servicesOf(config, bare, [...written, ...roots]).map((service) => ({
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

/** If environments of several namespaces share a file, its names stay as written. `ofWay`: the namespace of one of several builds. */
function placementOf(layout: Layout, environments: readonly string[], ofWay: string | undefined): Placement {
  const all = agreed(environments.map((name) => environmentNamespace(layout, name)))
  const unnamed = agreed(environments.map((name) => namespaceIn(layout, name)))
  if (all === 'different') return { differs: 'all' }
  if (unnamed === 'different') return { differs: 'unnamed' }
  const isPlaced = environments.every((name) => hasOneNamespace(environmentNamed(layout.environments, name)))
  const placement = { all: all.namespace ?? ofWay, unnamed: unnamed.namespace }
  return isPlaced ? placement : { ...placement, differs: 'unnamed' }
}

function agreed(namespaces: readonly (string | undefined)[]): { readonly namespace: string | undefined } | 'different' {
  const [namespace, ...others] = new Set(namespaces)
  return others.length === 0 ? { namespace } : 'different'
}

/** The environments that have a route, grouped by the place of its weights. */
export function groupsOf(layout: Layout, object: BuiltObject, environments: readonly string[]): readonly string[][] {
  const groups = Map.groupBy(environments, (environment) => {
    const layered = layeredIn(layout, environment, object)
    // Values that are unknown in two environments may differ.
    const isOwn = layered?.unclear !== undefined || layered?.isRendered === true || layered?.filledBy !== undefined
    const own = isOwn ? environment : undefined
    return JSON.stringify([layered === undefined, own, layered && patchesIn(layered)])
  })
  return [...groups.values()]
}

function patchesIn(layered: LayeredObject): readonly string[] {
  return [...new Set(decisiveSteps(layered).map(({ patch }) => patch.id))]
}

/** A target for some of its environments alone. */
export function narrowed(config: Config, target: Target, environments: readonly string[]): Target {
  const kept = target.environments.filter((name) => environments.includes(name))
  if (kept.length === target.environments.length) return target
  if (!isRoute(target.object)) return { ...target, environment: nameOf(target.layout, kept), environments: kept }
  const found = readTargets({ config, layout: target.layout }, target.object, kept)
  const narrow = found.find(({ route }) => route.names.scope === target.route.names.scope)
  const { wave } = target.settings
  const one = narrow ?? target
  const settings = { ...one.settings, wave: wave && waveOf(wave.all, kept, wave.by) }
  return { ...one, settings, service: target.service, owner: target.owner }
}

/** A target, and if it has several environments, each of them alone, because a step can move one by itself. */
export function withParts(config: Config, target: Target): readonly Target[] {
  if (target.environments.length < 2) return [target]
  return [target, ...target.environments.map((name) => narrowed(config, target, [name]))]
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

/**
 * The files that decide the state of a target: those of its route and its versions, with the kustomizations and patches that
 * apply to them.
 */
export function filesOf(target: Target): readonly string[] {
  return [
    ...new Set(
      [target.object, ...versionObjects(target.route, target.neighbours)].flatMap((object) => filesFor(target, object)),
    ),
  ]
}

/** The kustomizations of a target, including those that do not affect it now but may have done so before. */
export function kustomizationsOf({ layout, environments }: Target): readonly string[] {
  const [first = ''] = environments
  const files = environmentNamed(layout.environments, first)?.files ?? []
  return files.filter(isKustomization)
}

/** The files that `targetAt` needs first. */
export function filesToRead(target: Target): readonly string[] {
  const [first = ''] = target.environments
  return [...new Set([...filesOf(target), ...resourcesOf(target.layout, first)])]
}

function filesFor({ layout, environments }: Target, object: ManifestObject): readonly string[] {
  const [first = ''] = environments
  // A rendered part depends on the chart and its values.
  const environment = environmentNamed(layout.environments, first)
  if (isRenderedPart(object.file)) return environment === undefined ? [] : inputsOf(environment)
  const layered = layeredIn(layout, first, object)
  const patches = layered === undefined ? [] : decisiveSteps(layered).map(({ patch }) => patch)
  const variables = layered?.filledBy === undefined ? [] : (environment?.deployer?.files ?? [])
  return [object.file, ...patches.flatMap(({ holder, listed }) => [holder.file, listed]), ...variables]
}

/**
 * The same target in another commit, read from the texts of its files there. `needs`: files whose texts are needed too before the
 * answer is final (a missing file counts as undefined).
 */
export function targetAt(
  target: Target,
  texts: ReadonlyMap<string, string | undefined>,
): { readonly target: Target | undefined; readonly needs: readonly string[] } {
  const [first = ''] = target.environments
  const environments = target.layout.environments.filter(({ name }) => name === first).map(withoutFiles)
  const layout = { ...layoutOf(environments, texts), ...keptOf(target.layout) }
  const isPlain = environments.every(({ kind }) => kind === 'plain')
  const files = isPlain ? target.neighbours.map(({ file }) => file) : resourcesOf(layout, first)
  const neighbours = manifestsIn({ layout, environment: first, way: target.object.way }, files)
  const then = reread({ ...target, layout }, { object: target.object, neighbours })
  return { target: then, needs: [...layout.needs] }
}

/** Drops the list of files, except for a kustomization that a deployer generates: that has no other list. */
export function withoutFiles(environment: Environment): Environment {
  const { deployer, isGenerated } = environment
  return deployer === undefined && isGenerated !== true ? { ...environment, files: [] } : environment
}

/** Reads a target's route again. It may have moved to another file, or to another place in its file. */
export function reread(
  target: Target,
  at: { readonly object: BuiltObject; readonly neighbours: readonly Manifest[] },
): Target | undefined {
  const [first = ''] = target.environments
  const neighbours = at.neighbours.map((manifest) => placedManifest(manifest, target.placement))
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

/** Gives a route and its rules the place of their weights. */
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

/**
 * Whether all delegates of a root are outside of these objects. Such a root stays a target, so that a command for it gets an
 * explanation.
 */
function isLost({ delegates }: Route, objects: readonly ManifestObject[]): boolean {
  return delegates.length > 0 && !objects.some((object) => delegates.some((delegate) => isObject(delegate, object)))
}

function isObject({ kind, name, namespace }: RouteName, object: ManifestObject): boolean {
  return object.kind === kind && object.name === name && effectiveNamespace(object) === namespace
}
