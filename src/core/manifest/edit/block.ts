import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import { endOf, pairEnd, startOf } from './nodes.ts'
import { keyText, type NewPairs, valueText } from './style.ts'
import { breakAt, columnOf, lineEnd, lineStart, nextLine, type Splice, startsLine } from '../yaml/text.ts'

/** New keys for a block map, on lines of their own behind its last value, in the map's indentation and line ends. */
export function insertLines(text: string, map: YAMLMap, { pairs, step }: NewLines): readonly Splice[] | undefined {
  const last = map.items.at(-1)
  const end = last === undefined ? undefined : pairEnd(text, last)
  const first = startOf(map.items[0]?.key)
  if (end === undefined || first === undefined) return undefined
  const at = lineEnd(text, end)
  const style = { indent: columnOf(text, first), step, eol: breakAt(text, end), map }
  return [{ start: at, end: at, text: blockLines(pairs, style) }]
}

export interface NewLines {
  readonly pairs: NewPairs
  /** How many blanks one level adds. */
  readonly step: number
}

/**
 * New keys below a key that has no value (`annotations:`, `annotations: ~`). What it had is kept as a comment, so that
 * taking the keys away again can put it back.
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
  const at = startOf(value) ?? -1
  // A tag or an anchor, or a value on a line of its own.
  if (at < colon || at > end || text.slice(colon + 1, at).trim() !== '') return undefined
  return [{ start: at, end: at, text: '# ' }, lines]
}

/** Where the colon of a pair stands. */
export function colonOf(text: string, { key }: Pair): number {
  return text.indexOf(':', endOf(text, key) ?? text.length)
}

/** What `fillEmpty` leaves behind a key. */
const WAS_EMPTY = /^:( # empty|[ \t]+(# )(?:null|Null|NULL|~))(?=[ \t]*(?:\r?\n|$|[ \t]#))/

/** The splice that gives a key its empty value back; undefined where it had none. */
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

/** Each pair as `eol + indentation + key: value`, so that it can stand right behind the last line, final newline or not. */
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

/** How many blanks one level adds here: as the map's own children do it, else as the map itself is indented. */
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
 * Takes pairs away with their lines and the comments on those lines; comments on lines of their own stay. A pair that
 * shares its line with the dash of a list leaves it to the next one.
 */
export function removeLines(text: string, map: YAMLMap, pairs: readonly Pair[]): readonly Splice[] | undefined {
  const spans: LineSpan[] = []
  for (const pair of pairs.toSorted((a, b) => map.items.indexOf(a) - map.items.indexOf(b))) {
    const start = startOf(pair.key)
    const end = pairEnd(text, pair)
    if (start === undefined || end === undefined) return undefined
    const next = startOf(map.items[map.items.indexOf(pair) + 1]?.key)
    const last = spans.at(-1)
    if (startsLine(text, start) && (last === undefined || last[1] <= lineStart(text, start)))
      spans.push([lineStart(text, start), nextLine(text, end)])
    else if (next === undefined) return undefined
    else if (last === undefined) spans.push([start, next])
    else last[1] = next
  }
  return lineSplices(text, spans)
}

/** Takes a key away together with all pairs of its map. A comment behind the key gets the line for itself. */
export function keyLine(
  text: string,
  above: Pair,
  { map, pairs }: { readonly map: YAMLMap; readonly pairs: readonly Pair[] },
): readonly Splice[] | undefined {
  const start = startOf(above.key)
  const end = endOf(text, above.key)
  const lines = removeLines(text, map, pairs)
  if (start === undefined || end === undefined || lines === undefined || !startsLine(text, start)) return undefined
  const comment = /[ \t](#.*)$/.exec(text.slice(end, lineEnd(text, end)))?.[1]
  if (comment !== undefined) return [{ start, end: lineEnd(text, end) - comment.length, text: '' }, ...lines]
  const spans = lines.map((line): LineSpan => [line.start, line.end])
  return lineSplices(text, [[lineStart(text, start), nextLine(text, end)], ...spans])
}

/** At the end of a file without a final newline the break before the lines goes with them. */
function lineSplices(text: string, spans: readonly LineSpan[]): readonly Splice[] {
  const merged: LineSpan[] = []
  for (const [start, end] of spans) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged.map(([start, end]) => {
    const isLast = end === text.length && text[end - 1] !== '\n' && start > 0
    return { start: isLast ? lineEnd(text, start - 1) : start, end, text: '' }
  })
}
