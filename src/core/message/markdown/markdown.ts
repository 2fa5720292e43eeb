/** Markdown, written by a serializer: what others wrote cannot end a cell, a fence or a code span, or be a link. */
import type { PhrasingContent, Root, RootContent, TableRow } from 'mdast'
import { gfmToMarkdown } from 'mdast-util-gfm'
import { type Options, toMarkdown } from 'mdast-util-to-markdown'
import { BREAK, calm, oneLine, seen } from '../../text/inert.ts'

const STYLE: Options = {
  bullet: '-',
  fences: true,
  extensions: [gfmToMarkdown({ tablePipeAlign: false })],
}

/** Most names need no escaping: a serializer for each would cost more than the rest of a page. */
const PLAIN_CODE = /^[\w./:@,=+-][\w ./:@,=+-]*(?<! )$/
const PLAIN_WORDS = /^[A-Za-z][A-Za-z]*(?:[ -][A-Za-z]+)*$/

function serialized(node: Root | RootContent): string {
  return toMarkdown(node, STYLE).replace(/\n$/, '')
}

/**
 * GitHub draws what is between two dollar signs as a formula, also where they are escaped. This is the way that its
 * documentation names to keep one as it is.
 */
const DOLLAR = '<span>$</span>'

/** Text of others (names, reasons, errors) as plain Markdown text: no mention, no link, no markup, one line. */
export function plainText(text: string): string {
  const value = calm(text)
  if (PLAIN_WORDS.test(value)) return value
  const children = value
    .split('$')
    .flatMap((part, index): PhrasingContent[] => [
      ...(index === 0 ? [] : [{ type: 'html', value: DOLLAR } as const]),
      ...(part === '' ? [] : [{ type: 'text', value: part } as const]),
    ])
  const written = serialized({ type: 'paragraph', children })
  // Words of ours go on behind it: together with them these would escape, or begin an entity or a tag.
  const isOpen = /(?<!\\)(?:\\\\)*(?:\\|[&<!])$/.test(written)
  return isOpen ? `${written.slice(0, -1)}\\${written.slice(-1)}` : written
}

/** Text of others inside HTML of ours, where Markdown's escapes mean nothing. */
export function htmlText(text: string): string {
  const escaped: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', $: DOLLAR }
  return calm(text).replaceAll(/[&<>"$]/g, (character) => escaped[character] ?? '')
}

/** Text of others as a code span. */
export function code(text: string): string {
  if (PLAIN_CODE.test(text) && text.length < 200) return `\`${text}\``
  // In a table GFM has no way to write a backslash before a pipe inside a code span.
  const value = oneLine(text).replaceAll('\\|', `\\${BREAK}|`)
  return serialized({ type: 'inlineCode', value: value === '' ? ' ' : value })
}

/** What would end a link's address, or mean something in one. */
const IN_ADDRESS = /[\\|`$()<>\s]/g

/** Text of others as a code span that leads to a page, where there is one. `url`: from `webUrl`, or ours. */
export function linked(text: string, url: string | undefined): string {
  return linkedWords(code(text), url)
}

/** Markdown of ours that leads to a page, where there is one. */
export function linkedWords(words: string, url: string | undefined): string {
  if (url === undefined) return words
  const hex = (one: string): string => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return `[${words}](${url.replaceAll(IN_ADDRESS, hex).replaceAll('&', '&amp;')})`
}

/** A fenced block that nothing inside can end. */
export function fence(text: string, language?: string): string {
  return serialized({ type: 'code', lang: language ?? null, value: seen(text).replace(/\n$/, '') })
}

/** A part that is folded until somebody opens it. `summary` is HTML of ours. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

/** A table of cells that are Markdown already: whatever is in a cell stays in it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return serialized({ type: 'table', align: head.map(() => null), children: [head, ...rows].map(tableRow) })
}

function tableRow(cells: readonly string[]): TableRow {
  return { type: 'tableRow', children: cells.map((cell) => ({ type: 'tableCell', children: [asWritten(cell)] })) }
}

/** A pipe would end the cell, also in a code span. Behind an odd number of backslashes it is escaped already. */
function asWritten(cell: string): PhrasingContent {
  return { type: 'html', value: cell.replaceAll(/\s+/g, ' ').replaceAll(/(?<!\\)((?:\\\\)*)\|/g, String.raw`$1\|`) }
}

/** Paragraphs, empty ones left out. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n')
}

/** `5%`, `12.5%`: without trailing zeros, and never so rounded that a little looks like nothing, or almost all like all. */
export function percent(share: number): string {
  const short = Math.round(share * 100) / 100
  const isHidden = Number.isInteger(short) && short !== share
  return `${isHidden ? Math.round(share * 1e6) / 1e6 : short}%`
}

/** Names one after the other; of many, the first twenty and the number of the others. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(code).join(', ')
  return names.length <= MAX_NAMES ? shown : `${shown} and ${names.length - MAX_NAMES} more`
}

const MAX_NAMES = 20
