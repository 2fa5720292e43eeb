/** Omits the values of one key before composing, because composing a text takes forty times its memory. */
import { breaksIn } from '../pieces.ts'
import { FLOW_ERROR_MARK, LEXEME_MARKS, SCALAR_MARK } from './lexemes.ts'

/** The omitted values. Filled while the lexemes are read. */
export interface OmittedValues {
  /** The omitted texts, by the scalar that replaces each. */
  readonly texts: Map<string, string>
  lexemes: number
  lines: number
  /** Whether the rest certainly means the same as with the values. If not, the text has to be read as a whole. */
  isSure: boolean
}

/** A private-use character. A text that already contains it is read as a whole. */
const STAND_IN = '\uE03B'

/** Lexemes from the start of a line: of one line, or of several if a scalar spans them. */
interface LexedLine {
  readonly lexemes: readonly string[]
  readonly start: number
  readonly end: number
  /**
   * The number of spaces before its first text. Undefined if it is empty, or is text of a block scalar, whose spaces do not
   * matter.
   */
  readonly indent: number | undefined
  /** The number of open brackets at its end. */
  readonly depth: number
  /** It contains quotes without an end, brackets that end too early, or an empty block scalar, which has no line. */
  readonly isDoubtful: boolean
}

/**
 * The lexemes of a text. If `key` is alone on its line and its value is on the lines below, a scalar replaces the value. The
 * lexer knows where quotes and block scalars end, so exactly the value is omitted that a parser would read.
 */
export function* omitValues(
  text: string,
  { key, lexemes }: { readonly key: string; readonly lexemes: Iterable<string> },
  omitted: OmittedValues,
): Generator<string, void> {
  if (text.includes(STAND_IN)) omitted.isSure = false
  let value: OpenValue | undefined
  for (const line of linesOf(lexemes)) {
    if (value !== undefined && !(line.indent !== undefined && line.indent <= value.indent)) {
      take(value, line)
      continue
    }
    if (value !== undefined) yield* inPlaceOf(value, text, omitted)
    yield* line.lexemes
    value = startsValue(line, key)
      ? { ...NOTHING, indent: line.indent ?? 0, start: line.end, end: line.end }
      : undefined
  }
  if (value !== undefined) yield* inPlaceOf(value, text, omitted)
}

/** The value that is being omitted, up to the current lexeme. */
interface OpenValue {
  /** The indentation of the value's key. */
  readonly indent: number
  readonly start: number
  end: number
  depth: number
  lexemes: number
  isDoubtful: boolean
  isEmpty: boolean
}

const NOTHING = { depth: 0, lexemes: 0, isDoubtful: false, isEmpty: true }

function take(value: OpenValue, { lexemes, end, depth, indent, isDoubtful }: LexedLine): void {
  value.end = end
  value.depth = depth
  value.lexemes += lexemes.length
  value.isDoubtful ||= isDoubtful
  value.isEmpty &&= indent === undefined
}

function startsValue({ lexemes, depth, indent = 0 }: LexedLine, key: string): boolean {
  const [mark, name, colon, end] = indent > 0 ? lexemes.slice(1) : lexemes
  const isKey = mark === SCALAR_MARK && name === key && colon === ':' && end !== undefined && isBreak(end)
  return isKey && depth === 0 && lexemes.length === (indent > 0 ? 5 : 4)
}

function* inPlaceOf(value: OpenValue, text: string, omitted: OmittedValues): Generator<string, void> {
  omitted.lexemes += value.lexemes
  if (value.depth !== 0 || value.isDoubtful) omitted.isSure = false
  if (value.isEmpty) return
  const whole = text.slice(value.start, value.end)
  const name = `${STAND_IN}${omitted.texts.size}`
  omitted.texts.set(name, whole)
  omitted.lines += breaksIn(whole)
  yield ' '.repeat(value.indent + 1)
  yield `'${name}'`
  yield '\n'
}

function* linesOf(all: Iterable<string>): Generator<LexedLine, void> {
  let [offset, start, depth] = [0, 0, 0]
  let lexemes: string[] = []
  let isText = false
  let isDoubtful = false
  const line = (): LexedLine => ({ lexemes, start, end: offset, indent: indentOf(lexemes), depth, isDoubtful })
  for (const lexeme of all) {
    lexemes.push(lexeme)
    if (isText || !LEXEME_MARKS.has(lexeme)) {
      offset += lexeme.length
      if (!isText) depth += DEPTHS[lexeme] ?? 0
      isDoubtful ||= isText ? lexeme === '' : isOpenQuote(lexeme)
      isText = false
    } else {
      isText = lexeme === SCALAR_MARK
      isDoubtful ||= lexeme === FLOW_ERROR_MARK
    }
    if (!lexeme.endsWith('\n')) continue
    yield line()
    lexemes = []
    start = offset
  }
  if (lexemes.length > 0) yield line()
}

const DEPTHS: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 }

function isOpenQuote(lexeme: string): boolean {
  const [quote] = lexeme
  return (quote === '"' || quote === "'") && !(lexeme.length > 1 && lexeme.endsWith(quote))
}

function indentOf([first = '', second, third]: readonly string[]): number | undefined {
  const isBlockText = first === SCALAR_MARK && second?.endsWith('\n') === true
  if (isBlockText || isBreak(first)) return undefined
  if (!/^[ \t]/.test(first)) return 0
  return second === undefined || isBreak(second) || (second === SCALAR_MARK && third?.endsWith('\n'))
    ? undefined
    : first.length
}

function isBreak(lexeme: string): boolean {
  return lexeme === '\n' || lexeme === '\r\n'
}
