/** Plain data, as JSON has it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Where a value stands in a document: keys and indices from its root. */
export type Path = readonly (string | number)[]

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function valueAt(data: unknown, path: Path): unknown {
  let now = data
  for (const key of path) {
    if (Array.isArray(now)) now = typeof key === 'number' ? now[key] : undefined
    else if (isRecord(now) && Object.hasOwn(now, key)) now = now[String(key)]
    else return undefined
  }
  return now
}

/** Whether two values are the same data, the order of keys included. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameData(item, b[index]))
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = Object.keys(a)
  const others = Object.keys(b)
  return keys.length === others.length && keys.every((key, at) => key === others[at] && sameData(a[key], b[key]))
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
