import { isMap, isNode, isScalar, type Node, type Pair, type YAMLMap } from 'yaml'

/** Replace the characters from `start` (included) to `end` (excluded). */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Keys to add, in order; a value may be a map of new keys itself. */
export type NewPairs = readonly (readonly [string, string | number | NewPairs])[]

type Span = Omit<Splice, 'text'>

/** New keys for a map, written in the map's own style (flow or block, its indentation, the file's line ends). */
export function insertPairs(text: string, map: YAMLMap, pairs: NewPairs): Splice | undefined {
  const range = map.range
  if (range === undefined || range === null) return undefined
  // An empty value that the new keys replace: `annotations:` with nothing behind it.
  const empty = map.items.find((pair) => keyOf(pair) === pairs[0]?.[0])
  if (map.flow === true) return empty === undefined ? insertFlow(text, range[1], pairs) : undefined
  const indent = columnOf(text, firstKeyStart(map))
  if (indent === undefined) return undefined
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const step = stepOf(text, map)
  if (empty !== undefined) return fillEmpty(text, empty, blockLines(innerOf(pairs), indent + step, { eol, step }))
  const at = endOfLastLine(text, map)
  return at === undefined ? undefined : { start: at, end: at, text: blockLines(pairs, indent, { eol, step }) }
}

function innerOf(pairs: NewPairs): NewPairs {
  const value = pairs[0]?.[1]
  return typeof value === 'object' ? value : []
}

/** `annotations:` → the new keys on lines of their own below it. */
function fillEmpty(text: string, pair: Pair, lines: string): Splice | undefined {
  const key = pair.key
  if (!isNode(key) || key.range === undefined || key.range === null) return undefined
  const value = pair.value
  if (isScalar(value) && value.source !== undefined && value.source !== '') return undefined
  const end = lineEnd(text, key.range[1])
  return { start: end, end, text: lines }
}

/** Each pair as `eol + indentation + key: value`, so that it can stand right behind the last line, final newline or not. */
function blockLines(pairs: NewPairs, indent: number, style: { readonly eol: string; readonly step: number }): string {
  return pairs
    .map(([key, value]) => {
      const start = `${style.eol}${' '.repeat(indent)}${keyText(key)}:`
      return typeof value === 'object'
        ? start + blockLines(value, indent + style.step, style)
        : `${start} ${JSON.stringify(value)}`
    })
    .join('')
}

function insertFlow(text: string, end: number, pairs: NewPairs): Splice | undefined {
  if (text[end - 1] !== '}') return undefined
  let at = end - 1
  while (/\s/.test(text[at - 1] ?? '')) at -= 1
  const before = text[at - 1]
  const comma = before === '{' ? '' : before === ',' ? ' ' : ', '
  return { start: at, end: at, text: comma + flowPairs(pairs) }
}

function flowPairs(pairs: NewPairs): string {
  return pairs
    .map(
      ([key, value]) =>
        `${keyText(key)}: ${typeof value === 'object' ? `{${flowPairs(value)}}` : JSON.stringify(value)}`,
    )
    .join(', ')
}

/** Keys of annotations are `prefix/name`: plain scalars unless they hold what YAML reads otherwise. */
function keyText(key: string): string {
  return /^[A-Za-z][\w./-]*$/.test(key) ? key : JSON.stringify(key)
}

/** Takes a pair away: its whole lines in a block map, the pair and one comma in a flow map. */
export function removePair(text: string, map: YAMLMap, key: string): Splice | undefined {
  const index = map.items.findIndex((pair) => keyOf(pair) === key)
  const pair = map.items[index]
  if (pair === undefined) return undefined
  const start = startOf(pair.key)
  const end = endOf(pair.value) ?? endOf(pair.key)
  if (start === undefined || end === undefined) return undefined
  return map.flow === true ? removeFlow(text, { start, end }, index === 0) : removeLines(text, { start, end })
}

function removeLines(text: string, pair: Span): Splice | undefined {
  const from = text.lastIndexOf('\n', pair.start - 1) + 1
  // A key that shares its line (`- name: x`) cannot go by lines; the caller refuses.
  if (text.slice(from, pair.start).trim() !== '') return undefined
  // A block scalar's value already ends behind its last line break.
  if (text[pair.end - 1] === '\n') return { start: from, end: pair.end, text: '' }
  const to = lineEnd(text, pair.end)
  if (to < text.length) return { start: from, end: text.indexOf('\n', to) + 1, text: '' }
  // The last line of a file without a final newline: take the break before it instead.
  return { start: from === 0 ? 0 : lineEnd(text, from - 1), end: to, text: '' }
}

function removeFlow(text: string, pair: Span, isFirst: boolean): Splice {
  let { start, end } = pair
  const rest = /^\s*,[ \t]*/.exec(text.slice(end))
  if (isFirst && rest !== null) end += rest[0].length
  else if (!isFirst) start -= /,?\s*$/.exec(text.slice(0, start))?.[0].length ?? 0
  return { start, end, text: '' }
}

function keyOf(pair: Pair): unknown {
  return isScalar(pair.key) ? pair.key.value : pair.key
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function endOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined
  const last = lastLeaf(node)
  return last.range?.[1] ?? node.range?.[1]
}

/** A block collection's range runs over the blank lines and comments behind it; its last leaf's does not. */
function lastLeaf(node: Node): Node {
  if (!isMap(node) || node.flow === true) return node
  const value = node.items.at(-1)?.value
  return isNode(value) ? lastLeaf(value) : node
}

function firstKeyStart(map: YAMLMap): number | undefined {
  return startOf(map.items[0]?.key)
}

function columnOf(text: string, offset: number | undefined): number | undefined {
  if (offset === undefined) return undefined
  const column = offset - (text.lastIndexOf('\n', offset - 1) + 1)
  return text.startsWith('\uFEFF') && column === offset ? column - 1 : column
}

/** How many blanks one level adds here: as the map's own children do it, else 2. */
function stepOf(text: string, map: YAMLMap): number {
  const own = columnOf(text, firstKeyStart(map)) ?? 0
  for (const pair of map.items) {
    if (!isMap(pair.value) || pair.value.flow === true) continue
    const inner = columnOf(text, firstKeyStart(pair.value))
    if (inner !== undefined && inner > own) return inner - own
  }
  return own > 0 && own <= 8 ? own : 2
}

/** The end of the line on which the map's last value ends; undefined where the last value is no single line we know to end. */
function endOfLastLine(text: string, map: YAMLMap): number | undefined {
  const last = map.items.at(-1)
  const end = last === undefined ? undefined : (endOf(last.value) ?? endOf(last.key))
  if (end === undefined) return undefined
  if (text[end - 1] === '\n') return text[end - 2] === '\r' ? end - 2 : end - 1
  return lineEnd(text, end)
}

/** The offset of the line break (or the end of the text) at or behind an offset. */
function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  if (at === -1) return text.length
  return text[at - 1] === '\r' ? at - 1 : at
}
