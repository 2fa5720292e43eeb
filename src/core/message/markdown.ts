import { clip } from './limits.ts'

/** Zero width space: breaks `@name` and `#12` so that GitHub neither notifies nor links. */
const BREAK = '\u200B'

/**
 * Control characters, and the characters that are not seen or make text read differently from what it is (bidirectional
 * controls). They are written out, so that a change of nothing else is seen to be one.
 */
// eslint-disable-next-line no-control-regex -- exactly these are what must go
const UNSEEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g

/** What GitHub makes something of: mentions, references and bare links. */
const LIVE = /[@#]|:(?=\/\/)|\bwww(?=\.)|\bGH(?=-\d)/gi

/** By our markers we find our own comments: nobody else's text may look like one. */
const MARKER = /<!--(?= *perch:)/gi

/** Text of others in one line or several, with nothing in it that is not seen. */
export function seen(text: string): string {
  return text
    .replaceAll(UNSEEN, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
    .replaceAll(MARKER, `<!${BREAK}--`)
}

function oneLine(text: string): string {
  return clip(seen(text.replaceAll(/\s+/g, ' ')))
}

/** Text of others (names, reasons, errors) as plain Markdown text: no mention, no link, no markup, one line. */
export function plainText(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_~[\]<>|]/g, String.raw`\$&`)
    .replaceAll(LIVE, `$&${BREAK}`)
    .trim()
}

/** Text of others inside HTML of ours, where Markdown's escapes mean nothing. */
export function htmlText(text: string): string {
  const escaped: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return oneLine(text)
    .replaceAll(/[&<>"]/g, (character) => escaped[character] ?? '')
    .replaceAll(LIVE, `$&${BREAK}`)
    .trim()
}

/** Text of others as a code span; longer runs of backticks inside make a longer fence. In tables, `|` must not end a cell. */
export function code(text: string): string {
  const clean = oneLine(text).replaceAll('|', String.raw`\|`)
  const ticks = '`'.repeat(longestRun(clean) + 1)
  const pad = clean.startsWith('`') || clean.endsWith('`') || clean.trim() === '' ? ' ' : ''
  return `${ticks}${pad}${clean}${pad}${ticks}`
}

/** A fenced block that nothing inside can end. */
export function fence(text: string, language = ''): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${ticks}${language}\n${seen(text).replace(/\n$/, '')}\n${ticks}`
}

/** A part that is folded until somebody opens it. `summary` is Markdown of ours. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Paragraphs, empty ones left out. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n')
}

/** `5`, `12.5`: a percent without trailing zeros. */
export function percent(share: number): string {
  return `${Math.round(share * 100) / 100}%`
}

/** Names one after the other; of many, the first twenty and the number of the others. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(code).join(', ')
  return names.length <= MAX_NAMES ? shown : `${shown} and ${names.length - MAX_NAMES} more`
}

const MAX_NAMES = 20

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
