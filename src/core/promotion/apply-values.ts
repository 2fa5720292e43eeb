/** Writes new values into the text of a file, and changes nothing else. */
import { isSeq } from 'yaml'
import { isRecord, type JsonValue, type Path, sameData } from '../manifest/data.ts'
import { editManifest } from '../manifest/edit/edit.ts'
import { nodeAt } from '../manifest/edit/nodes.ts'
import { itemBefore, valueAtKey } from '../manifest/edit/put.ts'
import { type Manifest, parseManifest, type SourceDocument } from '../manifest/parse.ts'
import { applySplices, type Splice } from '../manifest/yaml/text.ts'
import type { DocumentEdit, ValueEdit } from './carry-values.ts'
import { inBytes } from './written.ts'

/** The text after the edits, in their order. Undefined if one of them cannot be made exactly. */
export function applyValues(file: string, text: string, edits: readonly DocumentEdit[]): string | undefined {
  const before = parseManifest(file, text)
  if (!before.ok) return undefined
  // A change of a value with an alias would change other places too.
  if (edits.some(({ document }) => before.value.documents[document]?.hasAlias !== false)) return undefined
  let now: Manifest | undefined = before.value
  for (const edit of edits) {
    const next: string | undefined = now && applyValue(now, edit)
    const read: ReturnType<typeof parseManifest> | undefined =
      next === undefined ? undefined : parseManifest(file, next)
    now = read?.ok === true ? read.value : undefined
  }
  if (now === undefined) return undefined
  const { documents } = now
  const isExact = before.value.documents.every(({ data, repeatAt }, index) => {
    // A file may have a key twice. An edit never adds one.
    if (documents[index]?.repeatAt !== undefined && repeatAt === undefined) return false
    const own = edits.filter(({ document }) => document === index)
    return sameData(own.reduce(edited, data), documents[index]?.data)
  })
  return isExact && documents.length === before.value.documents.length ? now.text : undefined
}

function edited(data: JsonValue, edit: ValueEdit): JsonValue {
  const [key, ...deeper] = edit.path
  if (key === undefined) return edit.after ?? null
  const isHere = deeper.length === 0
  // The list does not exist yet.
  const isNewList = data === null && isHere && edit.kind === 'insert'
  if (Array.isArray(data) || isNewList) return editedList(listIn(data), Number(key), { ...edit, path: deeper })
  const map = isRecord(data) ? data : {}
  const { [String(key)]: own = null, ...others } = map
  if (isHere && edit.after === undefined) return others
  return { ...map, [key]: edited(own, { ...edit, path: deeper }) }
}

function listIn(data: JsonValue): readonly JsonValue[] {
  return Array.isArray(data) ? data : []
}

function editedList(items: readonly JsonValue[], at: number, edit: ValueEdit): JsonValue {
  if (edit.path.length === 0 && edit.kind === 'insert') return items.toSpliced(at, 0, edit.after ?? null)
  return items.with(at, edited(items[at] ?? null, edit))
}

function applyValue(manifest: Manifest, edit: DocumentEdit): string | undefined {
  const source = manifest.documents[edit.document]
  if (source === undefined) return undefined
  if (edit.kind === 'insert') return insertItem(manifest, source, edit)
  const { after, document, path } = edit
  if (after === undefined || typeof after === 'string' || (typeof after === 'number' && isThere(source, path))) {
    const done = editManifest(manifest, [{ kind: 'set', document, path, value: after }])
    if (done.ok) return inBytes(manifest, done.value, edit)
  }
  return after === undefined
    ? undefined
    : spliced(manifest, source, valueAtKey({ document: source.document, text: source.piece.text }, path, after))
}

function isThere({ document }: SourceDocument, path: Path): boolean {
  return nodeAt(document, path) !== undefined
}

function spliced(
  { text }: Manifest,
  { piece }: SourceDocument,
  splices: readonly Splice[] | undefined,
): string | undefined {
  const own = splices === undefined ? undefined : applySplices(piece.text, splices)
  return own === undefined ? undefined : text.slice(0, piece.start) + own + text.slice(piece.start + piece.text.length)
}

/** Inserts a new item into a list, before the item at its index, or at the end. */
function insertItem(manifest: Manifest, source: SourceDocument, edit: DocumentEdit): string | undefined {
  const list = nodeAt(source.document, edit.path.slice(0, -1))
  const index = edit.path.at(-1)
  if (typeof index !== 'number') return undefined
  if (!isSeq(list) || index >= list.items.length) {
    const done = editManifest(manifest, [
      { kind: 'append', document: edit.document, path: edit.path.slice(0, -1), item: edit.after },
    ])
    return done.ok ? done.value : undefined
  }
  return spliced(manifest, source, itemBefore(source.piece.text, list, { index, item: edit.after ?? null }))
}
