import { cached } from '../cached.ts'
import { type LayeredObject, layeredIn } from '../layer/layered.ts'
import { placeOf } from '../layer/build/origin.ts'
import { type Layout, manifestIn, resourcesOf } from '../layer/layout.ts'
import { identityKey } from '../manifest/identity.ts'
import { valueAt } from '../manifest/data.ts'
import { type Manifest, type ManifestObject, parseManifest, type Location } from '../manifest/parse.ts'
import type { Finding } from './finding.ts'

export interface Sources {
  readonly environment: string
  readonly layout: Layout
  readonly files: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  /** The fallback if the object cannot be found: the environment's kustomization. */
  readonly home: Location | undefined
}

/** An object, and a path in it. */
type About = Pick<Finding, 'object' | 'path'>

/**
 * Returns a function that finds the file and line of a finding. Each file is read once, and only if it may contain the object.
 */
export function locator(sources: Sources): (about: About) => Location | undefined {
  let known: ReadonlyMap<string, LayeredObject> | undefined
  const search = searching(sources)
  return (finding) => {
    known ??= layeredObjects(sources)
    const layered = known.get(identityKey(finding.object))
    return layered === undefined ? search(finding) : placeOf(layered, finding.path)
  }
}

/** The environment's objects about traffic, by their rendered names. */
function layeredObjects({ layout, environment }: Sources): ReadonlyMap<string, LayeredObject> {
  const all = resourcesOf(layout, environment).flatMap((file) => {
    const manifest = manifestIn(layout, file)
    const objects = manifest.ok ? (manifest.value?.objects ?? []) : []
    return objects.flatMap((object) => layeredIn(layout, environment, object) ?? [])
  })
  return new Map(all.map((layered) => [identityKey(layered.rendered), layered]))
}

/** For findings whose place is not known for certain. */
function searching({ files, texts, home }: Sources): (about: About) => Location | undefined {
  const kinds = new Map<string, readonly string[]>()
  const manifests = new Map<string, readonly Manifest[]>()
  const holding = (kind: string): readonly string[] =>
    cached(kinds, kind, () => files.filter((file) => texts.get(file)?.includes(kind) === true))
  /** None if the file cannot be read. */
  const manifestsOf = (file: string): readonly Manifest[] =>
    cached(manifests, file, () => {
      const manifest = parseManifest(file, texts.get(file) ?? '')
      return manifest.ok ? [manifest.value] : []
    })
  return (finding) => locate(finding, holding(finding.object.kind).flatMap(manifestsOf)) ?? home
}

/**
 * The place of a finding's object in the user's files. kustomize may have changed its name, namespace or values. If several
 * places are possible, the one that contains most of the finding's path counts, then the one with the most similar name, then the
 * last.
 */
function locate({ object, path }: About, manifests: readonly Manifest[]): Location | undefined {
  let best: { readonly depth: number; readonly manifest: Manifest; readonly candidate: ManifestObject } | undefined
  for (const manifest of manifests) {
    for (const candidate of manifest.objects.filter((one) => canBe(one, object))) {
      const depth = depthOf(candidate, path)
      const isDeeper = best === undefined || depth > best.depth
      const isAsDeep = depth === best?.depth && candidate.name.length >= best.candidate.name.length
      if (isDeeper || isAsDeep) best = { depth, manifest, candidate }
    }
  }
  return best === undefined ? undefined : placeIn(best.manifest, best.candidate, path)
}

/** Compares the kind, and a name that kustomize may have given a prefix or suffix. */
function canBe(candidate: ManifestObject, { kind, name }: About['object']): boolean {
  return candidate.kind === kind && (candidate.name === name || name.includes(candidate.name))
}

function depthOf({ data }: ManifestObject, path: Finding['path']): number {
  const missing = path.findIndex((_, depth) => valueAt(data, path.slice(0, depth + 1)) === undefined)
  return missing === -1 ? path.length : missing
}

function placeIn(manifest: Manifest, { file, document, at }: ManifestObject, path: Finding['path']): Location {
  return { file, line: manifest.line(document, [...at, ...path]) }
}
