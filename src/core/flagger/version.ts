/** The version that a Canary deploys, from the objects in which Flagger looks for changes. */
import type { RenderedObject } from '../diff/objects.ts'
import { canonicalText, recordOf, textOf } from '../manifest/data.ts'
import { effectiveNamespace, type ObjectIdentity } from '../manifest/identity.ts'

type CanaryObject = ObjectIdentity & { readonly data: Readonly<Record<string, unknown>> }

/**
 * The pod template of a Canary's target, with the ConfigMaps and Secrets that it names, as one text for comparisons. It may
 * contain secret values. Undefined if the target is not among the objects.
 */
export function deployedVersion(canary: CanaryObject, objects: readonly RenderedObject[]): string | undefined {
  const reference = recordOf(recordOf(canary.data['spec'])['targetRef'])
  const isBeside = (object: ObjectIdentity): boolean =>
    canary.namespace === '' || effectiveNamespace(object) === effectiveNamespace(canary)
  const found = objects.filter(
    (object) =>
      object.kind === textOf(reference['kind']) && object.name === textOf(reference['name']) && isBeside(object),
  )
  const [target] = found
  if (target === undefined || found.length > 1) return undefined
  const template = canonicalText(recordOf(recordOf(target.data['spec'])['template']))
  const configs = objects
    .filter(({ kind, name }) => ['ConfigMap', 'Secret'].includes(kind) && template.includes(JSON.stringify(name)))
    .filter(isBeside)
    .map(({ kind, name, data }) => canonicalText([kind, name, data['data'], data['stringData'], data['binaryData']]))
    .toSorted()
  return JSON.stringify([template, ...configs])
}
