/** The conditions of a rule on requests, as far as conditions can be compared. */
import { canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'

interface SimpleCondition {
  readonly on: string
  /** `path`: a prefix of whole path elements. `other`: can be compared only as text. */
  readonly how: 'exact' | 'prefix' | 'path' | 'regex' | 'present' | 'other'
  readonly text: string
}

/** One condition on a request. `on` names the compared property: `uri`, `method`, `header:x-user`. `text` is equal for equal conditions. */
export type Condition =
  | SimpleCondition
  /** The property has one of several values. */
  | { readonly on: string; readonly how: 'set'; readonly text: string; readonly members: readonly string[] }
  /** The inner condition must not hold. */
  | { readonly on: string; readonly how: 'not'; readonly text: string; readonly inner: SimpleCondition }

/** All conditions must hold. */
export type Match = readonly Condition[]

/** Properties that every request has. */
const ALWAYS = new Set(['uri', 'method', 'authority', 'scheme'])
const ANYTHING = new Set(['.*', '.+', '/.*', '^.*$', '^/.*$', '^/.*', '^.*'])

/** A match of a VirtualService. `name` and `statPrefix` are not conditions. */
export function istioMatch(value: unknown): Match {
  const { name: _, statPrefix: __, gateways: ___, ignoreUriCase, ...fields } = recordOf(value)
  return Object.entries(fields).flatMap(([key, field]): Condition[] => {
    if (key === 'headers' || key === 'queryParams') {
      const on = key === 'headers' ? 'header' : 'query'
      return Object.entries(recordOf(field)).map(([one, text]) => stringMatch(`${on}:${one.toLowerCase()}`, text))
    }
    if (key === 'withoutHeaders') return Object.entries(recordOf(field)).map(([one, text]) => without(one, text))
    if (key === 'sourceLabels')
      return Object.entries(recordOf(field)).map(([one, text]) => exactly(`source:${one}`, text))
    if (key === 'port' || key === 'sourceNamespace') return [exactly(key, field)]
    if (!ALWAYS.has(key)) return [{ on: key, how: 'other', text: canonicalText(field) }]
    const condition = stringMatch(key, field)
    if (isAnything(condition)) return []
    return [
      key === 'uri' && ignoreUriCase === true ? { ...condition, how: 'other', text: canonicalText(field) } : condition,
    ]
  })
}

/** A match of a Gateway API route. */
export function gatewayMatch(value: unknown): Match {
  const { path, method, headers, queryParams, ...others } = recordOf(value)
  const named = (on: string, list: unknown): Condition[] =>
    listOf(list).map((item) => {
      const { name, type, value: text } = recordOf(item)
      const how = type === 'RegularExpression' ? 'regex' : 'exact'
      return { on: `${on}:${String(name).toLowerCase()}`, how, text: String(text) }
    })
  return [
    ...gatewayPath(recordOf(path)),
    ...(typeof method === 'string' ? [exactly('method', method)] : []),
    ...(typeof method === 'object' && method !== null
      ? [{ on: 'grpc', how: 'other', text: canonicalText(method) } as const]
      : []),
    ...named('header', headers),
    ...named('query', queryParams),
    ...Object.entries(others).map(([on, field]): Condition => ({ on, how: 'other', text: canonicalText(field) })),
  ]
}

function gatewayPath({ type = 'PathPrefix', value = '/' }: Readonly<Record<string, unknown>>): Condition[] {
  const text = String(value)
  if (type === 'Exact') return [{ on: 'uri', how: 'exact', text }]
  if (type === 'RegularExpression') return ANYTHING.has(text) ? [] : [{ on: 'uri', how: 'regex', text }]
  const prefix = text.replace(/\/+$/, '')
  return prefix === '' ? [] : [{ on: 'uri', how: 'path', text: prefix }]
}

export function exactly(on: string, value: unknown): Condition {
  return { on, how: 'exact', text: typeof value === 'string' ? value : canonicalText(value) }
}

/** The property has one of several values, for example gateways. */
export function oneOf(on: string, values: readonly string[]): Condition {
  const members = [...new Set(values)].sort()
  return { on, how: 'set', text: JSON.stringify(members), members }
}

function without(name: string, value: unknown): Condition {
  const on = `header:${name.toLowerCase()}`
  const inner = stringMatch(on, value)
  return { on, how: 'not', text: JSON.stringify(inner), inner }
}

function stringMatch(on: string, value: unknown): SimpleCondition {
  const fields = recordOf(value)
  for (const how of ['exact', 'prefix', 'regex'] as const) {
    const text = textOf(fields[how])
    if (text !== undefined) return { on, how, text }
  }
  return Object.keys(fields).length === 0
    ? { on, how: 'present', text: '' }
    : { on, how: 'other', text: canonicalText(value) }
}

function isAnything({ on, how, text }: SimpleCondition): boolean {
  if (how === 'present') return true
  if (how === 'prefix') return text === '' || (on === 'uri' && text === '/')
  return how === 'regex' && ANYTHING.has(text)
}

/** Whether every request that fits `narrow` also fits `wide`. */
export function covers(wide: Match, narrow: Match): boolean {
  return wide.every((asked) => narrow.some((given) => implies(given, asked)))
}

/** Whether no request can fit both. */
export function areDisjoint(one: Match, other: Match): boolean {
  return one.some((a) => other.some((b) => a.on === b.on && (contradicts(a, b) || contradicts(b, a))))
}

function implies(given: Condition, asked: Condition): boolean {
  if (given.on !== asked.on) return false
  if (given.how === asked.how && given.text === asked.text) return true
  switch (asked.how) {
    case 'present':
      return ['exact', 'prefix', 'regex'].includes(given.how)
    case 'prefix':
      return ['exact', 'prefix', 'path'].includes(given.how) && given.text.startsWith(asked.text)
    case 'path':
      return isBelow(given, asked.text)
    case 'set':
      return given.how === 'set' && given.members.every((member) => asked.members.includes(member))
    case 'not':
      return contradicts(given, asked.inner) || contradicts(asked.inner, given)
    case 'exact':
    case 'regex':
    case 'other':
      return false
  }
}

function isBelow({ how, text }: Condition, path: string): boolean {
  if (how === 'exact' || how === 'path') return text === path || text.startsWith(`${path}/`)
  return how === 'prefix' && text.startsWith(`${path}/`)
}

function contradicts(a: Condition, b: Condition): boolean {
  if (a.how === 'not') return b.how !== 'not' && implies(b, a.inner)
  if (a.how === 'set') return b.how === 'set' && !a.members.some((member) => b.members.includes(member))
  if (a.how === 'exact') return b.how === 'exact' ? a.text !== b.text : isPrefix(b) && !implies(a, b)
  return isPrefix(a) && isPrefix(b) && areApart(a, b)
}

function areApart(a: Condition, b: Condition): boolean {
  if (implies(a, b) || implies(b, a)) return false
  // A prefix of characters may continue as a prefix of path elements, and vice versa.
  return a.how === b.how || !(a.text.startsWith(b.text) || b.text.startsWith(a.text))
}

function isPrefix({ how }: Condition): boolean {
  return how === 'prefix' || how === 'path'
}

const HEADER = 'header:'

/** Headers that clients and proxies send by default. A match on one of them matches everybody. */
const COMMON =
  /^(?::|x-(?:forwarded|envoy|b3|request|real|amzn|cloud|client)|accept|user-agent|content|host$|connection|cookie|referer|origin|via|te$|trace|baggage|cache|pragma|sec-|dnt|upgrade|authorization|date|expect|forwarded|priority|if-|range|from)/

/** Whether only requests that ask for it fit: with a header of their own, or a query parameter. */
export function isForSome(match: Match): boolean {
  return match.some(
    ({ on, how }) =>
      how !== 'not' && (on.startsWith('query:') || (on.startsWith(HEADER) && !COMMON.test(on.slice(HEADER.length)))),
  )
}
