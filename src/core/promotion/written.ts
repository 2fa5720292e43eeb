/** How a file writes its texts, so that carried texts get the quotes that they have in the source, and no others. */
import { isScalar, visit } from 'yaml'
import { sameData } from '../manifest/data.ts'
import { nodeAt } from '../manifest/edit/nodes.ts'
import { type Manifest, parseManifest } from '../manifest/parse.ts'
import type { DocumentEdit } from './carry-values.ts'

const ON_ONE_LINE = new Set(['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'])

/** The same edits, with the bytes that the source has for their texts. */
export function asWritten(edits: readonly DocumentEdit[], source: Manifest): readonly DocumentEdit[] {
  if (edits.every(({ after }) => typeof after !== 'string')) return edits
  const texts = textsOf(source)
  return edits.map((edit) => ({ ...edit, written: typeof edit.after === 'string' ? texts.get(edit.after) : undefined }))
}

/** The bytes of each text, at the first place where the file has it. */
function textsOf({ documents }: Manifest): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { document, piece } of documents)
    visit(document, {
      Scalar: (key, { value, type, range, anchor, tag }) => {
        const isText = typeof value === 'string' && ON_ONE_LINE.has(type ?? '')
        if (key === 'key' || !isText || anchor !== undefined || tag !== undefined) return
        const bytes = piece.text.slice(...(range ?? [0, 0]))
        if (!bytes.includes('\n') && !texts.has(value)) texts.set(value, bytes)
      },
    })
  return texts
}

/**
 * The text after an edit, with the source's bytes for the value. A value that had quotes keeps them, and so does one that would
 * mean something else without.
 */
export function inBytes(before: Manifest, text: string, { document, path, written }: DocumentEdit): string {
  const old = scalarAt(before, { document, path })?.scalar
  const keepsQuotes = old !== undefined && (old.type !== 'PLAIN' || /^["']/.test(written ?? ''))
  const after = parseManifest(before.file, text)
  const place = after.ok ? scalarAt(after.value, { document, path }) : undefined
  if (written === undefined || keepsQuotes || place === undefined) return text
  const next = text.slice(0, place.start) + written + text.slice(place.end)
  return sameData(dataOf(after), dataOf(parseManifest(before.file, next))) ? next : text
}

/** A single value, and where it is in the text of its file. */
function scalarAt({ documents }: Manifest, { document, path }: Pick<DocumentEdit, 'document' | 'path'>) {
  const source = documents[document]
  const scalar = source && nodeAt(source.document, path)
  if (source === undefined || !isScalar(scalar)) return undefined
  const [start, end] = scalar.range ?? [0, 0]
  return { scalar, start: source.piece.start + start, end: source.piece.start + end }
}

/** Undefined if the text cannot be read. */
function dataOf(read: ReturnType<typeof parseManifest>): readonly unknown[] | undefined {
  return read.ok ? read.value.documents.map(({ data }) => data) : undefined
}
