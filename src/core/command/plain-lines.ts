/**
 * The lines of a comment that its author addresses to Perch. Parsing Markdown can take minutes for a malicious comment (nested
 * lists and quotes, emphasis that never closes), so the parser gets only text that it can read in a fraction of a second.
 */
import { fromMarkdown } from 'mdast-util-from-markdown'
import { err, ok, type Result } from '../result.ts'

/** GitHub accepts 65,536 characters. In a JavaScript string a character can take two units. */
const MAX_LENGTH = 2 * 65_536
/** Each can open a block of its own. */
const MAX_LINES = 2_000
/** Limits of quotes and list items: in total, on one line, and nested. The parser's time grows with their product. */
const MARKERS = { all: 1_000, line: 8, columns: 16 }
/** The limit for one paragraph of characters that may begin emphasis, code, a link or HTML. The parser compares each with the earlier ones. */
const MAX_INLINE = 500

/**
 * Blocks are found without looking inside paragraphs. A line of dashes below a paragraph makes a heading of it. People write such a
 * line as a separator or before a signature, so the paragraph still counts.
 */
const BLOCKS_ONLY = {
  disable: {
    null: [
      'attention',
      'autolink',
      'characterEscape',
      'characterReference',
      'codeText',
      'hardBreakEscape',
      'htmlText',
      'labelEnd',
      'labelStartImage',
      'labelStartLink',
      'setextUnderline',
    ],
  },
}

/** Parses a text as a single paragraph, whatever it begins with. */
const ONE_PARAGRAPH = {
  disable: {
    null: [
      'blockQuote',
      'codeFenced',
      'codeIndented',
      'definition',
      'headingAtx',
      'htmlFlow',
      'list',
      'setextUnderline',
      'thematicBreak',
    ],
  },
}

/**
 * The lines in plain paragraphs for which `isWanted` is true. Quotes, code, lists, tables and HTML only show something. The error is the first
 * line that would have been wanted in a comment that costs too much to read.
 */
export function plainLines(body: string, isWanted: (line: string) => boolean): Result<readonly string[], string> {
  // The parser drops byte order marks, and its offsets do not count them.
  const { text, first } = upToLast(body.replaceAll('\uFEFF', '').replaceAll(/\r\n?/g, '\n'), isWanted)
  if (first === undefined) return ok([])
  if (isCostly(text)) return err(first)
  const lines: string[] = []
  for (const block of fromMarkdown(text, { extensions: [BLOCKS_ONLY] }).children) {
    if (block.type !== 'paragraph') continue
    const paragraph = text.slice(block.position?.start.offset, block.position?.end.offset)
    if (!linesOf(paragraph).some(isWanted)) continue
    if ((paragraph.match(/[*_`<&![\]\\]/g) ?? []).length > MAX_INLINE) return err(first)
    lines.push(...plainIn(paragraph).filter(isWanted))
  }
  return ok(lines)
}

/** The comment up to the end of the last paragraph that can matter. Later text does not change how earlier text is parsed. */
function upToLast(
  body: string,
  isWanted: (line: string) => boolean,
): { readonly text: string; readonly first?: string } {
  const lines = body.split('\n')
  const trimmed = lines.map((line) => line.trim())
  const first = trimmed.find(isWanted)
  if (first === undefined) return { text: '' }
  const last = trimmed.findLastIndex(isWanted)
  const blank = lines.findIndex((line, index) => index > last && !/[^ \t]/.test(line))
  return { text: lines.slice(0, blank === -1 ? lines.length : blank).join('\n'), first }
}

/** Reads each line once, without the parser. */
function isCostly(text: string): boolean {
  if (text.length > MAX_LENGTH) return true
  const lines = text.split('\n')
  if (lines.length > MAX_LINES) return true
  const columns = new Set<number>()
  let all = 0
  for (const line of lines) {
    const found = markerColumns(line)
    if (found.length > MARKERS.line) return true
    all += found.length
    found.forEach((column) => columns.add(column))
  }
  return all > MARKERS.all || columns.size > MARKERS.columns
}

/** The columns of quote and list markers before the text of a line. */
function markerColumns(line: string): readonly number[] {
  // A line with nothing else is a thematic break between paragraphs.
  if (/^([-*_])\1{2,}$/.test(line.replaceAll(/[ \t]/g, ''))) return []
  const columns: number[] = []
  const marker = /([ \t]*)(>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$))/y
  let column = 0
  for (let found = marker.exec(line); found !== null; found = marker.exec(line)) {
    const [, space = '', mark = ''] = found
    for (const character of space) column += character === '\t' ? 4 - (column % 4) : 1
    columns.push(column)
    column += mark.length
  }
  return columns
}

/** The lines of a paragraph that do not begin inside code, a link, HTML or emphasis. */
function plainIn(paragraph: string): readonly string[] {
  const [block] = fromMarkdown(paragraph, { extensions: [ONE_PARAGRAPH] }).children
  if (block?.type !== 'paragraph') return []
  const texts = block.children.filter(({ type }) => type === 'text')
  const lines: string[] = []
  let offset = 0
  for (const line of paragraph.split('\n')) {
    const at = offset + (line.length - line.trimStart().length)
    const isPlain = texts.some(
      ({ position }) => (position?.start.offset ?? Infinity) <= at && at < (position?.end.offset ?? -Infinity),
    )
    if (isPlain) lines.push(line.trim())
    offset += line.length + 1
  }
  return lines
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim())
}
