/** Patches that Argo CD or Flux apply to the output of kustomize before it goes to the cluster. */
import { selectsObject, type Selector } from '../layer/selector.ts'
import { readDocuments } from '../manifest/yaml/documents.ts'
import { groupOf, type ObjectIdentity } from '../manifest/identity.ts'
import { type Path, isRecord, listOf, recordOf, textOf } from '../manifest/data.ts'
import { hasOneOf, pathsAt } from './ignored/ignored-fields.ts'

type Data = Readonly<Record<string, unknown>>

export interface DeployerPatch {
  readonly target: Selector
  /** The fields that it sets or removes. */
  readonly paths: readonly Path[]
}

/** In tokens. Enough for a patch of some thousand lines. */
const BUDGET = 50_000

/** The patches in an entry of `patches`, of an Application's `kustomize` or of a Flux Kustomization. */
function deployerPatches(entry: unknown): readonly DeployerPatch[] {
  const { patch, target } = recordOf(entry)
  const read = readDocuments(textOf(patch) ?? '', { budget: BUDGET })
  if (!read.ok) return []
  return read.documents.flatMap(({ data }): DeployerPatch[] => {
    if (Array.isArray(data)) {
      const paths = data.flatMap((operation) => operationPath(recordOf(operation)))
      return [{ target: selectorOf(recordOf(target)), paths }]
    }
    if (!isRecord(data)) return []
    const own = isRecord(target) ? selectorOf(target) : ownTarget(data)
    return [{ target: own, paths: leavesOf(data, []) }]
  })
}

/** Whether a patch sets one of these fields of an object, or something that contains one. */
export function setsOneOf({ target, paths }: DeployerPatch, object: ObjectIdentity, fields: readonly Path[]): boolean {
  const { group, kind, namespace, name } = object
  const identity = { group, version: '', kind, names: [name], namespaces: [namespace] }
  return selectsObject(target, identity) !== false && hasOneOf(paths, fields)
}

function operationPath({ op, path }: Data): readonly Path[] {
  return op === 'test' ? [] : pathsAt(path)
}

/** The paths that a merge patch sets. It replaces the lists of a custom resource as a whole. */
function leavesOf(data: unknown, path: Path): readonly Path[] {
  if (!isRecord(data)) return [path]
  return Object.entries(data).flatMap(([key, value]) => leavesOf(value, [...path, key]))
}

function selectorOf(target: Data): Selector {
  return {
    group: textOf(target['group']),
    // The API version in the render does not matter to what happens to the object.
    version: undefined,
    kind: textOf(target['kind']),
    namespace: textOf(target['namespace']),
    name: textOf(target['name']),
    hasLabels: target['labelSelector'] !== undefined || target['annotationSelector'] !== undefined,
  }
}

function ownTarget(patch: Data): Selector {
  const { name, namespace } = recordOf(patch['metadata'])
  const apiVersion = textOf(patch['apiVersion'])
  return {
    group: apiVersion === undefined ? undefined : groupOf(apiVersion),
    version: undefined,
    kind: textOf(patch['kind']),
    namespace: textOf(namespace),
    name: textOf(name),
    hasLabels: false,
  }
}

/** All patches of a Flux Kustomization, or of the `kustomize` of an Application. The older fields each have one kind of patch. */
export function patchesIn(spec: Data): readonly DeployerPatch[] {
  const merges = listOf(spec['patchesStrategicMerge']).map((data) => ({ patch: JSON.stringify(data) }))
  const operations = listOf(spec['patchesJson6902']).map((entry) => {
    const { patch, target } = recordOf(entry)
    return { patch: JSON.stringify(patch), target }
  })
  return [...listOf(spec['patches']), ...merges, ...operations].flatMap(deployerPatches)
}
