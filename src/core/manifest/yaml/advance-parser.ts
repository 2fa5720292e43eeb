import { CST, type Parser } from 'yaml'

/**
 * `Parser.next` without its look into the process environment at every token, which takes a seventh of the time of a parse. It
 * depends on internals of `yaml`, whose version is pinned. A property test compares it with `parseAllDocuments`.
 */
export function* advanceParser(parser: Parser, lexeme: string): Generator<CST.Token, void> {
  const type = CST.tokenType(lexeme)
  const isText = parser['atScalar'] === true
  if (!isText && (type === null || type === 'scalar')) return yield* parser.next(lexeme)
  parser['source'] = lexeme
  parser['atScalar'] = false
  if (!isText && type !== null) parser['type'] = type
  yield* parser['step']()
  if (!isText && (type === 'doc-mode' || type === 'flow-error-end')) return
  if (!isText) moveOn(parser, type, lexeme)
  parser.offset += lexeme.length
}

const INDENTS = new Set<CST.TokenType | null>(['explicit-key-ind', 'map-value-ind', 'seq-item-ind'])

/** Updates the parser's indentation at the start of a line. */
function moveOn(parser: Parser, type: CST.TokenType | null, lexeme: string): void {
  const isStart = parser['atNewLine'] === true
  if (type === 'newline') {
    parser['atNewLine'] = true
    parser['indent'] = 0
  } else if (type === 'space' || INDENTS.has(type)) {
    if (isStart && (type !== 'space' || lexeme.startsWith(' '))) parser['indent'] += lexeme.length
  } else parser['atNewLine'] = false
}
