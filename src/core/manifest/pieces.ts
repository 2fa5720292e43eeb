/** A part of a file that can be parsed by itself: a document, from its `---` to the next. */
export interface Piece {
  readonly text: string
  /** The offset in the file at which it starts. */
  readonly start: number
  /** The line of the file on which it starts, from 1. */
  readonly line: number
}

/** A line that starts like this is a document marker anywhere, even in quotes and block scalars (YAML 1.2, 9.1.4). */
const MARKER = /^---(?=[ \t\r\n]|$)/gm

/** Cuts a file at its document markers. A file with directives is not cut, because they apply to what follows the marker. */
export function splitPieces(text: string): readonly Piece[] {
  const markers = /^\uFEFF?%/m.test(text) ? [] : [...text.matchAll(MARKER)].map(({ index }) => index)
  const pieces: Piece[] = []
  let start = 0
  let line = 1
  for (const end of [...markers.filter((at) => at > 0), text.length]) {
    const part = text.slice(start, end)
    pieces.push({ text: part, start, line })
    line += breaksIn(part)
    start = end
  }
  return pieces
}

/** The number of line breaks in a text. */
export function breaksIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/**
 * A definition describes a kind, and is not an object of that kind. Those of Istio and the Gateway API are the largest documents.
 */
const DEFINITION = /^kind: *["']?CustomResourceDefinition\b/m

/** Decides by the text alone. Only the parsed data could tell whether it is a valid Kubernetes object. */
export function isDefinition({ text }: Pick<Piece, 'text'>): boolean {
  return DEFINITION.test(text)
}
