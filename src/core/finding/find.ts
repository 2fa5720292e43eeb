import type { Delivery } from '../delivery/delivery.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { bringingNamespaces } from './scene/bringers.ts'
import { missingDestinations, withoutPods } from './destinations.ts'
import { deliveryFindings, twoWriters } from './effect.ts'
import { type Finding, findingKey } from './finding.ts'
import { type Misfit, misfitFindings } from './misfit.ts'
import { type FindingCheck, isGatewayRoute, sceneOf } from './scene/scene.ts'
import { refusedWeights, unreachedSplits } from './weights.ts'

const CHECKS: readonly FindingCheck[] = [refusedWeights, unreachedSplits, missingDestinations, withoutPods, twoWriters]

/** The objects that findings are about, apart from schemas. An environment without any has no findings. */
function isTraffic(object: RenderedObject): boolean {
  const { kind, group } = object
  return (group === 'networking.istio.io' && kind === 'VirtualService') || isGatewayRoute(object)
}

/** What is known about an environment besides its objects. */
export interface FindingContext {
  readonly deliveries?: readonly Delivery[]
  readonly misfits?: readonly Misfit[]
  /** Objects that other environments add to the same place. */
  readonly beside?: readonly RenderedObject[]
  /** Namespaces to which something that is not here is deployed; `*` for any. */
  readonly outsiders?: ReadonlySet<string>
}

/** All findings in the rendered objects of one environment. */
export function findingsIn(
  objects: readonly RenderedObject[],
  { deliveries = [], misfits = [], beside = [], outsiders = new Set() }: FindingContext = {},
): readonly Finding[] {
  const found: Finding[] = misfits.flatMap(misfitFindings)
  if (objects.some(isTraffic)) {
    const index = sceneOf(objects, beside)
    const scene = { ...index, brought: bringingNamespaces(index.objects, outsiders) }
    found.push(...CHECKS.flatMap((check) => check(scene)), ...deliveryFindings(scene, deliveries))
  }
  return [...new Map(found.map((finding) => [findingKey(finding) + finding.path.join('/'), finding])).values()]
}
