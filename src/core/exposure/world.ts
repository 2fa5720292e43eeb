/** Which pods a destination picks, by the Services, DestinationRules and workloads of an environment. */
import type { RenderedObject } from '../diff/objects.ts'
import { type ObjectIndex, sceneOf, labelsMatch, specOf } from '../finding/scene/scene.ts'
import { hostsOverlap } from '../finding/scene/hosts.ts'
import { resolveHost } from '../traffic/host.ts'
import { canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'
import { effectiveNamespace } from '../manifest/identity.ts'

export type Labels = Readonly<Record<string, unknown>>

/** A destination as a route names it; the host is fully qualified. */
export interface NamedDestination {
  readonly host: string
  readonly subset: string | undefined
}

export interface World extends ObjectIndex {
  /** By host; those with a star apart. */
  readonly rules: ReadonlyMap<string, readonly RenderedObject[]>
  readonly wide: readonly RenderedObject[]
}

export function worldOf(objects: readonly RenderedObject[]): World {
  const scene = sceneOf(objects)
  const hostOf = (rule: RenderedObject): string =>
    resolveHost(textOf(specOf(rule)['host']) ?? '', effectiveNamespace(rule))
  const [wide, plain] = [true, false].map((isWide) =>
    scene.destinationRules.filter((rule) => hostOf(rule).startsWith('*') === isWide),
  )
  return { ...scene, rules: Map.groupBy(plain ?? [], hostOf), wide: wide ?? [] }
}

/** What picks a destination's pods. A part is undefined where the environment does not say. */
export interface Selection extends NamedDestination {
  readonly namespace: string
  readonly service: Labels | undefined
  readonly labels: Labels | undefined
}

const MAX_ALIASES = 3

/** Everything that a destination can pick: several, where several rules name its subset. */
export function selectionsOf(world: World, place: NamedDestination, depth = 0): readonly Selection[] {
  const { host, subset } = place
  const service = world.services.get(host)
  const [, namespace = ''] = host.split('.')
  const spec = service === undefined ? {} : specOf(service)
  const target = textOf(spec['externalName'])
  if (spec['type'] === 'ExternalName' && target !== undefined && depth < MAX_ALIASES)
    return selectionsOf(world, { host: resolveHost(target, namespace), subset: undefined }, depth + 1)
  const selector = recordOf(spec['selector'])
  const own = Object.keys(selector).length === 0 ? undefined : selector
  const whole = { host, subset, namespace, service: own }
  if (subset === undefined) return [{ ...whole, labels: {} }]
  const rules = [...(world.rules.get(host) ?? []), ...world.wide.filter((rule) => isFor(rule, host))]
  // In one rule the first subset of a name counts. If several rules have one, nobody can tell which counts.
  const found = rules.flatMap((rule) => {
    const own = listOf(specOf(rule)['subsets'])
      .map(recordOf)
      .find(({ name }) => name === subset)
    return own === undefined ? [] : [recordOf(own['labels'])]
  })
  return found.length === 0 ? [{ ...whole, labels: undefined }] : found.map((labels) => ({ ...whole, labels }))
}

function isFor(rule: RenderedObject, host: string): boolean {
  return hostsOverlap(textOf(specOf(rule)['host']) ?? '', host)
}

/** All that must be on a pod, as far as it is known. */
export function wantedBy({ service, labels }: Selection): Labels {
  return { ...service, ...labels }
}

export function isKnown({ service, labels }: Selection): boolean {
  return service !== undefined && labels !== undefined
}

/** Whether a pod can have both. */
export function areTogether(one: Labels, other: Labels): boolean {
  return Object.entries(one).every(([key, value]) => !(key in other) || other[key] === value)
}

/** None of a destination's requests reach the canary's pods, all do, or as far as a name stands for. */
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
  // The same names stand for the same pods, whatever labels both have.
  return { unknown: canonicalText([selection.namespace, Object.fromEntries(missing), Object.fromEntries(beside)]) }
}

/** Where nothing says which labels count, names do: the same host and subset is the canary, another subset is not. */
function byName(selection: Selection, canary: Selection): Lead {
  if (selection.host !== canary.host) return 'none'
  if (selection.subset === canary.subset) return 'all'
  const isWhole = selection.labels !== undefined && Object.keys(selection.labels).length === 0
  return isWhole ? { unknown: `all of ${selection.host}` } : 'none'
}

/** The workloads whose pods a destination picks, by their names. */
export function workloadsOf({ workloads }: World, selection: Selection): ReadonlySet<string> {
  // Labels such as `version` mean something only beside those of a Service.
  if (selection.service === undefined) return new Set()
  const wanted = wantedBy(selection)
  const picked = workloads.filter(
    ({ namespace, labels }) => namespace === selection.namespace && labelsMatch(wanted, labels),
  )
  return new Set(picked.map(({ object }) => `${object.kind} ${effectiveNamespace(object)}/${object.name}`))
}
