import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { Manifest, ManifestObject, Location } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { resolveHost, shortHost } from './host.ts'
import { canaryNameFor, isCanaryWord, isStableWord } from './roles.ts'
import { type Destination, type EntryValue, isSplit, type Route, routeId, type Rule } from './route.ts'
import { effectiveNamespace } from '../manifest/identity.ts'

export type StartRefusal = Location & { readonly route: string } & (
    | { readonly code: 'no-roles'; readonly destinations: readonly string[] }
    | { readonly code: 'which-service'; readonly destinations: readonly string[] }
    | { readonly code: 'no-delegate'; readonly delegates: readonly string[] }
    | { readonly code: 'no-canary'; readonly host: string; readonly service: string }
    | { readonly code: 'which-canary'; readonly host: string; readonly subsets: readonly string[] }
    | {
        readonly code: 'no-subset'
        readonly host: string
        readonly wanted: string
        readonly subsets: readonly string[]
      }
  )

/** The difference between the canary and the stable destination, and what the stable one needs to be distinguishable. */
interface Pair {
  readonly stable: readonly EntryValue[]
  readonly canary: readonly EntryValue[]
  readonly subsets: { readonly stable: string | undefined; readonly canary: string | undefined }
  readonly host: string
}

/**
 * The route with its canary. If it already splits traffic, it is returned unchanged. Otherwise the canary's entry is still to be
 * written.
 */
export function withCanary(route: Route, manifests: readonly Manifest[]): Result<Route, StartRefusal> {
  // If a rule does not exist, changing the weights refuses it by name.
  const isKnown = (label: string): boolean => route.rules.some((rule) => rule.label === label)
  if (isSplit(route) || route.names.rules?.every(isKnown) === false) return ok(route)
  const { rules: all, delegates, place, name } = route
  if (all.length === 0) return err({ ...place, code: 'no-delegate', route: name, delegates: delegates.map(routeId) })
  const objects = manifests.flatMap((manifest) => manifest.objects)
  const rules = startable(route, objects)
  const [first] = rules
  const [stable] = first?.destinations ?? []
  if (first === undefined || stable === undefined) return refuse(route, 'no-roles')
  const isSame = (rule: Rule): boolean =>
    rule.destinations.every(({ host, subset }) => host === stable.host && subset === stable.subset)
  if (!rules.every(isSame)) return refuse(route, 'which-service')
  const pair = pairFor({ route, rule: first, stable }, objects)
  if (!pair.ok) return pair
  return ok({ ...route, rules: route.rules.map((rule) => (rules.includes(rule) ? started(rule, pair.value) : rule)) })
}

/** Whether everything goes to one destination, so that a canary could start next to it. */
export function hasNoCanary(route: Route, manifests: readonly Manifest[]): boolean {
  const objects = manifests.flatMap((manifest) => manifest.objects)
  return !isSplit(route) && startable(route, objects).length > 0
}

/** The rules with one destination that can get a canary next to it: the named ones, or else those for everybody. */
function startable(route: Route, objects: readonly ManifestObject[]): readonly Rule[] {
  const { rules: named, stable } = route.names
  const singles = route.rules.filter(
    ({ label, destinations }) =>
      destinations.length === 1 &&
      destinations.every(({ role }) => role !== 'canary') &&
      (named === undefined || named.includes(label)),
  )
  if (named !== undefined) return singles
  const open = singles.filter(({ picksCallers }) => !picksCallers)
  const isStable = (rule: Rule): boolean =>
    rule.destinations.every((one) => one.role === 'stable' || hidesStable({ route, rule, stable: one }, objects))
  const ofStable = open.filter(isStable)
  return ofStable.length > 0 || stable !== undefined ? ofStable : open
}

function refuse(route: Route, code: 'no-roles' | 'which-service'): Result<never, StartRefusal> {
  const names = route.rules.flatMap(({ destinations }) =>
    destinations.map(({ subset, written }) => (subset === undefined ? written : `${written}/${subset}`)),
  )
  return err({ ...route.place, code, route: route.name, destinations: [...new Set(names)] })
}

interface Start {
  readonly route: Route
  readonly rule: Rule
  readonly stable: Destination
}

/** Whether the config's stable version is a subset of a destination that names no subset. */
function hidesStable({ route, rule, stable: { host, subset } }: Start, objects: readonly ManifestObject[]): boolean {
  const { stable } = route.names
  if (rule.api === 'gateway' || subset !== undefined || stable === undefined) return false
  return subsetsOf(host, objects).includes(stable)
}

