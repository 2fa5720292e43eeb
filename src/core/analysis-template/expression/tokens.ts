/** The first step of parsing a condition: from its text to tokens. */
import { err, ok, type Result } from '../../result.ts'
import type { Trouble } from './trouble.ts'

export interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end'
  /** The token as written; for a string, its value. */
  readonly text: string
  /** The position in the condition, from 1. */
  readonly at: number
}

/** Conditions are usually one line. This limit also bounds all later work. */
const MAX_LENGTH = 1_000

const NUMBER = /(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[A-Za-z_$][\w$]*/y
const SIGN = /&&|\|\||==|!=|<=|>=|\*\*|\?\?|\?\.|\.\.|[()[\]{},?:<>+\-*/%^!#.|;]/y
const SPACE = /\s+/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' }

export function tokensOf(condition: string): Result<readonly Token[], Trouble> {
  if (condition.length > MAX_LENGTH) return err({ code: 'too-long', at: MAX_LENGTH, most: MAX_LENGTH })
  const tokens: Token[] = []
  let place = 0
  while (place < condition.length) {
    const space = matchAt(SPACE, condition, place)
    if (space !== undefined) {
      place += space.length
      continue
    }
    const read = readToken(condition, place)
    if (!read.ok) return read
    tokens.push(read.value.token)
    place += read.value.length
  }
  return ok(tokens)
}

interface ReadToken {
  readonly token: Token
  readonly length: number
}

function readToken(condition: string, place: number): Result<ReadToken, Trouble> {
  const at = place + 1
  const quote = condition[place] ?? ''
  if (quote === '"' || quote === "'") return readText(condition, place)
  const kinds = [
    ['number', NUMBER],
    ['name', NAME],
    ['sign', SIGN],
  ] as const
  for (const [kind, pattern] of kinds) {
    const text = matchAt(pattern, condition, place)
    if (text !== undefined) return ok({ token: { kind, text, at }, length: text.length })
  }
  return err({ code: 'syntax', at, what: quote })
}

function readText(condition: string, place: number): Result<ReadToken, Trouble> {
  const quote = condition[place] ?? ''
  let text = ''
  for (let end = place + 1; end < condition.length; end += 1) {
    const char = condition[end] ?? ''
    if (char === quote) return ok({ token: { kind: 'text', text, at: place + 1 }, length: end + 1 - place })
    const escaped = char === '\\' ? ESCAPES[condition[end + 1] ?? ''] : char
    if (escaped === undefined) return err({ code: 'syntax', at: end + 1, what: char })
    if (char === '\\') end += 1
    text += escaped
  }
  return err({ code: 'syntax', at: place + 1, what: quote })
}

function matchAt(pattern: RegExp, text: string, place: number): string | undefined {
  pattern.lastIndex = place
  return pattern.exec(text)?.[0]
}
