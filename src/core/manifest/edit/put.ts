/** Writes values of any shape into the text of a document. Existing values keep their text. */
import { type Document, isMap, type YAMLMap, type YAMLSeq } from 'yaml'
import type { JsonValue, Path } from '../data.ts'
import { breakAt, columnOf, lineEnd, lineStart, type Splice } from '../yaml/text.ts'
import { colonOf } from './block.ts'
import { dashOf } from './copy.ts'
import { insertAfterEntry } from './flow.ts'
import { itemLines, yamlText } from './items.ts'
import { endOf, nodeAt, pairEnd, pairOf, startOf } from './nodes.ts'
import { keyText } from './style.ts'

interface PutContext {
  readonly document: Document
  readonly text: string
}

/** Sets any value at a key of a map, and adds the key if it is missing. */
export function valueAtKey({ document, text }: PutContext, path: Path, value: JsonValue): Splice[] | undefined {
  const map = nodeAt(document, path.slice(0, -1))
  const key = path.at(-1)
  if (!isMap(map) || typeof key !== 'string') return undefined
  const pair = pairOf(map, key)
  if (map.flow === true) return putInFlow({ text, map }, key, value)
  const first = startOf(map.items[0]?.key)
  const last = map.items.at(-1)
  const end = last && pairEnd(text, pair ?? last)
  if (first === undefined || end === undefined) return undefined
  const column = columnOf(text, first)
  const words = valueLines(value, { column, eol: breakAt(text, end) })
  if (pair === undefined) {
    const at = lineEnd(text, end)
    return [{ start: at, end: at, text: `${breakAt(text, end)}${' '.repeat(column)}${keyText(key, map)}:${words}` }]
  }
  const colon = colonOf(text, pair)
  return colon < 0 ? undefined : [{ start: colon + 1, end, text: words }]
}

/** The text after a key and its colon. */
function valueLines(value: JsonValue, { column, eol }: { readonly column: number; readonly eol: string }): string {
  const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isNested) return ` ${yamlText(value, { flow: true }).replaceAll('\n', `${eol}${' '.repeat(column + 2)}`)}`
  const pad = ' '.repeat(column + 2)
  const lines = yamlText(value, { flow: false }).split('\n')
  return lines.map((line) => `${eol}${line === '' ? '' : pad}${line}`).join('')
}

function putInFlow(
  { text, map }: { readonly text: string; readonly map: YAMLMap },
  key: string,
  value: JsonValue,
): Splice[] | undefined {
  const pair = pairOf(map, key)
  const words = yamlText(value, { flow: true })
  if (words.includes('\n')) return undefined
  const [start, end] = pair === undefined ? [] : [startOf(pair.value), endOf(text, pair.value)]
  if (start !== undefined && end !== undefined) return [{ start, end, text: words }]
  const last = map.items.at(-1)
  const from = startOf(last?.key)
  const to = last && pairEnd(text, last)
  if (pair !== undefined || from === undefined || to === undefined) return undefined
  return insertAfterEntry(text, { start: from, end: to }, [`${keyText(key, map)}: ${words}`])
}

/** Inserts a new item before an item of a list. */
export function itemBefore(
  text: string,
  list: YAMLSeq,
  { index, item }: { readonly index: number; readonly item: JsonValue },
): Splice[] | undefined {
  const dash = list.flow === true ? undefined : dashOf(text, list, index)
  if (dash === undefined) return undefined
  let at = lineStart(text, dash)
  if (text.slice(at, dash).trim() !== '') return undefined
  // Comments above an item belong to it.
  for (let above = at; above > 0;) {
    above = lineStart(text, above - 1)
    if (!text.slice(above, at).trimStart().startsWith('#')) break
    at = above
  }
  const eol = breakAt(text, dash)
  const lines = itemLines(item, { column: columnOf(text, dash), gap: 2, eol, isFlow: false })
  return [{ start: at, end: at, text: lines.slice(eol.length) + eol }]
}
