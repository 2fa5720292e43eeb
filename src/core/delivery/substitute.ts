/** Replaces variables in text like Flux (fluxcd/pkg/envsubst): `${name}`, `${name:=default}`, `$$` for a dollar sign. */

/** The value of a variable; '' if it certainly has none; undefined if unknown. */
export type VariableLookup = (name: string) => string | undefined

/** Nobody needs deeper nesting. */
const MAX_DEPTH = 20

/**
 * The text with its variables replaced. Undefined if Flux could not read an expression, because it would then refuse the whole
 * object.
 */
export function substituteText(text: string, lookup: VariableLookup): string | undefined {
  const out: string[] = []
  for (let at = 0; at < text.length;) {
    const next = text.indexOf('$', at)
    if (next === -1) return [...out, text.slice(at)].join('')
    out.push(text.slice(at, next))
    const second = text[next + 1]
    const found = second === '{' ? expressionAt({ text, lookup, depth: 0 }, next) : undefined
    if (second === '{' && found === undefined) return undefined
    out.push(found === undefined ? '$' : (found.value ?? text.slice(next, found.end)))
    at = found?.end ?? next + (second === '$' ? 2 : 1)
  }
  return out.join('')
}

/** The names of the variables in a text. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{#?(\w+)/g)].map(([, name = '']) => name)
}

interface Substitution {
  readonly text: string
  readonly lookup: VariableLookup
  /** The number of enclosing expressions. */
  readonly depth: number
}

/** The result of an expression. `value` is undefined if it depends on something unknown. `end`: the offset after it. */
interface Expression {
  readonly value: string | undefined
  readonly end: number
}

/** The expression from `${` to its `}`. Undefined if it is not valid. */
function expressionAt(within: Substitution, start: number): Expression | undefined {
  const { text, lookup, depth } = within
  if (depth > MAX_DEPTH) return undefined
  const head = /^\$\{(#?)(\w+)(:[=?+-]|[=:]|,,?|\^\^?|\/[/#%]?|##?|%%?|)/.exec(text.slice(start, start + 200))
  if (head === null) return undefined
  const [whole, length = '', name = '', operator = ''] = head
  const read = argumentsAt({ ...within, depth: depth + 1 }, start + whole.length)
  if (read === undefined || (operator === '' && read.parts.length > 0)) return undefined
  const known = lookup(name)
  const arg = read.parts.includes(undefined) ? undefined : read.parts.join('')
  const value = length === '#' ? known?.length.toString() : resultOf(operator, known, arg)
  return { value, end: read.end }
}

/** The text and expressions between an operator and the closing brace, in order. */
function argumentsAt(
  within: Substitution,
  start: number,
): { readonly parts: readonly (string | undefined)[]; readonly end: number } | undefined {
  const { text } = within
  const parts: (string | undefined)[] = []
  let at = start
  while (at < text.length && text[at] !== '}') {
    const inner = text.startsWith('${', at) ? expressionAt(within, at) : textAt(text, at)
    if (inner === undefined) return undefined
    parts.push(inner.value)
    at = inner.end
  }
  return at < text.length ? { parts, end: at + 1 } : undefined
}

function textAt(text: string, start: number): Expression {
  const ends = ['${', '}'].map((end) => text.indexOf(end, start)).filter((end) => end !== -1)
  const end = Math.min(text.length, ...ends)
  return { value: text.slice(start, end), end }
}

function resultOf(operator: string, known: string | undefined, arg: string | undefined): string | undefined {
  // A default counts if the variable is empty, and only then has to be known.
  if (known === undefined || (known === '' && arg === undefined)) return undefined
  switch (operator) {
    case '':
      return known
    case '=':
    case ':=':
    case ':-':
    case ':?':
    case ':+':
      return known === '' ? arg : known
    case ',,':
      return known.toLowerCase()
    case '^^':
      return known.toUpperCase()
    case ',':
      return `${known.slice(0, 1).toLowerCase()}${known.slice(1)}`
    case '^':
      return `${known.slice(0, 1).toUpperCase()}${known.slice(1)}`
    case ':':
      return arg === undefined ? undefined : part(known, arg)
    default:
      // Operators that remove or replace a pattern are not evaluated.
      return undefined
  }
}

/** `${name:from}` and `${name:from:length}`. Flux counts bytes. */
function part(known: string, arg: string): string | undefined {
  const [from, length] = arg.split(':').map(Number)
  if (!/^[\0-\x7F]*$/.test(known) || from === undefined || Number.isNaN(from) || Number.isNaN(length)) return undefined
  const start = from < 0 ? Math.max(0, known.length + from) : from
  return known.slice(start, length === undefined ? undefined : start + length)
}
