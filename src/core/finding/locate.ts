import { isRecord, type Manifest, type ManifestObject, parseManifest, type Place } from '../manifest/parse.ts'
import type { Finding } from './finding.ts'

export interface Sources {
  readonly files: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  /** Where a reader begins when the object cannot be told: the environment's kustomization. */
  readonly home: Place | undefined
}

/**
 * Where a finding's object stands in the user's files. kustomize may have given it another name, namespace or values: of
 * several places that can be meant, the one that says the most of what the finding is about, the last of them.
 */
export function locate({ object, path }: Finding, { files, texts, home }: Sources): Place | undefined {
  let best: { readonly depth: number; readonly place: Place } | undefined
  for (const file of files) {
    const text = texts.get(file)
    if (text === undefined || !text.includes(object.kind)) continue
    const manifest = parseManifest(file, text)
    if (!manifest.ok) continue
    for (const candidate of manifest.value.objects.filter((one) => canBe(one, object))) {
      const depth = depthOf(candidate, path)
      const place = placeIn(manifest.value, candidate, path)
      if (best === undefined || depth >= best.depth) best = { depth, place }
    }
  }
  return best?.place ?? home
}

/** By kind, and by a name that kustomize may have put something before or behind. */
function canBe(candidate: ManifestObject, { kind, name }: Finding['object']): boolean {
  return candidate.kind === kind && (candidate.name === name || name.includes(candidate.name))
}

function depthOf({ data }: ManifestObject, path: Finding['path']): number {
  let at: unknown = data
  for (const [depth, key] of path.entries()) {
    const next: unknown = Array.isArray(at) ? at[Number(key)] : isRecord(at) ? at[String(key)] : undefined
    if (next === undefined) return depth
    at = next
  }
  return path.length
}

function placeIn(manifest: Manifest, { file, document, at }: ManifestObject, path: Finding['path']): Place {
  return { file, line: manifest.line(document, [...at, ...path]) }
}
