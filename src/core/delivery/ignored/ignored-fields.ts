/** The fields that Argo CD ignores in the cluster (Argo CD docs, user-guide/diffing). */
import { readFileDocuments, readOneDocument } from '../../manifest/yaml/documents.ts'
import type { ObjectIdentity } from '../../manifest/identity.ts'
import { type Path, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { pointerPath } from '../../manifest/json-pointer.ts'
import { matcher } from '../../text/matcher.ts'
import { jqPaths } from './jq-paths.ts'

type Data = Readonly<Record<string, unknown>>

/** One entry of `ignoreDifferences` in an Application, or of `argocd-cm`. */
export interface IgnoredFields {
  /** A pattern. `*` stands for any characters. */
  readonly group: string
  readonly kind: string
  /** The entry is only for the object with this name or namespace. */
  readonly name: string | undefined
  readonly namespace: string | undefined
  readonly pointers: readonly Path[]
  readonly queries: readonly string[]
  /** It ignores all fields that Argo Rollouts or Flagger wrote, which includes their weights. */
  readonly isForWriters: boolean
}

/** Whether a program ignores fields of an object. `maybe` if an expression cannot be read. */
export type LeavesAlone = 'yes' | 'maybe' | 'no'

export function ignoredFields(entry: Data): IgnoredFields {
  return {
    group: textOf(entry['group']) ?? '',
    kind: textOf(entry['kind']) ?? '',
    name: textOf(entry['name']) || undefined,
    namespace: textOf(entry['namespace']) || undefined,
    pointers: listOf(entry['jsonPointers']).flatMap(pathsAt),
    queries: listOf(entry['jqPathExpressions']).flatMap((query) => textOf(query) ?? []),
    isForWriters: listOf(entry['managedFieldsManagers']).some((manager) => /rollouts|flagger/.test(String(manager))),
  }
}

const SETTING = /^resource\.customizations\.ignoreDifferences\.(?:(?<group>.*)_(?<kind>.*)|(?<all>all))$/

/**
 * The settings of Argo CD for every Application: in the ConfigMap `argocd-cm`, in the values of its chart (in a file, or in the
 * object that releases it), or in an object of its operator. Nothing else has such keys, so they count at any place.
 */
export function settingsIgnored(texts: Iterable<string | undefined>): readonly IgnoredFields[] {
  return [...texts].flatMap((text) => {
    if (text === undefined || !HAS_SETTINGS.test(text)) return []
    const read = readFileDocuments(text, { budget: MAX_LEXEMES })
    return read.ok ? read.value.flatMap(({ data }) => settingsBelow(data)) : []
  })
}

const HAS_SETTINGS = /resource\.customizations|resourceIgnoreDifferences/
/** A longer file is no settings file. */
const MAX_LEXEMES = 400_000

function settingsBelow(data: unknown): readonly IgnoredFields[] {
  if (typeof data === 'string') return HAS_SETTINGS.test(data) ? settingsBelow(dataIn(data)) : []
  if (Array.isArray(data)) return data.flatMap((item: unknown) => settingsBelow(item))
  return Object.entries(recordOf(data)).flatMap(([key, value]) => {
    if (key === 'resource.customizations') return customizations(dataIn(value))
    if (key === 'resourceIgnoreDifferences') return operatorSettings(recordOf(value))
    const { group = '', kind = '', all } = SETTING.exec(key)?.groups ?? {}
    if (all === undefined && kind === '') return settingsBelow(value)
    const of = all === undefined ? { group, kind } : { group: '*', kind: '*' }
    return [ignoredFields({ ...dataIn(value), ...of })]
  })
}

/** The settings in the operator's object (`ArgoCD`). */
function operatorSettings({ all, resourceIdentifiers }: Data): readonly IgnoredFields[] {
  const own = listOf(resourceIdentifiers).map((entry) => {
    const { group, kind, customization } = recordOf(entry)
    return ignoredFields({ ...recordOf(customization), group, kind })
  })
  return all === undefined ? own : [ignoredFields({ ...recordOf(all), group: '*', kind: '*' }), ...own]
}

/** The older form: one mapping of `group/Kind` to settings, which may be YAML in a string. */
function customizations(all: Data): readonly IgnoredFields[] {
  return Object.entries(all).flatMap(([of, settings]) => {
    const { ignoreDifferences } = recordOf(settings)
    if (ignoreDifferences === undefined) return []
    const slash = of.lastIndexOf('/')
    const [group, kind] = of === 'all' ? ['*', '*'] : [of.slice(0, Math.max(0, slash)), of.slice(slash + 1)]
    return [ignoredFields({ ...dataIn(ignoreDifferences), group, kind })]
  })
}

function dataIn(value: unknown): Data {
  if (typeof value !== 'string') return recordOf(value)
  const read = readOneDocument(value)
  return read.ok ? recordOf(read.value?.data) : {}
}

/** Whether an entry ignores one of these fields of an object, or something that contains one. */
export function leavesAlone(
  entry: IgnoredFields,
  object: ObjectIdentity & { readonly data: unknown },
  fields: readonly Path[],
): LeavesAlone {
  const isMeant =
    matcher(entry.group)(object.group) &&
    matcher(entry.kind)(object.kind) &&
    (entry.name === undefined || entry.name === object.name) &&
    // If neither names a namespace, the deployer's own is meant.
    (entry.namespace === undefined || object.namespace === '' || entry.namespace === object.namespace)
  if (!isMeant) return 'no'
  if (entry.isForWriters || hasOneOf(entry.pointers, fields)) return 'yes'
  const answers = entry.queries.map((query) => jqPaths(query, object.data))
  if (answers.some((paths) => paths !== 'unknown' && hasOneOf(paths, fields))) return 'yes'
  return answers.includes('unknown') ? 'maybe' : 'no'
}

/** Whether one of the fields is at, or below, one of the paths. */
export function hasOneOf(paths: readonly Path[], fields: readonly Path[]): boolean {
  return paths.some((path) => fields.some((field) => path.every((key, index) => key === field[index])))
}

/** The path of a JSON pointer. Empty if the value is no pointer, or the pointer of the whole object. */
export function pathsAt(pointer: unknown): readonly Path[] {
  return typeof pointer === 'string' && pointer.startsWith('/') ? [pointerPath(pointer)] : []
}
