import { Document, isCollection, isMap, isScalar, isSeq, type Pair, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { colonOf } from './block.ts'
import { dashOf } from './copy.ts'
import { insertAfterEntry } from './flow.ts'
import { endOf, nodeAt, pairEnd, pairOf, startOf } from './nodes.ts'
import type { Path } from '../data.ts'
import type { SourceDocument } from '../parse.ts'
import { keyText } from './style.ts'
import {
  breakAt,
  columnOf,
  lineEnd,
  lineStart,
  nextLine,
  skipTrivia,
  type Splice,
  startsLine,
  withoutLines,
} from '../yaml/text.ts'
import type { TextChange } from './verify.ts'

type ItemContext = Pick<SourceDocument, 'document'> & { readonly text: string }

/** Appends an item to a list, in the style of the list's last item. If the list is missing in a top-level map, it is added. */
export function planAppend(context: ItemContext, path: Path, item: unknown): TextChange | undefined {
  const list = nodeAt(context.document, path)
  if (!isSeq(list) || isEmptyInBlock(context, list)) return planList(context, path, item)
  const splices = list.flow === true ? appendInFlow(context, list, item) : appendLines(context.text, list, item)
  const effects = [{ kind: 'append', path: [...path, list.items.length], item }] as const
  return splices === undefined ? undefined : { splices, effects }
}

/** Removes an item of a list. Undefined if the list would be empty, or if the item shares its lines. */
export function planDrop({ text, document }: ItemContext, path: Path): TextChange | undefined {
  const list = nodeAt(document, path.slice(0, -1))
  const index = path.at(-1)
  if (!isSeq(list) || typeof index !== 'number' || list.items.length < 2) return undefined
  const splice = list.flow === true ? dropInFlow(text, list, index) : dropLines(text, list, index)
  return splice === undefined ? undefined : { splices: [splice], effects: [{ kind: 'drop', path }] }
}

/** A value as separate YAML text: on one line with braces, or on several lines. */
export function yamlText(value: unknown, form: { readonly flow: boolean; readonly indentSeq?: boolean }): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  const { indentSeq = true } = form
  // Maps with only scalars, such as an operation of a patch or a target, are easiest to read on one line.
  visit(document, {
    Collection: (key, node) => {
      const isFlat = isMap(node) && node.items.every((pair) => !isCollection(pair.value) && !isLong(pair.value))
      if (form.flow || (isFlat && key !== null)) node.flow = true
      return undefined
    },
  })
  const style = {
    lineWidth: 0,
    flowCollectionPadding: false,
    singleQuote: false,
    doubleQuotedMinMultiLineLength: Infinity,
  }
  return document.toString({ ...style, indentSeq, directives: false }).replace(/\n$/, '')
}

function isLong(node: unknown): boolean {
  return isScalar(node) && typeof node.value === 'string' && node.value.includes('\n')
}

function appendInFlow({ text, document }: ItemContext, list: YAMLSeq, item: unknown): readonly Splice[] | undefined {
  const start = list.range?.[0]
  const last = list.items.at(-1)
  const own = isJson(last ?? document.contents) ? jsonText(item) : yamlText(item, { flow: true })
  if (own.includes('\n') || start === undefined || start === null) return undefined
  if (last === undefined) return [{ start: start + 1, end: start + 1, text: own }]
  const [from, to] = [startOf(last), endOf(text, last)]
  return from === undefined || to === undefined ? undefined : insertAfterEntry(text, { start: from, end: to }, [own])
}

/** All of its keys have double quotes, so the file may have to stay JSON. */
function isJson(item: unknown): boolean {
  const key = isMap(item) ? item.items[0]?.key : undefined
  return isScalar(key) && key.type === 'QUOTE_DOUBLE'
}

/** JSON on one line, with a space after each comma and colon. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replaceAll(/([{[])\n */g, '$1')
    .replaceAll(/\n *([}\]])/g, '$1')
    .replaceAll(/\n */g, ' ')
}

function appendLines(text: string, list: YAMLSeq, item: unknown): readonly Splice[] | undefined {
  const last = list.items.at(-1)
  const end = endOf(text, last)
  const dash = dashOf(text, list, list.items.length - 1)
  if (end === undefined || dash === undefined) return undefined
  const isFlow = isMap(last) && last.flow === true
  const first = startOf(isMap(last) ? last.items[0]?.key : last)
  const gap =
    isFlow || first === undefined || first <= dash ? 2 : Math.max(2, columnOf(text, first) - columnOf(text, dash))
  const at = lineEnd(text, end)
  return [
    {
      start: at,
      end: at,
      text: itemLines(item, { column: columnOf(text, dash), gap, eol: breakAt(text, end), isFlow }),
    },
  ]
}

interface ItemStyle {
  readonly column: number
  /** The number of characters from the dash to the item. */
  readonly gap: number
  readonly eol: string
  readonly isFlow: boolean
}

