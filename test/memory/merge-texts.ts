import { diffArrays } from 'diff'

interface Hunk {
  /** The replaced lines of the base: from `start` up to, and not including, `end`. */
  readonly start: number
  readonly end: number
  readonly lines: readonly string[]
}

/** Merges two changes of one text line by line, like git. Undefined if both change the same or adjacent lines. */
export function mergeTexts(base: string, ours: string, theirs: string): string | undefined {
  const lines = linesOf(base)
  const hunks = [...hunksOf(lines, linesOf(ours)), ...hunksOf(lines, linesOf(theirs))].toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )
  const merged: string[] = []
  let next = 0
  let last: Hunk | undefined
  for (const hunk of hunks) {
    if (last !== undefined && isSame(last, hunk)) continue
    if (last !== undefined && hunk.start <= last.end) return undefined
    merged.push(...lines.slice(next, hunk.start), ...hunk.lines)
    next = hunk.end
    last = hunk
  }
  return [...merged, ...lines.slice(next)].join('')
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function hunksOf(base: readonly string[], other: readonly string[]): readonly Hunk[] {
  const hunks: Hunk[] = []
  let at = 0
  let open: { start: number; end: number; lines: string[] } | undefined
  for (const { added, removed, value } of diffArrays([...base], [...other])) {
    if (!added && !removed) {
      if (open !== undefined) hunks.push(open)
      open = undefined
      at += value.length
      continue
    }
    open ??= { start: at, end: at, lines: [] }
    if (added) open.lines.push(...value)
    else {
      at += value.length
      open.end = at
    }
  }
  return open === undefined ? hunks : [...hunks, open]
}

function isSame(a: Hunk, b: Hunk): boolean {
  return a.start === b.start && a.end === b.end && a.lines.join('') === b.lines.join('')
}
