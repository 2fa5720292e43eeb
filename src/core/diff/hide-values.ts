/** In characters of all values. Above this, an automaton takes too much memory, and everything is hidden. */
const MAX_CHARACTERS = 3_000_000

/**
 * Replaces each value in a text with a mark, and overlapping values with one mark. Values shorter than `shortest` are not
 * replaced, because they would hide words in every sentence. The time is linear in the values and in the text, whatever they
 * contain (Aho and Corasick, 1975).
 */
export function hideValues(
  values: Iterable<string>,
  { mark, shortest }: { readonly mark: string; readonly shortest: number },
): (text: string) => string {
  const known = [...new Set(values)].filter((value) => value.trim().length >= shortest)
  if (known.length === 0) return (text) => text
  const size = known.reduce((sum, value) => sum + value.length, 0)
  // A search that stopped half-way would hide nothing.
  if (size > MAX_CHARACTERS) return (text) => (text.trim() === '' ? text : mark)
  let automaton: Automaton | undefined
  return (text) => {
    automaton ??= automatonOf(known, size)
    return masked(text, automaton, mark)
  }
}

/** An automaton over characters. A node stands for the part of a value that has been read so far. */
interface Automaton {
  readonly next: (node: number, character: number) => number
  /** The node of the longest suffix of the read characters that also begins a value. */
  readonly fallback: Int32Array
  /** The length of the longest value that ends at this node; 0 if none does. */
  readonly longest: Int32Array
}

const ROOT = 0
const NONE = -1

function automatonOf(values: readonly string[], size: number): Automaton {
  const nodes = {
    parent: new Int32Array(size + 1),
    character: new Uint16Array(size + 1),
    depth: new Int32Array(size + 1),
  }
  // Most nodes have one child, which is the next node. A value leaves earlier values at one node.
  const only = new Int32Array(size + 1)
  const others = edgeTable(values.length)
  const next = (node: number, character: number): number => {
    const child = entry(only, node)
    if (child === 0) return NONE
    return nodes.character[child] === character ? child : others.get(node, character)
  }
  const longest = new Int32Array(size + 1)
  let count = 1
  const add = (parent: number, character: number, depth: number): number => {
    const child = count
    count += 1
    if (only[parent] === 0) only[parent] = child
    else others.add(parent, character, child)
    nodes.parent[child] = parent
    nodes.character[child] = character
    nodes.depth[child] = depth
    return child
  }
  for (const value of values) {
    let node = ROOT
    for (let at = 0; at < value.length; at += 1) {
      const character = value.charCodeAt(at)
      const child = next(node, character)
      node = child === NONE ? add(node, character, at + 1) : child
    }
    longest[node] = value.length
  }
  return { next, fallback: fallbacks(nodes, { count, longest, next }), longest }
}

interface Nodes {
  readonly parent: Int32Array
  readonly character: Uint16Array
  readonly depth: Int32Array
}

/** Shorter prefixes come first, because each node needs its parent's fallback. */
function fallbacks(
  { parent, character, depth }: Nodes,
  { count, longest, next }: { readonly count: number } & Pick<Automaton, 'longest' | 'next'>,
): Int32Array {
  const fallback = new Int32Array(count)
  const order = byDepth(depth, count)
  for (const node of order) {
    const above = entry(parent, node)
    if (node === ROOT || above === ROOT) continue
    const target = step({ next, fallback }, entry(fallback, above), entry(character, node))
    fallback[node] = target
    longest[node] = Math.max(entry(longest, node), entry(longest, target))
  }
  return fallback
}

/** The nodes, by increasing depth. */
function byDepth(depth: Int32Array, count: number): Int32Array {
  const starts = new Int32Array(count + 2)
  for (let node = 0; node < count; node += 1) {
    const below = entry(depth, node) + 1
    starts[below] = entry(starts, below) + 1
  }
  for (let level = 1; level < starts.length; level += 1) starts[level] = entry(starts, level) + entry(starts, level - 1)
  const order = new Int32Array(count)
  for (let node = 0; node < count; node += 1) {
    const level = entry(depth, node)
    const at = entry(starts, level)
    order[at] = node
    starts[level] = at + 1
  }
  return order
}

function step({ next, fallback }: Pick<Automaton, 'next' | 'fallback'>, from: number, character: number): number {
  let node = from
  let child = next(node, character)
  while (child === NONE && node !== ROOT) {
    node = entry(fallback, node)
    child = next(node, character)
  }
  return child === NONE ? ROOT : child
}

/** An array of numbers has one at each index. */
function entry(numbers: Int32Array | Uint16Array, index: number): number {
  return numbers[index] ?? 0
}

/** The text, with one mark for each range that values cover. */
function masked(text: string, automaton: Automaton, mark: string): string {
  const stretches: { from: number; to: number }[] = []
  let node = ROOT
  for (let at = 0; at < text.length; at += 1) {
    node = step(automaton, node, text.charCodeAt(at))
    const length = entry(automaton.longest, node)
    if (length === 0) continue
    let from = at + 1 - length
    // A longer value may begin before values that were found inside of it.
    for (let last = stretches.at(-1); last !== undefined && last.to > from; last = stretches.at(-1)) {
      from = Math.min(from, last.from)
      stretches.pop()
    }
    stretches.push({ from, to: at + 1 })
  }
  let shownTo = 0
  let left = ''
  for (const { from, to } of stretches) {
    left += text.slice(shownTo, from) + mark
    shownTo = to
  }
  return left + text.slice(shownTo)
}

/** Edges by node and character, in one hash table with open addressing. */
function edgeTable(most: number): {
  readonly get: (node: number, character: number) => number
  readonly add: (node: number, character: number, child: number) => void
} {
  const bits = Math.max(4, Math.ceil(Math.log2(most * 2)))
  const mask = 2 ** bits - 1
  // 0 means empty, because no edge leads back to the root.
  const children = new Int32Array(mask + 1)
  const parents = new Int32Array(mask + 1)
  const characters = new Uint16Array(mask + 1)
  const placeOf = (node: number, character: number): number => {
    let at = (Math.imul(node, 0x9e37_79b1) ^ Math.imul(character + 1, 0x85eb_ca6b)) >>> (32 - bits)
    while (children[at] !== 0 && (parents[at] !== node || characters[at] !== character)) at = (at + 1) & mask
    return at
  }
  return {
    get: (node, character) => children[placeOf(node, character)] || NONE,
    add: (node, character, child) => {
      const at = placeOf(node, character)
      children[at] = child
      parents[at] = node
      characters[at] = character
    },
  }
}
