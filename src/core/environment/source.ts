/** YAML files that decide what kustomize reads, parsed so that kustomize cannot see anything else in them. */
import { type FileDocument, readFileDocuments } from '../manifest/yaml/documents.ts'
import { linesOf } from '../manifest/yaml/lines.ts'
import type { Manifest } from '../manifest/parse.ts'

export type ParseResult =
  | { readonly ok: true; readonly documents: readonly FileDocument[] }
  | { readonly ok: false; readonly line: number }

/** More than any kustomization needs, but little enough to parse at once. */
const MAX_LENGTH = 1024 * 1024
/**
 * Line breaks to kustomize's YAML 1.1 parser, but not to ours: after one of them a comment would go on as content. The
 * byte order mark is harmless at the very start only.
 */
const AMBIGUOUS = /[\u0085\u2028\u2029]|\r(?!\n)|(?!^)\uFEFF/

/** The 1-based line of the first character that splits lines for kustomize and kubectl but not for us; undefined without any. */
export function ambiguousLine(text: string): number | undefined {
  const found = AMBIGUOUS.exec(text)
  return found === null ? undefined : text.slice(0, found.index).split('\n').length
}

/** The 1-based line of the first thing in a manifest that kustomize might read otherwise than we do; undefined without any. */
export function doubtIn({ text, documents }: Manifest): number | undefined {
  const ambiguous = ambiguousLine(text)
  if (ambiguous !== undefined) return ambiguous
  for (const { document, piece } of documents) {
    const [warning] = document.warnings
    if (warning !== undefined) return linesOf(piece.text, piece.line)(warning.pos[0])
  }
  return undefined
}

/** Everything ambiguous is a failure: duplicate keys, unknown tags, too many aliases, too deep nesting. */
export function parseSource(text: string): ParseResult {
  if (text.length > MAX_LENGTH) return { ok: false, line: 1 }
  const ambiguous = ambiguousLine(text)
  if (ambiguous !== undefined) return { ok: false, line: ambiguous }
  const read = readFileDocuments(text, { isStrict: true })
  return read.ok ? { ok: true, documents: read.value } : { ok: false, line: read.error.line }
}

/**
 * The values of a field. Go's JSON decoder, which kustomize uses, takes `Path` and even `ſ` for `s` as well; so one name may
 * have several values, and any of them may be the one that counts.
 */
export function valuesOf(record: Readonly<Record<string, unknown>>, field: string): readonly [string, unknown][] {
  return Object.entries(record).filter(([key]) => fold(key) === field.toLowerCase())
}

function fold(key: string): string {
  return key.normalize('NFKC').toLowerCase()
}
