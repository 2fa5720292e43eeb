/** What runs behind one version of a route, in the render of an environment. */
import type { RenderedObject } from '../diff/objects.ts'
import { labelsMatch, specOf } from '../finding/scene/scene.ts'
import { canonicalText } from '../manifest/data.ts'
import { identityKey } from '../manifest/identity.ts'
import type { Target } from '../rollout/target.ts'
import type { Role } from '../traffic/route.ts'
import { placesIn } from './canaries.ts'
import { selectionsOf, wantedBy, worldOf } from './world.ts'

/**
 * A text for how a version's pods are selected and what they consist of, without their number. Equal texts mean equal versions.
 * Undefined if the route does not lead to the version.
 */
export function versionPods(
  environment: string,
  { target, role }: { readonly target: Target; readonly role: Role },
  objects: readonly RenderedObject[],
): string | undefined {
  const places = placesIn(environment, role)(target, objects)
  if (places.length === 0) return undefined
  const world = worldOf(objects)
  const selections = places.flatMap((place) => selectionsOf(world, place))
  const isPicked = (namespace: string, labels: Readonly<Record<string, unknown>>): boolean =>
    selections.some((one) => one.namespace === namespace && labelsMatch(wantedBy(one), labels))
  const made = world.workloads
    .filter(({ namespace, labels }) => isPicked(namespace, labels))
    .map(({ object }) => {
      const { replicas: _, ...spec } = specOf(object)
      return [identityKey(object), spec] as const
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return canonicalText([selections.map(wantedBy), made])
}
