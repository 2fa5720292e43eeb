/**
 * PromQL with variables, written in a repository. Values come from files that anybody may have written. So they are only used
 * inside strings and are escaped for them, and the structure of a query is the same whatever they contain.
 */

/** Used inside a string. */
const TEXT_VARIABLES = [
  'service',
  'namespace',
  'environment',
  'canary',
  'stable',
  'side',
  'version',
  'reporter',
] as const
/** Used outside strings: a duration, and label matchers. */
const BARE_VARIABLES = ['window', 'destination'] as const

type TextVariable = (typeof TEXT_VARIABLES)[number]
type BareVariable = (typeof BARE_VARIABLES)[number]
export type Variable = TextVariable | BareVariable

/** The variables that differ between the canary and the stable version. A query without any of them measures both together. */
const SIDED: readonly Variable[] = ['side', 'version', 'destination']

/** A value is undefined if the files do not contain it. `destination` is PromQL that Perch writes. */
export type Values = Readonly<Record<Variable, string | undefined>>

type Quote = '"' | "'"

type Part =
  | { readonly text: string }
  | { readonly bare: BareVariable }
  | { readonly variable: TextVariable; readonly quote: Quote; readonly isRegex: boolean }

export interface Template {
  readonly parts: readonly Part[]
  /** The problems, as the rest of a sentence that begins with the key. */
  readonly problems: readonly string[]
}

/** The kind of text that the scanner is inside of. */
type ScannerState = { readonly quote: Quote; readonly isRegex: boolean } | 'raw' | 'comment' | 'query'

const VARIABLE = /\{\{\s*([A-Za-z]*)\s*\}\}/y

export function parseTemplate(query: string): Template {
  const parts: Part[] = []
  const problems: string[] = []
  let inside: ScannerState = 'query'
  let start = 0
  let at = 0
  while (at < query.length) {
    // In `x{{{destination}}}` the first brace is the selector's, and the rest is the variable.
    if (query.startsWith('{{', at) && !query.startsWith('{{{', at)) {
      VARIABLE.lastIndex = at
      const [whole = '{{', name] = VARIABLE.exec(query) ?? []
      const part = partOf(name, inside)
      if (typeof part === 'string') problems.push(part)
      else parts.push({ text: query.slice(start, at) }, part)
      at += whole.length
      start = at
      continue
    }
    const step = scan(query, at, inside)
    inside = step.inside
    at += step.length
  }
  if (typeof inside === 'object' || inside === 'raw') problems.push('has a string that does not end')
  return { parts: [...parts, { text: query.slice(start) }], problems }
}

interface Step {
  readonly inside: ScannerState
  readonly length: number
}

function scan(query: string, at: number, inside: ScannerState): Step {
  const char = query[at] ?? ''
  if (inside === 'query') return { inside: entered(query, at), length: 1 }
  if (inside === 'comment') return { inside: char === '\n' ? 'query' : inside, length: 1 }
  if (inside === 'raw') return { inside: char === '`' ? 'query' : inside, length: 1 }
  if (char === '\\') return { inside, length: 2 }
  return { inside: char === inside.quote ? 'query' : inside, length: 1 }
}

/** The state after a character between strings. */
function entered(query: string, at: number): ScannerState {
  const char = query[at]
  if (char === '#') return 'comment'
  if (char === '`') return 'raw'
  if (char !== '"' && char !== "'") return 'query'
  return { quote: char, isRegex: /[=!]~\s*$/.test(query.slice(0, at)) }
}

function partOf(name: string | undefined, inside: ScannerState): Part | string {
  const bare = BARE_VARIABLES.find((known) => known === name)
  const variable = TEXT_VARIABLES.find((known) => known === name)
  if (bare !== undefined) {
    return inside === 'query' ? { bare } : `must not have {{${bare}}} inside of a string or comment`
  }
  if (variable === undefined) {
    const known = [...TEXT_VARIABLES, ...BARE_VARIABLES].join(', ')
    return name === undefined || name === ''
      ? 'has {{ without the name of a variable and }}'
      : `has the unknown variable {{${name}}}; known are ${known}`
  }
  if (typeof inside !== 'object') return `must have {{${variable}}} inside of "…" or '…'`
  return { variable, ...inside }
}

/** Whether a query can be used for either side: it must contain something that differs between them. */
export function isSided({ parts }: Template): boolean {
  return parts.some((part) => !('text' in part) && SIDED.includes('bare' in part ? part.bare : part.variable))
}

/** The variables of a query that have no value. An empty one would select everything without that label. */
export function missingIn({ parts }: Template, values: Values): readonly Variable[] {
  const names = parts.flatMap((part) => ('text' in part ? [] : ['bare' in part ? part.bare : part.variable]))
  return names.filter((name) => (values[name] ?? '') === '')
}

export function fillTemplate({ parts }: Template, values: Values): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text
      if ('bare' in part) return values[part.bare] ?? ''
      const value = values[part.variable] ?? ''
      return inString(part.isRegex ? literally(value) : value, part.quote)
    })
    .join('')
}

/** A label matcher for exactly this value. */
export function matcherFor(label: string, value: string): string {
  return `${label}="${inString(value, '"')}"`
}

/** Text inside a PromQL string. It uses Go's escapes, which allow only the string's own quote to be escaped. */
function inString(text: string, quote: Quote): string {
  return (
    text
      .toWellFormed()
      .replaceAll('\\', String.raw`\\`)
      .replaceAll(quote, `\\${quote}`)
      // eslint-disable-next-line no-control-regex -- exactly these must not be in a line
      .replaceAll(/[\u0000-\u001F\u007F\u0085\u2028\u2029]/g, (char) => {
        return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
      })
  )
}

/** A regular expression (RE2) that matches exactly this text. */
function literally(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`)
}
