import type { Edit } from '../manifest/edit/edit.ts'
import { isRenderedPart } from '../chart/rendered-parts.ts'
import { isRecord, listOf, recordOf, sameData, textOf, valueAt } from '../manifest/data.ts'
import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { resolveHost, shortHost } from './host.ts'
import { POD_SPEC, podSourcesFor } from './pods.ts'
import { isTrialRole } from './roles.ts'
import { type Destination, type Role, type Route, weightedRules } from './route.ts'
import { withCanary } from './start.ts'
import { effectiveNamespace } from '../manifest/identity.ts'
import { oncePer } from '../cached.ts'

/** Where a destination's version is set: the labels of a DestinationRule's subset, or the selector of its Service. */
interface VersionSource {
  readonly object: ManifestObject
  readonly path: Edit['path']
  readonly labels: Readonly<Record<string, string>>
}

export interface Versions {
  readonly stable: string
  readonly canary: string
  /** Either the label sets are equal, so that both destinations select the same pods, or a chart runs the same pods for both. */
  readonly same: boolean
}

/** The label that Kubernetes and Istio use for a workload's version. */
const VERSION_LABEL = 'version'

/** The versions behind a route's two destinations. Undefined if the files do not show them. */
export function versionsOf(route: Route, manifests: readonly Manifest[]): Versions | undefined {
  const sources = sourcesOf(route, manifests)
  if (sources === undefined) return undefined
  const { stable, canary } = sources
  return {
    stable: nameOf(stable, canary),
    canary: nameOf(canary, stable),
    same: differences(stable, canary)?.length === 0 || runsSamePods(route, manifests, [stable, canary]),
  }
}

/**
 * Labels in a chart seldom change. If its workloads for the two versions run the same containers, both destinations have the same
 * version.
 */
function runsSamePods(route: Route, manifests: readonly Manifest[], sources: readonly VersionSource[]): boolean {
  if (!sources.every(({ object }) => isRenderedPart(object.file))) return false
  const [stable, canary] = [podsBehind(route, 'stable', manifests), podsBehind(route, 'canary', manifests)]
  const specs = [...stable, ...canary].map(({ data }) => valueAt(data, POD_SPEC))
  return stable.length > 0 && canary.length > 0 && specs.every((spec) => sameData(spec, specs[0]))
}

/** The workloads with a destination's pods. Their labels are those of its subset and of its Service. */
export function podsBehind(route: Route, role: Role, manifests: readonly Manifest[]): readonly ManifestObject[] {
  const [destination, source] = [destinationOf(route, role), sourceOf(route, role, manifests)]
  if (destination === undefined || source === undefined) return []
  const objects = manifests.flatMap((manifest) => manifest.objects)
  const service = fromService(destination, objects)
  const namespace = effectiveNamespace(service?.object ?? source.object)
  return podSourcesFor({ ...service?.labels, ...source.labels }, namespace, objects)
}

/** The name of the canary's version (or of the one that would start): its version label, or else its subset or host. */
export function canaryVersion(route: Route, manifests: readonly Manifest[]): string {
  const started = withCanary(route, manifests)
  const split = started.ok ? started.value : route
  const destination = destinationOf(split, 'canary')
  return versionsOf(split, manifests)?.canary ?? destination?.subset ?? shortHost(destination?.host ?? route.name)
}

/**
 * The edits, of one object, that make the stable version the canary's; undefined if the files do not show how versions are set.
 */
export function promoteVersion(
  route: Route,
  manifests: readonly Manifest[],
): { readonly object: ManifestObject; readonly edits: readonly Edit[] } | undefined {
  const sources = sourcesOf(route, manifests)
  if (sources === undefined) return undefined
  const { stable, canary } = sources
  const labels = differences(stable, canary)
  if (labels === undefined) return undefined
  const edits = labels.map((label): Edit => ({
    kind: 'set',
    document: stable.object.document,
    path: [...stable.path, label],
    value: canary.labels[label],
  }))
  return { object: stable.object, edits }
}

/** A label that distinguishes the pods of two versions by their role (`track: canary`) and not by what they run. */
export interface RoleLabel {
  /** The object that sets the stable version. */
  readonly object: ManifestObject
  readonly label: string
  readonly stable: string
  readonly canary: string
}

/**
 * The label whose value names the role of the canary's pods, such as `canary` or `next`. Every later canary has the label too, so
 * a stable version with this label would send everybody to it. Colors and numbers may be versions.
 */
export function roleLabelOf(route: Route, manifests: readonly Manifest[]): RoleLabel | undefined {
  const sources = sourcesOf(route, manifests)
  if (sources === undefined) return undefined
  const { stable, canary } = sources
  const label = differences(stable, canary)?.find((key) => isTrialRole(canary.labels[key] ?? ''))
  return label === undefined
    ? undefined
    : { object: stable.object, label, stable: stable.labels[label] ?? '', canary: canary.labels[label] ?? '' }
}

/** The objects that define the versions of a route's destinations. A change there moves traffic without any weight. */
export function versionObjects(route: Route, manifests: readonly Manifest[]): readonly ManifestObject[] {
  const sources = [sourceOf(route, 'stable', manifests), sourceOf(route, 'canary', manifests)]
  return sources.flatMap((source) => (source === undefined ? [] : [source.object]))
}

