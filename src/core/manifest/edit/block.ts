import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import { endOf, indexIn, pairEnd, startOf } from './nodes.ts'
import { keyText, type NewPairs, valueText } from './style.ts'
import { breakAt, columnOf, lineEnd, lineStart, nextLine, type Splice, startsLine, withoutLines } from '../yaml/text.ts'

/** New keys for a block map, on lines of their own after its last value and that value's comments, with the map's indentation and line endings. */
export function insertLines(text: string, map: YAMLMap, { pairs, step }: NewLines): readonly Splice[] | undefined {
  const last = map.items.at(-1)
  const end = last === undefined ? undefined : pairEnd(text, last)
  const first = startOf(map.items[0]?.key)
  if (end === undefined || first === undefined) return undefined
  const indent = columnOf(text, first)
  const at = behindDeeper(text, lineEnd(text, end), indent)
  const style = { indent, step, eol: breakAt(text, end), map }
  return [{ start: at, end: at, text: blockLines(pairs, style) }]
}

/** The end of the comments below a line that are indented more than a column. Such comments belong to the value. */
function behindDeeper(text: string, end: number, column: number): number {
  let at = end
  for (;;) {
    const next = nextLine(text, at)
    const line = text.slice(next, lineEnd(text, next))
    const words = line.trimStart()
    if (!words.startsWith('#') || line.length - words.length <= column) return at
    at = lineEnd(text, next)
  }
}

export interface NewLines {
  readonly pairs: NewPairs
  /** How many spaces one level adds. */
  readonly step: number
}

/**
 * New keys below a key without a value (`annotations:`, `annotations: ~`). The old value is kept as a comment, so that removing the keys can
 * restore it.
 */
export function fillEmpty(text: string, pair: Pair, { pairs, step }: NewLines): readonly Splice[] | undefined {
  const key = startOf(pair.key)
  const colon = colonOf(text, pair)
  const end = lineEnd(text, colon)
  if (key === undefined || colon === -1) return undefined
  const style = { indent: columnOf(text, key) + step, step, eol: breakAt(text, end), map: undefined }
  const lines = { start: end, end, text: blockLines(pairs, style) }
  const value = isScalar(pair.value) ? pair.value : undefined
  if (value === undefined || value.source === '') return [{ start: colon + 1, end: colon + 1, text: ' # empty' }, lines]
  const at = startOf(value)
  // A tag or an anchor, or a value on a line of its own.
  if (at === undefined || at < colon || at > end || text.slice(colon + 1, at).trim() !== '') return undefined
  return [{ start: at, end: at, text: '# ' }, lines]
}

/** The offset of a pair's colon. */
export function colonOf(text: string, { key }: Pair): number {
  return text.indexOf(':', endOf(text, key) ?? text.length)
}

