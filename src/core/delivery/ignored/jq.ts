/** The part of jq in which paths are written: fields, indexes, `..`, `select`, comparisons. Other expressions are not read. */

/** A jq expression as a tree. */
export type Jq =
  | { readonly op: 'here' | 'below' }
  | { readonly op: 'literal'; readonly value: unknown }
  | { readonly op: 'field'; readonly of: Jq; readonly key: string | number }
  | { readonly op: 'each'; readonly of: Jq }
  | { readonly op: 'pipe' | ',' | 'and' | 'or' | '//'; readonly left: Jq; readonly right: Jq }
  | { readonly op: 'compare'; readonly sign: Sign; readonly left: Jq; readonly right: Jq }
  | { readonly op: 'call'; readonly name: string; readonly argument: Jq | undefined }

export type Sign = '==' | '!=' | '<' | '<=' | '>' | '>='

/** Nobody needs longer ones. The parser's recursion is as deep as the brackets. */
const MAX_LENGTH = 2_000
const MAX_BRACKETS = 50
const TOKEN = /\s*(?:(\.\.|==|!=|<=|>=|\/\/|[.[\]()|,?<>])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*))/y

type Token = { readonly kind: 'sign' | 'text' | 'number' | 'word'; readonly text: string }

/** Undefined if it contains something that this module does not read. */
export function parseJq(expression: string): Jq | undefined {
  const tokens = expression.length > MAX_LENGTH ? undefined : tokensOf(expression)
  if (tokens === undefined || tokens.filter(({ text }) => text === '(').length > MAX_BRACKETS) return undefined
  const rest = [...tokens]
  const parsed = binary(rest, 0)
  return rest.length === 0 ? parsed : undefined
}

function tokensOf(expression: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  const text = expression.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text)
    if (found === null) return undefined
    const at = found.slice(1).findIndex((part) => part !== undefined)
    const kind = (['sign', 'text', 'number', 'word'] as const)[at]
    if (kind === undefined) return undefined
    tokens.push({ kind, text: found[at + 1] ?? '' })
  }
  return tokens
}

/** From the lowest precedence to the highest. */
const LEVELS = [['|'], [','], ['//'], ['or'], ['and'], ['==', '!=', '<', '<=', '>', '>=']] as const

function binary(rest: Token[], level: number): Jq | undefined {
  const signs = LEVELS[level]
  if (signs === undefined) return postfix(rest)
  let left = binary(rest, level + 1)
  for (;;) {
    const sign = signs.find((one) => one === rest[0]?.text && rest[0].kind !== 'text')
    if (left === undefined || sign === undefined) return left
    rest.shift()
    const right = binary(rest, level + 1)
    if (right === undefined) return undefined
    left = joined(sign, left, right)
  }
}

function joined(sign: (typeof LEVELS)[number][number], left: Jq, right: Jq): Jq {
  switch (sign) {
    case '|':
      return { op: 'pipe', left, right }
    case ',':
    case 'and':
    case 'or':
    case '//':
      return { op: sign, left, right }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return { op: 'compare', sign, left, right }
  }
}

function postfix(rest: Token[]): Jq | undefined {
  let term = primary(rest)
  while (term !== undefined) {
    const [next, after] = rest
    if (next?.kind !== 'sign') return term
    if (next.text === '?') rest.shift()
    else if (next.text === '[') term = indexed(rest, term)
    else if (next.text === '.' && after?.text === '[') rest.shift()
    else if (next.text === '.' && after !== undefined) term = field(rest, term)
    else return term
  }
  return term
}

/** `.name` or `."name"` after a term. */
function field(rest: Token[], of: Jq): Jq | undefined {
  rest.shift()
  const name = rest.shift()
  if (name?.kind === 'word') return { op: 'field', of, key: name.text }
  return name?.kind === 'text' ? { op: 'field', of, key: unquoted(name.text) } : undefined
}

/** `[]`, `[0]` or `["name"]` after a term. */
function indexed(rest: Token[], of: Jq): Jq | undefined {
  rest.shift()
  const token = rest.shift()
  if (token?.text === ']' && token.kind === 'sign') return { op: 'each', of }
  if (token === undefined || rest.shift()?.text !== ']') return undefined
  if (token.kind === 'number') return { op: 'field', of, key: Number(token.text) }
  return token.kind === 'text' ? { op: 'field', of, key: unquoted(token.text) } : undefined
}

function primary(rest: Token[]): Jq | undefined {
  const token = rest.shift()
  switch (token?.kind) {
    case 'text':
      return { op: 'literal', value: unquoted(token.text) }
    case 'number':
      return { op: 'literal', value: Number(token.text) }
    case 'word':
      return call(rest, token.text)
    case 'sign':
      return signed(rest, token.text)
    case undefined:
      return undefined
  }
}

function signed(rest: Token[], sign: string): Jq | undefined {
  if (sign === '..') return { op: 'below' }
  if (sign === '(') return closed(rest)
  if (sign !== '.') return undefined
  const [next] = rest
  const isField = next?.kind === 'text' || (next?.kind === 'word' && !['and', 'or'].includes(next.text))
  if (!isField) return { op: 'here' }
  rest.unshift({ kind: 'sign', text: '.' })
  return field(rest, { op: 'here' })
}

function closed(rest: Token[]): Jq | undefined {
  const inner = binary(rest, 0)
  return rest.shift()?.text === ')' ? inner : undefined
}

const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

function call(rest: Token[], name: string): Jq | undefined {
  if (LITERALS.has(name)) return { op: 'literal', value: LITERALS.get(name) }
  if (name === 'recurse' && rest[0]?.text !== '(') return { op: 'below' }
  if (rest[0]?.text !== '(') return { op: 'call', name, argument: undefined }
  rest.shift()
  const argument = closed(rest)
  return argument === undefined ? undefined : { op: 'call', name, argument }
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    // The string has escapes that only jq knows, such as \(…). No field has such a name.
    return text
  }
}
