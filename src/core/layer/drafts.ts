import { type AnyEdit, type Edit, editManifest, type EditRefusal } from '../manifest/edit/edit.ts'
import { isRecord, listOf } from '../manifest/data.ts'
import type { Manifest } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import type { Patch } from './kustomization.ts'
import { edited } from './operations.ts'

/** Edits of one text: an object's file, or a patch. */
export interface Draft {
  readonly manifest: Manifest
  readonly patch: Patch | undefined
  readonly edits: readonly AnyEdit[]
}

/** The texts of the files that drafts change. */
export function write(drafts: readonly Draft[]): Result<ReadonlyMap<string, string>, EditRefusal> {
  const files = new Map<string, string>()
  for (const group of Map.groupBy(drafts, ({ manifest }) => manifest.file).values()) {
    const [first] = group
    const edits: AnyEdit[] = []
    for (const inner of Map.groupBy(group, ({ patch }) =>
      JSON.stringify([patch?.inline, patch?.inlineDocument]),
    ).values()) {
      const written = writeInline(inner)
      if (!written.ok) return written
      edits.push(...written.value)
    }
    const text = first === undefined ? undefined : editManifest(first.manifest, edits)
    if (first === undefined || text === undefined) continue
    if (!text.ok) return text
    if (text.value !== first.manifest.text) files.set(first.manifest.file, text.value)
  }
  return ok(files)
}

/** Drafts of one text as edits of its file. A patch inside a kustomization is one value of that file. */
function writeInline(drafts: readonly Draft[]): Result<readonly AnyEdit[], EditRefusal> {
  const edits = drafts.flatMap((draft) => draft.edits)
  const patch = drafts[0]?.patch
  if (patch?.inline === undefined) return ok(edits)
  const text = editManifest(patch.inner, edits)
  if (!text.ok) return err({ ...text.error, line: patch.holder.line(patch.inlineDocument, patch.inline) })
  return ok([{ kind: 'set', document: patch.inlineDocument, path: patch.inline, value: text.value }])
}

/** If the whole value of an operation is removed, the operation is removed. */
export function withoutEmpty(operations: readonly unknown[], edits: readonly Edit[]): readonly AnyEdit[] {
  const groups = Map.groupBy(edits, ({ path }) => path[0])
  return [...groups].flatMap(([index, group]): readonly AnyEdit[] => {
    const operation = typeof index === 'number' ? operations[index] : undefined
    const left = edited(
      [operation],
      group.map((edit) => ({ ...edit, path: [0, ...edit.path.slice(1)] })),
    )
    const [now] = listOf(left)
    const isGone = isRecord(operation) && isRecord(now) && 'value' in operation && isNothing(now['value'])
    const [{ document } = { document: 0 }] = group
    return isGone && index !== undefined ? [{ kind: 'drop', document, path: [index] }] : group
  })
}

function isNothing(value: unknown): boolean {
  return value === undefined || (isRecord(value) && Object.keys(value).length === 0)
}
