import {
  type Argument,
  type Expression,
  type FunctionBody,
  parseSync,
  type Span,
  Visitor,
  type VisitorObject,
} from 'oxc-parser'

/** One small change of a source file that a test should notice. */
export interface Mutant {
  readonly file: string
  readonly kind: Kind
  /** The range in the text, and its replacement. */
  readonly start: number
  readonly end: number
  readonly text: string
}

export const KINDS = [
  'arithmetic',
  'branch',
  'call',
  'comparison',
  'constant',
  'guard',
  'item',
  'logic',
  'method',
  'negation',
  'operand',
  'pattern',
  'return',
  'spread',
  'statement',
] as const
type Kind = (typeof KINDS)[number]

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
}
const ARITHMETIC: Readonly<Record<string, string>> = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*' }

/** Methods that are easily confused. */
const TWINS = new Map(
  [
    ['some', 'every'],
    ['find', 'findLast'],
    ['findIndex', 'findLastIndex'],
    ['indexOf', 'lastIndexOf'],
    ['startsWith', 'endsWith'],
    ['min', 'max'],
    ['union', 'intersection'],
  ].flatMap(([a = '', b = '']) => [
    [a, b],
    [b, a],
  ]),
)

/** Methods whose result can be replaced by the value on which they are called. */
const DROPPED = new Set(
  'concat filter flat replace replaceAll reverse slice sort toLowerCase toReversed toSorted trim trimEnd trimStart with'.split(
    ' ',
  ),
)

/** Other return values for a function. Most do not compile if they do not fit. */
const RETURNED = ['undefined', '[]', 'true', 'false', '0', "''"] as const

/**
 * All mutants of a text. Strings are not changed, because they are names that the type checker knows, or words. Types and imports
 * are not changed either, and neither is code that would obviously loop forever.
 */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const found: Mutant[] = []
  const types: Span[] = []
  const add = (kind: Kind, { start, end }: Pick<Span, 'start' | 'end'>, becomes: string): void => {
    if (text.slice(start, end) !== becomes) found.push({ file, kind, start, end, text: becomes })
  }
  const isType = (span: Span): void => {
    types.push(span)
  }
  new Visitor({
    ...expressions(text, add),
    ...statements(text, add),
    ...lists(text, add),
    TSTypeAnnotation: isType,
    TSTypeAliasDeclaration: isType,
    TSInterfaceDeclaration: isType,
    TSTypeParameterInstantiation: isType,
    TSLiteralType: isType,
  }).visit(program)
  return found.filter(({ start, end }) => !types.some((type) => type.start <= start && end <= type.end))
}

type Add = (kind: Kind, at: Pick<Span, 'start' | 'end'>, becomes: string) => void

function expressions(text: string, add: Add): VisitorObject {
  const written = ({ start, end }: Span): string => text.slice(start, end)
  return {
    BinaryExpression({ left, right, operator }) {
      const gap = { start: left.end, end: right.start }
      const others = COMPARISONS[operator] ?? []
      for (const other of others) add('comparison', gap, ` ${other} `)
      const opposite = ARITHMETIC[operator]
      if (opposite !== undefined) add('arithmetic', gap, ` ${opposite} `)
    },
    LogicalExpression(node) {
      const { left, right, operator } = node
      const gap = { start: left.end, end: right.start }
      if (operator === '&&') add('logic', gap, ' || ')
      if (operator === '||') add('logic', gap, ' && ')
      add('operand', node, `(${written(left)})`)
      add('operand', node, `(${written(right)})`)
    },
    ConditionalExpression(node) {
      add('branch', node, `(${written(node.consequent)})`)
      add('branch', node, `(${written(node.alternate)})`)
    },
    UnaryExpression(node) {
      if (node.operator === '!') add('negation', node, written(node.argument))
    },
    Literal(node) {
      if ('regex' in node) for (const regex of regexes(written(node))) add('pattern', node, regex)
      else if (typeof node.value === 'boolean') add('constant', node, String(!node.value))
      else if (typeof node.value === 'number') add('constant', node, String(another(node.value)))
    },
    CallExpression(node) {
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return
      const { name } = callee.property
      const twin = TWINS.get(name)
      if (twin !== undefined && !isRank(name, written(callee.object)) && !isLookUp(name, node.arguments))
        add('method', callee.property, twin)
      if (DROPPED.has(name)) add('call', node, written(callee.object))
    },
    ArrowFunctionExpression({ body }) {
      if (body.type === 'BlockStatement') return
      for (const value of RETURNED) add('return', body, value)
    },
  }
}