/** The comment that `fillEmpty` leaves after a key. */
const WAS_EMPTY = /^:( # empty|[ \t]+(# )(?:null|Null|NULL|~))(?=[ \t]*(?:\r?\n|$|[ \t]#))/

/** The splice that restores a key's empty value. Undefined if it had none. */
export function restoreEmpty(text: string, pair: Pair): Splice | undefined {
  const colon = colonOf(text, pair)
  const found = colon === -1 ? null : WAS_EMPTY.exec(text.slice(colon, lineEnd(text, colon)))
  if (found === null) return undefined
  const mark = found[2] ?? found[1] ?? ''
  const start = colon + found[0].indexOf(mark, 1)
  return { start, end: start + mark.length, text: '' }
}

interface Style {
  readonly indent: number
  readonly step: number
  readonly eol: string
  readonly map: YAMLMap | undefined
}

/** Each pair as `eol + indentation + key: value`. So the text can follow the last line, with or without a final line break. */
function blockLines(pairs: NewPairs, style: Style): string {
  return pairs
    .map(([key, value]) => {
      const start = `${style.eol}${' '.repeat(style.indent)}${keyText(key, style.map)}:`
      return typeof value === 'object'
        ? start + blockLines(value, { ...style, indent: style.indent + style.step })
        : `${start} ${valueText(value)}`
    })
    .join('')
}

/** How many spaces one level adds: as in the map's children, or else as in the map's own indentation. */
export function stepOf(text: string, map: YAMLMap, above: Pair | undefined): number {
  const own = firstColumn(text, map)
  for (const { value } of map.items) {
    if (isMap(value) && value.flow !== true && firstColumn(text, value) > own) return firstColumn(text, value) - own
  }
  const outer = columnOf(text, startOf(above?.key) ?? 0)
  return own > outer && own - outer <= 8 ? own - outer : 2
}

function firstColumn(text: string, map: YAMLMap): number {
  return columnOf(text, startOf(map.items[0]?.key) ?? 0)
}

type LineSpan = [start: number, end: number]

/**
 * Removes pairs with their lines and the comments on those lines. A comment above them is removed too if it belongs to nothing that stays. If a
 * pair is on the line of a list's dash, the next pair takes that line.
 */
export function removeLines(text: string, map: YAMLMap, pairs: readonly Pair[]): readonly Splice[] | undefined {
  const spans: LineSpan[] = []
  for (const pair of pairs.toSorted((a, b) => indexIn(map, a) - indexIn(map, b))) {
    const start = startOf(pair.key)
    const end = pairEnd(text, pair)
    if (start === undefined || end === undefined) return undefined
    const next = startOf(map.items[indexIn(map, pair) + 1]?.key)
    const last = spans.at(-1)
    if (startsLine(text, start) && (last === undefined || last[1] <= lineStart(text, start)))
      spans.push([commentStart(text, start, { map, pair, removed: pairs }), nextLine(text, end)])
    else if (next === undefined) return undefined
    else if (last === undefined) spans.push([start, next])
    else last[1] = next
  }
  return lineSplices(text, spans)
}

interface Removal {
  readonly map: YAMLMap
  readonly pair: Pair
  readonly removed: readonly Pair[]
}

/**
 * The start of a pair's lines, including the comment right above it. Such a comment belongs to all pairs below it, up to the next
 * comment or empty line. It stays if one of them stays.
 */
function commentStart(text: string, key: number, { map, pair, removed }: Removal): number {
  const line = lineStart(text, key)
  if (runFrom(text, map, pair).some((one) => !removed.includes(one))) return line
  const mark = `${' '.repeat(columnOf(text, key))}#`
  let start = line
  while (start > 0 && text.startsWith(mark, lineStart(text, start - 1))) start = lineStart(text, start - 1)
  return start
}

/** A pair and the pairs that follow it without empty lines or comments between. */
function runFrom(text: string, map: YAMLMap, pair: Pair): readonly Pair[] {
  const following = map.items.slice(indexIn(map, pair))
  const end = following.findIndex((one, index) => {
    const next = startOf(following[index + 1]?.key)
    return next === undefined || nextLine(text, pairEnd(text, one) ?? 0) !== lineStart(text, next)
  })
  return following.slice(0, end + 1)
}

/** Removes a key of the outer map with all its pairs, and the comment after it. */
export function keyLine(
  text: string,
  above: Pair,
  { outer, map, pairs }: { readonly outer: YAMLMap; readonly map: YAMLMap; readonly pairs: readonly Pair[] },
): readonly Splice[] | undefined {
  const start = startOf(above.key)
  const end = endOf(text, above.key)
  const lines = removeLines(text, map, pairs)
  if (start === undefined || end === undefined || lines === undefined || !startsLine(text, start)) return undefined
  const spans = lines.map((line): LineSpan => [line.start, line.end])
  const first = commentStart(text, start, { map: outer, pair: above, removed: [above] })
  return lineSplices(text, [[first, nextLine(text, end)], ...spans])
}

function lineSplices(text: string, spans: readonly LineSpan[]): readonly Splice[] {
  const merged: LineSpan[] = []
  for (const [start, end] of spans) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged.map(([start, end]) => withoutLines(text, start, end))
}
