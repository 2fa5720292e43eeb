/**
 * Files in the folder of an Application that override parts of its source. Argo CD's Image Updater writes new versions into them
 * (argo-cd, reposerver/repository/repository.go, mergeSourceParameters).
 */
import type { EnvironmentRefusal } from '../../environment/refusal.ts'
import { isRecord, recordOf } from '../../manifest/data.ts'
import { readOneDocument } from '../../manifest/yaml/documents.ts'
import { inFolder, nameOf } from '../../environment/tree.ts'

type Data = Readonly<Record<string, unknown>>
type Texts = ReadonlyMap<string, string | undefined>

export interface SourceOverride {
  readonly file: string
  readonly data: Data
}

/** The name is undefined if only the generator of an ApplicationSet knows it. */
interface ApplicationName {
  readonly name: string | undefined
  readonly namespace: string
}

const START = '.argocd-source'
/** Much more than any override has. */
const MAX_LEXEMES = 100_000

/** Whether a file overrides the sources of Applications. It is one document, and not an object. */
export function overridesSources(file: string): boolean {
  const name = nameOf(file)
  return name === `${START}.yaml` || (name.startsWith(`${START}-`) && name.endsWith('.yaml'))
}

/**
 * The overrides for an Application in a folder, in the order in which Argo CD merges them. Argo CD adds the namespace to the
 * names of Applications outside of its own, which the repository does not show.
 */
export function overridesFor(
  { name, namespace }: ApplicationName,
  folder: string,
  texts: Texts,
): readonly SourceOverride[] {
  const names = name === undefined ? [] : [name, `${namespace}_${name}`]
  return [`${START}.yaml`, ...names.map((one) => `${START}-${one}.yaml`)].flatMap((one) => {
    const file = inFolder(folder, one)
    const data = dataIn(texts.get(file))
    if (data === undefined) return []
    // The environment is refused if an override cannot be read.
    return [{ file, data: data === UNREADABLE ? {} : data }]
  })
}

/** The overrides that cannot be read, by the folder that they are for. Argo CD builds nothing then. */
export function brokenOverrides(
  folders: readonly { readonly path: string; readonly sources: readonly string[] }[],
  texts: Texts,
): ReadonlyMap<string, readonly EnvironmentRefusal[]> {
  const isBroken = (file: string): boolean => overridesSources(file) && dataIn(texts.get(file)) === UNREADABLE
  const found = Map.groupBy(folders, ({ path }) => path)
  return new Map(
    [...found].map(([path, own]) => {
      const files = [...new Set(own.flatMap(({ sources }) => sources))].filter(isBroken)
      return [path, files.map((file) => ({ code: 'broken-override', file, line: 1, entry: '' }))]
    }),
  )
}

const UNREADABLE = Symbol('not YAML')

/** Undefined if the file does not exist. */
function dataIn(text: string | undefined): Data | typeof UNREADABLE | undefined {
  if (text === undefined) return undefined
  const read = readOneDocument(text, { budget: MAX_LEXEMES })
  return read.ok ? recordOf(read.value?.data) : UNREADABLE
}

/** A source with its overrides. They change what tools do with the folder, and never which folder or commit it is. */
export function overridden(source: Data, overrides: readonly SourceOverride[]): Data {
  const { kustomize, helm, directory } = overrides.reduce((now, { data }) => recordOf(merged(now, data)), source)
  return { ...source, kustomize, helm, directory }
}

/** A JSON merge patch (RFC 7386): maps are merged, null removes, and everything else replaces. */
function merged(own: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const before = recordOf(own)
  const removed = new Set(Object.keys(patch).filter((key) => patch[key] === null))
  const kept = Object.entries(before).filter(([key]) => !removed.has(key))
  const changed = Object.entries(patch).filter(([key]) => !removed.has(key))
  return Object.fromEntries([...kept, ...changed.map(([key, value]) => [key, merged(before[key], value)] as const)])
}
