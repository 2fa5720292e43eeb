/** Counts and lists inside of sentences. */

/** `1 resource`, `12 resources`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `a, b and c`. `before`: what precedes the last one. */
export function enumerated(words: readonly string[], before = ' and '): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')}${before}${last}`
}

/** The first words, and the number of the others: `a, b and 3 more`. `mark` formats each word. */
export function firstOf(words: readonly string[], most: number, mark = (word: string): string => word): string {
  const shown = words.slice(0, most).map(mark).join(', ')
  return words.length <= most ? shown : `${shown} and ${words.length - most} more`
}

/** The last line of a list that was cut. */
export function moreLine(left: number): string {
  return `- … and ${left} more.`
}

export function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
