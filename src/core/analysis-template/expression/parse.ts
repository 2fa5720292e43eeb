/**
 * Parses a condition in the part of expr-lang (github.com/expr-lang/expr, docs/language-definition.md) that people use for the
 * answers of Prometheus. For everything else the error says what is not supported.
 */
import { err, ok, type Result } from '../../result.ts'
import { type BinarySign, isBinarySign, type Node, PRECEDENCE } from './node.ts'
import { type Token, tokensOf } from './tokens.ts'
import { type Trouble, Unanswerable } from './trouble.ts'
import { isKnownFunction, takesPredicate } from './functions.ts'

/** Nobody nests deeper, and the limit bounds the recursion. */
const MAX_DEPTH = 40

interface Cursor {
  readonly tokens: readonly Token[]
  readonly end: Token
  place: number
  depth: number
  /** How many predicates are around this place. */
  predicates: number
}

export function parseCondition(condition: string): Result<Node, Trouble> {
  const tokens = tokensOf(condition)
  if (!tokens.ok) return tokens
  const end: Token = { kind: 'end', text: '', at: condition.length + 1 }
  const cursor: Cursor = { tokens: tokens.value, end, place: 0, depth: 0, predicates: 0 }
  try {
    const node = readExpression(cursor, 0)
    const rest = peek(cursor)
    return rest.kind === 'end' ? ok(node) : err(oddToken(rest))
  } catch (error) {
    if (error instanceof Unanswerable) return err(error.trouble)
    throw error
  }
}

function peek({ tokens, place, end }: Cursor): Token {
  return tokens[place] ?? end
}

function take(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.place += 1
  return token
}

function isSign({ kind, text }: Token, sign: string): boolean {
  return kind === 'sign' && text === sign
}

function takeSign(cursor: Cursor, sign: string): boolean {
  if (!isSign(peek(cursor), sign)) return false
  cursor.place += 1
  return true
}

function expectSign(cursor: Cursor, sign: string): void {
  if (!takeSign(cursor, sign)) throw new Unanswerable(oddToken(peek(cursor)))
}

/** Operators and words of expr-lang that Perch does not support. */
const LEFT_OUT = new Set(['|', '..', '?.', ';', 'let', 'if', 'contains', 'matches', 'startsWith', 'endsWith', '.'])

function oddToken({ text, at }: Token): Trouble {
  return { code: LEFT_OUT.has(text) ? 'unsupported' : 'syntax', at, what: text }
}

function readExpression(cursor: Cursor, precedence: number): Node {
  cursor.depth += 1
  if (cursor.depth > MAX_DEPTH) throw new Unanswerable({ code: 'too-deep', at: peek(cursor).at, most: MAX_DEPTH })
  let left = readPrimary(cursor)
  let before: BinarySign | undefined
  for (;;) {
    const found = binaryAt(cursor)
    if (found === undefined || PRECEDENCE[found.sign] < precedence) break
    // `a ?? b > 1` needs parentheses, because its meaning is not obvious.
    if (before === '??' && found.sign !== '??') throw new Unanswerable(oddToken(peek(cursor)))
    before = found.sign
    cursor.place += found.length
    left = isOrder(found.sign) ? readOrder(cursor, left, found) : withRight(cursor, left, found)
  }
  const node = precedence === 0 ? readChoice(cursor, left) : left
  cursor.depth -= 1
  return node
}

interface FoundSign {
  readonly sign: BinarySign
  readonly at: number
  readonly isNot: boolean
  /** How many words it is made of. */
  readonly length: number
}

const WORDS: Readonly<Record<string, BinarySign>> = { and: '&&', or: '||', '**': '^', in: 'in' }

function binaryAt(cursor: Cursor): FoundSign | undefined {
  const { kind, text, at } = peek(cursor)
  if (kind !== 'sign' && kind !== 'name') return undefined
  const after = cursor.tokens[cursor.place + 1]
  if (kind === 'name' && text === 'not' && after?.text === 'in') return { sign: 'in', at, isNot: true, length: 2 }
  const sign = Object.hasOwn(WORDS, text) ? WORDS[text] : isBinarySign(text) ? text : undefined
  return sign && { sign, at, isNot: false, length: 1 }
}

function withRight(cursor: Cursor, left: Node, { sign, at, isNot }: FoundSign): Node {
  // Powers associate to the right, all others to the left.
  const right = readExpression(cursor, sign === '^' ? PRECEDENCE[sign] : PRECEDENCE[sign] + 1)
  const node: Node = { kind: 'binary', sign, left, right, at }
  return isNot ? { kind: 'unary', sign: '!', of: node, at } : node
}

function isOrder(sign: BinarySign): boolean {
  return sign === '<' || sign === '>' || sign === '<=' || sign === '>='
}

