import type { JsonValue } from '../manifest/data.ts'
import { isRecord } from '../manifest/data.ts'

/** The words that name the source and the target. A value with one of them belongs to its environment. */
export interface EnvironmentNames {
  readonly source: (text: string) => boolean
  readonly target: (text: string) => boolean
}

/** Words that both environments have do not distinguish them. */
export function environmentNames(source: readonly string[], target: readonly string[]): EnvironmentNames {
  const own = (words: readonly string[], others: readonly string[]): ((text: string) => boolean) =>
    holdsWord(words.filter((word) => word !== '' && !others.includes(word)))
  return { source: own(source, target), target: own(target, source) }
}

/** Whether a text has one of the words, with no letter or digit on either side. */
function holdsWord(words: readonly string[]): (text: string) => boolean {
  if (words.length === 0) return () => false
  const any = words.map((word) => RegExp.escape(word)).join('|')
  const regex = new RegExp(`(?<![A-Za-z0-9])(?:${any})(?![A-Za-z0-9])`, 'i')
  return (text) => regex.test(text)
}

/** Whether a string in a value, however deep, passes a test. */
export function someText(value: JsonValue | undefined, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value)
  if (Array.isArray(value)) return value.some((item: JsonValue) => someText(item, test))
  return isRecord(value) && Object.values(value).some((item) => someText(item, test))
}
