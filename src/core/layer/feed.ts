/**
 * Numbers in files that an environment may render as a weight: in a patch, the source of a replacement, a literal of a generator,
 * a variable. Perch does not know the format of the file. It changes each to a unique number, and the render shows which of them
 * matters.
 */

/** A piece of a file's text from which a value may come. */
export interface TextPlace {
  readonly file: string
  /** Where it begins. */
  readonly at: number
  readonly text: string
}

/** A place, and its new number. */
export type NumberChange = readonly [TextPlace, number]

/** With more places, the file is just full of numbers. */
const MAX_PLACES = 2_000
/** Not a part of a name, a path or another number. */
const NUMBER = /(?<![\w./$-])\d{1,10}(?![\w./-])/g
/** Larger than any weight, and all of the same length, so that the replacements appear nowhere else. */
const FIRST_PROBE = 1_730_000_001

/** The places with one of the given values. */
export function numberPlaces(texts: ReadonlyMap<string, string>, values: ReadonlySet<number>): readonly TextPlace[] {
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(NUMBER)]
      .filter(([own]) => values.has(Number(own)))
      .map((match): TextPlace => ({ file, at: match.index, text: match[0] })),
  )
  return found.slice(0, MAX_PLACES)
}

/** Also with a fraction. */
const DECIMAL = /(?<![\w./$-])\d{1,10}(?:\.\d{1,10})?(?![\w./-])/g

/** The places with any number. */
export function decimalPlaces(texts: ReadonlyMap<string, string>): readonly TextPlace[] {
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(DECIMAL)].map((match): TextPlace => ({ file, at: match.index, text: match[0] })),
  )
  return found.slice(0, MAX_PLACES)
}

/** The number for a place in an experiment. */
function probeFor(index: number): number {
  return FIRST_PROBE + index
}

/** The places with one of the given words. Parts of longer words and keys do not count. */
export function wordPlaces(texts: ReadonlyMap<string, string>, words: ReadonlySet<string>): readonly TextPlace[] {
  // Longer words come first, so that `web:1.0` is one place, and not the `1.0` in it.
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

/** The replacement for any text: a number for a number, and a word for a word, so that YAML parsers read the same type. */
export function probeAt({ text }: TextPlace, index: number): string {
  return /^\d+$/.test(text) ? String(probeFor(index)) : `p${probeFor(index)}`
}

/** The files with replaced texts at some places. */
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
