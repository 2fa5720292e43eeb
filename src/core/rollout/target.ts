import * as z from 'zod'
import { oncePer } from '../cached.ts'
import { grouped } from '../grouped.ts'
import type { TemplateLookup } from '../analysis-template/find-template.ts'
import { type BuiltObject, layeredIn } from '../layer/layered.ts'
import type { Unclear } from '../layer/build/unclear.ts'
import type { Layout } from '../layer/layout.ts'
import { recordOf } from '../manifest/data.ts'
import { titleOf } from '../manifest/identity.ts'
import type { Manifest } from '../manifest/parse.ts'
import { DEFAULT_SERVER } from '../config/analysis.ts'
import { DEFAULT_LIVE, DEFAULT_SERVICE, type Config, type LiveEntry, type ServiceConfig } from '../config/schema.ts'
import type { WeightOwner } from '../owner/weight-owner.ts'
import { readNotes } from '../traffic/annotations.ts'
import { type Route, routeId, type RouteName, type RouteNames } from '../traffic/route.ts'
import { type Wave, waveOf } from '../wave/wave.ts'

/** The settings of a rollout from the config, with defaults. */
export interface Settings {
  readonly steps: readonly number[]
  readonly bakeMs: number
  /** All of them must hold. */
  readonly live: readonly LiveEntry[]
  readonly analysis: ServiceConfig['analysis']
  /** The lookup of the template that the analysis names, in its environments. Undefined if it names none. */
  readonly template?: TemplateLookup | undefined
  /** The name of the Prometheus server that has the metrics of its traffic. */
  readonly prometheus: string
  readonly onFailure: ServiceConfig['onFailure']
  readonly autoMerge: ServiceConfig['autoMerge']
  readonly start: ServiceConfig['start']
  readonly onNewVersion: ServiceConfig['onNewVersion']
  readonly mirror: ServiceConfig['mirror']
  readonly prefix: string
  /** The names of the two versions, and of the rules to change. */
  readonly names: RouteNames
  /** The config says that traffic moves all at once. */
  readonly isSwitched: boolean
  /** Istio up to 1.14 requires that the weights of a rule sum to 100. */
  readonly requireSum100: boolean
  /** Its place among the waves of its service. Undefined if the config gives it none. */
  readonly wave: Wave | undefined
  /** Conditions in the config that this version cannot check. They block, because unknown is never green. */
  readonly unchecked: readonly string[]
}

/** Where objects are put, if all environments of a target agree. */
export interface Placement {
  /** They do not agree: about all objects, or about those that name no namespace. */
  readonly differs?: 'all' | 'unnamed'
  /** The namespace into which kustomize puts all objects. */
  readonly all?: string | undefined
  /** The namespace into which the deployer puts objects that name none. */
  readonly unnamed?: string | undefined
}

/** One service in one environment: what a rollout moves. Environments that share the place of the weights are one target. */
export interface Target {
  readonly service: string
  /** Its names for commands: those of its service, its route, and the VirtualServices that delegate to it. */
  readonly aliases: readonly string[]
  /** The environment's name. If several environments share the file: `all`, or their names joined by `+`. */
  readonly environment: string
  readonly environments: readonly string[]
  /** The route in the target's environments: the object of its file with their patches applied. */
  readonly route: Route
  readonly manifest: Manifest
  readonly object: BuiltObject
  /** All manifests of its environments, in which Perch looks for versions. */
  readonly neighbours: readonly Manifest[]
  readonly settings: Settings
  /** Why only kustomize knows the weights. Undefined if the files tell them. */
  readonly unclear: Unclear | undefined
  /** The files alone do not determine the route, so it is read from the render of an environment. */
  readonly isRendered: boolean
  /** The files of its commit, from which the target is read. */
  readonly layout: Layout
  /** The namespaces of its environments' objects. */
  readonly placement: Placement
  /** The target's file, if nothing deploys the folder and it has several files for one route. */
  readonly choice?: string | undefined
  /** The object that makes a controller in the cluster write the weights. Commits do not move such a target. */
  readonly owner?: WeightOwner | undefined
}

/** One of several rollouts, by the names that a command uses. */
export type RolloutChoice = Pick<Target, 'service' | 'environment'>

/** Combines several targets that one command moves, under one name. */
export function together(targets: readonly Target[], first: Target): Target {
  const environments = targets.flatMap((target) => target.environments)
  if (targets.length === 1) return first
  const { wave } = first.settings
  const own = new Set(wave?.all[wave.index])
  const isWave = own.size === environments.length && environments.every((name) => own.has(name))
  return { ...first, environment: wave !== undefined && isWave ? wave.name : 'all', environments }
}

/**
 * One key for the route in each of a target's environments. Two pull requests or commits with a common key may move the same
 * route.
 */
