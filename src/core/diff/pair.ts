import { compareText, type RenderedObject } from './objects.ts'
import { identityKey } from '../manifest/identity.ts'

/** One object on both sides of a change. A side is absent if the object does not exist there. */
export interface Pair {
  readonly before?: RenderedObject
  readonly after?: RenderedObject
}

/** Reviewers look first for the objects that move traffic. */
const FIRST = ['VirtualService', 'DestinationRule', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute']

/** Pairs the objects of two renders by identity: first those about traffic, then by kind, namespace and name. */
export function pairObjects(before: readonly RenderedObject[], after: readonly RenderedObject[]): readonly Pair[] {
  const pairs = new Map<string, Pair>()
  for (const object of before) pairs.set(identityKey(object), { before: object })
  for (const object of after) pairs.set(identityKey(object), { ...pairs.get(identityKey(object)), after: object })
  const keyed = withGenerated([...pairs.values()]).map((pair) => ({ pair, ...keyOf(pair) }))
  return keyed.toSorted((a, b) => a.rank - b.rank || compareText(a.key, b.key)).map(({ pair }) => pair)
}

function keyOf({ before, after }: Pair): { readonly rank: number; readonly key: string } {
  const object = after ?? before
  if (object === undefined) return { rank: 0, key: '' }
  const rank = FIRST.indexOf(object.kind)
  return { rank: rank < 0 ? FIRST.length : rank, key: identityKey(object) }
}

/** The hash that kustomize's generators append to a name (api/hasher: hex, with the vowels and 0, 1, 3 replaced). */
const HASH = /-[2456789bcdfghkmt]{10}$/

/**
 * A changed generated object is removed under one name and added under another. If exactly one object with a base name was
 * removed and one added, they count as one changed object.
 */
function withGenerated(pairs: readonly Pair[]): readonly Pair[] {
  const groups = Map.groupBy(pairs, stemOf)
  return [...groups].flatMap(([stem, group]) => {
    const [one, two, ...more] = group
    if (stem === undefined || two === undefined || more.length > 0) return group
    const both = { ...one, ...two }
    return both.before !== undefined && both.after !== undefined ? [both] : group
  })
}

/** Undefined if the object is on both sides, or if its name is not generated. */
function stemOf({ before, after }: Pair): string | undefined {
  const object = after ?? before
  if (object === undefined || (before !== undefined && after !== undefined)) return undefined
  const { kind, group, namespace, name } = object
  const isGenerated = group === '' && (kind === 'Secret' || kind === 'ConfigMap') && HASH.test(name)
  return isGenerated ? JSON.stringify([kind, namespace, name.replace(HASH, '')]) : undefined
}
