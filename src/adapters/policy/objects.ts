/** Writes rendered objects as files, one each, so that a remark about a file is a remark about its object. */
import type { RenderedObject } from '../../core/diff/objects.ts'

export const OBJECTS = 'objects'

/** As JSON, because every program reads JSON the same way, also as YAML. */
export function objectFiles(objects: readonly RenderedObject[]): Map<string, string> {
  return new Map(
    objects.map(({ data }, index) => [`${OBJECTS}/${String(index).padStart(6, '0')}.yaml`, JSON.stringify(data)]),
  )
}

/** The number of the object in a file; undefined for any other text. */
export function objectAt(text: string): number | undefined {
  const digits = new RegExp(`\\b${OBJECTS}/(\\d{6})\\.yaml`).exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
