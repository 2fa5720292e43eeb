import type { Manifest, ManifestObject, Place } from '../manifest/parse.ts'
import { DEFAULT_LIVE, DEFAULT_SERVICE, type Config, type Live, type ServiceConfig } from '../config/schema.ts'
import { readNotes } from '../traffic/annotations.ts'
import { isRoute, readRoute } from '../traffic/read-route.ts'
import { placed } from './placement.ts'
import { type Route, routeId, type RouteName, type RouteNames } from '../traffic/route.ts'

/** How a rollout is to be driven: the config's word, defaults filled in. */
export interface Settings {
  readonly steps: readonly number[]
  readonly bakeMs: number
  readonly live: Live
  readonly autoMerge: ServiceConfig['autoMerge']
  readonly mirror: ServiceConfig['mirror']
  readonly prefix: string
  /** How the two versions, and the rules to move, are called. */
  readonly names: RouteNames
  /** Istio up to 1.14: the weights of a rule must sum to 100. */
  readonly requireSum100: boolean
  /** Conditions that the config asks for and this version cannot check: they block, because unknown is never green. */
  readonly unchecked: readonly string[]
}

/** One service in one environment: what a rollout moves. */
export interface Target {
  readonly service: string
  /** What else a person may call it: the VirtualServices that delegate to it. */
  readonly aliases: readonly string[]
  /** The environment's name; `all`, or names joined by `+`, where several environments share the file. */
  readonly environment: string
  readonly environments: readonly string[]
  readonly route: Route
  readonly manifest: Manifest
  /** Every manifest of its environments: where versions are looked for. */
  readonly neighbours: readonly Manifest[]
  readonly settings: Settings
  /** The kustomize patch that sets its weights: then those in its own file have no effect. */
  readonly patched: Place | undefined
  /** The namespace that kustomize puts its environment's objects into; undefined where it leaves them as written. */
  readonly placement: string | undefined
}

/** The same rollout in any commit: `production VirtualService default/api-service`. */
export function targetId(target: Target): string {
  return `${target.environment} ${routeId(target.route)}`
}

/** `production/api-service`, as people say it. */
export function targetName(target: Pick<Target, 'environment' | 'service'>): string {
  return `${target.environment}/${target.service}`
}

/**
 * The config entry that speaks of a route: by the route it names, else by its own name. An entry for a VirtualService
 * that hands requests on speaks of the delegates, where the weights are.
 */
export function serviceOf(
  config: Config,
  route: RouteName,
  roots: readonly RouteName[] = [],
): { readonly name: string; readonly config: ServiceConfig } {
  for (const known of [route, ...roots]) {
    for (const [name, service] of Object.entries(config.services)) {
      const wanted = service.route ?? { kind: known.kind, name, namespace: undefined }
      const isNamespace = wanted.namespace === undefined || wanted.namespace === known.namespace
      if (wanted.kind === known.kind && wanted.name === known.name && isNamespace) return { name, config: service }
    }
  }
  return { name: route.name, config: DEFAULT_SERVICE }
}

/** What a service's config says about reading its route. */
export function namesOf(service: ServiceConfig): RouteNames {
  return { stable: service.stable, canary: service.canary, rules: service.route?.rules }
}

export function settingsOf(config: Config, service: ServiceConfig, environments: readonly string[]): Settings {
  const entries = environments.flatMap((name) => config.environments?.[name] ?? [])
  const lives = entries.flatMap(({ live }) => live ?? [])
  return {
    steps: service.steps,
    bakeMs: service.bake,
    live: lives[0] ?? DEFAULT_LIVE,
    autoMerge: service.autoMerge,
    mirror: service.mirror,
    prefix: config.annotationPrefix,
    names: namesOf(service),
    requireSum100: config.requireSum100,
    unchecked: [
      ...(service.analysis === undefined ? [] : ['analysis']),
      ...(entries.some(({ after }) => after !== undefined) ? ['after'] : []),
      ...(entries.some(({ approvals }) => (approvals ?? 0) > 0) ? ['approvals'] : []),
      ...(lives.length > 1 ? ['live in several environments at once'] : []),
      ...(lives.some((live) => 'deployment' in live) ? ['live by deployment'] : []),
    ],
  }
}

/** The plan that this rollout follows: the one its object carries, else the config's. */
export function planOf(target: Target): readonly number[] {
  const written = readNotes(target.route, target.settings.prefix).steps
  const steps = written?.split(',').map(Number) ?? []
  const isPlan = steps.length > 0 && steps.every((step, index) => step > (steps[index - 1] ?? 0) && step <= 100)
  return isPlan ? steps : target.settings.steps
}

/** The plan's first step above a share; 100 where the plan ends below it; undefined at 100. */
export function nextStep(plan: readonly number[], share: number): number | undefined {
  if (share >= 100) return undefined
  return plan.find((step) => step > share) ?? 100
}

/** The same target in other manifests: another commit's version of it. Undefined where its route is not there. */
export function targetFrom(target: Target, manifests: readonly Manifest[]): Target | undefined {
  const { kind, namespace, name } = target.route
  const isSame = (object: ManifestObject): boolean =>
    object.kind === kind && object.name === name && (object.namespace ?? 'default') === namespace && isRoute(object)
  const neighbours = manifests.map((manifest) => placed(manifest, target.placement))
  // A patch names the object that it changes too: where the route was is where it is looked for first.
  const isHome = ({ file }: Manifest): boolean => file === target.manifest.file
  for (const manifest of [...neighbours.filter(isHome), ...neighbours]) {
    const object = manifest.objects.find(isSame)
    if (object === undefined) continue
    const route = readRoute(manifest, object, target.settings.names)
    return { ...target, route, manifest, neighbours }
  }
  return undefined
}
