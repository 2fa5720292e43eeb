import type { Pair, YAMLMap } from 'yaml'
import { indexIn, pairEnd, startOf } from './nodes.ts'
import { flowPairs, keyText, type NewPairs } from './style.ts'
import { breakAt, lineEnd, lineStart, nextLine, skipTrivia, type Splice, startsLine } from '../yaml/text.ts'

/** One entry of a flow collection: the range of its own characters, and its trailing comma if there is one. */
interface Entry {
  readonly start: number
  readonly end: number
  readonly comma: number | undefined
}

type Run = Pick<Entry, 'start' | 'end'>

/**
 * Inserts new entries after an entry of a flow collection: on the same line, or on lines of their own if that entry has its own
 * line.
 */
export function insertAfterEntry(
  text: string,
  entry: Pick<Entry, 'start' | 'end'>,
  entries: readonly string[],
): Splice[] {
  const { end, comma } = withComma(text, entry)
  const behind = comma === undefined ? end : comma + 1
  if (!startsLine(text, entry.start)) {
    const put = entries.map((own) => (comma === undefined ? `, ${own}` : ` ${own},`)).join('')
    return [{ start: behind, end: behind, text: put }]
  }
  const lead = breakAt(text, end) + text.slice(lineStart(text, entry.start), entry.start).replace('\uFEFF', '')
  const lines = entries.map((own) => lead + own)
  const lineUp = lines.join(',')
  const at = lineEnd(text, behind)
  const rest = text.slice(behind, at).trim()
  // If something else follows on this line (the closing bracket, or the next entry), comments after it do not belong to this
  // entry.
  if (rest !== '' && !rest.startsWith('#'))
    return [{ start: behind, end: behind, text: comma === undefined ? `,${lineUp}` : `${lineUp},` }]
  if (comma !== undefined) return [{ start: at, end: at, text: `${lineUp},` }]
  return [
    { start: end, end, text: ',' },
    { start: at, end: at, text: lineUp },
  ]
}

/**
 * Inserts new keys into a flow map. `loose` marks an empty map that was already there, and that would otherwise look like one
 * that Perch made.
 */
export function insertInFlow(
  text: string,
  map: YAMLMap,
  { pairs, loose }: { readonly pairs: NewPairs; readonly loose: boolean },
): readonly Splice[] | undefined {
  const start = map.range?.[0]
  if (start === undefined || text[start] !== '{') return undefined
  const last = map.items.at(-1)
  if (last === undefined) {
    const own = flowPairs(pairs, undefined)
    const blank = loose && text[start + 1] === '}' ? ' ' : ''
    return [{ start: start + 1, end: start + 1, text: blank + own + blank }]
  }
  const entry = entryOf(text, last)
  if (entry === undefined) return undefined
  return insertAfterEntry(
    text,
    entry,
    pairs.map(([key, value]) => {
      const inner = typeof value === 'object' ? `{${flowPairs(value, map)}}` : flowPairs([[key, value]], map)
      return typeof value === 'object' ? `${keyText(key, map)}: ${inner}` : inner
    }),
  )
}

/** Removes pairs from a flow map, with their commas. */
export function removeFromFlow(text: string, map: YAMLMap, pairs: readonly Pair[]): readonly Splice[] | undefined {
  const splices: Splice[] = []
  const gone = new Set(pairs.map((pair) => indexIn(map, pair)))
  for (let index = 0; index < map.items.length; index += 1) {
    if (!gone.has(index)) continue
    let last = index
    while (gone.has(last + 1)) last += 1
    const run = removeRun(text, map, [index, last])
    if (run === undefined) return undefined
    splices.push(...run)
    index = last
  }
  return splices
}

function removeRun(text: string, map: YAMLMap, [from, to]: readonly [number, number]): readonly Splice[] | undefined {
  const [before, first, last, next] = [from - 1, from, to, to + 1].map((index) => entryAt(text, map, index))
  if (first === undefined || last === undefined) return undefined
  const run = { start: first.start, end: behind(last) }
  if (map.items.length === to - from + 1) return [alone(text, run)]
  // If the removed entries end the map without a trailing comma, the comma before them is removed too.
  const comma = last.comma === undefined ? before?.comma : undefined
  if (hasOwnLines(text, run)) return [...cutComma(comma), { ...wholeLines(text, run), text: '' }]
  if (before === undefined) return [{ start: run.start, end: next?.start ?? run.end, text: '' }]
  return [{ start: comma ?? behind(before), end: run.end, text: '' }]
}

function behind({ end, comma }: Entry): number {
  return comma === undefined ? end : comma + 1
}

function cutComma(at: number | undefined): readonly Splice[] {
  return at === undefined ? [] : [{ start: at, end: at + 1, text: '' }]
}

function wholeLines(text: string, { start, end }: Run): Run {
  return { start: lineStart(text, start), end: nextLine(text, end) }
}

/** Whether the lines of a run contain nothing else, except comments. */
function hasOwnLines(text: string, { start, end }: Run): boolean {
  const rest = text.slice(end, lineEnd(text, end)).trimStart()
  return startsLine(text, start) && (rest === '' || rest.startsWith('#'))
}

/** Whether `insertInFlow` made a map that would become empty: its braces have no spaces inside. */
export function isMadeHere(text: string, map: YAMLMap): boolean {
  const [start, end] = map.range ?? [0, 0]
  return [text.charAt(start + 1), text.charAt(end - 2)].every((inner) => inner.trim() !== '')
}

/** The splice for all entries of a map, with the spaces that `insertInFlow` put around them. */
function alone(text: string, { start, end }: Run): Splice {
  const isLoose = text.slice(start - 2, start) === '{ ' && text.slice(end, end + 2) === ' }'
  return isLoose ? { start: start - 1, end: end + 1, text: '' } : { start, end, text: '' }
}

function entryAt(text: string, map: YAMLMap, index: number): Entry | undefined {
  const pair = map.items[index]
  return pair === undefined ? undefined : entryOf(text, pair)
}

function entryOf(text: string, pair: Pair): Entry | undefined {
  const start = startOf(pair.key)
  const end = pairEnd(text, pair)
  return start === undefined || end === undefined ? undefined : withComma(text, { start, end })
}

function withComma(text: string, { start, end }: Pick<Entry, 'start' | 'end'>): Entry {
  const at = skipTrivia(text, end)
  return { start, end, comma: text[at] === ',' ? at : undefined }
}
