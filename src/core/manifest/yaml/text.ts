/** Replace the characters from `start` (included) to `end` (excluded). */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text after all splices. Undefined if two of them touch the same characters. */
export function applySplices(text: string, splices: readonly Splice[]): string | undefined {
  let at = 0
  let out = ''
  for (const { start, end, text: put } of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at) return undefined
    out += text.slice(at, start) + put
    at = end
  }
  return out + text.slice(at)
}

export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
}

/** The offset of the line break (or the end of the text) at or after an offset. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  if (at === -1) return text.length
  return at > offset && text[at - 1] === '\r' ? at - 1 : at
}

/** The start of the line after the one that contains an offset. */
export function nextLine(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  return at === -1 ? text.length : at + 1
}

/** The number of characters before an offset on its line, without a byte order mark. */
export function columnOf(text: string, offset: number): number {
  const start = lineStart(text, offset)
  return offset - start - (start === 0 && text.startsWith('\uFEFF') ? 1 : 0)
}

/** Whether only spaces come before an offset on its line. */
export function startsLine(text: string, offset: number): boolean {
  const at = offset - blanksBefore(text, offset)
  return at === 0 || text[at - 1] === '\n' || (at === 1 && text[0] === '\uFEFF')
}

/** The number of spaces right before an offset. */
export function blanksBefore(text: string, offset: number): number {
  let at = offset
  while (text[at - 1] === ' ' || text[at - 1] === '\t') at -= 1
  return offset - at
}

/** The kind of line break near an offset. Some files have both kinds. */
export function breakAt(text: string, offset: number): string {
  const next = text.indexOf('\n', offset)
  const at = next === -1 ? text.lastIndexOf('\n') : next
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n'
}

/** Removes lines. At the end of a text without a final line break, the break before them is removed too. */
export function withoutLines(text: string, start: number, end: number): Splice {
  const isLast = end === text.length && !text.endsWith('\n')
  return { start: isLast ? start - breakAt(text, start - 1).length : start, end, text: '' }
}

/** The first offset at or after `at` that is neither space, line break nor comment. `at` must not be inside a comment. */
export function skipTrivia(text: string, at: number): number {
  let now = at
  while (now < text.length) {
    const char = text[now]
    if (char === '#' && (now === 0 || /\s/.test(text[now - 1] ?? ''))) now = nextLine(text, now)
    else if (char === ' ' || char === '\t' || char === '\n' || char === '\r') now += 1
    else break
  }
  return now
}
