/**
 * Finds a subset that a change defines and uses at the same time, or stops using and removes at the same time. For a moment,
 * requests may be answered with 503.
 */
import type { Delivery } from '../delivery/delivery.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { listOf, type Path, recordOf } from '../manifest/data.ts'
import { identityKey, qualifiedTitle } from '../manifest/identity.ts'
import type { Finding } from './finding.ts'
import { type Hop, rulesOf } from './scene/hops.ts'
import { isOpaque } from './scene/hosts.ts'
import { annotation, type ObjectIndex, sceneOf } from './scene/scene.ts'
import { rulesByHost, subsetNamed } from './scene/subsets.ts'

export interface OrderSides {
  readonly before: readonly RenderedObject[]
  readonly after: readonly RenderedObject[]
  /** Objects that other environments add to the same place. */
  readonly beside?: readonly RenderedObject[]
}

/**
 * Istio recommends make-before-break: proxies learn of a DestinationRule and of a VirtualService one after the other, in no fixed
 * order (istio.io, traffic management best practices: avoid 503 errors while reconfiguring service routes). Argo CD applies lower
 * sync waves first. Within one wave, and in one Kustomization of Flux, custom resources are applied together.
 */
export function orderFindings(
  { before, after, beside = [] }: OrderSides,
  deliveries: readonly Delivery[],
): readonly Finding[] {
  const [earlier, later] = [usesIn(sceneOf(before, beside)), usesIn(sceneOf(after, beside))]
  const hasWaves = deliveries.every(({ tool }) => tool === 'argo-cd')
  const isOrdered = (first: RenderedObject, second: RenderedObject): boolean =>
    hasWaves && waveOf(first) < waveOf(second)
  const added = [...later.used].flatMap(([key, { hop, subset }]): Finding[] => {
    const rule = later.ruleOf(hop, subset)
    const isNew = rule !== undefined && earlier.ruleOf(hop, subset) === undefined && !earlier.used.has(key)
    // A new host receives no requests yet that could fail.
    const isServed = earlier.routes.has(identityKey(hop.object)) || earlier.services.has(hop.host)
    if (!isNew || !isServed || isOrdered(rule, hop.object)) return []
    const detail = detailOf('added', { hop, subset, rule, hasWaves })
    const other = { object: rule, path: subsetPath(rule, subset) }
    return [{ object: hop.object, path: [...hop.named.slice(0, -1), 'subset'], detail, grade: 'warning', other }]
  })
  const removed = [...earlier.used].flatMap(([key, { hop, subset }]): Finding[] => {
    const rule = earlier.ruleOf(hop, subset)
    const object = later.routes.get(identityKey(hop.object))
    const isGone = rule !== undefined && later.ruleOf(hop, subset) === undefined && !later.used.has(key)
    if (!isGone || object === undefined) return []
    const kept = later.rules.get(identityKey(rule))
    if (kept !== undefined && isOrdered(object, kept)) return []
    const detail = detailOf('removed', { hop, subset, rule, hasWaves })
    const other = kept && { object: kept, path: ['spec', 'subsets'] }
    return [{ object, path: ['spec'], detail, grade: 'warning', ...(other === undefined ? {} : { other }) }]
  })
  return [...added, ...removed]
}

interface SubsetUse {
  readonly hop: Hop
  readonly subset: string
}

interface SubsetUses {
  /** The first entry of each route for each subset that gets traffic there. */
  readonly used: ReadonlyMap<string, SubsetUse>
  /** The DestinationRule that defines the subset of an entry. */
  readonly ruleOf: (hop: Hop, subset: string) => RenderedObject | undefined
  readonly routes: ReadonlyMap<string, RenderedObject>
  readonly rules: ReadonlyMap<string, RenderedObject>
  readonly services: ObjectIndex['services']
}

function usesIn({ virtualServices, destinationRules, services }: ObjectIndex): SubsetUses {
  const rulesFor = rulesByHost(destinationRules)
  const used = new Map<string, SubsetUse>()
  for (const hop of virtualServices.flatMap(rulesOf).flat()) {
    const { subset, host, object, getsTraffic } = hop
    if (!getsTraffic || subset === undefined || isOpaque(subset) || isOpaque(host)) continue
    const key = JSON.stringify([identityKey(object), host, subset])
    if (!used.has(key)) used.set(key, { hop, subset })
  }
  return {
    used,
    ruleOf: ({ host }, subset) => subsetNamed(rulesFor(host), subset)?.rule,
    routes: byIdentity(virtualServices),
    rules: byIdentity(destinationRules),
    services,
  }
}

function byIdentity(objects: readonly RenderedObject[]): ReadonlyMap<string, RenderedObject> {
  return new Map(objects.map((object) => [identityKey(object), object]))
}

function subsetPath({ data }: RenderedObject, subset: string): Path {
  const index = listOf(recordOf(data['spec'])['subsets']).findIndex((one) => recordOf(one)['name'] === subset)
  return ['spec', 'subsets', ...(index < 0 ? [] : [index])]
}

function detailOf(
  what: 'added' | 'removed',
  { hop, subset, rule, hasWaves }: SubsetUse & { readonly rule: RenderedObject; readonly hasWaves: boolean },
): Finding['detail'] {
  const { written: host } = hop
  return { code: 'use-before-definition', what, subset, host, rule: qualifiedTitle(rule), hasWaves }
}

/** Zero if the annotation is not a number, as in Argo CD. */
function waveOf(object: RenderedObject): number {
  const written = annotation(object, 'argocd.argoproj.io/sync-wave') ?? ''
  return /^[+-]?\d+$/.test(written) ? Number(written) : 0
}
