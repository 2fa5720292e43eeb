/**
 * Numbers in files that may be what an environment renders as a weight: in a patch, a source of a replacement, a literal of a
 * generator, a variable. Nothing is known of the file's format: each is changed to a number of its own, and the render says which
 * of them it shows.
 */

/** A whole number in a file's text. */
export interface NumberPlace {
  readonly file: string
  /** Where it begins. */
  readonly at: number
  readonly text: string
}

/** A place, and the number that comes there. */
export type NumberChange = readonly [NumberPlace, number]

/** More than these are no trace any more, but a file of numbers. */
const MAX_PLACES = 2_000
/** No part of a name, a path or another number. */
const NUMBER = /(?<![\w./$-])\d{1,10}(?![\w./-])/g
/** Larger than anybody's weight, and as long for each: what it is changed to shows nowhere else. */
const FIRST_PROBE = 1_730_000_001

/** The places that say one of some values. */
export function numberPlaces(texts: ReadonlyMap<string, string>, values: ReadonlySet<number>): readonly NumberPlace[] {
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(NUMBER)]
      .filter(([own]) => values.has(Number(own)))
      .map((match): NumberPlace => ({ file, at: match.index, text: match[0] })),
  )
  return found.slice(0, MAX_PLACES)
}

/** The number that a place is changed to in an experiment. */
export function probeFor(index: number): number {
  return FIRST_PROBE + index
}

/** The files with other numbers at some places. */
export function withNumbers(
  texts: ReadonlyMap<string, string | undefined>,
  numbers: readonly NumberChange[],
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>()
  for (const [{ file, at, text }, number] of numbers.toSorted(([a], [b]) => b.at - a.at)) {
    const now = changed.get(file) ?? texts.get(file) ?? ''
    changed.set(file, `${now.slice(0, at)}${number}${now.slice(at + text.length)}`)
  }
  return changed
}