function pairFor(start: Start, objects: readonly ManifestObject[]): Result<Pair, StartRefusal> {
  const { route, rule, stable } = start
  const subsets = rule.api === 'istio' ? subsetsOf(stable.host, objects) : []
  const wanted = route.names.canary
  const isHidden = hidesStable(start, objects)
  const where = { file: route.place.file, line: stable.line, route: route.name, host: stable.written }
  if (wanted !== undefined) {
    if (subsets.includes(wanted)) return subsetPair(start, wanted, subsets)
    if (stable.subset === undefined ? !isHidden : hasService(wanted, stable, objects))
      return ok(hostPair(start, wanted))
    return subsets.length === 0
      ? subsetPair(start, wanted, subsets)
      : err({ ...where, code: 'no-subset', wanted, subsets })
  }
  const canaries = subsets.filter(isCanaryWord)
  const [only] = canaries
  if (canaries.length > 1) return err({ ...where, code: 'which-canary', subsets: canaries })
  if (only !== undefined) return subsetPair(start, only, subsets)
  const name = canaryNameFor(shortHost(stable.written))
  const isThere = stable.subset === undefined && !isHidden && hasService(name, stable, objects)
  return isThere ? ok(hostPair(start, name)) : err({ ...where, code: 'no-canary', service: name })
}

/** A destination without a subset reaches the pods of both versions. Beside a canary, it must name the stable subset. */
function subsetPair({ route, stable }: Start, canary: string, subsets: readonly string[]): Result<Pair, StartRefusal> {
  const path = ['destination', 'subset']
  const words = subsets.filter(isStableWord)
  const found = route.names.stable ?? (words.length === 1 ? words[0] : undefined)
  const name = stable.subset ?? (found !== undefined && subsets.includes(found) ? found : undefined)
  if (name === undefined) {
    const where = { file: route.place.file, line: stable.line, route: route.name, host: stable.written }
    return err({ ...where, code: 'no-subset', wanted: route.names.stable ?? 'stable', subsets })
  }
  return ok({
    stable: stable.subset === undefined ? [{ path, value: name }] : [],
    canary: [{ path, value: canary }],
    subsets: { stable: name, canary },
    host: stable.host,
  })
}

/** The canary's host, in the same form as the stable one: short names stay short, and qualified names stay qualified. */
function hostPair({ rule, route, stable }: Start, canary: string): Pair {
  const isGateway = rule.api === 'gateway'
  const written = isGateway || canary.includes('.') ? canary : renamed(stable.written, canary)
  return {
    stable: [],
    canary: [{ path: isGateway ? ['name'] : ['destination', 'host'], value: written }],
    subsets: { stable: stable.subset, canary: stable.subset },
    host: isGateway ? renamed(stable.host, canary) : resolveHost(written, route.namespace),
  }
}

function renamed(host: string, name: string): string {
  return [name, ...host.split('.').slice(1)].join('.')
}

function started(rule: Rule, pair: Pair): Rule {
  const [stable] = rule.destinations
  if (stable === undefined) return rule
  const canary: Destination = {
    ...stable,
    host: pair.host,
    subset: pair.subsets.canary,
    role: 'canary',
    weight: undefined,
    badWeight: undefined,
    pending: { how: 'copy-behind', values: pair.canary },
  }
  return {
    ...rule,
    destinations: [
      { ...stable, subset: pair.subsets.stable, role: 'stable', pending: { how: 'write', values: pair.stable } },
      canary,
    ],
  }
}

/** The subsets in the DestinationRules of a host. */
export function subsetsOf(host: string, objects: readonly ManifestObject[]): readonly string[] {
  return objects.flatMap((object) => {
    const spec = recordOf(object.data['spec'])
    if (object.kind !== 'DestinationRule' || typeof spec['host'] !== 'string') return []
    if (resolveHost(spec['host'], effectiveNamespace(object)) !== host) return []
    return listOf(spec['subsets']).flatMap((subset) => textOf(recordOf(subset)['name']) ?? [])
  })
}

/** Whether there is a Service with this name in the namespace of the stable destination. */
export function hasService(
  name: string,
  stable: Pick<Destination, 'host'>,
  objects: readonly ManifestObject[],
): boolean {
  const wanted = renamed(stable.host, shortHost(name))
  return objects.some(
    (object) => object.kind === 'Service' && resolveHost(object.name, effectiveNamespace(object)) === wanted,
  )
}
