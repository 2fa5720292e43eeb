import { type Document, isMap, isNode, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import type { Path } from '../data.ts'

/** The offset at which a node's own text starts, after its anchor and tag. */
export function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

/**
 * The offset at which a node's text ends, without the blank lines and comments after it. The range of a block collection includes
 * these, but the range of its last leaf does not.
 */
export function endOf(text: string, node: unknown): number | undefined {
  if (!isNode(node)) return undefined
  const last = lastChild(node)
  if (last !== undefined) return endOf(text, last)
  const end = node.range?.[1]
  if (end === undefined || !isScalar(node) || (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED'))
    return end
  // With `+`, the blank lines after a block scalar are part of it.
  const keeps = /^[|>]\d?\+/.test(text.slice(node.range?.[0], end))
  const own = keeps ? text.slice(0, end).replace(/\r?\n$/, '') : text.slice(0, end).trimEnd()
  return own.length
}

function lastChild(node: Node): Node | undefined {
  if (isMap(node) && node.flow !== true) {
    const pair = node.items.at(-1)
    return [pair?.value, pair?.key].find((part) => isNode(part))
  }
  if (!isSeq(node) || node.flow === true) return undefined
  const item = node.items.at(-1)
  return isNode(item) ? item : undefined
}

export function pairEnd(text: string, pair: Pair): number | undefined {
  return endOf(text, pair.value) ?? endOf(text, pair.key)
}

export function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

/** The index of a pair of a map. */
export function indexIn(map: YAMLMap, pair: Pair): number {
  return map.items.indexOf(pair)
}

export function pairOf(map: YAMLMap, key: string | number | undefined): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === String(key))
}

/** The node at a path, found without following aliases. `getIn` of `yaml` does the same, but slowly for long lists. */
export function nodeAt(document: Document, path: Path): unknown {
  let node: unknown = document.contents
  for (const key of path) {
    if (isMap(node)) node = pairOf(node, key)?.value
    else if (isSeq(node) && typeof key === 'number') node = node.items[key]
    else return undefined
  }
  return node
}
