/** Size limits, and how longer text is cut: always with a notice, and never in the middle of a line. */

/**
 * In bytes. GitHub accepts 65,536 characters in a comment or a pull request's body, and 65,535 in a check's summary or text. It
 * counts characters in some places and bytes in others, and this many bytes fit either way.
 */
export const MAX_BODY = 65_000

/** For titles, in characters. GitHub accepts 256 for pull requests and 255 for annotations. */
export const MAX_TITLE = 200

/** In characters. Longer lines are contents and not names or words. `perch diff` shows them in full. */
const MAX_LINE = 2_000

/** Size in UTF-8 bytes. */
export function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The text, or its beginning with an ellipsis, with at most this many characters. Never cuts a surrogate pair. */
export function clip(text: string, characters = MAX_LINE): string {
  if (text.length <= characters) return text
  return `${text.slice(0, characters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** The first lines that fit, and the result of `more` for the number of the remaining ones. `room`: in bytes. */
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