/** The lines of a new list item, each after a line break. */
export function itemLines(item: unknown, { column, gap, eol, isFlow }: ItemStyle): string {
  const isBraces = isFlow && !hasLongText(item)
  const lines = yamlText(item, { flow: isBraces }).split('\n')
  const lead = `${' '.repeat(column)}-${' '.repeat(gap - 1)}`
  const pad = ' '.repeat(column + gap)
  return lines.map((line, index) => eol + (index === 0 ? lead + line : line === '' ? '' : pad + line)).join('')
}

function hasLongText(value: unknown): boolean {
  return JSON.stringify(value).includes('\\n')
}

/**
 * Adds a list with one item to the map at the top level of a document: at the list's key if that is empty, or else at the end.
 */
function planList({ text, document }: ItemContext, path: Path, item: unknown): TextChange | undefined {
  const [key, ...deeper] = path
  const map = document.contents
  if (typeof key !== 'string' || deeper.length > 0 || !isMap(map) || map.items.length === 0) return undefined
  const pair = pairOf(map, key)
  const splices = map.flow === true ? listInFlow(text, map, [key, item]) : listInBlock(text, map, [key, item])
  const isThere = pair !== undefined && !isEmptyValue(pair.value)
  return splices === undefined || isThere ? undefined : { splices, effects: [{ kind: 'set', path, value: [item] }] }
}

type Entry = readonly [key: string, item: unknown]

function listInBlock(text: string, map: YAMLMap, [key, item]: Entry): readonly Splice[] | undefined {
  const pair = pairOf(map, key)
  const end = pair === undefined ? endOf(text, map) : emptyEnd(text, pair)
  if (end === undefined) return undefined
  const at = lineEnd(text, end)
  const eol = breakAt(text, end)
  const lines = itemLines(item, { column: dashColumn(text, map.items), gap: 2, eol, isFlow: false })
  if (pair === undefined) return [{ start: at, end: at, text: `${eol}${key}:${lines}` }]
  const colon = colonOf(text, pair)
  return [
    { start: colon + 1, end, text: '' },
    { start: at, end: at, text: lines },
  ]
}

/** The offset after `key:`, or after a `[]` or `null` on the same line. Undefined if something else follows. */
function emptyEnd(text: string, pair: Pair): number | undefined {
  const colon = colonOf(text, pair)
  const rest = /^(?:[ \t]+(?:\[[ \t]*\]|null|Null|NULL|~))?(?=[ \t]*(?:\r?$|[ \t]#))/m.exec(text.slice(colon + 1))
  return colon < 0 || rest === null ? undefined : colon + 1 + rest[0].length
}

function listInFlow(text: string, map: YAMLMap, [key, item]: Entry): readonly Splice[] | undefined {
  const last = map.items.at(-1)
  const [start, end] = [startOf(last?.key), last === undefined ? undefined : pairEnd(text, last)]
  // An empty value in braces has too many spellings to distinguish.
  if (start === undefined || end === undefined || pairOf(map, key) !== undefined) return undefined
  const list = isJson(map) ? jsonText([item]) : yamlText([item], { flow: true })
  return insertAfterEntry(text, { start, end }, [`${keyText(key, map)}: ${list}`])
}

/** Whether an empty list is in a block map. Then its new items are on lines of their own. */
function isEmptyInBlock({ document }: ItemContext, list: YAMLSeq): boolean {
  return list.items.length === 0 && isMap(document.contents) && document.contents.flow !== true
}

function isEmptyValue(value: unknown): boolean {
  if (value === null) return true
  if (!isScalar(value) && !isSeq(value)) return false
  if (value.anchor !== undefined || value.tag !== undefined) return false
  return isScalar(value) ? value.value === null : value.items.length === 0
}

function dashColumn(text: string, pairs: readonly { readonly value: unknown }[]): number {
  for (const { value } of pairs) {
    const dash = isSeq(value) && value.flow !== true ? dashOf(text, value, 0) : undefined
    if (dash !== undefined) return columnOf(text, dash)
  }
  return 2
}

function dropLines(text: string, list: YAMLSeq, index: number): Splice | undefined {
  const start = dashOf(text, list, index)
  const end = endOf(text, list.items[index])
  if (start === undefined || end === undefined || !startsLine(text, start)) return undefined
  return withoutLines(text, lineStart(text, start), nextLine(text, end))
}

function dropInFlow(text: string, list: YAMLSeq, index: number): Splice | undefined {
  const [own, next, before] = [list.items[index], list.items[index + 1], list.items[index - 1]]
  const [start, end] = [startOf(own), endOf(text, own)]
  const [behind, from] = [endOf(text, before), startOf(next)]
  if (start === undefined || end === undefined) return undefined
  if (from !== undefined) return { start, end: from, text: '' }
  return behind === undefined || text[skipTrivia(text, end)] === ',' ? undefined : { start: behind, end, text: '' }
}
