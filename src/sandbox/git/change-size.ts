/**
 * Computes how much a pull request changes, which every webhook about it contains. Starting git for each webhook would take a
 * large part of the sandbox's time.
 */
import { diffArrays } from 'diff'
import { changedNodes } from './loose.ts'
import { diff } from './history.ts'
import { readBlob, readCommit } from './objects.ts'
import { once, type BareRepository } from './run.ts'

interface ChangeSize {
  readonly files: number
  readonly additions: number
  readonly deletions: number
}

type Lines = readonly string[]

/** Asks git if it might not search for the shortest difference, or if a file may have been renamed. */
export function changeSize(bare: BareRepository, from: string | undefined, to: string): ChangeSize {
  return once(bare, `size ${from ?? ''} ${to}`, () => simpleSize(bare, from, to) ?? sizeByGit(bare, from, to))
}

function sizeByGit(bare: BareRepository, from: string | undefined, to: string): ChangeSize {
  const files = diff(bare, from, to)
  return {
    files: files.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
  }
}

function simpleSize(bare: BareRepository, from: string | undefined, to: string): ChangeSize | undefined {
  const before = from === undefined ? undefined : readCommit(bare, from).tree
  const pairs = [...changedNodes(bare, before, readCommit(bare, to).tree).values()]
  const isAdded = pairs.some((pair) => pair.before === undefined)
  if (isAdded && pairs.some((pair) => pair.after === undefined)) return undefined
  if (pairs.some((pair) => [pair.before, pair.after].some((node) => node !== undefined && !isFile(node.mode))))
    return undefined
  let [additions, deletions] = [0, 0]
  for (const pair of pairs) {
    const sides = [pair.before, pair.after].map((node) =>
      node === undefined ? Buffer.alloc(0) : readBlob(bare, node.sha),
    )
    if (sides.some((bytes) => bytes.includes(0))) return undefined
    const [old = [], young = []] = sides.map(linesOf)
    const kept = commonLines(old, young)
    if (kept === undefined) return undefined
    additions += young.length - kept
    deletions += old.length - kept
  }
  return { files: pairs.length, additions, deletions }
}

function isFile(mode: string): boolean {
  return mode.startsWith('100')
}

/** Lines with their line endings, because for git a last line without one differs from the same line with one. */
function linesOf(bytes: Buffer): Lines {
  return bytes.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** With more cells than this, git may take a short cut. */
const MOST_CELLS = 40_000

/** The number of lines that stay the same. Undefined if git may find fewer than there are. */
export function commonLines(old: Lines, young: Lines): number | undefined {
  const most = Math.min(old.length, young.length)
  let start = 0
  while (start < most && old[start] === young[start]) start += 1
  let end = 0
  while (end < most - start && old.at(-1 - end) === young.at(-1 - end)) end += 1
  const [mine, others] = [old.slice(start, old.length - end), young.slice(start, young.length - end)]
  if (mine.length * others.length > MOST_CELLS) return undefined
  const often = Math.max(2, Math.sqrt(Math.min(old.length, young.length)))
  if (isRepeated(mine, young, often) || isRepeated(others, old, often)) return undefined
  return start + end + longestCommon(mine, others)
}

/**
 * If the other side has a line often (relative to the length of this side's file), and has none of the lines around it, git
 * leaves the line out of its search.
 */
function isRepeated(some: Lines, all: Lines, often: number): boolean {
  const counts = new Map<string, number>()
  for (const line of all) counts.set(line, (counts.get(line) ?? 0) + 1)
  return some.some((line) => (counts.get(line) ?? 0) >= often)
}

function longestCommon(mine: Lines, others: Lines): number {
  return diffArrays([...mine], [...others])
    .filter(({ added, removed }) => !added && !removed)
    .reduce((sum, { value }) => sum + value.length, 0)
}
