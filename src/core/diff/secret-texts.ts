import { plainValue } from '../manifest/yaml/read-data.ts'
import { isRecord, type JsonValue, textOf } from '../manifest/data.ts'
import { readDocuments } from '../manifest/yaml/documents.ts'
import { splitPieces } from '../manifest/pieces.ts'
import { looksSecret } from './secret-values.ts'
import { groupOf, isOfKind } from '../manifest/identity.ts'

type Mapping = { readonly [key: string]: JsonValue }

/** Names of objects and targets of patches are not secret. */
const IDENTITY = new Set(
  'apiVersion kind metadata target name namespace group version type path options immutable'.split(' '),
)

/** A Secret of the core group is recognized by its kind alone, because patches and broken files may lack the rest. */
export function holdsSecrets({ apiVersion, kind }: Mapping, kinds: readonly string[]): boolean {
  if (typeof kind !== 'string') return false
  const group = groupOf(textOf(apiVersion) ?? '')
  return isOfKind({ group: '', kind }, 'Secret') || kinds.some((written) => isOfKind({ group, kind }, written))
}

/** Anyone may see a value that SOPS has encrypted. */
export function isEncrypted(value: JsonValue): boolean {
  return typeof value === 'string' && /^ENC\[[A-Z\d_]+,data:[^\]]*\]$/.test(value.trim())
}

/** What SOPS adds to an encrypted file: who can decrypt it, and a checksum. */
export function isSops(key: string, value: JsonValue | undefined): boolean {
  return key === 'sops' && isRecord(value) && typeof value['mac'] === 'string'
}

/** Kinds, written as `Kind` or `group/Kind`, in lower case and without their groups. */
export function kindWords(kinds: readonly string[]): readonly string[] {
  return kinds.map((kind) => kind.slice(kind.lastIndexOf('/') + 1).toLowerCase())
}

/** Whether a text is the manifest of a Secret, as YAML or JSON, or contains one in another text. */
export function tellsSecret(text: string, kinds: readonly string[]): boolean {
  if (!/data|spec/i.test(text)) return false
  const written = [...text.matchAll(/kind[\\"'\s]{0,20}:[\\"'\s]{0,20}([A-Za-z]+)/gi)].map(([, kind = '']) =>
    kind.toLowerCase(),
  )
  const names = new Set(kindWords(['Secret', ...kinds]))
  return written.some((kind) => names.has(kind) || names.has(kind.replace(/list$/, '')))
}

/**
 * Every text of a Secret, or of a kind in `kinds` (`Kind` or `group/Kind`): of the object itself, of objects inside of it (a
 * list, a template), and of objects in its texts, such as the last applied configuration.
 */
export function secretTexts(data: JsonValue, kinds: readonly string[]): readonly string[] {
  if (typeof data === 'string')
    return tellsSecret(data, kinds) ? documentsOf(data).flatMap((inner) => secretTexts(inner ?? null, kinds)) : []
  if (Array.isArray(data)) return data.flatMap((item: JsonValue) => secretTexts(item, kinds))
  if (!isRecord(data)) return []
  const inner = Object.values(data).flatMap((item) => secretTexts(item, kinds))
  if (!holdsSecrets(data, kinds)) return inner
  const own = Object.entries(data).flatMap(([key, value]) =>
    IDENTITY.has(key) || isSops(key, value) ? [] : textsIn(value),
  )
  return [...own, ...inner]
}

/** Whether an object is or contains a Secret, with or without values. */
export function hasSecret(data: Mapping, kinds: readonly string[]): boolean {
  return holdsSecrets(data, kinds) || secretTexts(data, kinds).length > 0
}

/** Every text in the data. For a text that is itself YAML or JSON, also those of its values that look like a secret. */
export function textsIn(data: JsonValue | undefined, depth = 0): readonly string[] {
  if (typeof data === 'number') return [String(data)]
  if (typeof data === 'string') {
    if (isEncrypted(data)) return []
    const isNested = depth < 2 && (data.includes('\n') || /^\s*[{[]/.test(data))
    return [data, ...(isNested ? documentsOf(data).flatMap((inner) => nestedTexts(inner, depth + 1)) : [])]
  }
  if (Array.isArray(data)) return data.flatMap((item: JsonValue) => textsIn(item, depth))
  return isRecord(data) ? Object.values(data).flatMap((item) => textsIn(item, depth)) : []
}

/** A text that is neither a mapping nor a list is compared as a whole. */
function nestedTexts(data: JsonValue | undefined, depth: number): readonly string[] {
  return typeof data === 'object' ? textsIn(data, depth).filter(looksSecret) : []
}

/** Takes about two seconds. A text with more tokens counts as unreadable. */
const MAX_LEXEMES = 1_000_000

/**
 * The documents of a text; undefined if it cannot be parsed. Numbers stay as they are written, so that they can be found in other
 * texts.
 */
export function documentsOf(text: string): readonly (JsonValue | undefined)[] {
  let left = MAX_LEXEMES
  return splitPieces(text).flatMap((piece): readonly (JsonValue | undefined)[] => {
    const read = readDocuments(piece.text, { budget: left, scalar: plainValue })
    left = Math.max(0, left - read.lexemes)
    return read.ok ? read.documents.map(({ data }) => data) : [undefined]
  })
}
