import { type Document, isNode, isSeq, type Node, visit } from 'yaml'
import { commentsOf, compose } from '../yaml/compose.ts'
import { insertAfterEntry } from './flow.ts'
import { endOf, nodeAt } from './nodes.ts'
import type { Path } from '../data.ts'
import {
  applySplices,
  blanksBefore,
  breakAt,
  columnOf,
  lineEnd,
  lineStart,
  nextLine,
  skipTrivia,
  type Splice,
} from '../yaml/text.ts'

interface CopyContext {
  readonly text: string
  readonly document: Document
}

/** The source text of one item of a sequence, cut out so that it can be parsed and changed by itself. */
export interface Cutting extends CopyContext {
  /** The place of the item in the copy's document. A block item includes its dash, at its own column. */
  readonly at: Path
}

/** Copies an item out of its sequence, without its comments. Undefined if that is not certain to work. */
export function cutItem(context: CopyContext, path: Path): Cutting | 'anchored' | undefined {
  const span = spanOf(context, path)
  if (span === undefined) return undefined
  let isAnchored = false
  visit(span.node, { Node: (_, node) => void (isAnchored ||= 'anchor' in node && node.anchor !== undefined) })
  if (isAnchored) return 'anchored'
  const pad = span.flow ? '' : ' '.repeat(columnOf(context.text, span.start))
  const text = withoutComments(pad + context.text.slice(span.start, span.end))
  const [document] = text === undefined ? [] : compose(text).documents
  return text === undefined || document === undefined ? undefined : { text, document, at: span.flow ? [] : [0] }
}

/** The splices that insert a (changed) copy after its original item. */
export function pasteItem(context: CopyContext, path: Path, cutting: string): readonly Splice[] | undefined {
  const span = spanOf(context, path)
  if (span === undefined) return undefined
  const at = lineEnd(context.text, span.end)
  const lineBreak = breakAt(context.text, at)
  // An item of one line has no line break to use for new lines in it.
  const item = cutting.replaceAll(/\r?\n/g, lineBreak)
  if (span.flow) return insertAfterEntry(context.text, span, [item])
  return [{ start: at, end: at, text: lineBreak + item }]
}

interface ItemSpan {
  readonly start: number
  readonly end: number
  readonly flow: boolean
  readonly node: Node
}

function spanOf({ text, document }: CopyContext, path: Path): ItemSpan | undefined {
  const list = nodeAt(document, path.slice(0, -1))
  const index = path.at(-1)
  if (!isSeq(list) || typeof index !== 'number') return undefined
  const node = list.items[index]
  const end = endOf(text, node)
  if (!isNode(node) || node.range === undefined || node.range === null || end === undefined) return undefined
  if (list.flow === true) return { start: node.range[0], end, flow: true, node }
  const start = dashOf(text, list, index)
  return start === undefined ? undefined : { start, end, flow: false, node }
}

/** The offset of an item's dash in a block sequence. */
export function dashOf(
  text: string,
  list: { readonly items: readonly unknown[]; readonly range?: readonly number[] | null },
  index: number,
): number | undefined {
  const before = list.items[index - 1]
  const from = index === 0 ? list.range?.[0] : isNode(before) ? before.range?.[2] : undefined
  const start = from === undefined ? undefined : skipTrivia(text, from)
  return start !== undefined && text[start] === '-' ? start : undefined
}

/** The text without its comments. Lines with only a comment are removed. */
function withoutComments(text: string): string | undefined {
  const splices = commentsOf(text).map(([start, end]): Splice => {
    const blanks = blanksBefore(text, start)
    const isWholeLine = start - blanks === lineStart(text, start)
    return { start: start - blanks, end: isWholeLine ? nextLine(text, end) : end, text: '' }
  })
  return applySplices(text, splices)
}
