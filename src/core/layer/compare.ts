import { isRecord, type Path, sameData } from '../manifest/data.ts'

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
  return sameData(before, after) ? [] : [{ path, after }]
}

/** An object that has a map of annotations, be it an empty one: to be compared annotation by annotation. */
export function settled(data: unknown): unknown {
  const metadata = isRecord(data) ? data['metadata'] : undefined
  if (!isRecord(data) || !isRecord(metadata)) return data
  const { annotations } = metadata
  return isRecord(annotations) ? data : { ...data, metadata: { ...metadata, annotations: {} } }
}
