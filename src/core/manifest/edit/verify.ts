import { isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import { commentsOf, compose } from '../yaml/compose.ts'
import { dashOf } from './copy.ts'
import { readData } from '../yaml/read-data.ts'
import { applyEffects, type Effect } from './effect.ts'
import { keyOf, startOf } from './nodes.ts'
import { type Path, sameOrderedData, valueAt } from '../data.ts'
import { readPiece, type SourceDocument } from '../parse.ts'
import { applySplices, columnOf, lineStart, nextLine, type Splice, startsLine } from '../yaml/text.ts'

/** Splices that belong together, and their effect on the data of their document. */
export interface TextChange {
  readonly splices: readonly Splice[]
  readonly effects: readonly Effect[]
}

/** A part of a document that can be parsed by itself: an entry of a block collection with all of its lines. */
interface Region {
  readonly path: Path
  readonly start: number
  readonly end: number
}

/**
 * Parses the result of the splices and compares it with the expected data, including comments. Only the changed entries are
 * parsed: an entry's lines in a block collection mean the same at any place, and all other bytes stay the same. If an entry
 * cannot be parsed by itself, the whole piece is.
 */
export function isExact(source: SourceDocument, changes: readonly TextChange[]): boolean {
  if (!source.hasAlias) {
    const regions = changes.map((change) => regionOf(source, change))
    const distinct = new Map(regions.map((region) => [JSON.stringify(region.path), region]))
    if ([...distinct.values()].every((region) => isRegionExact(source, changes, region))) return true
  }
  return isPieceExact(source, changes)
}

/** The smallest entry that contains all splices of a change and all values that it changes. */
function regionOf({ document, piece }: SourceDocument, { splices, effects }: TextChange): Region {
  const whole: Region = { path: [], start: 0, end: piece.text.length }
  const [first, ...others] = effects
  if (first === undefined) return whole
  const from = Math.min(...splices.map(({ start }) => start))
  const to = Math.max(...splices.map(({ end }) => end))
  let region = whole
  let node: unknown = document.contents
  for (const [depth, key] of first.path.entries()) {
    if (others.some(({ path }) => path[depth] !== key)) break
    const entry = entryOf(piece.text, node, key)
    if (entry === undefined) break
    const end = entry.end ?? region.end
    if (from < entry.start || to > end) break
    region = { path: first.path.slice(0, depth + 1), start: entry.start, end }
    node = entry.value
  }
  return region
}

interface Entry {
  readonly start: number
  /** Undefined for the last entry. */
  readonly end: number | undefined
  readonly value: unknown
}

/** An entry of a block collection, from its key or dash up to the line of the next one. */
function entryOf(text: string, node: unknown, key: string | number): Entry | undefined {
  if (isMap(node) && node.flow !== true) return pairEntry(text, node, key)
  return isSeq(node) && node.flow !== true && typeof key === 'number' ? itemEntry(text, node, key) : undefined
}

function pairEntry(text: string, map: YAMLMap, key: string | number): Entry | undefined {
  const index = map.items.findIndex((pair) => keyOf(pair) === String(key))
  const start = startOf(map.items[index]?.key)
  // Anything except spaces and dashes before the key (`? `, an anchor) belongs to the entry too.
  if (start === undefined || /[^\s\uFEFF-]/.test(text.slice(lineStart(text, start), start))) return undefined
  const end = startOf(map.items[index + 1]?.key)
  return { start, end: end === undefined ? undefined : lineStart(text, end), value: map.items[index]?.value }
}

function itemEntry(text: string, list: YAMLSeq, index: number): Entry | undefined {
  const start = dashOf(text, list, index)
  if (start === undefined) return undefined
  const end = dashOf(text, list, index + 1)
  return { start, end: end === undefined ? undefined : lineStart(text, end), value: list.items[index] }
}

function isRegionExact({ data, piece }: SourceDocument, changes: readonly TextChange[], region: Region): boolean {
  const key = region.path.at(-1)
  if (key === undefined) return false
  const mine = changes.filter(({ effects }) =>
    effects.every(({ path }) => region.path.every((part, index) => path[index] === part)),
  )
  // Spaces replace the text before the entry on its line, so that columns stay the same.
  const pad = ' '.repeat(columnOf(piece.text, region.start))
  const by = pad.length - region.start
  const splices = mine
    .flatMap((change) => change.splices)
    .map(({ start, end, text }) => ({ start: start + by, end: end + by, text }))
  const before = pad + piece.text.slice(region.start, region.end)
  const text = applySplices(before, splices)
  if (text === undefined || !keepsComments(before, splices, text)) return false
  const { documents, problem } = compose(text)
  const [document] = documents
  if (problem !== undefined || document === undefined || documents.length !== 1) return false
  const reading = readData(document.contents)
  const held = valueAt(data, region.path)
  const effects = mine.flatMap((change) =>
    change.effects.map((effect) => ({
      ...effect,
      path: [typeof key === 'number' ? 0 : key, ...effect.path.slice(region.path.length)],
    })),
  )
  return (
    reading.ok &&
    sameOrderedData(reading.value, applyEffects(typeof key === 'number' ? [held] : { [key]: held }, effects))
  )
}

function isPieceExact({ piece, data, index }: SourceDocument, changes: readonly TextChange[]): boolean {
  const splices = changes.flatMap((change) => change.splices)
  const text = applySplices(piece.text, splices)
  if (text === undefined || !keepsComments(piece.text, splices, text)) return false
  const before = readPiece('', piece, Infinity)
  const after = readPiece('', { ...piece, text }, Infinity)
  if (!before.ok || !after.ok || before.value.sources.length !== after.value.sources.length) return false
  const effects = changes.flatMap((change) => change.effects)
  const { sources } = before.value
  return after.value.sources.every(({ data: now, repeatAt }, at) => {
    // A file may have a key twice. An edit never adds one.
    if (repeatAt !== undefined && sources[at]?.repeatAt === undefined) return false
    return sameOrderedData(now, at === index ? applyEffects(data, effects) : sources[at]?.data)
  })
}

/** Whether every comment is still a comment, except those on the line of a removed value and on the lines above it. */
function keepsComments(text: string, splices: readonly Splice[], after: string): boolean {
  // If no comment is cut, none can be lost. A value that swallowed one would differ in the data.
  if (!splices.some(({ start, end }) => text.slice(start, end).includes('#'))) return true
  const comments = commentsOf(text)
  const left = commentsOf(after)
  return comments.every(([start, end]) => {
    const cut = splices.find((splice) => splice.start < end && splice.end > start)
    // The comment that `fillEmpty` leaves may be removed. Text after it stays.
    if (cut !== undefined && /^ ?#(?: empty| )$/.test(text.slice(cut.start, cut.end))) return true
    if (cut !== undefined && startsLine(text, start)) return cut.start <= start && cut.end > nextLine(text, end)
    if (cut !== undefined) return cut.start <= start && cut.end >= end
    const moved = splices
      .filter((splice) => splice.end <= start)
      .reduce((sum, splice) => sum + splice.text.length - (splice.end - splice.start), 0)
    return left.some(([from, to]) => from <= start + moved && to >= end + moved)
  })
}
