/** Finds the pods that a destination selects, from the Services, DestinationRules and workloads of an environment. */
import type { RenderedObject } from '../diff/objects.ts'
import { grouped } from '../grouped.ts'
import { type ObjectIndex, sceneOf, labelsMatch, specOf } from '../finding/scene/scene.ts'
import type { HostIndex } from '../finding/scene/hosts.ts'
import { rulesByHost, subsetNamed } from '../finding/scene/subsets.ts'
import { resolveHost } from '../traffic/host.ts'
import { canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'
import { effectiveNamespace } from '../manifest/identity.ts'

export type Labels = Readonly<Record<string, unknown>>

/** A destination as named in a route, with a fully qualified host. */
export interface NamedDestination {
  readonly host: string
  readonly subset: string | undefined
}

export interface World extends ObjectIndex {
  /** Finds DestinationRules. */
  readonly rulesFor: HostIndex<RenderedObject>
  /** ServiceEntries by their full hosts. */
  readonly entriesAt: ReadonlyMap<string, readonly RenderedObject[]>
}

export function worldOf(objects: readonly RenderedObject[]): World {
  const scene = sceneOf(objects)
  const entries = scene.serviceEntries.flatMap((object) => hostsOfEntry(object).map((host) => [host, object] as const))
  return { ...scene, rulesFor: rulesByHost(scene.destinationRules), entriesAt: grouped(entries) }
}

export function hostsOfEntry(object: RenderedObject): readonly string[] {
  return listOf(specOf(object)['hosts']).map((host) => resolveHost(textOf(host) ?? '', effectiveNamespace(object)))
}

/** What selects a destination's pods. A part is undefined if the environment does not say. */
export interface Selection extends NamedDestination {
  readonly namespace: string
  readonly service: Labels | undefined
  readonly labels: Labels | undefined
}

const MAX_ALIASES = 3

/** Everything that a destination can select. There are several selections if several objects define its host or its subset. */
export function selectionsOf(world: World, named: NamedDestination, depth = 0): readonly Selection[] {
  const host = inThisCluster(named.host)
  const place = { ...named, host }
  const service = world.services.get(host)
  const entries = depth < MAX_ALIASES ? (world.entriesAt.get(host) ?? []) : []
  const added = entries.flatMap((entry) => selectionsOfEntry(world, { entry, place, depth }))
  if (service === undefined && added.length > 0) return added
  const [, namespace = ''] = host.split('.')
  const spec = service === undefined ? {} : specOf(service)
  const target = textOf(spec['externalName'])
  if (spec['type'] === 'ExternalName' && target !== undefined && depth < MAX_ALIASES)
    return selectionsOf(world, { host: resolveHost(target, namespace), subset: undefined }, depth + 1)
  return [...subsetsOf(world, place, { namespace, service: labelsIn(spec['selector']) }), ...added]
}

/** A Service that is imported from several clusters also has the pods of this one (Multi-Cluster Services API). */
function inThisCluster(host: string): string {
  return host
    .replace(/\.svc\.clusterset\.local$/, '.svc.cluster.local')
    .replace(/\.ServiceImport\.multicluster\.x-k8s\.io$/, '.svc.cluster.local')
}

/** A ServiceEntry adds the pods that it selects, and the hosts of its endpoints (Istio, `workloadSelector`, `endpoints`). */
function selectionsOfEntry(
  world: World,
  { entry, place, depth }: { readonly entry: RenderedObject; readonly place: NamedDestination; readonly depth: number },
): readonly Selection[] {
  const { workloadSelector, endpoints } = specOf(entry)
  const namespace = effectiveNamespace(entry)
  const service = labelsIn(recordOf(workloadSelector)['labels'])
  const own = service === undefined ? [] : subsetsOf(world, place, { namespace, service })
  const hosts = listOf(endpoints).map((one) => resolveHost(textOf(recordOf(one)['address']) ?? '', namespace))
  const known = hosts.filter((host) => world.services.has(host))
  return [...own, ...known.flatMap((host) => selectionsOf(world, { host, subset: undefined }, depth + 1))]
}

function labelsIn(selector: unknown): Labels | undefined {
  const labels = recordOf(selector)
  return Object.keys(labels).length === 0 ? undefined : labels
}

function subsetsOf(
  world: World,
  { host, subset }: NamedDestination,
  { namespace, service }: Pick<Selection, 'namespace' | 'service'>,
): readonly Selection[] {
  const whole = { host, subset, namespace, service }
  if (subset === undefined) return [{ ...whole, labels: {} }]
  // If several rules define the subset, it is unknown which one counts.
  const found = world.rulesFor(host).flatMap((rule) => {
    const own = subsetNamed([rule], subset)
    return own === undefined ? [] : [own.labels]
  })
  return found.length === 0 ? [{ ...whole, labels: undefined }] : found.map((labels) => ({ ...whole, labels }))
}

/** All labels that a selected pod must have, as far as they are known. */
export function wantedBy({ service, labels }: Selection): Labels {
  return { ...service, ...labels }
}

export function isKnown({ service, labels }: Selection): boolean {
  return service !== undefined && labels !== undefined
}

/** Whether one pod can have both sets of labels. */
export function areTogether(one: Labels, other: Labels): boolean {
  return Object.entries(one).every(([key, value]) => !(key in other) || other[key] === value)
}

/** How many of a destination's requests reach the canary's pods: none, all, or an unknown part with a name. */
export type Lead = 'none' | 'all' | { readonly unknown: string }

/** Whether a destination leads to the canary's pods. */
export function leadsTo(selection: Selection, canary: Selection): Lead {
  if (selection.namespace !== canary.namespace) return 'none'
  const [wanted, theirs] = [wantedBy(selection), wantedBy(canary)]
  if (!areTogether(wanted, theirs)) return 'none'
  const isInside = selection.host === canary.host && selection.labels !== undefined && canary.labels !== undefined
  if (!isInside && !(isKnown(selection) && isKnown(canary))) return byName(selection, canary)
  const missing = Object.entries(theirs).filter(([key]) => !(key in wanted))
  const beside = Object.entries(wanted).filter(([key]) => !(key in theirs))
  if (missing.length + beside.length === 0) return 'all'
  // Equal names stand for equal pods, whatever labels both have.
  return { unknown: canonicalText([selection.namespace, Object.fromEntries(missing), Object.fromEntries(beside)]) }
}

/** If the labels are unknown, names decide: the same host and subset is the canary, another subset is not. */
function byName(selection: Selection, canary: Selection): Lead {
  if (selection.host !== canary.host) return 'none'
  if (selection.subset === canary.subset) return 'all'
  const isWhole = selection.labels !== undefined && Object.keys(selection.labels).length === 0
  return isWhole ? { unknown: `all of ${selection.host}` } : 'none'
}

/** The names of the workloads whose pods a destination selects. */
export function workloadsOf({ workloads }: World, selection: Selection): ReadonlySet<string> {
  // Labels such as `version` mean something only together with the labels of a Service.
  if (selection.service === undefined) return new Set()
  const wanted = wantedBy(selection)
  const picked = workloads.filter(
    ({ namespace, labels }) => namespace === selection.namespace && labelsMatch(wanted, labels),
  )
  return new Set(picked.map(({ object }) => `${object.kind} ${effectiveNamespace(object)}/${object.name}`))
}
