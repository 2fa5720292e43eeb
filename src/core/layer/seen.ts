import { isRecord, recordOf } from '../manifest/data.ts'
import type { ObjectData } from './step.ts'

/**
 * An object from the files with the values from its environment's render. If the render only adds a prefix or suffix to a name,
 * the name stays as it is written, because patches are applied before that.
 */
export function asSeen(written: ObjectData, rendered: ObjectData): ObjectData {
  const { annotations } = recordOf(rendered['metadata'])
  return {
    ...written,
    metadata: { ...recordOf(written['metadata']), annotations: recordOf(annotations) },
    spec: valueSeen(written['spec'], rendered['spec']),
  }
}

function valueSeen(written: unknown, rendered: unknown): unknown {
  if (typeof written === 'string' && typeof rendered === 'string')
    return written !== '' && rendered.includes(written) ? written : rendered
  if (Array.isArray(written) && Array.isArray(rendered)) {
    const items: readonly unknown[] = written
    return items.length === rendered.length
      ? rendered.map((item: unknown, index) => valueSeen(items[index], item))
      : rendered
  }
  if (!isRecord(written) || !isRecord(rendered)) return rendered
  return Object.fromEntries(Object.entries(rendered).map(([key, value]) => [key, valueSeen(written[key], value)]))
}
