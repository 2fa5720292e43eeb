import type { Delivery } from '../delivery/delivery.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { deadRules } from './dead-rules.ts'
import { deliveryFindings, mixedApis, twoWriters, unseen } from './effect.ts'
import { type Finding, findingKey, SEVERITIES } from './finding.ts'
import { type Misfit, misfitFinding } from './misfit.ts'
import { differingWeights, ingressUnsplit, meshConflicts } from './hosts.ts'
import { emptySubsets, gateways, missingHosts, missingPorts, withoutPods } from './references.ts'
import { refusedByIstio } from './refused.ts'
import { annotation, type FindingCheck, isGatewayRoute, sceneOf } from './scene.ts'

const CHECKS: readonly FindingCheck[] = [
  refusedByIstio,
  deadRules,
  missingHosts,
  missingPorts,
  gateways,
  emptySubsets,
  withoutPods,
  meshConflicts,
  ingressUnsplit,
  differingWeights,
  twoWriters,
  unseen,
  mixedApis,
]

/** What findings are about, besides what schemas say; an environment without any has none. */
function isTraffic(object: RenderedObject): boolean {
  const { kind, group } = object
  const isIstio = group === 'networking.istio.io' && (kind === 'VirtualService' || kind === 'DestinationRule')
  return isIstio || isGatewayRoute(object)
}

/** What is known of the objects of an environment besides themselves. */
export interface FindingContext {
  readonly deliveries?: readonly Delivery[]
  readonly misfits?: readonly Misfit[]
}

/** Everything that is found in the rendered objects of one environment. */
export function findingsIn(
  objects: readonly RenderedObject[],
  { deliveries = [], misfits = [] }: FindingContext = {},
): readonly Finding[] {
  const found = [...misfits.map(misfitFinding), ...effectsIn(objects, deliveries)]
  const kept = found.filter((finding) => !isSuppressed(finding, objects))
  return [...new Map(kept.map((finding) => [findingKey(finding) + finding.path.join('/'), finding])).values()]
}

function effectsIn(objects: readonly RenderedObject[], deliveries: readonly Delivery[]): readonly Finding[] {
  if (!objects.some(isTraffic)) return []
  const scene = sceneOf(objects)
  return [...CHECKS.flatMap((check) => check(scene)), ...deliveryFindings(scene, deliveries)]
}

/** As with istioctl: an annotation on the object, with codes or `*`. */
function isSuppressed({ object, detail }: Finding, objects: readonly RenderedObject[]): boolean {
  const own = objects.find((one) => one === object)
  const codes = own === undefined ? undefined : annotation(own, 'galley.istio.io/analyze-suppress')
  return codes?.split(',').some((code) => code.trim() === '*' || code.trim() === detail.code) === true
}

/** What follows from findings before and after a change. */
export interface SortedFindings {
  /** What the change brings: wrong, and its author is here. */
  readonly brought: readonly Finding[]
  /** What was there before, or is only worth knowing. */
  readonly notes: readonly Finding[]
}

/** Findings that make a raise pointless or harmful, whoever brought them. */
const RAISE = new Set(['two-writers', 'weights-ignored', 'no-pods', 'IST0101', 'IST0173'])

/** Tells what a change brings from what was there. `isRaised`: whether it sends a canary more traffic by this object. */
export function sortFindings(
  before: readonly Finding[],
  after: readonly Finding[],
  isRaised: (object: Finding['object']) => boolean,
): SortedFindings {
  const old = new Set(before.map(findingKey))
  const isWrong = (finding: Finding): boolean => {
    if (SEVERITIES[finding.detail.code] === 'info') return false
    return !old.has(findingKey(finding)) || (RAISE.has(finding.detail.code) && isRaised(finding.object))
  }
  return { brought: after.filter(isWrong), notes: after.filter((finding) => !isWrong(finding)) }
}
