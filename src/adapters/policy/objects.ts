/** Rendered objects as files, one each, so that what is said about a file is said about its object. */
import type { RenderedObject } from '../../core/diff/objects.ts'

export const OBJECTS = 'objects'

/** In JSON, which is YAML that every program reads the same. */
export function objectFiles(objects: readonly RenderedObject[]): Map<string, string> {
  return new Map(
    objects.map(({ data }, index) => [`${OBJECTS}/${String(index).padStart(6, '0')}.yaml`, JSON.stringify(data)]),
  )
}

/** Which object a file is; undefined for any other text. */
export function objectAt(text: string): number | undefined {
  const digits = new RegExp(`\\b${OBJECTS}/(\\d{6})\\.yaml`).exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
