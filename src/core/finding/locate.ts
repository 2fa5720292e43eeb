import { isRecord, type Manifest, type ManifestObject, parseManifest, type Place } from '../manifest/parse.ts'
import type { Finding } from './finding.ts'

export interface Sources {
  readonly files: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  /** Where a reader begins when the object cannot be told: the environment's kustomization. */
  readonly home: Place | undefined
}

/** What is said about an object, and where in it. */
type About = Pick<Finding, 'path'> & { readonly object: Pick<Finding['object'], 'kind' | 'name'> }

/**
 * Where a finding's object stands in the user's files. kustomize may have given it another name, namespace or values: of
 * several places that can be meant, the one that says the most of what the finding is about, the last of them.
 */
export function locate(about: About, sources: Sources): Place | undefined {
  return locator(sources)(about)
}

/** The same for many: each file is read once. */
export function locator({ files, texts, home }: Sources): (about: About) => Place | undefined {
  const read = new Map<string, Manifest | undefined>()
  const manifestOf = (file: string, text: string): Manifest | undefined => {
    if (read.has(file)) return read.get(file)
    const manifest = parseManifest(file, text)
    read.set(file, manifest.ok ? manifest.value : undefined)
    return read.get(file)
  }
  const meant = function* ({ object }: About): Generator<readonly [Manifest, ManifestObject]> {
    for (const file of files) {
      const text = texts.get(file)
      const manifest = text?.includes(object.kind) === true ? manifestOf(file, text) : undefined
      for (const one of manifest?.objects ?? []) if (manifest && canBe(one, object)) yield [manifest, one]
    }
  }
  return (about) => {
    let best: { readonly depth: number; readonly place: Place } | undefined
    for (const [manifest, candidate] of meant(about)) {
      const depth = depthOf(candidate, about.path)
      if (depth >= (best?.depth ?? 0)) best = { depth, place: placeIn(manifest, candidate, about.path) }
    }
    return best?.place ?? home
  }
}

/** By kind, and by a name that kustomize may have put something before or behind. */
function canBe(candidate: ManifestObject, { kind, name }: About['object']): boolean {
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