export function movedRoutes({ environments, route }: Pick<Target, 'environments' | 'route'>): readonly string[] {
  const { scope } = route.names
  return environments.map((name) => [name, routeId(route), ...(scope === undefined ? [] : [scope])].join(' '))
}

/** Whether all of its traffic moves at once, from one of two versions to the other. */
export function isBlueGreen({ route }: Pick<Target, 'route'>): boolean {
  return route.names.blueGreen !== undefined
}

/**
 * Whether two targets of different commits are about the same route in a common environment. The grouping of environments may
 * differ between the commits.
 */
export function isSameRollout(a: Target, b: Target): boolean {
  if (!a.environments.some((name) => b.environments.includes(name))) return false
  if (a.route.names.scope !== b.route.names.scope) return false
  if (a.choice !== undefined && b.choice !== undefined && a.choice !== b.choice) return false
  // If an environment builds an object twice, only the rendered names tell the two apart.
  if (a.object.way !== undefined || b.object.way !== undefined) return renderedTitle(a) === renderedTitle(b)
  return routeId(a.route) === routeId(b.route) || writtenId(a) === writtenId(b)
}

/** The targets that are the same rollout as the given one, in their order. */
export function sameRollouts(targets: readonly Target[], target: Target): readonly Target[] {
  const index = indexOf(targets)
  const places = searchKeys(target).flatMap((key) => index.get(key) ?? [])
  return [...new Set(places)]
    .sort((a, b) => a - b)
    .flatMap((place) => targets[place] ?? [])
    .filter((known) => isSameRollout(known, target))
}

/** Without an index, two trees with a thousand routes each would need a million comparisons. */
const indexOf = oncePer((targets: readonly Target[]): ReadonlyMap<string, readonly number[]> =>
  grouped(targets.flatMap((target, place) => indexKeys(target).map((key) => [key, place] as const))),
)

/**
 * A route that an environment builds twice is identified by its rendered name, so it is compared with all routes of the
 * environment.
 */
function indexKeys(target: Target): readonly string[] {
  return keysOf(target, target.object.way === undefined ? [...namesOf(target), ANY] : [TWICE, ANY])
}

function searchKeys(target: Target): readonly string[] {
  return keysOf(target, target.object.way === undefined ? [...namesOf(target), TWICE] : [ANY])
}

const ANY = '*'
const TWICE = '2'

function namesOf(target: Target): readonly string[] {
  return [routeId(target.route), writtenId(target)]
}

function keysOf({ environments }: Target, names: readonly string[]): readonly string[] {
  return environments.flatMap((environment) => names.map((name) => `${environment}\0${name}`))
}

/** The title of a target's route in the render of the first of its environments. */
export function renderedTitle({ layout, environments: [first = ''], object }: Target): string | undefined {
  const rendered = layeredIn(layout, first, object)?.rendered
  return rendered && titleOf(rendered)
}

/** Whether a target's route is in several namespaces, so that metrics of one of them would say nothing about the others. */
export function isInSeveralNamespaces({ placement, object }: Pick<Target, 'placement' | 'object'>): boolean {
  return placement.differs === 'all' || (placement.differs === 'unnamed' && object.namespace === '')
}

/** A target's route as it is called in one of its environments, which may put it into different namespaces. */
export function routeIn({ layout, object, route }: Target, environment: string): RouteName {
  const rendered = layeredIn(layout, environment, object)?.rendered
  return rendered === undefined ? route : { ...rendered, kind: route.kind }
}

/** A key for a route as its file names it, whatever namespace its environments put it into. */
function writtenId({ route, object }: Target): string {
  const { namespace } = recordOf(object.data['metadata'])
  return JSON.stringify([route.kind, route.name, namespace ?? null])
}

/** The name of a rollout for people: `production/api-service`. */
export const TargetName = z.templateLiteral([z.string(), '/', z.string()])
export type TargetName = z.infer<typeof TargetName>

export function targetName(target: RolloutChoice): TargetName {
  return `${target.environment}/${target.service}`
}

/** A service whose traffic a route splits, and what the config says about it. */
export interface ConfiguredService {
  readonly name: string
  readonly config: ServiceConfig
  /** The names of the versions that the route splits. */
  readonly names: RouteNames
}

/**
 * The services of a route according to the config: the entries that name the route, or else the entry with the route's name. An
 * entry for a VirtualService that delegates applies to the delegates, because these have the weights. Several entries are several
 * services if each names rules of its own. Otherwise the first entry counts.
 */
