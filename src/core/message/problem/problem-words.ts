import { plainText } from '../markdown/markdown.ts'

/** A problem of a pull request, or a note about it, in words for people. */
export interface ProblemWords {
  /** One sentence that says what is wrong. */
  readonly what: string
  /** One sentence that says what to do. */
  readonly next: string
}

export const HARMLESS = 'This does not hold the merge.'

/** Other people's text as one sentence. */
export function saidSentence(text: string): string {
  const words = plainText(text)
  if (words === '') return 'without a reason.'
  return /[.!?…]$/.test(words) ? words : `${words}.`
}
