/** Reads the part of GraphQL that API clients write: operations, variables, fields, aliases, arguments. No fragments or directives. */

export type Value =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Value> }
  | { readonly kind: 'plain'; readonly value: string | number | boolean | null }

export interface Field {
  readonly alias: string
  readonly name: string
  readonly args: ReadonlyMap<string, Value>
  readonly selections: readonly Field[]
  readonly line: number
  readonly column: number
}

interface Variable {
  readonly name: string
  /** As written, e.g. `String!`. */
  readonly type: string
  readonly fallback: Value | undefined
}

export interface Operation {
  readonly kind: 'query' | 'mutation'
  readonly name: string | undefined
  readonly variables: readonly Variable[]
  readonly selections: readonly Field[]
}

export class GraphqlSyntaxError extends Error {
  override readonly name = 'GraphqlSyntaxError'
}

interface Token {
  readonly kind: 'name' | 'punctuator' | 'number' | 'string' | 'end'
  readonly text: string
  readonly at: number
}

const PATTERN =
  /[\s,\uFEFF]+|#[^\n]*|(?<name>[_A-Za-z]\w*)|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<block>"""[\s\S]*?""")|(?<string>"(?:[^"\\\n]|\\.)*")|(?<punctuator>\.\.\.|[!$()[\]{}:=|@&])/y

interface Reader {
  readonly peek: () => Token
  readonly next: () => Token
  readonly place: (at: number) => { line: number; column: number }
}

export function parseDocument(source: string): readonly Operation[] {
  const reader = readerOf(source)
  const operations: Operation[] = []
  while (reader.peek().kind !== 'end') operations.push(operation(reader))
  if (operations.length === 0) throw new GraphqlSyntaxError('A query attribute must be specified and must be a string.')
  return operations
}

function readerOf(source: string): Reader {
  const tokens = tokenize(source)
  let index = 0
  const peek = (): Token => tokens[index] ?? { kind: 'end', text: '', at: source.length }
  return {
    peek,
    next: () => {
      const token = peek()
      index += 1
      return token
    },
    place: (at) => {
      const before = source.slice(0, at).split('\n')
      return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
    },
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  PATTERN.lastIndex = 0
  while (PATTERN.lastIndex < source.length) {
    const at = PATTERN.lastIndex
    const groups = PATTERN.exec(source)?.groups
    if (groups === undefined) throw new GraphqlSyntaxError(`Parse error on ${JSON.stringify(source[at] ?? '')}`)
    const token = tokenFrom(groups, at)
    if (token !== undefined) tokens.push(token)
  }
  return tokens
}

function tokenFrom(groups: Record<string, string | undefined>, at: number): Token | undefined {
  const { name, number, block, string, punctuator } = groups
  if (name !== undefined) return { kind: 'name', text: name, at }
  if (number !== undefined) return { kind: 'number', text: number, at }
  if (block !== undefined) return { kind: 'string', text: block.slice(3, -3).trim(), at }
  // GraphQL's escapes are JSON's.
  if (string !== undefined) return { kind: 'string', text: String(JSON.parse(string)), at }
  return punctuator === undefined ? undefined : { kind: 'punctuator', text: punctuator, at }
}

function fail(reader: Reader, wanted: string): GraphqlSyntaxError {
  const { text, at, kind } = reader.peek()
  const { line, column } = reader.place(at)
  const found = kind === 'end' ? 'end of file' : JSON.stringify(text)
  return new GraphqlSyntaxError(`Parse error on ${found}, expecting ${wanted} at [${String(line)}, ${String(column)}]`)
}

function isNext(reader: Reader, text: string): boolean {
  const token = reader.peek()
  return token.kind === 'punctuator' && token.text === text
}

function expect(reader: Reader, text: string): void {
  if (!isNext(reader, text)) throw fail(reader, JSON.stringify(text))
  reader.next()
}

function skip(reader: Reader, text: string): boolean {
  if (!isNext(reader, text)) return false
  reader.next()
  return true
}

function nameIn(reader: Reader): string {
  if (reader.peek().kind !== 'name') throw fail(reader, 'a name')
  return reader.next().text
}

function operation(reader: Reader): Operation {
  if (isNext(reader, '{')) return { kind: 'query', name: undefined, variables: [], selections: selections(reader) }
  const kind = nameIn(reader)
  if (kind !== 'query' && kind !== 'mutation') {
    throw new GraphqlSyntaxError(`The sandbox reads queries and mutations only, not "${kind}".`)
  }
  const name = reader.peek().kind === 'name' ? nameIn(reader) : undefined
  const variables: Variable[] = []
  if (skip(reader, '(')) while (!skip(reader, ')')) variables.push(variable(reader))
  return { kind, name, variables, selections: selections(reader) }
}

function variable(reader: Reader): Variable {
  expect(reader, '$')
  const name = nameIn(reader)
  expect(reader, ':')
  const type = typeIn(reader)
  return { name, type, fallback: skip(reader, '=') ? value(reader) : undefined }
}

function typeIn(reader: Reader): string {
  let type: string
  if (skip(reader, '[')) {
    type = `[${typeIn(reader)}]`
    expect(reader, ']')
  } else type = nameIn(reader)
  return skip(reader, '!') ? `${type}!` : type
}

function selections(reader: Reader): Field[] {
  expect(reader, '{')
  const fields: Field[] = []
  while (!skip(reader, '}')) fields.push(field(reader))
  return fields
}

function field(reader: Reader): Field {
  if (isNext(reader, '...')) throw new GraphqlSyntaxError('The sandbox does not read fragments.')
  const { line, column } = reader.place(reader.peek().at)
  const first = nameIn(reader)
  const name = skip(reader, ':') ? nameIn(reader) : first
  const args = skip(reader, '(') ? entries(reader, ')') : new Map<string, Value>()
  if (isNext(reader, '@')) throw new GraphqlSyntaxError('The sandbox does not read directives.')
  return { alias: first, name, args, selections: isNext(reader, '{') ? selections(reader) : [], line, column }
}

function entries(reader: Reader, end: string): Map<string, Value> {
  const found = new Map<string, Value>()
  while (!skip(reader, end)) {
    const name = nameIn(reader)
    expect(reader, ':')
    found.set(name, value(reader))
  }
  return found
}

function value(reader: Reader): Value {
  if (skip(reader, '$')) return { kind: 'variable', name: nameIn(reader) }
  if (skip(reader, '{')) return { kind: 'object', fields: entries(reader, '}') }
  if (skip(reader, '[')) {
    const items: Value[] = []
    while (!skip(reader, ']')) items.push(value(reader))
    return { kind: 'list', items }
  }
  const token = reader.peek()
  if (token.kind === 'punctuator' || token.kind === 'end') throw fail(reader, 'a value')
  reader.next()
  if (token.kind === 'number') return { kind: 'plain', value: Number(token.text) }
  return { kind: 'plain', value: token.kind === 'name' ? word(token.text) : token.text }
}

/** An enum's value is its name. */
function word(text: string): string | boolean | null {
  if (text === 'null') return null
  return text === 'true' || text === 'false' ? text === 'true' : text
}
