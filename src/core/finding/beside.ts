/** What other environments of the repository put beside the objects of one. */
import type { RenderedObject } from '../diff/objects.ts'
import { effectiveNamespace, identityKey } from '../manifest/identity.ts'
import type { Finding } from './finding.ts'

/** What could be proven only by looking at what others deploy to the same place: something that is not here. */
export function isUnproven({ detail, grade }: Finding): boolean {
  return grade !== 'note' && (detail.code === 'IST0101' || detail.code === 'no-pods')
}

/** `namespace`: where its deployer puts objects that name none. */
type Placed<T> = T & { readonly namespace: string | undefined }

/** Whether an environment may put anything into the namespaces of these objects: it has to name one somewhere. */
export function isNeighbour(
  own: readonly RenderedObject[],
  namespace: string | undefined,
  other: Placed<{ readonly texts: readonly string[] }>,
): boolean {
  const names = new Set(own.map((object) => placeOf(object, namespace)))
  if (other.namespace !== undefined && names.has(other.namespace)) return true
  return names.has('default') || [...names].some((name) => other.texts.some((text) => text.includes(name)))
}

/**
 * The objects that an environment puts beside these. None where it has one of the same: then it is for another cluster, as the
 * overlays of one base are. Objects of no namespace, and the Namespaces themselves, several environments may bring.
 */
export function besideIn(
  own: readonly RenderedObject[],
  namespace: string | undefined,
  other: Placed<{ readonly objects: readonly RenderedObject[] }>,
): readonly RenderedObject[] {
  const placed = other.objects.map((object) => ({ ...object, namespace: placeOf(object, other.namespace) }))
  const keys = new Set(own.map((object) => identityKey({ ...object, namespace: placeOf(object, namespace) })))
  return placed.some((object) => !SHARED.has(object.kind) && keys.has(identityKey(object))) ? [] : placed
}

const SHARED = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition'])

function placeOf(object: RenderedObject, namespace: string | undefined): string {
  return object.namespace === '' ? (namespace ?? effectiveNamespace(object)) : object.namespace
}
