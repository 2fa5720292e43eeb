/** Plain data, as in JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** The place of a value in a document: keys and indexes from its root. */
export type Path = readonly (string | number)[]

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as a list. Empty if it is not a list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value as a map. Empty if it is not a map. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

/** The value as a string. Undefined if it is not a string. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The value at a path. Undefined if there is none. */
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

/** Like `sameData`, but the keys must also have the same order. */
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

/** A string that is equal for equal data, whatever the order of keys. */
export function canonicalText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
      return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? 'null'
  )
}