/** `0 < a <= 1` is `0 < a and a <= 1`. */
function readOrder(cursor: Cursor, first: Node, begin: FoundSign): Node {
  let node: Node | undefined
  let left = first
  let found: FoundSign | undefined = begin
  while (found !== undefined && isOrder(found.sign)) {
    if (found !== begin) cursor.place += found.length
    const right = readExpression(cursor, PRECEDENCE[found.sign] + 1)
    const pair: Node = { kind: 'binary', sign: found.sign, left, right, at: found.at }
    node = node === undefined ? pair : { kind: 'binary', sign: '&&', left: node, right: pair, at: found.at }
    left = right
    found = binaryAt(cursor)
  }
  return node ?? first
}

function readChoice(cursor: Cursor, test: Node): Node {
  const { at } = peek(cursor)
  if (!takeSign(cursor, '?')) return test
  const chosen = readExpression(cursor, 0)
  expectSign(cursor, ':')
  return { kind: 'choice', test, chosen, otherwise: readExpression(cursor, 0), at }
}

/** `not` binds less tightly than arithmetic signs, and more tightly than comparisons. */
const UNARY = { not: ['!', 50], '!': ['!', 50], '-': ['-', 90], '+': ['+', 90] } as const

function isUnary(text: string): text is keyof typeof UNARY {
  return Object.hasOwn(UNARY, text)
}

function readPrimary(cursor: Cursor): Node {
  const { kind, text, at } = peek(cursor)
  if (kind !== 'text' && isUnary(text)) {
    cursor.place += 1
    const [sign, precedence] = UNARY[text]
    return { kind: 'unary', sign, of: readExpression(cursor, precedence), at }
  }
  return readIndexes(cursor, readValue(cursor))
}

function readIndexes(cursor: Cursor, first: Node): Node {
  let node = first
  for (;;) {
    const token = peek(cursor)
    if (!takeSign(cursor, '[')) return node
    const index = readExpression(cursor, 0)
    // A part of a list: `result[1:]`.
    if (isSign(peek(cursor), ':')) throw new Unanswerable({ code: 'unsupported', at: peek(cursor).at, what: ':' })
    expectSign(cursor, ']')
    node = { kind: 'index', of: node, index, at: token.at }
  }
}

function readValue(cursor: Cursor): Node {
  const token = take(cursor)
  const { kind, text, at } = token
  if (kind === 'number') return numberOf(token)
  if (kind === 'text') return { kind: 'text', value: text, at }
  if (kind === 'name') return readName(cursor, token)
  if (isSign(token, '(')) {
    const inner = readExpression(cursor, 0)
    expectSign(cursor, ')')
    return inner
  }
  if (isSign(token, '[')) return { kind: 'list', items: readUntil(cursor, ']'), at }
  if (isSign(token, '#')) return readItem(cursor, at)
  throw new Unanswerable(oddToken(token))
}

function numberOf({ text, at }: Token): Node {
  return { kind: 'number', value: Number(text.replaceAll('_', '')), isWhole: !/[.eE]/.test(text), at }
}

function readItem(cursor: Cursor, at: number): Node {
  if (cursor.predicates === 0) throw new Unanswerable({ code: 'syntax', at, what: '#' })
  // `#acc` and `#index` belong to functions that Perch does not support.
  const next = peek(cursor)
  if (next.kind === 'name' && next.at === at + 1)
    throw new Unanswerable({ code: 'unsupported', at, what: `#${next.text}` })
  return { kind: 'item', at }
}

function readName(cursor: Cursor, { text, at }: Token): Node {
  if (isSign(peek(cursor), '(')) return readCall(cursor, text, at)
  if (text === 'true' || text === 'false') return { kind: 'truth', value: text === 'true', at }
  if (text === 'nil') return { kind: 'nil', at }
  if (text === 'result') return { kind: 'result', at }
  throw new Unanswerable({ code: 'unsupported', at, what: text })
}

function readCall(cursor: Cursor, name: string, at: number): Node {
  if (!isKnownFunction(name)) throw new Unanswerable({ code: 'unsupported', at, what: name })
  expectSign(cursor, '(')
  if (!takesPredicate(name)) return { kind: 'call', name, args: readUntil(cursor, ')'), predicate: undefined, at }
  const list = readExpression(cursor, 0)
  const predicate = takeSign(cursor, ',') ? readPredicate(cursor) : undefined
  expectSign(cursor, ')')
  return { kind: 'call', name, args: [list], predicate, at }
}

/** In braces or bare: `{# > 0}` or `# > 0`. */
function readPredicate(cursor: Cursor): Node {
  cursor.predicates += 1
  const isInBraces = takeSign(cursor, '{')
  const body = readExpression(cursor, 0)
  if (isInBraces) expectSign(cursor, '}')
  cursor.predicates -= 1
  return body
}

function readUntil(cursor: Cursor, end: string): readonly Node[] {
  const items: Node[] = []
  while (!takeSign(cursor, end)) {
    if (items.length > 0) expectSign(cursor, ',')
    items.push(readExpression(cursor, 0))
  }
  return items
}
