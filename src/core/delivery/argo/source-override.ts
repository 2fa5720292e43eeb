/**
 * Files in the folder of an Application that override parts of its source. Argo CD's Image Updater writes new versions into them
 * (argo-cd, reposerver/repository/repository.go, mergeSourceParameters).
 */
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
    return data === undefined ? [] : [{ file, data: recordOf(data) }]
  })
}

/** Whether a file overrides sources but cannot be read. */
export function isBrokenOverride(file: string, texts: Texts): boolean {
  return overridesSources(file) && dataIn(texts.get(file)) === 'unreadable'
}

/** Undefined if the file does not exist. */
function dataIn(text: string | undefined): unknown {
  if (text === undefined) return undefined
  const read = readOneDocument(text, { budget: MAX_LEXEMES })
  return read.ok ? (read.value?.data ?? {}) : 'unreadable'
}

/** A source with its overrides. They change what tools do with the folder, and never which folder or commit it is. */
export function overridden(source: Data, overrides: readonly SourceOverride[]): Data {
  if (overrides.length === 0) return source
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
