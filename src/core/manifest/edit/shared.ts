/** Numbers that an anchor and its aliases share. */
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Path } from '../data.ts'
import type { Effect } from './effect.ts'
import { pairOf } from './nodes.ts'
import { isShared, type PlanContext, replaceValue } from './plan.ts'
import type { TextChange } from './verify.ts'

interface NumberWrite {
  readonly path: Path
  readonly value: number
}

/** The change of shared numbers, and the writes that it covers. */
export interface SharedChange<W> {
  readonly change: TextChange
  readonly writes: ReadonlySet<W>
}

/**
 * One splice at the anchor for all writes of one number. The check of the whole edit verifies that every place of the number should
 * change. Undefined if no number is shared, or if two writes need different numbers for one anchor.
 */
export function planShared<W extends NumberWrite>(
  context: PlanContext,
  writes: readonly W[],
): SharedChange<W> | undefined {
  const found = writes.flatMap((write) => {
    const origin = originOf(context, write.path)
    return origin === undefined ? [] : [{ ...origin, write }]
  })
  const changes: TextChange[] = []
  const made = new Set<W>()
  for (const [node, group] of Map.groupBy(found, ({ node: own }) => own)) {
    if (!group.some(({ isInPlaces }) => isInPlaces)) continue
    const values = new Set(group.map(({ write }) => write.value))
    const [value] = values
    const splice = value === undefined || values.size > 1 ? undefined : replaceValue(context, node, value)
    if (splice === undefined || typeof splice === 'string') return undefined
    for (const { write } of group) made.add(write)
    changes.push({ splices: [splice], effects: group.map(({ write }): Effect => ({ kind: 'set', ...write })) })
  }
  if (changes.length === 0) return undefined
  const change = {
    splices: changes.flatMap(({ splices }) => splices),
    effects: changes.flatMap(({ effects }) => effects),
  }
  return { change, writes: made }
}

/** The scalar at a path, through aliases. Undefined if there is none, or if it comes from a merge key. */
function originOf(
  context: PlanContext,
  path: Path,
): { readonly node: unknown; readonly isInPlaces: boolean } | undefined {
  const { document } = context
  let isInPlaces = false
  const arrive = (found: unknown): unknown => {
    const node = resolved(document, found)
    isInPlaces ||= node !== found || isShared(context, node)
    return node
  }
  let node = arrive(document.contents)
  for (const key of path) {
    if (isMap(node)) node = arrive(pairOf(node, key)?.value)
    else if (isSeq(node) && typeof key === 'number') node = arrive(node.items[key])
    else return undefined
  }
  return isScalar(node) ? { node, isInPlaces } : undefined
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}