/** The labels that select a destination's pods. Undefined if the files do not show them. */
export function versionLabels(
  route: Route,
  role: Role,
  manifests: readonly Manifest[],
): Readonly<Record<string, string>> | undefined {
  return sourceOf(route, role, manifests)?.labels
}

/** Whether the labels of the canary's pods tell its version, and not only its role: then every new version has other labels. */
export function labelsTellVersion(route: Route, manifests: readonly Manifest[]): boolean {
  const [stable, canary] = [versionLabels(route, 'stable', manifests), versionLabels(route, 'canary', manifests)]
  if (canary === undefined) return false
  const own = Object.entries(canary).filter(([key, value]) => stable?.[key] !== value)
  return own.every(([, value]) => !isTrialRole(value))
}

/**
 * Other Services that select pods of a destination's Service: all whose selector has only labels of its selector, or all of them
 * and more.
 */
export function servicesBeside(destination: VersionPlace, manifests: readonly Manifest[]): readonly string[] {
  const objects = manifests.flatMap((manifest) => manifest.objects)
  const own = fromService(destination, objects)
  if (own === undefined) return []
  return objects.flatMap((object) => {
    if (object.kind !== 'Service' || object === own.object) return []
    if (effectiveNamespace(object) !== effectiveNamespace(own.object)) return []
    const labels = stringsOf(recordOf(object.data['spec'])['selector'])
    const isShared = labels !== undefined && (isPart(labels, own.labels) || isPart(own.labels, labels))
    return isShared ? [object.name] : []
  })
}

function isPart(some: Readonly<Record<string, string>>, all: Readonly<Record<string, string>>): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value)
}

/** The labels whose values differ; undefined if the two sets have different keys, which new values cannot make equal. */
function differences(stable: VersionSource, canary: VersionSource): readonly string[] | undefined {
  const keys = Object.keys(stable.labels)
  if (keys.length !== Object.keys(canary.labels).length || keys.some((key) => !(key in canary.labels))) return undefined
  return keys.filter((key) => stable.labels[key] !== canary.labels[key])
}

function nameOf(source: VersionSource, other: VersionSource): string {
  const label = VERSION_LABEL in source.labels ? VERSION_LABEL : differences(source, other)?.[0]
  return (label === undefined ? undefined : source.labels[label]) ?? Object.values(source.labels).join(',')
}

type VersionPlace = Pick<Destination, 'host' | 'subset'>

function destinationOf(route: Route, role: Role): VersionPlace | undefined {
  const { blueGreen } = route.names
  // No rule for everybody contains the idle version.
  if (blueGreen !== undefined && role !== 'other') return role === 'stable' ? blueGreen.active : blueGreen.idle
  return weightedRules(route)
    .flatMap((rule) => rule.destinations)
    .find((destination) => destination.role === role)
}

/** The places where both versions are set. Undefined if the files do not show one of them. */
function sourcesOf(
  route: Route,
  manifests: readonly Manifest[],
): { readonly stable: VersionSource; readonly canary: VersionSource } | undefined {
  const stable = sourceOf(route, 'stable', manifests)
  const canary = sourceOf(route, 'canary', manifests)
  return stable === undefined || canary === undefined ? undefined : { stable, canary }
}

function sourceOf(route: Route, role: Role, manifests: readonly Manifest[]): VersionSource | undefined {
  const destination = destinationOf(route, role)
  if (destination === undefined) return undefined
  if (destination.subset !== undefined) return fromSubset(destination, rulesIn(manifests).get(destination.host) ?? [])
  return fromService(
    destination,
    manifests.flatMap((manifest) => manifest.objects),
  )
}

/** The DestinationRules of each host. Hundreds of routes ask about the same manifests. */
const rulesIn = oncePer((manifests: readonly Manifest[]) => {
  const rules = manifests.flatMap(({ objects }) => objects.filter(({ kind }) => kind === 'DestinationRule'))
  return Map.groupBy(rules, (object) => {
    const host = textOf(recordOf(object.data['spec'])['host'])
    return host && resolveHost(host, effectiveNamespace(object))
  })
})

function fromSubset(destination: VersionPlace, rules: readonly ManifestObject[]): VersionSource | undefined {
  for (const object of rules) {
    const subsets = listOf(recordOf(object.data['spec'])['subsets']).map(recordOf)
    const index = subsets.findIndex(({ name }) => name === destination.subset)
    const labels = stringsOf(subsets[index]?.['labels'])
    if (labels !== undefined) return { object, path: [...object.at, 'spec', 'subsets', index, 'labels'], labels }
  }
  return undefined
}

function fromService(destination: VersionPlace, objects: readonly ManifestObject[]): VersionSource | undefined {
  for (const object of objects) {
    if (object.kind !== 'Service' || resolveHost(object.name, effectiveNamespace(object)) !== destination.host) continue
    const labels = stringsOf(recordOf(object.data['spec'])['selector'])
    if (labels !== undefined) return { object, path: [...object.at, 'spec', 'selector'], labels }
  }
  return undefined
}

function stringsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value)
  return entries.length > 0 && entries.every(([, text]) => typeof text === 'string')
    ? Object.fromEntries(entries.map(([key, text]) => [key, String(text)]))
    : undefined
}
