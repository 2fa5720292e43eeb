/**
 * Numbers in files that may be what an environment renders as a weight: in a patch, a source of a replacement, a literal of a
 * generator, a variable. Nothing is known of the file's format: each is changed to a number of its own, and the render says which
 * of them it shows.
 */

/** A piece of a file's text that may be what a value comes from. */
export interface TextPlace {
  readonly file: string
  /** Where it begins. */
  readonly at: number
  readonly text: string
}

/** A place, and the number that comes there. */
export type NumberChange = readonly [TextPlace, number]

/** More than these are no trace any more, but a file of numbers. */
const MAX_PLACES = 2_000
/** No part of a name, a path or another number. */
const NUMBER = /(?<![\w./$-])\d{1,10}(?![\w./-])/g
/** Larger than anybody's weight, and as long for each: what it is changed to shows nowhere else. */
const FIRST_PROBE = 1_730_000_001

/** The places that say one of some values. */
export function numberPlaces(texts: ReadonlyMap<string, string>, values: ReadonlySet<number>): readonly TextPlace[] {
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(NUMBER)]
      .filter(([own]) => values.has(Number(own)))
      .map((match): TextPlace => ({ file, at: match.index, text: match[0] })),
  )
  return found.slice(0, MAX_PLACES)
}

/** The number that a place is changed to in an experiment. */
function probeFor(index: number): number {
  return FIRST_PROBE + index
}

/** The places that say one of some words: no part of a longer one, and no key. */
export function wordPlaces(texts: ReadonlyMap<string, string>, words: ReadonlySet<string>): readonly TextPlace[] {
  // A longer word is looked for first: `web:1.0` is one place, and not `1.0` in it.
  const longestFirst = [...words].filter((word) => word !== '').sort((a, b) => b.length - a.length)
  if (longestFirst.length === 0) return []
  const some = new RegExp(
    `(?<![\\w.-])(?:${longestFirst.map((word) => RegExp.escape(word)).join('|')})(?![\\w.-]|["']?:(?:\\s|$))`,
    'gm',
  )
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(some)].map((match): TextPlace => ({ file, at: match.index, text: match[0] })),
  )
  return found.slice(0, MAX_PLACES)
}

/** The same for a place of any text: letters where there were letters, so that readers of YAML see text in both. */
export function probeAt({ text }: TextPlace, index: number): string {
  return /^\d+$/.test(text) ? String(probeFor(index)) : `p${probeFor(index)}`
}

/** The files with something else at some places. */
export function withReplaced(
  texts: ReadonlyMap<string, string | undefined>,
  changes: readonly (readonly [TextPlace, number | string])[],
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>()
  for (const [{ file, at, text }, next] of changes.toSorted(([a], [b]) => b.at - a.at)) {
    const now = changed.get(file) ?? texts.get(file) ?? ''
    changed.set(file, `${now.slice(0, at)}${next}${now.slice(at + text.length)}`)
  }
  return changed
}
