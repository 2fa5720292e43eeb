/** What to carry from a file of one environment to the same file of another. */
import { holdsSecrets, isSops } from '../diff/secret-texts.ts'
import { isRecord, type JsonValue, listOf, type Path, recordOf, sameData, textOf } from '../manifest/data.ts'
import { groupOf } from '../manifest/identity.ts'
import { pointerSteps } from '../manifest/json-pointer.ts'
import { type Manifest, parseManifest } from '../manifest/parse.ts'
import { applyValues } from './apply-values.ts'
import {
  carryValues,
  type DocumentEdit,
  isListOfMaps,
  operationLeads,
  type OwnValues,
  stays,
  staysByPointer,
  type ValueEdit,
} from './carry-values.ts'
import { someText } from './environment-names.ts'
import type { CarriedValue, LeftOut, LeftReason } from './promotion.ts'
import { leadsToVersion } from './switched-versions.ts'
import { asWritten } from './written.ts'
import type { ServiceObjects } from './service-objects.ts'

export interface CarryRules extends OwnValues {
  /** Kinds whose objects hold secrets. */
  readonly secrets: readonly string[]
  /** Undefined for all services. */
  readonly service: ServiceObjects | undefined
}

interface FileText {
  readonly path: string
  readonly text: string
}

/** Kinds from which a controller makes Secrets. Each environment has its own. */
const SECRET_KINDS = [
  'SealedSecret',
  'ExternalSecret',
  'ClusterExternalSecret',
  'PushSecret',
  'SecretProviderClass',
  'VaultStaticSecret',
  'VaultDynamicSecret',
  'VaultPKISecret',
]

export interface CarriedText {
  /** Undefined if the file does not change. */
  readonly text: string | undefined
  readonly values: readonly CarriedValue[]
  readonly left: readonly LeftOut[]
}

export function carryFile(
  { source, target }: { readonly source: FileText; readonly target: FileText },
  rules: CarryRules,
): CarriedText {
  const file = target.path
  if (source.text === target.text) return { text: undefined, values: [], left: [] }
  const [from, to] = [parseManifest(source.path, source.text), parseManifest(file, target.text)]
  const inexact: CarriedText = { text: undefined, values: [], left: [{ file, what: '', why: 'not-exact' }] }
  if (!from.ok || !to.ok || from.value.documents.length === 0) return inexact
  const { pairs, left: alone } = pairDocuments(from.value, to.value)
  const edits: DocumentEdit[] = []
  const values: CarriedValue[] = []
  const left: LeftOut[] = alone.map(({ what, why }) => ({ file, what, why }))
  for (const pair of pairs) {
    if (sameData(pair.source, pair.target)) continue
    const title = titleOf(pair.target)
    const why = documentStays(pair.target, rules) ?? documentStays(pair.source, rules)
    if (why !== undefined) {
      left.push({ file, what: title, why })
      continue
    }
    const carried = carryValues(pair, rules)
    const { kind, name } = identityIn(pair.target)
    edits.push(...carried.edits.map((edit) => ({ ...edit, document: pair.document })))
    values.push(...carried.edits.map((edit) => ({ file, kind, name, ...placed(edit, pair) })))
    left.push(
      ...carried.left.map(({ path, why: own }) => ({ file, what: `${title} ${path.join('.')}`.trim(), why: own })),
    )
  }
  if (edits.length === 0) return { text: undefined, values: [], left }
  const text = applyValues(file, target.text, asWritten(edits, from.value))
  return text === undefined ? { ...inexact, left: [...left, ...inexact.left] } : { text, values, left }
}

interface DocumentPair {
  readonly document: number
  readonly source: JsonValue
  readonly target: JsonValue
}

/** Pairs the documents of both files: objects by kind and name, other documents by their index. */
function pairDocuments(
  source: Manifest,
  target: Manifest,
): {
  readonly pairs: readonly DocumentPair[]
  readonly left: readonly { readonly what: string; readonly why: LeftReason }[]
} {
  const keyed = (manifest: Manifest): Map<string, { readonly data: JsonValue; readonly document: number }> =>
    new Map(manifest.documents.map(({ data }, document) => [documentKey(data, document), { data, document }]))
  const [from, to] = [keyed(source), keyed(target)]
  const pairs = [...from].flatMap(([key, one]) => {
    const other = to.get(key)
    return other === undefined ? [] : [{ document: other.document, source: one.data, target: other.data }]
  })
  const only = (all: typeof from, others: typeof from): readonly JsonValue[] =>
    [...all].flatMap(([key, { data }]) => (others.has(key) || data === null ? [] : [data]))
  return {
    pairs,
    left: [
      ...only(from, to).map((data) => ({ what: titleOf(data), why: 'not-exact' as const })),
      ...only(to, from).map((data) => ({ what: titleOf(data), why: 'target-only' as const })),
    ],
  }
}

