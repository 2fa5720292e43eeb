import type { Scalar } from 'yaml'
import { compose } from './compose.ts'
import { readData } from './data.ts'

export interface PlainDocument {
  readonly value: unknown
  /** Where its content starts in the text. */
  readonly at: number
}

export type PlainDocuments =
  | { readonly ok: true; readonly documents: readonly PlainDocument[]; readonly lexemes: number }
  | { readonly ok: false; readonly code: 'not-yaml' | 'too-large'; readonly at: number; readonly lexemes: number }

/**
 * The documents of a text as plain data, in time that is linear in the text, and never beyond `budget` tokens. `parseAllDocuments`
 * of `yaml` looks through all earlier keys of a mapping for each key: ten thousand take a second, and a hundred thousand minutes.
 */
export function readDocuments(
  text: string,
  { budget, scalar }: { readonly budget: number; readonly scalar?: (node: Scalar) => unknown },
): PlainDocuments {
  const { documents, problem, lexemes } = compose(text, budget)
  if (problem !== undefined) return { ok: false, code: 'not-yaml', at: problem.at, lexemes }
  if (lexemes > budget) return { ok: false, code: 'too-large', at: 0, lexemes }
  const read: PlainDocument[] = []
  for (const { contents, range } of documents) {
    const reading = readData(contents, scalar)
    if (!reading.ok) return { ok: false, code: 'not-yaml', at: reading.at, lexemes }
    read.push({ value: reading.value, at: contents?.range?.[0] ?? range?.[0] ?? 0 })
  }
  return { ok: true, documents: read, lexemes }
}