/** Nobody would notice a few more milliseconds in a limit, so large numbers are doubled. */
function another(value: number): number {
  return value < 1000 ? value + 1 : 2 * value
}

/** `RANKS.indexOf(rank)`: a list of constants has no duplicates. */
function isRank(method: string, list: string): boolean {
  return /^(?:lastI|i)ndexOf$/.test(method) && /^[A-Z_]+$/.test(list)
}

/** `find(({ name }) => name === wanted)`: a lookup by one or several names gives the same result from either end. */
function isLookUp(method: string, [test]: readonly Argument[]): boolean {
  return method.startsWith('find') && test?.type === 'ArrowFunctionExpression' && comparesNames(test.body)
}

function comparesNames(node: FunctionBody | Expression): boolean {
  if (node.type === 'LogicalExpression')
    return node.operator === '&&' && comparesNames(node.left) && comparesNames(node.right)
  return node.type === 'BinaryExpression' && node.operator === '==='
}

function statements(text: string, add: Add): VisitorObject {
  const written = ({ start, end }: Span): string => text.slice(start, end)
  return {
    IfStatement(node) {
      const { test, consequent, alternate } = node
      add('negation', test, `!(${written(test)})`)
      if (alternate === null) add('guard', node, '{}')
      else {
        add('branch', node, written(consequent))
        add('branch', node, written(alternate))
      }
    },
    ReturnStatement({ argument }) {
      if (argument !== null) for (const value of RETURNED) add('return', argument, value)
    },
    ExpressionStatement(node) {
      if (node.expression.type !== 'Literal') add('statement', node, '{}')
    },
    ContinueStatement: (node) => add('statement', node, '{}'),
    BreakStatement: (node) => add('statement', node, '{}'),
  }
}

function lists(text: string, add: Add): VisitorObject {
  return {
    SpreadElement(node) {
      const before = text.slice(0, node.start).trimEnd().at(-1)
      add('spread', node.argument, before === '{' ? '{}' : '[]')
      // After a comma, it is unknown whether this is in a list or an object. The wrong replacement does not compile.
      if (before === ',') add('spread', node.argument, '{}')
    },
    ArrayExpression({ elements }) {
      if (elements.length < 2) return
      for (const [index, element] of elements.entries()) {
        const [next, last] = [elements[index + 1], elements[index - 1]]
        if (element === null) continue
        if (next !== undefined && next !== null) add('item', { start: element.start, end: next.start }, '')
        else if (last !== undefined && last !== null) add('item', { start: last.end, end: element.end }, '')
      }
    },
  }
}

/** Variants of a regular expression: without an anchor, with one repetition more or less, or with case. */
function regexes(written: string): readonly string[] {
  const end = written.lastIndexOf('/')
  const [pattern, flags] = [written.slice(1, end), written.slice(end + 1)]
  const others = [
    ...(pattern.startsWith('^') ? [pattern.slice(1)] : []),
    ...(pattern.endsWith('$') && !pattern.endsWith('\\$') ? [pattern.slice(0, -1)] : []),
    ...[...pattern.matchAll(/(?<=[\])\w])[+*]/g)].map(({ index, 0: sign }) => {
      return `${pattern.slice(0, index)}${sign === '+' ? '*' : '+'}${pattern.slice(index + 1)}`
    }),
  ]
  return [
    ...others.map((other) => `/${other === '' ? '(?:)' : other}/${flags}`),
    ...(flags.includes('i') ? [`/${pattern}/${flags.replace('i', '')}`] : []),
  ]
}

/** A text after a mutation. */
export function withMutant(text: string, { start, end, text: becomes }: Mutant): string {
  return `${text.slice(0, start)}${becomes}${text.slice(end)}`
}

/** `src/core/a.ts:12:3`. */
export function placeOf(text: string, { file, start }: Mutant): string {
  const before = text.slice(0, start).split('\n')
  return `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`
}

/** A description of a mutant in one line. */
export function describe(text: string, { kind, start, end, text: becomes }: Mutant): string {
  const brief = (words: string): string => {
    const line = words.replaceAll(/\s+/g, ' ').trim()
    return line.length > 100 ? `${line.slice(0, 70)} … ${line.slice(-25)}` : line
  }
  return `${kind}: ${brief(text.slice(start, end))}  →  ${brief(becomes) || 'nothing'}`
}
