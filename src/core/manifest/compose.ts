import { Composer, type CST, type Document, Lexer, Parser, Schema } from 'yaml'
import { advanceParser } from './advance.ts'
import { MAX_DEPTH } from './data.ts'

/** One for all documents: making it costs as much as composing a line. Known tags would be added to it as they turn up. */
const SCHEMA = new Schema({ schema: 'core', resolveKnownTags: false })

export interface ComposedYaml {
  readonly documents: readonly Document[]
  /** The first problem, by its offset; undefined where the text is YAML. */
  readonly problem: { readonly at: number; readonly detail: string } | undefined
  /** How many tokens it took: what the time is proportional to. */
  readonly lexemes: number
}

/**
 * Composes YAML text. Like `parseAllDocuments`, but it ends at bottomless nesting, before that can overflow the stack, and
 * at a budget of tokens; it leaves duplicate keys to `readData`; and it makes no error object for each of a million errors.
 */
export function compose(text: string, budget = Infinity): ComposedYaml {
  const reader: Reading = { problem: undefined, lexemes: 0, budget }
  const composer = new Composer({ schema: SCHEMA, uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
  // No other way leads to the errors before they are made; `yaml` is pinned, and the tests of bombs hold this.
  composer['onError'] = (...[source, , detail, isWarning]: Report) => {
    if (isWarning !== true) reader.problem ??= { at: offsetOf(source), detail }
  }
  const documents = [...composer.compose(tokensOf(text, reader))]
  const { problem, lexemes } = reader
  return { documents: problem === undefined ? documents : [], problem, lexemes }
}

interface Reading {
  problem: ComposedYaml['problem']
  lexemes: number
  readonly budget: number
}

type Report = readonly [source: NodePosition, code: unknown, detail: string, isWarning?: boolean]
type NodePosition = number | readonly number[] | { readonly offset: number }

function offsetOf(source: NodePosition): number {
  if (typeof source === 'number') return source
  return 'offset' in source ? source.offset : (source[0] ?? 0)
}

function* tokensOf(text: string, reader: Reading): Generator<CST.Token, void> {
  const parser = new Parser()
  let isOpen = false
  for (const lexeme of new Lexer().lex(text)) {
    reader.lexemes += 1
    for (const token of advanceParser(parser, lexeme)) {
      reader.problem ??= faultOf(token, isOpen)
      if (reader.problem !== undefined) return
      isOpen ||= token.type === 'document'
      yield token
    }
    if (parser.stack.length > MAX_DEPTH)
      reader.problem ??= { at: parser.offset, detail: `More than ${MAX_DEPTH} levels deep` }
    if (reader.problem !== undefined || reader.lexemes > reader.budget) return
  }
  yield* parser.end()
}

/** The faults that `Composer` makes errors of without asking `onError`. */
function faultOf(token: CST.Token, isOpen: boolean): ComposedYaml['problem'] {
  if (token.type === 'error') return { at: token.offset, detail: token.message }
  return token.type === 'doc-end' && !isOpen ? { at: token.offset, detail: 'Unexpected end of document' } : undefined
}

/** What the lexer says before each scalar, which could start with a `#` itself where it is a block scalar. */
const SCALAR = '\u001F'
/** Marks of the lexer that stand for no characters. */
const MARKS = new Set(['\u0002', '\u0018', SCALAR])

/** Where each comment of a YAML text starts and ends. */
export function commentsOf(text: string): readonly (readonly [start: number, end: number])[] {
  const comments: [number, number][] = []
  if (!text.includes('#')) return comments
  let offset = 0
  let isScalar = false
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKS.has(lexeme) && !isScalar) {
      isScalar = lexeme === SCALAR
      continue
    }
    if (!isScalar && lexeme.startsWith('#')) comments.push([offset, offset + lexeme.length])
    isScalar = false
    offset += lexeme.length
  }
  return comments
}
