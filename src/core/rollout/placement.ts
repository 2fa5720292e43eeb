import type { Texts } from '../environment/closure.ts'
import type { Environment } from '../environment/graph.ts'
import { isRecord, parseSource } from '../environment/source.ts'
import type { Manifest } from '../manifest/parse.ts'

/**
 * The namespace that kustomize puts every object of an environment into: the `namespace` of its root, which is applied
 * last. Short hosts are resolved there. Undefined where it leaves them as they are.
 */
export function namespaceOf({ kind, root, files }: Environment, texts: Texts): string | undefined {
  const prefix = root === '' ? '' : `${root}/`
  const file = files.find(
    (path) => /^kustomization(\.ya?ml)?$/i.test(path.slice(prefix.length)) && path.startsWith(prefix),
  )
  if (kind !== 'kustomize' || file === undefined) return undefined
  const parsed = parseSource(texts.get(file) ?? '')
  const data = parsed.ok ? parsed.documents[0]?.data : undefined
  const namespace = isRecord(data) ? data['namespace'] : undefined
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

/** The manifest as it is after kustomize has put its objects into a namespace; as written where it does not. */
export function placed(manifest: Manifest, namespace: string | undefined): Manifest {
  if (namespace === undefined || manifest.objects.every((object) => object.namespace === namespace)) return manifest
  return { ...manifest, objects: manifest.objects.map((object) => ({ ...object, namespace })) }
}