function documentKey(data: JsonValue, index: number): string {
  const { kind, name } = identityIn(data)
  const group = groupOf(textOf(recordOf(data)['apiVersion']) ?? '')
  return kind === '' ? `#${index}` : `${group} ${kind} ${name}`
}

function identityIn(data: JsonValue): { readonly kind: string; readonly name: string } {
  const { kind, metadata } = recordOf(data)
  return { kind: textOf(kind) ?? '', name: textOf(recordOf(metadata)['name']) ?? '' }
}

function titleOf(data: JsonValue): string {
  const { kind, name } = identityIn(data)
  return `${kind} ${name}`.trim()
}

/** Why no value of an object is carried. Undefined if its values may be. */
function documentStays(data: JsonValue, { secrets, service }: CarryRules): LeftReason | undefined {
  const kinds = [...SECRET_KINDS, ...secrets]
  if (isRecord(data) && (holdsSecrets(data, kinds) || Object.entries(data).some(([key, value]) => isSops(key, value))))
    return 'secret'
  const { kind, name } = identityIn(data)
  if (kind.endsWith('List')) return 'not-exact'
  // The entry of a JSON patch names its object, so `targetStays` checks the service.
  return service !== undefined && kind !== '' && !service.has({ kind, name }) ? 'other-service' : undefined
}

/** The place of a value in the object. For an operation of a JSON patch, the place to which the operation points. */
function placed(edit: ValueEdit, { source, target }: DocumentPair): Pick<CarriedValue, 'path' | 'before' | 'after'> {
  const { path, before, after } = edit
  if (!Array.isArray(target)) return { path, before, after }
  const [index, , ...deeper] = path
  const operation: unknown = edit.kind === 'insert' ? after : listOf(target)[Number(index)]
  const pointer = pointerSteps(textOf(recordOf(operation)['path']) ?? '')
  if (edit.kind === 'insert' && isRecord(after)) return { path: pointer, before, after: after['value'] }
  return sameData(source, target) ? { path, before, after } : { path: [...pointer, ...deeper], before, after }
}

/** A file that only the source has. */
export interface NewFile {
  readonly objects: readonly { readonly kind: string; readonly name: string }[]
  /** The values that a patch sets, by their place in the object. Empty for a resource. */
  readonly values: readonly CarriedValue[]
}

export function readNewFile({ path: file, text }: FileText, rules: CarryRules): NewFile | LeftReason {
  const read = parseManifest(file, text)
  if (!read.ok || read.value.documents.length === 0) return 'not-exact'
  const all = read.value.documents.map(({ data }) => data)
  for (const data of all) {
    const why = documentStays(data, rules) ?? (someText(data, rules.names.source) ? 'environment' : undefined)
    if (why !== undefined) return why
    if (splits(data)) return 'weights'
    if (changesVersion(data, rules.versions)) return 'version'
  }
  return {
    objects: all.map(identityIn).filter(({ kind }) => kind !== ''),
    values: all.flatMap((data) =>
      leavesOf(data).map((leaf) => ({ file, ...identityIn(data), ...leaf, before: undefined })),
    ),
  }
}

/** Whether something splits requests between several places, or an operation sets a weight. */
function splits(data: JsonValue): boolean {
  if (Array.isArray(data)) {
    const items: readonly JsonValue[] = data
    const busy = items.filter((item) => isRecord(item) && typeof item['weight'] === 'number' && item['weight'] > 0)
    return (
      busy.length > 1 || items.some((item) => (isRecord(item) && staysByPointer(item) === 'weights') || splits(item))
    )
  }
  return isRecord(data) && Object.values(data).some(splits)
}

/** Whether an object or a patch decides which version of a blue/green service gets the traffic. */
function changesVersion(data: JsonValue, versions: ReadonlySet<string>): boolean {
  if (isListOfMaps(data)) return data.some((operation) => operationLeads(versions, operation) !== undefined)
  return leadsToVersion(versions, data, [])
}

function leavesOf(data: JsonValue): readonly Pick<CarriedValue, 'path' | 'after'>[] {
  if (!isListOfMaps(data)) return leavesAt(data, [])
  return data.map((operation) => ({ path: pointerSteps(textOf(operation['path']) ?? ''), after: operation['value'] }))
}

function leavesAt(value: JsonValue, path: Path): readonly Pick<CarriedValue, 'path' | 'after'>[] {
  const isWhole = !isRecord(value) || Object.keys(value).length === 0
  if (isWhole) return stays(path) === undefined ? [{ path, after: value }] : []
  return Object.entries(value).flatMap(([key, inner]) => leavesAt(inner, [...path, key]))
}
