import { err, ok, type Result } from '../result.ts'
import { isInSeveralNamespaces, type Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'
import { type Destination, type Role, weightedRules } from '../traffic/route.ts'
import { servicesBeside, versionLabels } from '../traffic/version.ts'
import type { Analysis } from '../config/analysis.ts'

export type Reporter = NonNullable<Analysis['reporter']>

/** How Istio's metrics name one of the two versions. */
export interface Side {
  /** Its subset, or else its service. */
  readonly name: string
  readonly version: string | undefined
  readonly labels: readonly (readonly [label: string, value: string])[]
}

/** Why Istio's labels cannot identify a version's requests. */
export const SIDE_TROUBLES = [
  /** TCP and TLS have no requests. */
  'not-http',
  /** A route of the Gateway API. The canary's own proxy does not know which of its services was called. */
  'needs-source',
  /** Another service has the same pods, and the proxy there names one of them. */
  'shared-pods',
  /** The role has several destinations. */
  'several-destinations',
  /** The destination is not a Service of the cluster. */
  'foreign-host',
  /** Its subset has no label that Istio's metrics include. */
  'no-version-label',
  /** Both have the same labels. */
  'same-labels',
  /** The route is in several namespaces, and Istio's metrics are about one. */
  'several-namespaces',
] as const
export type SideTrouble = (typeof SIDE_TROUBLES)[number]

/** The labels in metrics for a pod's labels. Istio takes the second one from these two pod labels, in this order. */
const VERSION_LABELS = [
  ['version', 'destination_version'],
  ['service.istio.io/canonical-revision', 'destination_canonical_revision'],
  ['app.kubernetes.io/version', 'destination_canonical_revision'],
] as const

const SERVICE_HOST = /^([^.]+)\.([^.]+)\.svc\.[^/]+$/

/**
 * Which proxies' metrics to read: those in the config, or else those of the canary's own proxies. These do not work for routes of
 * the Gateway API, which use the callers' proxies.
 */
export function reporterOf({ route }: Pick<Target, 'route'>, reporter: Reporter | undefined): Reporter {
  return reporter ?? (route.kind === 'VirtualService' ? 'destination' : 'source')
}

export type SideResult = Result<Side, SideTrouble>

/** How to find both versions of a target in Istio's metrics, or why that is not possible. */
export function sidesOf(target: Target, reporter: Reporter): Readonly<Record<'canary' | 'stable', SideResult>> {
  const { route } = target
  if (!isHttp(target)) return neither('not-http')
  if (isInSeveralNamespaces(target)) return neither('several-namespaces')
  if (route.kind !== 'VirtualService' && reporter === 'destination') return neither('needs-source')
  const [canary, stable] = [sideOf(target, 'canary', reporter), sideOf(target, 'stable', reporter)]
  // With fewer labels, the query would also count the other version's requests.
  const isMixed =
    canary.ok && stable.ok && (isWithin(canary.value, stable.value) || isWithin(stable.value, canary.value))
  return isMixed ? neither('same-labels') : { canary, stable }
}

function neither(trouble: SideTrouble): Readonly<Record<'canary' | 'stable', SideResult>> {
  return { canary: err(trouble), stable: err(trouble) }
}

function isWithin(some: Side, all: Side): boolean {
  return some.labels.every(([label, value]) => all.labels.some(([key, other]) => key === label && other === value))
}

/** The names of the two versions, whether or not Istio can tell them apart. */
export function versionNamesOf(target: Target): Readonly<Record<'canary' | 'stable', string>> {
  const name = (role: 'canary' | 'stable'): string => {
    const [first] = destinationsOf(target, role)
    return first === undefined ? role : nameOf(first)
  }
  return { canary: name('canary'), stable: name('stable') }
}

function isHttp({ route }: Target): boolean {
  if (route.kind !== 'VirtualService') return route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute'
  const sections = weightedRules(route).flatMap(({ destinations }) => destinations.map(({ path }) => path))
  return sections.every((path) => path.includes('http'))
}

function sideOf(target: Target, role: 'canary' | 'stable', reporter: Reporter): SideResult {
  const { route, neighbours } = target
  const destinations = destinationsOf(target, role)
  const [destination] = destinations
  const isOne = new Set(destinations.map(({ host, subset }) => JSON.stringify([host, subset]))).size === 1
  if (destination === undefined || !isOne) return err('several-destinations')
  const [, service, namespace] = SERVICE_HOST.exec(destination.host) ?? []
  if (service === undefined || namespace === undefined) return err('foreign-host')
  const labels = [
    ['reporter', reporter],
    ['destination_service_name', service],
    ['destination_service_namespace', namespace],
  ] as const
  const own = versionLabels(route, role, neighbours) ?? {}
  const found = VERSION_LABELS.flatMap(([label, metric]) =>
    own[label] === undefined ? [] : [[metric, own[label]] as const],
  )
  const side = { name: nameOf(destination), version: found[0]?.[1] }
  if (destination.subset === undefined) {
    const isShared = reporter === 'destination' && servicesBeside(destination, neighbours).length > 0
    return isShared ? err('shared-pods') : ok({ ...side, labels })
  }
  const [first] = found
  return first === undefined ? err('no-version-label') : ok({ ...side, labels: [...labels, first] })
}

function destinationsOf({ route }: Target, role: Role): readonly Destination[] {
  return weightedRules(route).flatMap(({ destinations }) => destinations.filter((known) => known.role === role))
}

function nameOf({ subset, host }: Destination): string {
  return subset ?? shortHost(host)
}
