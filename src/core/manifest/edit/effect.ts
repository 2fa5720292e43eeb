import { type Path, recordOf, valueAt } from '../data.ts'

/**
 * The effect of an edit on the data: it sets a value (undefined removes it), inserts list items after another one, appends them,
 * or removes them.
 */
export type Effect =
  | { readonly path: Path; readonly kind: 'set'; readonly value: unknown }
  | { readonly path: Path; readonly kind: 'insert-behind' | 'append'; readonly item: unknown }
  | { readonly path: Path; readonly kind: 'drop' }

/** The data after the effects. The original is not changed. Paths refer to the original. */
export function applyEffects(data: unknown, effects: readonly Effect[]): unknown {
  let now = data
  for (const effect of effects) if (effect.kind === 'set') now = withValue(now, effect.path, effect.value)
  const lists = new Map<string, Path>()
  for (const { kind, path } of effects)
    if (kind !== 'set') lists.set(JSON.stringify(path.slice(0, -1)), path.slice(0, -1))
  // Inner lists come first, because an inserted item shifts the indexes after it.
  for (const list of [...lists.values()].toSorted((a, b) => b.length - a.length)) {
    const items = valueAt(now, list)
    if (!Array.isArray(items)) continue
    const kept = items.flatMap((item: unknown, index) => {
      const at = [...list, index]
      return [...(isDropped(effects, at) ? [] : [item]), ...itemsAt(effects, 'insert-behind', at)]
    })
    now = withValue(now, list, [...kept, ...itemsAt(effects, 'append', [...list, items.length])])
  }
  return now
}

function itemsAt(effects: readonly Effect[], kind: 'insert-behind' | 'append', path: Path): unknown[] {
  const key = JSON.stringify(path)
  return effects.flatMap((effect) => (effect.kind === kind && JSON.stringify(effect.path) === key ? [effect.item] : []))
}

function isDropped(effects: readonly Effect[], path: Path): boolean {
  const key = JSON.stringify(path)
  return effects.some((effect) => effect.kind === 'drop' && JSON.stringify(effect.path) === key)
}

function withValue(data: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(data)) {
    const items: unknown[] = [...data]
    if (typeof key === 'number' && key < items.length) items[key] = withValue(items[key], rest, value)
    return items
  }
  const record = recordOf(data)
  const inner = withValue(Object.hasOwn(record, key) ? record[String(key)] : undefined, rest, value)
  if (inner !== undefined) return { ...record, [String(key)]: inner }
  const { [String(key)]: _gone, ...others } = record
  return others
}