export function servicesOf(
  config: Config,
  route: RouteName,
  roots: readonly RouteName[] = [],
): readonly [ConfiguredService, ...ConfiguredService[]] {
  const found = [route, ...roots].map((known) => entriesFor(config.services, known))
  const named = found.find((some) => some.length > 0) ?? []
  const [first, second, ...more] = named.filter(([, { route: wanted }]) => wanted?.rules !== undefined)
  if (first !== undefined && second !== undefined && areApart([first, second, ...more]))
    return [scoped(first, named), scoped(second, named), ...more.map((entry) => scoped(entry, named))]
  const [name, service] = named[0] ?? [route.name, DEFAULT_SERVICE]
  return [{ name, config: service, names: namesIn(service) }]
}

type ServiceEntry = readonly [name: string, service: ServiceConfig]

/**
 * Grouped by the name of the entry's route. With a thousand services, searching all entries for each route would take a second.
 */
const entriesByName = oncePer((services: Config['services']): ReadonlyMap<string, readonly ServiceEntry[]> =>
  Map.groupBy(Object.entries(services), ([name, { route: wanted }]) => wanted?.name ?? name),
)

function entriesFor(services: Config['services'], route: RouteName): readonly ServiceEntry[] {
  const named = entriesByName(services).get(route.name)
  return named?.filter(([name, service]) => isFor(route, name, service)) ?? []
}

function isFor(known: RouteName, name: string, service: ServiceConfig): boolean {
  const wanted = service.route ?? { kind: known.kind, name, namespace: undefined }
  const isNamespace = wanted.namespace === undefined || wanted.namespace === known.namespace
  return wanted.kind === known.kind && wanted.name === known.name && isNamespace
}

/** Whether no two entries name the same rule. */
function areApart(entries: readonly ServiceEntry[]): boolean {
  const rules = entries.flatMap(([, { route }]) => route?.rules ?? [])
  return new Set(rules).size === rules.length
}

function scoped([name, config]: ServiceEntry, all: readonly ServiceEntry[]): ConfiguredService {
  const others = all.flatMap(([other, { route }]) => (other === name ? [] : (route?.rules ?? [])))
  return { name, config, names: { ...namesIn(config), scope: name, others } }
}

function namesIn({ stable, canary, route }: ServiceConfig): RouteNames {
  return { stable, canary, rules: route?.rules }
}

export function settingsOf(
  config: Config,
  { config: service, names }: ConfiguredService,
  environments: readonly string[],
): Settings {
  const { analysis } = service
  const entries = environments.flatMap((name) => config.environments?.[name] ?? [])
  const providers = [...new Set(entries.map(({ prometheus }) => prometheus ?? analysis?.provider ?? DEFAULT_SERVER))]
  const prometheus = providers[0] ?? analysis?.provider ?? DEFAULT_SERVER
  const live = livesOf(config, environments)
  const isOneServer = providers.length <= 1
  // Requests in one environment could prove it for all of them.
  const isMixed = environments.length > 1 && live.some((entry) => 'traffic' in entry)
  const unchecked = [
    ...(analysis === undefined || isOneServer ? [] : ['analysis in several environments at once']),
    ...(isMixed ? ['live by traffic in several environments at once'] : []),
  ]
  return {
    steps: service.steps,
    bakeMs: service.bake,
    live,
    analysis: analysis && { ...analysis, provider: prometheus },
    prometheus,
    onFailure: service.onFailure,
    autoMerge: service.autoMerge,
    start: service.start,
    onNewVersion: service.onNewVersion,
    mirror: service.mirror,
    prefix: config.annotationPrefix,
    names,
    isSwitched: service.strategy === 'blue-green',
    requireSum100: config.requireSum100,
    wave: waveOf(service.waves, environments),
    unchecked,
  }
}

/** The entries that prove that a step is live in several environments, without duplicates. */
function livesOf(config: Config, environments: readonly string[]): readonly LiveEntry[] {
  const all = environments.flatMap((name) => config.environments?.[name]?.live ?? [DEFAULT_LIVE])
  const lives = new Map(all.map((entry) => [JSON.stringify(entry), entry]))
  return lives.size === 0 ? [DEFAULT_LIVE] : [...lives.values()]
}

/** The pull request that began a rollout, according to its object's annotation. Undefined without such an annotation. */
export function originPull({ route, settings }: Target): number | undefined {
  const pr = Number(readNotes(route, settings.prefix).pr)
  return Number.isInteger(pr) && pr > 0 ? pr : undefined
}

/** The plan that this rollout follows: that of its object's annotation, or else that of the config. In percent. */
export function planOf(target: Target): readonly number[] {
  const written = readNotes(target.route, target.settings.prefix).steps
  const steps = written?.split(',').map(Number) ?? []
  const isPlan = steps.length > 0 && steps.every((step, index) => step > (steps[index - 1] ?? 0) && step <= 100)
  return isPlan ? steps : target.settings.steps
}

/** The plan's first step above a share, or 100 if there is none. Undefined at 100. */
export function nextStep(plan: readonly number[], share: number): number | undefined {
  if (share >= 100) return undefined
  return plan.find((step) => step > share) ?? 100
}
