/** Zero width space: breaks `@name` and `#12` so that GitHub neither notifies nor links. */
const BREAK = '\u200B'

/** Control characters, and the bidirectional controls that make text read differently from what it is. */
// eslint-disable-next-line no-control-regex -- exactly these are what must go
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** Text of others (names, reasons, errors) as plain Markdown text: no mention, no link, no markup, one line. */
export function plainText(text: string): string {
  return text
    .replaceAll(UNSAFE, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_~[\]<>|]/g, String.raw`\$&`)
    .replaceAll(/[@#]/g, `$&${BREAK}`)
    .trim()
}

/** Text of others as a code span; longer runs of backticks inside make a longer fence. In tables, `|` must not end a cell. */
export function code(text: string): string {
  const clean = text
    .replaceAll(UNSAFE, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', String.raw`\|`)
  const ticks = '`'.repeat(longestRun(clean) + 1)
  const pad = clean.startsWith('`') || clean.endsWith('`') || clean === '' ? ' ' : ''
  return `${ticks}${pad}${clean}${pad}${ticks}`
}

/** A fenced block that nothing inside can end. */
export function fence(text: string, language = ''): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${ticks}${language}\n${text.replaceAll(UNSAFE, '').replace(/\n$/, '')}\n${ticks}`
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

export function list(names: readonly string[]): string {
  return names.map(code).join(', ')
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
