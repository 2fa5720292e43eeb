import { cached } from '../cached.ts'
import type { Manifest, ManifestProblem } from '../manifest/parse.ts'
import type { Result } from '../result.ts'
import { type Contents, type KustomizationFile, readKustomization } from './kustomization.ts'

/** Entries may be dropped at any time. */
export interface Known<T> {
  get(key: string): T | undefined
  set(key: string, value: T): unknown
}

/** Cached results by path. The same text gives the same result in any commit. */
export type ReadTexts<T> = Known<{ readonly text: string; readonly read: T }>

/** The cache for the files of a repository. Two commits have most files in common. */
export interface FileCache {
  /** By text, because the overlays of a repository are often equal. */
  readonly kustomizations: Known<KustomizationFile>
  /** Files that configure generators, transformers and validators. */
  readonly plugins: ReadTexts<Pick<Contents, 'references' | 'complaints'>>
  /** Patches and replacements. */
  readonly patches: ReadTexts<Result<Manifest, ManifestProblem>>
  /** Files with objects. Only objects about traffic are kept. */
  readonly manifests: ReadTexts<Result<Manifest, ManifestProblem>>
}

export function emptyFileCache(): FileCache {
  return { kustomizations: new Map(), plugins: new Map(), patches: new Map(), manifests: new Map() }
}

/** Parses a file, unless the same text is already in the cache. */
export function readOnce<T>(
  known: ReadTexts<T>,
  { file, text }: { readonly file: string; readonly text: string },
  read: (text: string, file: string) => T,
): T {
  const before = known.get(file)
  if (before?.text === text) return before.read
  const now = read(text, file)
  known.set(file, { text, read: now })
  return now
}

/** Parses a kustomization, unless one with the same text is already in the cache, from any folder. */
export function readKustomizationOnce(
  known: FileCache['kustomizations'],
  { file, text }: { readonly file: string; readonly text: string },
): KustomizationFile {
  const read = cached(known, text, () => readKustomization(text, file))
  const { manifest } = read
  if (manifest === undefined || manifest.file === file) return read
  return { ...read, manifest: { ...manifest, file, objects: manifest.objects.map((object) => ({ ...object, file })) } }
}
