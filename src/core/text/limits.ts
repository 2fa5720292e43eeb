/** Size limits, and how longer text is cut: never silently, and never in the middle of a line. */

/**
 * GitHub takes 65,536 characters in a comment or a pull request's body, and 65,535 in a check's summary or text. It counts
 * characters in some places and bytes in others; this many bytes are within every reading.
 */
export const MAX_BODY = 65_000

/** Of titles: GitHub takes 256 characters for a pull request's, 255 for an annotation's. */
export const MAX_TITLE = 200

/** Longer lines are contents, not names or words: `perch diff` shows them whole. */
const MAX_LINE = 2_000

/** Size in UTF-8 bytes. */
export function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The text, or its beginning with an ellipsis: at most so many characters, never half of one. */
export function clip(text: string, characters = MAX_LINE): string {
  if (text.length <= characters) return text
  return `${text.slice(0, characters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** As many lines from the start as fit, and what `more` says about the number of those that do not. */
export function fitLines(lines: readonly string[], room: number, more: (left: number) => string): readonly string[] {
  if (sizeOfLines(lines) <= room) return lines
  let left = room - sizeOf(more(lines.length)) - 1
  const count = lines.findIndex((line) => {
    left -= sizeOf(line) + 1
    return left < 0
  })
  return [...lines.slice(0, count), more(lines.length - count)]
}

function sizeOfLines(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + sizeOf(line) + 1, 0)
}
