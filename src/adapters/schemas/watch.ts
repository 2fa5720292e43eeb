/**
 * Finds unknown fields. The schemas are compiled code that reports wrong values, but ignores fields that it does not know. It
 * does read every field that it knows. So the fields that it reads of a watched object are known, and all other fields of the
 * object are unknown.
 */
import type { JsonValue, Path } from '../../core/manifest/data.ts'
import { pointerOf, pointerPath } from '../../core/manifest/json-pointer.ts'

/** The fields that were read, by the JSON pointer of the mapping that has or lacks them. */
export type ReadFields = Map<string, Set<string>>

/** Wraps the value so that `asked` records what is read of it. */
export function watched(value: JsonValue, asked: ReadFields, pointer = ''): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  const inner = new Map<string, JsonValue>()
  return new Proxy(value, {
    get(target, key): unknown {
      const found: JsonValue = Reflect.get(target, key)
      if (typeof key !== 'string') return found
      if (!Array.isArray(target)) note(asked, pointer, key)
      if (!Object.hasOwn(target, key)) return found
      const known = inner.get(key) ?? watched(found, asked, `${pointer}${pointerOf([key])}`)
      inner.set(key, known)
      return known
    },
  })
}

function note(asked: ReadFields, pointer: string, key: string): void {
  const keys = asked.get(pointer)
  if (keys === undefined) asked.set(pointer, new Set([key]))
  else keys.add(key)
}

export interface UnreadFields {
  readonly path: Path
  /** The known fields of the mapping. */
  readonly fields: readonly string[]
}

/** The fields that were not read. A mapping of which nothing was read either allows any field, or is wrong as a whole. */
export function unasked(value: JsonValue, asked: ReadFields, path: Path): readonly UnreadFields[] {
  if (typeof value !== 'object' || value === null) return []
  if (isList(value)) return value.flatMap((item, index) => unasked(item, asked, [...path, index]))
  const fields = asked.get(pointerOf(path))
  if (fields === undefined) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const own = [...path, key]
    return fields.has(key) ? unasked(item, asked, own) : [{ path: own, fields: [...fields] }]
  })
}

/** The mappings in which a field of that name was read. Mappings around or inside the given one come first. */
export function elsewhere(name: string, path: Path, asked: ReadFields): readonly Path[] {
  const own = pointerOf(path.slice(0, -1))
  const places = [...asked].filter(([pointer, fields]) => fields.has(name) && pointer !== own && pointer !== '')
  const related = places
    .map(([pointer]) => pointer)
    .filter((pointer) => isWithin(pointer, own) || isWithin(own, pointer))
  return related.toSorted((a, b) => Math.abs(a.length - own.length) - Math.abs(b.length - own.length)).map(pointerPath)
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}/`)
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
