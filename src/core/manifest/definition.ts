/**
 * Definitions of kinds (CRDs), read without their schemas. Schemas are the largest texts in a repository, there are often dozens of
 * them, and Perch does not need them. As data, each takes many times its size.
 */
import { isRecord, type JsonValue } from './data.ts'
import { groupOf } from './identity.ts'
import { breaksIn, isDefinition } from './pieces.ts'
import { readDocuments } from './yaml/documents.ts'

/** A definition whose schemas are kept as unparsed texts. */
export interface Abridged {
  /** The whole document. */
  readonly document: string
  /** How many of its lines are in unparsed texts. */
  readonly lines: number
}

export interface AbridgedDefinition {
  readonly data: { readonly [key: string]: JsonValue }
  /** Where it starts in the text. */
  readonly line: number
  readonly abridged: Abridged
  readonly lexemes: number
}

/** Smaller ones are read like everything else. In characters. */
const LARGE = 50_000
const SCHEMA = 'openAPIV3Schema'

/** Reads a large definition from the text of its document. Undefined for everything else, and if it must be read as a whole. */
export function readDefinition(text: string, budget: number): AbridgedDefinition | undefined {
  if (text.length <= LARGE || !isDefinition({ text })) return undefined
  const read = readDocuments(text, { budget, omits: SCHEMA })
  if (!read.ok || read.omittedLines === undefined) return undefined
  const [first, ...others] = read.documents
  // An alias may refer to an anchor in the omitted part.
  if (first === undefined || others.length > 0 || first.hasAlias || !definesKind(first.data)) return undefined
  const line = breaksIn(text.slice(0, first.at)) + 1
  return { data: first.data, line, abridged: { document: text, lines: read.omittedLines }, lexemes: read.lexemes }
}

function definesKind(data: JsonValue): data is AbridgedDefinition['data'] {
  if (!isRecord(data) || data['kind'] !== 'CustomResourceDefinition') return false
  return typeof data['apiVersion'] === 'string' && groupOf(data['apiVersion']) === 'apiextensions.k8s.io'
}

/** The complete definition. Undefined if only a part of it can be read. */
export function wholeDefinition({ document }: Abridged): AbridgedDefinition['data'] | undefined {
  const read = readDocuments(document, { budget: Infinity, repeats: 'any' })
  const data = read.ok ? read.documents[0]?.data : undefined
  return isRecord(data) ? data : undefined
}

type Mapping = AbridgedDefinition['data']

/** The visible part of an abridged definition, without its schemas. */
export function shortDefinition(data: Mapping): Mapping {
  const short = (key: string, value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map((item: JsonValue) => short('', item))
    if (isRecord(value)) return shortDefinition(value)
    return key === SCHEMA && typeof value === 'string' ? '…' : value
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, short(key, value)]))
}
