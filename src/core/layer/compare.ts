import { isRecord, type Path, recordOf, sameData } from '../manifest/data.ts'

/** One path at which two objects differ, with the new value. Undefined if the value is removed. */
export interface Difference {
  readonly path: Path
  readonly after: unknown
}

/** The outermost paths at which two values differ. Lists are compared item by item, in order. */
export function differences(before: unknown, after: unknown, path: Path = []): readonly Difference[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => differences(before[key], after[key], [...path, key]))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const longer = before.length > after.length ? before : after
    return longer.flatMap((_, index) => differences(before[index], after[index], [...path, index]))
  }
  return sameData(before, after) ? [] : [{ path, after }]
}

/** The object with a map of annotations, which may be empty, so that annotations are compared one by one. */
export function settled(data: unknown): unknown {
  const { metadata } = recordOf(data)
  if (!isRecord(metadata) || isRecord(metadata['annotations'])) return data
  return { ...recordOf(data), metadata: { ...metadata, annotations: {} } }
}
