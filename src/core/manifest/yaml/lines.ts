import { type Document, isNode } from 'yaml'
import type { Path } from '../data.ts'

/** The line (1-based) of an offset. */
export type LineOf = (offset: number) => number

/**
 * Finds lines by offset. The index is built at the first call, because most files never need it. `first`: the line on which the
 * text starts.
 */
export function linesOf(text: string, first = 1): LineOf {
  let starts: readonly number[] | undefined
  return (offset) => {
    starts ??= [...text.matchAll(/\n/g)].map(({ index }) => index + 1)
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? Infinity) <= offset) low = middle + 1
      else high = middle
    }
    return first + low
  }
}

/** The line of the value at a path. If the value does not exist, the line of the nearest node on the way to it. */
export function lineOfPath(lines: LineOf, document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node)) return lines(offsetOf(node))
  }
  return lines(0)
}

/** The offset at which a node starts. Each node of a text has one. */
export function offsetOf({ range }: { readonly range?: readonly number[] | null | undefined }): number {
  return range?.[0] ?? 0
}
