/** YAML files that decide what kustomize reads, parsed so that kustomize cannot see anything else in them. */
import { LineCounter, isNode, parseAllDocuments } from 'yaml'
import { readData } from '../manifest/data.ts'

export interface YamlSource {
  readonly data: unknown
  /** The 1-based line of the value at a path of keys and indexes. */
  lineOf(path: readonly (string | number)[]): number
}

export type ParseResult =
  | { readonly ok: true; readonly documents: readonly YamlSource[] }
  | { readonly ok: false; readonly line: number }

/** More than any kustomization needs, and little enough to parse at once. */
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

/** Everything doubtful is a failure: duplicate keys, unknown tags, too many aliases, too deep. */
export function parseSource(text: string): ParseResult {
  if (text.length > MAX_LENGTH) return { ok: false, line: 1 }
  const ambiguous = ambiguousLine(text)
  if (ambiguous !== undefined) return { ok: false, line: ambiguous }
  const lines = new LineCounter()
  const documents: YamlSource[] = []
  try {
    // Keys that are there twice are found below: `yaml` looks through all earlier ones for each key.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false } as const
    // A stream without any document is no error of the parser; then there is nothing in it.
    for (const document of parseAllDocuments(text, options)) {
      const problem = document.errors[0] ?? document.warnings[0]
      if (problem !== undefined) return { ok: false, line: lines.linePos(problem.pos[0]).line }
      const reading = readData(document.contents)
      if (!reading.ok) return { ok: false, line: lines.linePos(reading.at).line }
      const data = reading.value
      const lineOf: YamlSource['lineOf'] = (path) => {
        const node: unknown = document.getIn(path, true)
        return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1
      }
      documents.push({ data, lineOf })
    }
  } catch {
    // Documents that are too deep throw.
    return { ok: false, line: 1 }
  }
  return { ok: true, documents }
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
