/**
 * Markdown that a serializer writes, so that other people's text cannot end a cell, a fence or a code span, and cannot become a
 * link.
 */
import type { PhrasingContent, Root, RootContent, TableRow } from 'mdast'
import { gfmToMarkdown } from 'mdast-util-gfm'
import { type Options, toMarkdown } from 'mdast-util-to-markdown'
import { BREAK, calm, oneLine, seen } from '../../text/inert.ts'
import { firstOf } from './lists.ts'

const STYLE: Options = {
  bullet: '-',
  fences: true,
  extensions: [gfmToMarkdown({ tablePipeAlign: false })],
}

/** Most names need no escaping. A serializer run for each name would cost more than the rest of a page. */
const PLAIN_CODE = /^[\w./:@,=+-][\w ./:@,=+-]*(?<! )$/
const PLAIN_WORDS = /^[A-Za-z][A-Za-z -]*$/

function serialized(node: Root | RootContent): string {
  return toMarkdown(node, STYLE).replace(/\n$/, '')
}

/**
 * GitHub renders text between two dollar signs as a formula, even if they are escaped. GitHub's documentation recommends this
 * span to keep a dollar sign.
 */
const DOLLAR = '<span>$</span>'

/** Other people's text (names, reasons, errors) as plain Markdown text on one line: no mentions, links or markup. */
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
  // Perch's own words may follow. With them, one of these characters would escape something, or begin an entity or a tag.
  const isOpen = /(?<!\\)(?:\\\\)*(?:\\|[&<!])$/.test(written)
  return isOpen ? `${written.slice(0, -1)}\\${written.slice(-1)}` : written
}

/** Other people's text inside Perch's HTML, where Markdown escapes have no effect. */
export function htmlText(text: string): string {
  const escaped: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', $: DOLLAR }
  return calm(text).replaceAll(/[&<>"$]/g, (character) => escaped[character] ?? '')
}

/** Other people's text as a code span. */
export function code(text: string): string {
  if (PLAIN_CODE.test(text) && text.length < 200) return `\`${text}\``
  // In a table, GFM cannot express a backslash before a pipe inside a code span.
  const value = oneLine(text).replaceAll('\\|', `\\${BREAK}|`)
  return serialized({ type: 'inlineCode', value: value === '' ? ' ' : value })
}

/** Characters that would end a link's address, or have a meaning in one. */
const IN_ADDRESS = /[\\|`$()<>\s]/g

/** Other people's text as a code span, with a link to a page if there is one. `url`: from `webUrl`, or Perch's own. */
export function linked(text: string, url: string | undefined): string {
  return linkedWords(code(text), url)
}

/** Perch's own Markdown, with a link to a page if there is one. */
export function linkedWords(words: string, url: string | undefined): string {
  if (url === undefined) return words
  const hex = (one: string): string => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return `[${words}](${url.replaceAll(IN_ADDRESS, hex).replaceAll('&', '&amp;')})`
}

/** A fenced block. Nothing inside can end it. */
export function fence(text: string, language?: string): string {
  return serialized({ type: 'code', lang: language ?? null, value: seen(text).replace(/\n$/, '') })
}

/** A folded part of a page. `summary` is Perch's own HTML. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

/** A table. The cells are Markdown, and nothing in a cell can end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return serialized({ type: 'table', align: head.map(() => null), children: [head, ...rows].map(tableRow) })
}

function tableRow(cells: readonly string[]): TableRow {
  return { type: 'tableRow', children: cells.map((cell) => ({ type: 'tableCell', children: [asWritten(cell)] })) }
}

/** A pipe would end the cell, even in a code span. After an odd number of backslashes it is already escaped. */
function asWritten(cell: string): PhrasingContent {
  return { type: 'html', value: cell.replaceAll(/\s+/g, ' ').replaceAll(/(?<!\\)((?:\\\\)*)\|/g, String.raw`$1\|`) }
}

/** Joins paragraphs, without empty ones. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n')
}

/**
 * `5%`, `12.5%`, without trailing zeros. Has two decimals, or six if two would round to a whole number, so that a small share never
 * looks like 0% and an almost full one never looks like 100%.
 */
export function percent(share: number): string {
  const short = Math.round(share * 100) / 100
  const isHidden = Number.isInteger(short) && short !== share
  return `${isHidden ? Math.round(share * 1e6) / 1e6 : short}%`
}

/** A list of names. If there are many, it has the first twenty and the number of the others. */
export function list(names: readonly string[]): string {
  return firstOf(names, MAX_NAMES, code)
}

const MAX_NAMES = 20
