/**
 * Flux generates a kustomization for a folder without one. It contains the folders below that have a kustomization of their own, so what
 * the deployer adds reaches them too.
 */
import { foldersBelow, isKustomization, parentOf } from '../../environment/tree.ts'
import { isRecord, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { groupOf } from '../../manifest/identity.ts'
import { readOneDocument } from '../../manifest/yaml/documents.ts'
import type { Additions } from '../additions.ts'
import type { Delivery } from '../delivery.ts'

/** The deliveries, with one more for each folder that a generated kustomization contains. */
export function withGenerated(deliveries: readonly Delivery[], paths: readonly string[]): readonly Delivery[] {
  const built = new Set(paths.filter(isKustomization).map(parentOf))
  return deliveries.flatMap((delivery) => {
    const { tool, path, additions } = delivery
    if (tool !== 'flux' || path === '' || built.has(path)) return [delivery]
    const below = foldersBelow(path, built)
    if (below.length === 0) return [delivery]
    return [path, ...below].map((folder) => {
      return {
        ...delivery,
        path: folder,
        named: path,
        additions: additions && forPart(additions, { path: folder, named: path }),
      }
    })
  })
}

/**
 * Additions for one of several folders that are built together. A patch without a target must find its object, which may be in another
 * one of them. One with a target may find nothing. Components are named from the folder that the deployer names.
 */
export function forPart(
  additions: Additions,
  { path, named }: { readonly path: string; readonly named: string },
): Additions {
  const { patches, patchesStrategicMerge, components, ...rest } = additions.fields
  const up = '../'.repeat(path.slice(named.length).split('/').length - 1)
  const others =
    components === undefined
      ? rest
      : { ...rest, components: listOf(components).map((one) => `${up}${textOf(one) ?? ''}`) }
  const merges = listOf(patchesStrategicMerge).map((patch) => ({ patch }))
  const all = [...listOf(patches), ...merges].map(recordOf).map((entry) => {
    const target = entry['target'] ?? targetOf(textOf(entry['patch']) ?? '')
    return target === undefined ? entry : { ...entry, target }
  })
  return { ...additions, fields: all.length === 0 ? others : { ...others, patches: all } }
}

function targetOf(patch: string): Readonly<Record<string, unknown>> | undefined {
  const read = readOneDocument(patch)
  const data = read.ok ? read.value?.data : undefined
  if (!isRecord(data)) return undefined
  const { name, namespace } = recordOf(data['metadata'])
  return {
    group: groupOf(textOf(data['apiVersion']) ?? ''),
    kind: data['kind'],
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }
}
