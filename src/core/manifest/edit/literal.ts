import type { Scalar } from 'yaml'
import { breakAt, lineEnd, nextLine, type Splice } from '../yaml/text.ts'

/**
 * Changes the text of a literal block (`|`, `|-`) line by line. Unchanged lines keep their bytes. Undefined if the lines of
 * the file differ from those of the text.
 */
export function replaceLiteral(text: string, scalar: Scalar, value: string): Splice | undefined {
  const [start, end] = scalar.range ?? [0, 0]
  const header = text.slice(start, lineEnd(text, start))
  const body = nextLine(text, start)
  const indent = / +/.exec(text.slice(body, end))?.[0]
  if (typeof scalar.value !== 'string' || indent === undefined || !/^\|[-+]?[ \t]*(?:#.*)?$/.test(header))
    return undefined
  const { from, to, lines } = changedLines(scalar.value.split('\n'), value.split('\n'))
  const eol = breakAt(text, start)
  const put = lines.map((line) => (line === '' ? '' : indent + line) + eol).join('')
  const [first, last] = [lineAt(text, body, from), lineAt(text, body, to)]
  // The last line of a file may have no line break.
  const isOpen = last === text.length && !text.endsWith('\n')
  if (!isOpen) return { start: first, end: last, text: put }
  const closed = put.slice(0, -eol.length)
  return { start: first, end: last, text: first === last ? eol + closed : closed }
}

/** The range of lines that differ, from the first (0-based) to after the last, and their replacement. */
function changedLines(
  old: readonly string[],
  now: readonly string[],
): { readonly from: number; readonly to: number; readonly lines: readonly string[] } {
  const most = Math.min(old.length, now.length)
  let from = 0
  while (from < most && old[from] === now[from]) from += 1
  let tail = 0
  while (tail < most - from && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  return { from, to: old.length - tail, lines: now.slice(from, now.length - tail) }
}

function lineAt(text: string, start: number, lines: number): number {
  let at = start
  for (let left = lines; left > 0 && at < text.length; left -= 1) at = nextLine(text, at)
  return at
}
