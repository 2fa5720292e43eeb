/** The workloads of the pods behind a destination, as far as manifests contain them. */
import { type Path, recordOf, valueAt } from '../manifest/data.ts'
import { effectiveNamespace, identityKey, type ObjectIdentity } from '../manifest/identity.ts'

/** An object with a pod template. */
export interface PodSource extends ObjectIdentity {
  readonly data: Readonly<Record<string, unknown>>
}

/** The path of the pod spec in a template. */
export const POD_SPEC: Path = ['spec', 'template', 'spec']

/** The workloads of a namespace whose pods have all of these labels. */
export function podSourcesFor<T extends PodSource>(
  labels: Readonly<Record<string, string>>,
  namespace: string,
  objects: readonly T[],
): readonly T[] {
  const found = objects.filter((object) => {
    const own = recordOf(valueAt(object.data, ['spec', 'template', 'metadata', 'labels']))
    const isHere = effectiveNamespace(object) === namespace && valueAt(object.data, POD_SPEC) !== undefined
    return isHere && Object.entries(labels).every(([key, value]) => own[key] === value)
  })
  return [...new Map(found.map((object) => [identityKey(object), object])).values()]
}
