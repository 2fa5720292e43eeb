import { isRecord, type Path } from './data.ts'
import { err, ok, type Result } from '../result.ts'
import { readDocuments, type YamlDocument } from './yaml/documents.ts'
import { groupOf, type ObjectIdentity } from './identity.ts'
import { lineOfPath, type LineOf, linesOf } from './yaml/lines.ts'
import { isDefinition, type Piece, splitPieces } from './pieces.ts'
import { lineEnd, lineStart } from './yaml/text.ts'

/** A place in a file that a person can open. */
export interface Location {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** One Kubernetes object in a file: a document, or an item of a `kind: List`. */
export interface ManifestObject extends ObjectIdentity {
  readonly file: string
  /** The index of its document in the file, from 0. */
  readonly document: number
  /** The place of the object in its document: `[]`, or `['items', 3]` in a List. */
  readonly at: Path
  readonly line: number
  readonly apiVersion: string
  /** The object as plain data, with aliases resolved. */
  readonly data: Readonly<Record<string, unknown>>
}

/** One parsed document. The ranges of its nodes are offsets in its piece. */
export interface SourceDocument extends YamlDocument {
  readonly piece: Piece
  /** The index of the document in its piece. A piece has several documents only if `...` separates them. */
  readonly index: number
}

export interface Manifest {
  readonly file: string
  readonly text: string
  readonly documents: readonly SourceDocument[]
  readonly objects: readonly ManifestObject[]
  /** Which documents were read. Undefined for all. */
  readonly wanted: RegExp | undefined
  /** The line (1-based) of a value, for messages. If the value does not exist, the line of the nearest node on the way to it. */
  line(document: number, path: Path): number
}

export type ManifestProblem = Location & {
  readonly code: 'too-large' | 'not-yaml' | 'template' | 'alias-bomb'
  /** The message of the YAML parser. Empty if the code says everything. */
  readonly detail: string
  /** The folder of the chart to which the template belongs; '' for the top of the repository. */
  readonly chart?: string
  /** The chart that renders its own copy of that chart instead. */
  readonly copiedIn?: string
}

/** In characters. Much more than any hand-written manifest has. */
const MAX_LENGTH = 5 * 1024 * 1024
/**
 * In characters. Composing takes most of the time: `yaml` needs about a second for a megabyte, and other work waits meanwhile.
 */
const MAX_COMPOSED = 1024 * 1024
const MAX_LEXEMES = 400_000
/** The maximum number of document markers and directives. A document costs much more than its characters. */
const MAX_MARKERS = 20_000

/**
 * Reads a YAML file of Kubernetes objects. Documents that are not objects (no kind, no name) are kept but listed as none.
 * With `wanted`, documents whose text it does not match are not read at all, which makes bundles of thousands cheap.
 */
export function parseManifest(file: string, text: string, wanted?: RegExp): Result<Manifest, ManifestProblem> {
  const tooLarge = { code: 'too-large', file, line: 1, detail: '' } as const
  if (wanted === undefined && text.length > MAX_LENGTH) return err(tooLarge)
  const all = splitPieces(text)
  const pieces = wanted === undefined ? all : all.filter((piece) => wanted.test(piece.text) && !isDefinition(piece))
  if (markersIn(pieces) > MAX_MARKERS) return err(tooLarge)
  if (pieces.reduce((sum, piece) => sum + piece.text.length, 0) > MAX_COMPOSED) return err(tooLarge)
  const documents: SourceDocument[] = []
  let left = MAX_LEXEMES - pieces.length
  for (const piece of pieces) {
    const read = left > 0 ? readPiece(file, piece, left) : err(tooLarge)
    if (!read.ok) return read
    documents.push(...read.value.sources)
    left -= read.value.lexemes
  }
  const lines = documents.map(({ piece }) => linesOf(piece.text, piece.line))
  const line = (document: number, path: Path): number => {
    const [source, lineAt] = [documents[document], lines[document]]
    return source === undefined || lineAt === undefined ? 1 : lineOfPath(lineAt, source.document, path)
  }
  const objects = documents.flatMap(({ data }, document) =>
    objectsIn({ file, document, line: (path) => line(document, path) }, data, []),
  )
  return ok({ file, text, documents, objects, wanted, line })
}

function markersIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + (text.match(/^(?:---|\.\.\.|%)/gm) ?? []).length, 0)
}

/** The documents of one piece: usually one, none if it has only comments, or several if `...` separates them. */
export function readPiece(
  file: string,
  piece: Piece,
  budget: number,
): Result<{ readonly sources: readonly SourceDocument[]; readonly lexemes: number }, ManifestProblem> {
  const read = readDocuments(piece.text, { budget, repeats: 'harmless' })
  const { lexemes } = read
  if (read.ok) return ok({ sources: read.documents.map((document, index) => ({ ...document, piece, index })), lexemes })
  const { code, at, detail } = read.problem
  const lines = linesOf(piece.text, piece.line)
  return err({
    file,
    ...(code === 'not-yaml' ? notYaml(piece, lines, read.problem) : { code, line: lines(at), detail }),
  })
}

/** `{{ … }}` of Helm or similar tools where it is part of the structure: alone on a line, or as an unquoted value. */
const TEMPLATE = /^[ \t]*(?:- +)*(?:[\w./-]+:[ \t]+)?\{\{/m

function notYaml(
  piece: Piece,
  lines: LineOf,
  { at, detail }: { readonly at: number; readonly detail: string },
): Omit<ManifestProblem, 'file'> {
  // If something is missing at the end of the file, its last line is the place to look at.
  const line = lines(Math.min(at, piece.text.trimEnd().length))
  const hasBraces = piece.text.slice(lineStart(piece.text, at), lineEnd(piece.text, at)).includes('{{')
  if (hasBraces) return { code: 'template', line, detail }
  const template = TEMPLATE.exec(piece.text)
  return template === null
    ? { code: 'not-yaml', line, detail }
    : { code: 'template', line: lines(template.index), detail }
}

interface Origin {
  readonly file: string
  readonly document: number
  readonly line: (path: Path) => number
}

function objectsIn(origin: Origin, data: unknown, at: Path): ManifestObject[] {
  if (!isRecord(data)) return []
  const { apiVersion, kind, metadata, items } = data
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return []
  if (kind === 'List' && Array.isArray(items)) {
    return items.flatMap((item: unknown, index) => objectsIn(origin, item, [...at, 'items', index]))
  }
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string') return []
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : ''
  const { file, document, line } = origin
  const identity = { group: groupOf(apiVersion), kind, namespace, name: metadata['name'] }
  return [{ file, document, at, line: line(at), apiVersion, ...identity, data }]
}
