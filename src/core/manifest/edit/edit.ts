import { err, ok, type Result } from '../../result.ts'
import { planAppend, planDrop } from './items.ts'
import { isRecord, type Path } from '../data.ts'
import { type Manifest, parseManifest, type Location, type SourceDocument } from '../parse.ts'
import {
  byParent,
  type PlanContext,
  contextOf,
  planCopy,
  type PlanCode,
  type PlanFailure,
  type PlanResult,
  planWrites,
  type Write,
} from './plan.ts'
import { planShared } from './shared.ts'
import { applySplices, type Splice } from '../yaml/text.ts'
import { type TextChange, isExact } from './verify.ts'

/** An edit of a document. */
export type AnyEdit = Edit | AppendItem | DropItem

/** An edit of an object. */
export type Edit = SetValue | CopyItem

/** One value to change: a number or a string to write, or undefined to remove the key. */
export interface SetValue extends Write {
  readonly kind: 'set'
  readonly document: number
}

/** A copy to insert after an item of a sequence, with the item's text, these values, and without its comments. */
export interface CopyItem {
  readonly kind: 'copy'
  readonly document: number
  readonly path: Path
  /** Paths begin at the item. A value that is undefined removes its key. */
  readonly values: readonly Write[]
}

/** A new last item for the list at a path. At the top level of a document, the list may be missing. */
interface AppendItem {
  readonly kind: 'append'
  readonly document: number
  readonly path: Path
  /** Plain data. */
  readonly item: unknown
}

/** An item of a list to remove. */
interface DropItem {
  readonly kind: 'drop'
  readonly document: number
  readonly path: Path
}

export type EditRefusal = Location & {
  readonly code: PlanCode | 'would-leak'
  readonly path: Path
}

/**
 * Changes values in a file and nothing else: only the bytes of those values are replaced. The result is parsed again and
 * compared with the expected data. Any other difference refuses the edit. Removing the last key of a map removes the map.
 */
export function editManifest(manifest: Manifest, edits: readonly AnyEdit[]): Result<string, EditRefusal> {
  const early = firstOf(edits)
  if (early.length > 0) {
    const first = editManifest(manifest, early)
    const between = first.ok ? parseManifest(manifest.file, first.value, manifest.wanted) : first
    if (!between.ok) return first.ok ? refuse(manifest, 'would-leak', early[0]) : first
    return editManifest(
      between.value,
      edits.filter((edit) => !early.includes(edit)),
    )
  }
  const splices: Splice[] = []
  for (const [index, source] of manifest.documents.entries()) {
    const inDocument = edits.filter(({ document }) => document === index)
    if (inDocument.length === 0) continue
    const planned = editDocument(manifest, source, inDocument)
    if (!planned.ok) return planned
    const { start } = source.piece
    splices.push(
      ...planned.value.map((splice) => ({ ...splice, start: splice.start + start, end: splice.end + start })),
    )
  }
  const lost = edits.find(({ document }) => manifest.documents[document] === undefined)
  if (lost !== undefined) return refuse(manifest, 'no-place', lost)
  const text = applySplices(manifest.text, splices)
  return text === undefined ? refuse(manifest, 'no-place', edits[0]) : ok(text)
}

/** Removals from a map that also gets new keys come first, because both would touch the map's last line. */
function firstOf(edits: readonly AnyEdit[]): readonly AnyEdit[] {
  const parentOf = (edit: AnyEdit): string => JSON.stringify([edit.document, edit.path.slice(0, -1)])
  const isRemoval = (edit: AnyEdit): boolean => edit.kind === 'set' && edit.value === undefined
  const others = new Set(edits.filter((edit) => !isRemoval(edit)).map(parentOf))
  return edits.filter((edit) => isRemoval(edit) && others.has(parentOf(edit)))
}

function refuse(manifest: Manifest, code: EditRefusal['code'], edit: Pick<AnyEdit, 'document' | 'path'> | undefined) {
  const { document, path } = edit ?? { document: 0, path: [] }
  return err<EditRefusal>({ code, path, file: manifest.file, line: manifest.line(document, path) })
}

function editDocument(
  manifest: Manifest,
  source: SourceDocument,
  edits: readonly AnyEdit[],
): Result<readonly Splice[], EditRefusal> {
  const template = edits.find((edit) => isTemplated(manifest, edit))
  if (template !== undefined) return refuse(manifest, 'template', template)
  const context = contextOf(source)
  const numbers = source.hasAlias ? edits.filter(isNumber) : []
  const shared = planShared(context, numbers)
  if (shared !== undefined) {
    const made = new Set<AnyEdit>(shared.writes)
    const others = planEdits(
      context,
      edits.filter((edit) => !made.has(edit)),
    )
    const all = others.ok ? [shared.change, ...others.value] : []
    if (others.ok && isExact(source, all)) return ok(all.flatMap(({ splices }) => splices))
  }
  const planned = planEdits(context, edits)
  if (!planned.ok) return refuse(manifest, planned.error.code, edits[0] && { ...edits[0], path: planned.error.path })
  return isExact(source, planned.value)
    ? ok(planned.value.flatMap(({ splices }) => splices))
    : refuse(manifest, 'would-leak', edits[0])
}

function isNumber(edit: AnyEdit): edit is SetValue & { readonly value: number } {
  return edit.kind === 'set' && typeof edit.value === 'number'
}

/** The text changes for each edit. */
function planEdits(context: PlanContext, edits: readonly AnyEdit[]): Result<readonly TextChange[], PlanFailure> {
  const changes: TextChange[] = []
  const writes = byParent(edits.filter((edit) => edit.kind === 'set'))
  const items = edits.filter((edit) => edit.kind !== 'set')
  const plans = [
    ...writes.map((group) => () => planWrites(context, group.parent, group.writes)),
    ...items.map((edit) => () => planItem(context, edit)),
  ]
  for (const plan of plans) {
    const planned = plan()
    if (!planned.ok) return planned
    changes.push(planned.value)
  }
  return ok(changes)
}

function planItem(context: PlanContext, edit: Exclude<AnyEdit, SetValue>): PlanResult {
  switch (edit.kind) {
    case 'copy':
      return planCopy(context, edit.path, edit.values)
    case 'append':
      return orNoPlace(edit.path, planAppend(context, edit.path, edit.item))
    case 'drop':
      return orNoPlace(edit.path, planDrop(context, edit.path))
  }
}

function orNoPlace(path: Path, change: TextChange | undefined): PlanResult {
  return change === undefined ? err({ code: 'no-place', path }) : ok(change)
}

/** Whether the object of an edit is a template. Then its text is not what the cluster gets. */
function isTemplated(manifest: Manifest, { document, path }: AnyEdit): boolean {
  const object = manifest.objects.find(
    ({ document: own, at }) => own === document && at.every((key, index) => path[index] === key),
  )
  return object !== undefined && holdsBraces(object.data['metadata'])
}

function holdsBraces(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('{{')
  if (Array.isArray(value)) return value.some(holdsBraces)
  return isRecord(value) && Object.entries(value).some(([key, inner]) => key.startsWith('{') || holdsBraces(inner))
}
