import { applyEffects } from '../manifest/edit/effect.ts'
import type { CopyItem, Edit, SetValue } from '../manifest/edit/edit.ts'
import { isRecord, type Path, valueAt } from '../manifest/data.ts'
import { pointerOf } from '../manifest/json-pointer.ts'
import type { ObjectData } from './step.ts'

/** One operation of a JSON patch (RFC 6902), with its keys in the usual order. */
export type Operation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

/**
 * Edits of an object (paths from its root) as operations. Tests come first: an item that is found by its index in a list
 * must still be the same, or else the build fails visibly.
 */
export function operationsFor(data: ObjectData, edits: readonly Edit[]): readonly Operation[] {
  const writes = edits.filter((edit) => edit.kind === 'set')
  const copies = edits.filter((edit) => edit.kind === 'copy')
  const tests = new Map(edits.flatMap(({ path }) => testsOf(data, path)).map((test) => [test.path, test]))
  // The last one comes first, because a new entry shifts the later ones.
  const last = copies.toSorted((a, b) => Number(b.path.at(-1)) - Number(a.path.at(-1)))
  return [...tests.values(), ...writesOf(data, writes), ...last.map((edit) => copyOf(data, edit))]
}

/** The data of an object after edits (paths from its root). */
export function edited(data: unknown, edits: readonly Edit[]): unknown {
  return applyEffects(
    data,
    edits.map((edit) => {
      switch (edit.kind) {
        case 'set':
          return edit
        case 'copy':
          return { kind: 'insert-behind', path: edit.path, item: copied(data, edit) }
      }
    }),
  )
}

function copied(data: unknown, { path, values }: CopyItem): unknown {
  return applyEffects(
    valueAt(data, path),
    values.map((write) => ({ kind: 'set', ...write })),
  )
}

function writesOf(data: ObjectData, writes: readonly SetValue[]): readonly Operation[] {
  const groups = Map.groupBy(writes, ({ path }) => JSON.stringify(path.slice(0, -1)))
  return [...groups.values()].flatMap((group): Operation[] => {
    const parent = group[0]?.path.slice(0, -1) ?? []
    const there = valueAt(data, parent)
    if (isRecord(there) || Array.isArray(there)) return group.map((write) => writeOf(data, write))
    const value = Object.fromEntries(
      group.flatMap(({ path, value }) => (value === undefined ? [] : [[path.at(-1), value]])),
    )
    return [{ op: 'add', path: pointerOf(parent), value }]
  })
}

function writeOf(data: ObjectData, { path, value }: SetValue): Operation {
  if (value === undefined) return { op: 'remove', path: pointerOf(path) }
  return { op: valueAt(data, path) === undefined ? 'add' : 'replace', path: pointerOf(path), value }
}

function copyOf(data: ObjectData, edit: CopyItem): Operation {
  const behind = [...edit.path.slice(0, -1), Number(edit.path.at(-1)) + 1]
  return { op: 'add', path: pointerOf(behind), value: copied(data, edit) }
}

/** The fields that identify a rule or a destination. */
const NAMES: readonly Path[] = [['destination', 'subset'], ['destination', 'host'], ['name']]

/** Tests that every list item on the way to a value is the expected one. */
function testsOf(data: ObjectData, path: Path): Operation[] {
  return path.flatMap((key, depth): Operation[] => {
    const item = path.slice(0, depth + 1)
    const name =
      typeof key === 'number' ? NAMES.find((own) => typeof valueAt(data, [...item, ...own]) === 'string') : undefined
    if (name === undefined) return []
    const at = [...item, ...name]
    return [{ op: 'test', path: pointerOf(at), value: valueAt(data, at) }]
  })
}
