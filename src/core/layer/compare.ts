import { isRecord, type Path } from '../manifest/data.ts'

/** One place at which two objects differ, with what is there afterwards; undefined where nothing is. */
export interface Difference {
  readonly path: Path
  readonly after: unknown
}

/** The outermost places at which two values differ; of lists item by item, in their order. */
export function differences(before: unknown, after: unknown, path: Path = []): readonly Difference[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => differences(before[key], after[key], [...path, key]))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const longer = before.length > after.length ? before : after
    return longer.flatMap((_, index) => differences(before[index], after[index], [...path, index]))
  }
  return isSame(before, after) ? [] : [{ path, after }]
}

/** Whether two values are the same data, whatever the order of their keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}

/** An object that has a map of annotations, be it an empty one: to be compared annotation by annotation. */
export function settled(data: unknown): unknown {
  const metadata = isRecord(data) ? data['metadata'] : undefined
  if (!isRecord(data) || !isRecord(metadata)) return data
  const { annotations } = metadata
  return isRecord(annotations) ? data : { ...data, metadata: { ...metadata, annotations: {} } }
}
