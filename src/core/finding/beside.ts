/** Finds the objects that other environments of the repository add to the same place. */
import type { RenderedObject } from '../diff/objects.ts'
import { effectiveNamespace, identityKey } from '../manifest/identity.ts'
import type { Finding } from './finding.ts'

/** Whether the finding is about something missing, which other environments may deploy to the same place. */
export function isUnproven({ detail, grade }: Finding): boolean {
  return grade !== 'note' && (detail.code === 'IST0101' || detail.code === 'no-pods')
}

/** `namespace`: where the deployer puts objects that name none. */
type Placed<T> = T & { readonly namespace: string | undefined }

/**
 * Whether an environment may put anything into the namespaces of these objects. To do so, it must name one of them somewhere,
 * except for `default`.
 */
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
 * The objects that another environment adds to these. None if both contain the same object: then the other environment is for
 * another cluster, as overlays of one base are. Objects without a namespace, and Namespaces, may be in several environments.
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
