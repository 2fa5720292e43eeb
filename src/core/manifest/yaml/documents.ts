/** The only YAML reader. It turns a text into documents of plain data, or says why and where that fails. */
import type { Document } from 'yaml'
import { err, ok, type Result } from '../../result.ts'
import { compose } from './compose.ts'
import { type DataOptions, readData } from './read-data.ts'
import { lineOfPath, type LineOf, linesOf, offsetOf } from './lines.ts'
import type { JsonValue, Path } from '../data.ts'

/** One document of a text. Ranges of its nodes are offsets in the text. */
export interface YamlDocument {
  readonly document: Document
  readonly data: JsonValue
  readonly hasAlias: boolean
  /** Where a key appears for the second time, if any does. */
  readonly repeatAt: number | undefined
  /** The offset of its content. */
  readonly at: number
}

/** Why a text cannot be read, and the offset of the problem. */
interface YamlProblem {
  readonly code: 'not-yaml' | 'too-large' | 'alias-bomb'
  readonly at: number
  /** The message of the parser. Empty if the code says everything. */
  readonly detail: string
}

export type YamlReading = { readonly lexemes: number } & (
  | {
      readonly ok: true
      readonly documents: readonly YamlDocument[]
      /** The number of lines in values that are kept as texts. Undefined if there are none. */
      readonly omittedLines: number | undefined
    }
  | { readonly ok: false; readonly problem: YamlProblem }
)

export interface YamlLimits extends DataOptions {
  /** The maximum number of tokens. The time is proportional to it. */
  readonly budget: number
  /** Warnings, such as an unknown tag, are problems too. */
  readonly isStrict?: boolean
  /** A key whose values are kept as texts if that certainly changes nothing else. As data they would take too much memory. */
  readonly omits?: string
}

/**
 * The documents of a text as plain data. The time is linear in the text, and bounded by the budget. `parseAllDocuments` of `yaml`
 * compares each key with all earlier keys of its mapping: ten thousand keys take a second, and a hundred thousand take minutes.
 */
export function readDocuments(text: string, limits: YamlLimits): YamlReading {
  const { documents, problem, lexemes, omitted } = compose(text, limits.budget, limits.omits)
  const failed = (found: YamlProblem): YamlReading => ({ ok: false, problem: found, lexemes })
  if (problem !== undefined) return failed({ code: 'not-yaml', ...problem })
  if (lexemes > limits.budget) return failed({ code: 'too-large', at: 0, detail: '' })
  const read: YamlDocument[] = []
  for (const document of documents) {
    const { contents, warnings } = document
    const [warning] = limits.isStrict === true ? warnings : []
    if (warning !== undefined) return failed({ code: 'not-yaml', at: warning.pos[0], detail: warning.message })
    const reading = readData(contents, { ...limits, omitted: omitted?.texts })
    if (!reading.ok) return failed(reading)
    read.push({
      document,
      data: reading.value,
      hasAlias: reading.hasAlias,
      repeatAt: reading.repeatAt,
      at: startOfContent(document),
    })
  }
  return { ok: true, documents: read, omittedLines: omitted?.lines, lexemes }
}

function startOfContent({ contents, range }: Document): number {
  return offsetOf(contents ?? { range })
}

/** A document of a file that was read as a whole. */
export interface FileDocument {
  readonly data: JsonValue
  /** The line (1-based) of a value. If the value does not exist, the line of the nearest node on the way to it. */
  line(path: Path): number
}

/** Why a file cannot be read. Line and column are 1-based. */
export interface FileFault extends Pick<YamlProblem, 'code' | 'detail'> {
  readonly line: number
  readonly column: number
}

/** The documents of a settings file. */
export function readFileDocuments(
  text: string,
  limits: Partial<YamlLimits> = {},
): Result<readonly FileDocument[], FileFault> {
  const lines = linesOf(text)
  const reading = readDocuments(text, { budget: Infinity, ...limits })
  if (!reading.ok) return err(faultAt(reading.problem, { text, lines }))
  return ok(
    reading.documents.map(({ document, data }) => ({ data, line: (path) => lineOfPath(lines, document, path) })),
  )
}

/** The only document of a file. Undefined if it has none. */
export function readOneDocument(
  text: string,
  limits: Partial<YamlLimits> = {},
): Result<FileDocument | undefined, FileFault> {
  const read = readFileDocuments(text, limits)
  if (!read.ok) return read
  const [first, second] = read.value
  if (second === undefined) return ok(first)
  return err({ code: 'not-yaml', line: second.line([]), column: 1, detail: 'The file holds more than one document' })
}

function faultAt(
  { code, at, detail }: YamlProblem,
  { text, lines }: { readonly text: string; readonly lines: LineOf },
): FileFault {
  return { code, detail, line: lines(at), column: at - text.lastIndexOf('\n', at - 1) }
}
