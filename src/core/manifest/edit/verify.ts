import { commentsOf } from '../yaml/compose.ts'
import { sameOrderedData } from '../data.ts'
import { applyEffects, type Effect } from './effect.ts'
import { readPiece, type SourceDocument } from '../parse.ts'
import { applySplices, nextLine, type Splice, startsLine } from '../yaml/text.ts'

/** Splices that belong together, and their effect on the data of their document. */
export interface TextChange {
  readonly splices: readonly Splice[]
  readonly effects: readonly Effect[]
}

/**
 * Parses the result of the splices and compares it with the expected data, including comments. `sources`: all documents of the
 * piece.
 */
export function isExact(
  { piece, index }: SourceDocument,
  changes: readonly TextChange[],
  sources: readonly SourceDocument[],
): boolean {
  const splices = changes.flatMap((change) => change.splices)
  const text = applySplices(piece.text, splices)
  if (text === undefined || !keepsComments(piece.text, splices, text)) return false
  const after = readPiece('', { ...piece, text }, Infinity)
  if (!after.ok || after.value.sources.length !== sources.length) return false
  const effects = changes.flatMap((change) => change.effects)
  return sources.every(({ data, repeatAt }, at) => {
    const now = after.value.sources[at]
    // A file may have a key twice. An edit never adds one.
    if (now === undefined || (now.repeatAt !== undefined && repeatAt === undefined)) return false
    return sameOrderedData(now.data, at === index ? applyEffects(data, effects) : data)
  })
}

/** Whether every comment is still a comment, except those on the line of a removed value and on the lines above it. */
function keepsComments(text: string, splices: readonly Splice[], after: string): boolean {
  // If no comment is cut, none can be lost. A value that swallowed one would differ in the data.
  if (!splices.some(({ start, end }) => text.slice(start, end).includes('#'))) return true
  const comments = commentsOf(text)
  const left = commentsOf(after)
  const sorted = splices.toSorted((a, b) => a.start - b.start || a.end - b.end)
  return comments.every(([start, end]) => {
    const cut = sorted.find((splice) => splice.start < end && splice.end > start)
    // The comment that `fillEmpty` leaves may be removed. Text after it stays.
    if (cut !== undefined && /^ ?#(?: empty| )$/.test(text.slice(cut.start, cut.end))) return true
    if (cut !== undefined && startsLine(text, start)) return cut.start <= start && cut.end > nextLine(text, end)
    if (cut !== undefined) return cut.start <= start && cut.end >= end
    const moved = sorted
      .filter((splice) => splice.end <= start)
      .reduce((sum, splice) => sum + splice.text.length - (splice.end - splice.start), 0)
    return left.some(([from, to]) => from <= start + moved && to >= end + moved)
  })
}
