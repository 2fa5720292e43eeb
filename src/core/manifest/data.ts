/** Plain data, as JSON has it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Where a value stands in a document: keys and indices from its root. */
export type Path = readonly (string | number)[]

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The list that a value is; an empty one where it is something else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The map that a value is; an empty one where it is something else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

/** The text that a value is; undefined where it is something else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(data: unknown, path: Path): unknown {
  let now = data
  for (const key of path) {
    if (Array.isArray(now)) now = typeof key === 'number' ? now[key] : undefined
    else if (isRecord(now) && Object.hasOwn(now, key)) now = now[String(key)]
    else return undefined
  }
  return now
}

/** Whether two values are the same data, whatever the order of their keys. */
export function sameData(a: unknown, b: unknown): boolean {
  return isEqual(a, b, (keys, other) => keys.every((key) => Object.hasOwn(other, key)))
}

/** The same, with the keys in the same order. */
export function sameOrderedData(a: unknown, b: unknown): boolean {
  return isEqual(a, b, (keys, other) => Object.keys(other).every((key, index) => key === keys[index]))
}

type SameKeys = (keys: readonly string[], other: object) => boolean

function isEqual(a: unknown, b: unknown, sameKeys: SameKeys): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index], sameKeys))
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && sameKeys(keys, b) && keys.every((key) => isEqual(a[key], b[key], sameKeys))
  )
}

/** The same text for the same data, whatever the order of keys. */
export function canonicalText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
      return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? 'null'
  )
}
