/** Parses YAML files that decide what kustomize reads, so that kustomize cannot read anything else in them than Perch does. */
import { type FileDocument, readFileDocuments } from '../manifest/yaml/documents.ts'
import { linesOf } from '../manifest/yaml/lines.ts'
import type { Manifest } from '../manifest/parse.ts'

export type ParseResult =
  | { readonly ok: true; readonly documents: readonly FileDocument[] }
  | { readonly ok: false; readonly line: number }

/** No kustomization needs more, and it can be parsed at once. */
const MAX_LENGTH = 1024 * 1024
/**
 * Characters that are line breaks to kustomize's YAML 1.1 parser, but not to ours. After one of them, kustomize would read the
 * rest of a comment as content. A byte order mark is harmless only at the very start.
 */
const AMBIGUOUS = /[\u0085\u2028\u2029]|\r(?!\n)|(?!^)\uFEFF/

/**
 * The line (1-based) of the first character that is a line break for kustomize and kubectl but not for us; undefined if there is
 * none.
 */
export function ambiguousLine(text: string): number | undefined {
  const found = AMBIGUOUS.exec(text)
  return found === null ? undefined : text.slice(0, found.index).split('\n').length
}

/**
 * The line (1-based) of the first thing in a manifest that kustomize might read differently than we do; undefined if there is
 * none. A key that is there twice is none: the reader refuses it unless both values say the same.
 */
export function doubtIn({ text, documents }: Manifest): number | undefined {
  const ambiguous = ambiguousLine(text)
  if (ambiguous !== undefined) return ambiguous
  for (const { document, piece } of documents) {
    const at = document.warnings[0]?.pos[0]
    if (at !== undefined) return linesOf(piece.text, piece.line)(at)
  }
  return undefined
}

/** Everything ambiguous is refused: duplicate keys, unknown tags, too many aliases, too deep nesting. */
export function parseSource(text: string): ParseResult {
  if (text.length > MAX_LENGTH) return { ok: false, line: 1 }
  const ambiguous = ambiguousLine(text)
  if (ambiguous !== undefined) return { ok: false, line: ambiguous }
  const read = readFileDocuments(text, { isStrict: true })
  return read.ok ? { ok: true, documents: read.value } : { ok: false, line: read.error.line }
}

/**
 * The values of a field. kustomize uses Go's JSON decoder, which also accepts `Path`, and even `ſ` for `s`. So one field may have
 * several values, and any of them may be the one that kustomize uses.
 */
export function valuesOf(record: Readonly<Record<string, unknown>>, field: string): readonly [string, unknown][] {
  return Object.entries(record).filter(([key]) => fold(key) === field.toLowerCase())
}

function fold(key: string): string {
  return key.normalize('NFKC').toLowerCase()
}
