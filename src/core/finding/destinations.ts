/**
 * Finds destinations that a rule sends requests to and that cannot answer: a host or subset that does not exist, or has no pods.
 */
import type { RenderedObject } from '../diff/objects.ts'
import { effectiveNamespace } from '../manifest/identity.ts'
import type { Detail, Finding } from './finding.ts'
import { type Hop, rulesOf } from './scene/hops.ts'
import { type HostIndex, hostsOverlap, isOpaque } from './scene/hosts.ts'
import { type FindingCheck, type FindingScene, selectorOf, workloadsWith } from './scene/scene.ts'
import { rulesByHost, subsetNamed } from './scene/subsets.ts'
import type { Workload } from './scene/workload.ts'

type Labels = Readonly<Record<string, unknown>>
type RulesByHost = HostIndex<RenderedObject>

/**
 * A host counts as missing only if another destination of the same rule is here, so that this is where it belongs, and if nothing
 * else could create it (istio.io, traffic-management-problems: 503 errors after setting a destination).
 */
export const missingDestinations: FindingCheck = (scene) => {
  const rulesFor = rulesByHost(scene.destinationRules)
  return everyRule(scene).flatMap((rule) =>
    rule.flatMap((hop): readonly Finding[] => {
      if (isOpaque(hop.written)) return []
      return isKnown(scene, hop) ? missingSubset(scene, rulesFor, hop) : missingHost(scene, rule, hop)
    }),
  )
}

/** A destination that gets traffic and has no pods. It answers 503 to every request. */
export const withoutPods: FindingCheck = (scene) => {
  const rulesFor = rulesByHost(scene.destinationRules)
  return everyRule(scene).flatMap((rule) => {
    const pods = new Map(rule.map((hop) => [hop, podsOf(scene, rulesFor, hop)]))
    return rule.flatMap((hop): Finding[] => {
      const own = pods.get(hop)
      if (!hop.getsTraffic || own === undefined || own === 'some' || own === 'unknown') return []
      const isFamilyHere = rule.some((other) => pods.get(other) === 'some')
      if (own === 'no-workload' && (!isFamilyHere || mayCome(scene, hop))) return []
      const destination = hop.subset === undefined ? hop.written : `${hop.written} ${hop.subset}`
      return [finding(hop, { code: 'no-pods', destination, why: own })]
    })
  })
}

function everyRule(scene: FindingScene): readonly (readonly Hop[])[] {
  return [...scene.virtualServices, ...scene.routes].flatMap(rulesOf)
}

/** Certainly an error if requests reach it. Otherwise it may be created later. */
function finding(hop: Hop, detail: Detail, path = hop.named): Finding {
  return { object: hop.object, path, detail, grade: hop.getsTraffic ? 'error' : 'warning' }
}

function isKnown(scene: FindingScene, { host, written }: Hop): boolean {
  return (
    scene.services.has(host) ||
    scene.entries.some((entry) => hostsOverlap(entry, host) || hostsOverlap(entry, written)) ||
    !host.endsWith('.svc.cluster.local')
  )
}

function mayCome({ brought }: FindingScene, hop: Hop): boolean {
  return brought.has('*') || brought.has(namespaceIn(hop.host))
}

function namespaceIn(host: string): string {
  return host.split('.')[1] ?? ''
}

function missingHost(scene: FindingScene, rule: readonly Hop[], hop: Hop): readonly Finding[] {
  const isPlaceForIt = rule.some(({ host }) => scene.services.has(host) && namespaceIn(host) === namespaceIn(hop.host))
  if (!isPlaceForIt || mayCome(scene, hop)) return []
  return [finding(hop, { code: 'IST0101', what: 'host', name: hop.written })]
}

function missingSubset(scene: FindingScene, rulesFor: RulesByHost, hop: Hop): readonly Finding[] {
  if (hop.subset === undefined || isOpaque(hop.subset)) return []
  const rules = rulesFor(hop.host)
  // Without any rule for the host, the rule may be elsewhere, unless the Service is here and nothing else creates objects there.
  const isJudged = rules.length > 0 || (scene.services.has(hop.host) && !mayCome(scene, hop))
  if (!isJudged || subsetNamed(rules, hop.subset) !== undefined) return []
  const path = [...hop.named.slice(0, -1), 'subset']
  return [finding(hop, { code: 'IST0101', what: 'subset', name: hop.subset, host: hop.written }, path)]
}

type Pods = 'some' | 'unknown' | 'no-replicas' | 'no-workload'

/** Whether a destination has pods. */
function podsOf(scene: FindingScene, rulesFor: RulesByHost, hop: Hop): Pods {
  const service = scene.services.get(hop.host)
  const selector = service === undefined ? undefined : selectorOf(service)
  if (service === undefined || selector === undefined) return 'unknown'
  const own = hop.subset === undefined ? undefined : subsetNamed(rulesFor(hop.host), hop.subset)?.labels
  const wanted = { ...selector, ...ownLabels(own ?? {}) }
  const namespace = effectiveNamespace(service)
  const fitting = workloadsWith(scene, namespace, wanted)
  if (fitting.some(({ replicas }) => replicas !== undefined && replicas > 0)) return 'some'
  const some = scene.workloads.filter((workload) => workload.namespace === namespace)
  if (some.some((workload) => workload.replicas !== 0 && mayHave(workload, wanted))) return 'unknown'
  return fitting.length > 0 ? 'no-replicas' : 'no-workload'
}

/** Whether its pods may get these labels at run time: they have some of them, and no other values for the rest. */
function mayHave({ labels, set }: Workload, wanted: Labels): boolean {
  const told = Object.entries(wanted).filter(([key, value]) => !set.has(key) && !isOpaque(value) && key in labels)
  const isAlike = told.every(([key, value]) => labels[key] === value || isOpaque(labels[key]))
  // A workload that takes its template from elsewhere has no labels to compare.
  return isAlike && (told.length > 0 || Object.keys(labels).length === 0)
}

/** Labels that people write. The platform sets the labels that say where a pod runs. */
function ownLabels(labels: Labels): Labels {
  const platform =
    /^(?:topology\.kubernetes\.io|topology\.istio\.io|failure-domain\.beta\.kubernetes\.io|kubernetes\.io)\//
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !platform.test(key)))
}
