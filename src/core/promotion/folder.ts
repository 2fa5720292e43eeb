/** The files in an environment's own folder. */
import type { RenderedObject } from '../diff/objects.ts'
import type { Environment } from '../environment/environment.ts'
import { readKustomization } from '../environment/kustomization.ts'
import { isKustomization, join, nameOf, parentOf } from '../environment/tree.ts'
import { isRecord, listOf, recordOf, textOf } from '../manifest/data.ts'

/** One of the two environments, with the texts of its files and its render. */
export interface PromotionSide {
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
  readonly objects: readonly RenderedObject[]
}

/** The files in an environment's folder, by their path in it. */
export type FolderFiles = ReadonlyMap<string, { readonly path: string; readonly text: string }>

export function filesBelow({ environment: { root, files }, texts }: PromotionSide): FolderFiles {
  const prefix = root === '' ? '' : `${root}/`
  return new Map(
    files.flatMap((path) => {
      const text = texts.get(path)
      if (!path.startsWith(prefix) || text === undefined) return []
      return [[path.slice(prefix.length), { path, text }] as const]
    }),
  )
}

/** A kustomization in an environment's folder. */
export interface FolderKustomization {
  /** Its folder, relative to the environment's folder; '' for that folder itself. */
  readonly folder: string
  readonly path: string
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

export function kustomizationsIn(files: FolderFiles): readonly FolderKustomization[] {
  return [...files].flatMap(([own, { path, text }]) => {
    if (!isKustomization(own)) return []
    const { data } = readKustomization(text, path)
    return data === undefined ? [] : [{ folder: parentOf(own), path, text, data }]
  })
}

/** Fields whose entries may each lead to one file that Perch can carry. */
const FIELDS = ['resources', 'patches', 'patchesStrategicMerge', 'patchesJson6902'] as const

/** The entry by which a kustomization lists a file. */
export interface FileEntry {
  readonly kustomization: FolderKustomization
  readonly field: string
  readonly item: unknown
}

export function entryOf(kustomizations: readonly FolderKustomization[], file: string): FileEntry | undefined {
  const entries = kustomizations.flatMap((kustomization) =>
    FIELDS.flatMap((field) => listOf(kustomization.data[field]).map((item) => ({ kustomization, field, item }))),
  )
  return entries.find(({ kustomization, item }) => {
    const path = isRecord(item) ? textOf(item['path']) : textOf(item)
    return path !== undefined && !path.includes('\n') && join(kustomization.folder, path) === file
  })
}

/** The words that identify an environment: its name, its folder, its namespaces, and its prefixes and suffixes of names. */
export function wordsOf(
  { environment: { name, root }, objects }: PromotionSide,
  files: FolderFiles,
): readonly string[] {
  const top = kustomizationsIn(files).find(({ folder }) => folder === '')
  const { namespace, namePrefix, nameSuffix } = recordOf(top?.data)
  const written = [namespace, namePrefix, nameSuffix].flatMap((word) => textOf(word)?.replaceAll(/^-+|-+$/g, '') ?? [])
  return [...new Set([name, nameOf(root), ...written, ...objects.map((object) => object.namespace)])].filter(
    (word) => word !== '',
  )
}
