import { Composer, type CST, type Document, Lexer, Parser, Schema, type YAMLError } from 'yaml'
import { advanceParser } from './advance-parser.ts'
import { hideColons, joinQuotedLines, restoreColons } from './go-scalars.ts'
import { LEXEME_MARKS, SCALAR_MARK } from './lexemes.ts'
import { type OmittedValues, omitValues } from './omit-values.ts'
import { MAX_DEPTH } from './read-data.ts'

/**
 * One schema for all documents, because making one costs as much as composing a line. Otherwise, `yaml` would add known tags to
 * it as they appear.
 */
const SCHEMA = new Schema({ schema: 'core', resolveKnownTags: false })

export interface ComposedYaml {
  readonly documents: readonly Document[]
  /** The first problem with its offset. Undefined if the text is valid YAML. */
  readonly problem: { readonly at: number; readonly detail: string } | undefined
  /** The number of tokens. The time is proportional to it. */
  readonly lexemes: number
  /** The values of the key that was to be omitted. Undefined if the text was read as a whole. */
  readonly omitted?: OmittedValues
}

/**
 * Composes YAML text. Like `parseAllDocuments`, but it stops at the first error, at a nesting that would overflow the stack, and
 * at a budget of tokens. It leaves duplicate keys to `readData`. Values of the key `omits` are left out if that certainly changes
 * nothing else.
 */
export function compose(text: string, budget = Infinity, omits?: string): ComposedYaml {
  // A hostile document can contain a million errors. Their stack traces are of no use, and recording them would take ten times as long.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return (omits === undefined ? undefined : composedInPart(text, budget, omits)) ?? composedLikeGo(text, budget)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Undefined if only the whole text gives a certain result. */
function composedInPart(text: string, budget: number, key: string): ComposedYaml | undefined {
  if (hideColons(text) !== text) return undefined
  const omitted: OmittedValues = { texts: new Map(), lexemes: 0, lines: 0, isSure: true }
  const lexed = omitValues(text, { key, lexemes: new Lexer().lex(text) }, omitted)
  const read = composed(lexed, () => budget - omitted.lexemes)
  const isWhole = read.problem !== undefined || !omitted.isSure || omitted.texts.size === 0
  return isWhole ? undefined : { ...read, lexemes: read.lexemes + omitted.lexemes, omitted }
}

/** Also reads what only Go accepts, because kustomize and the deployers use Go's library. */
function composedLikeGo(text: string, budget: number): ComposedYaml {
  const hidden = hideColons(text)
  const left = (): number => budget
  const first = composed(new Lexer().lex(hidden), left)
  const joined = first.problem === undefined ? undefined : joinQuotedLines(hidden)
  const second = joined === undefined ? first : composed(new Lexer().lex(joined), left)
  const found = second.problem === undefined ? second : first
  if (hidden !== text) restoreColons(found.documents)
  return found
}

function composed(lexed: Iterable<string>, budget: () => number): ComposedYaml {
  const parser = new Parser()
  const composer = new Composer({ schema: SCHEMA, uniqueKeys: false, logLevel: 'error' })
  const documents: Document[] = []
  let problem: ComposedYaml['problem']
  let isOpen = false
  let lexemes = 0
  for (const lexeme of lexed) {
    lexemes += 1
    for (const token of advanceParser(parser, lexeme)) {
      problem ??= faultOf(token, isOpen)
      isOpen ||= token.type === 'document'
      if (problem === undefined) documents.push(...composer.next(token))
    }
    if (parser.stack.length > MAX_DEPTH) problem ??= { at: parser.offset, detail: `More than ${MAX_DEPTH} levels deep` }
    if (problem !== undefined || lexemes > budget()) return { documents: [], problem, lexemes }
  }
  for (const token of parser.end()) documents.push(...composer.next(token))
  documents.push(...composer.end())
  // An error after the last document is only in the stream.
  const faults = documents.flatMap(({ errors }) => errors.filter((fault) => !isReadByGo(fault)))
  const [error] = [...faults, ...composer.streamInfo().errors]
  return error === undefined
    ? { documents, problem, lexemes }
    : { documents: [], problem: { at: error.pos[0], detail: error.message }, lexemes }
}

/** Go allows a comment right after quotes or brackets: `'false'# why`. */
function isReadByGo({ code, message }: YAMLError): boolean {
  return code === 'MISSING_CHAR' && message.startsWith('Comments must be separated')
}

/** The error of a token that belongs to no document. It is known before any document is composed. */
function faultOf(token: CST.Token, isOpen: boolean): ComposedYaml['problem'] {
  if (token.type === 'error') return { at: token.offset, detail: token.message }
  return token.type === 'doc-end' && !isOpen ? { at: token.offset, detail: 'Unexpected end of document' } : undefined
}

/** The start and end offsets of all comments in a YAML text. */
export function commentsOf(text: string): readonly (readonly [start: number, end: number])[] {
  const comments: [number, number][] = []
  if (!text.includes('#')) return comments
  let offset = 0
  let isScalar = false
  for (const lexeme of new Lexer().lex(text)) {
    if (LEXEME_MARKS.has(lexeme) && !isScalar) {
      isScalar = lexeme === SCALAR_MARK
      continue
    }
    if (!isScalar && lexeme.startsWith('#')) comments.push([offset, offset + lexeme.length])
    isScalar = false
    offset += lexeme.length
  }
  return comments
}
