/** What runs behind one version of a route, as an environment renders it. */
import type { RenderedObject } from '../diff/objects.ts'
import { labelsMatch, specOf } from '../finding/scene/scene.ts'
import { canonicalText } from '../manifest/data.ts'
import { identityKey } from '../manifest/identity.ts'
import type { Target } from '../rollout/target.ts'
import type { Role } from '../traffic/route.ts'
import { placesIn } from './canaries.ts'
import { selectionsOf, wantedBy, worldOf } from './world.ts'

/**
 * One text for what picks a version's pods and for what these are made of, less how many there are: the same text, the same version.
 * Undefined where the route does not lead to it.
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
