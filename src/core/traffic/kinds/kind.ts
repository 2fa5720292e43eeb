import { isRecord, recordOf } from '../../manifest/data.ts'
import type { Manifest, ManifestObject } from '../../manifest/parse.ts'
import type { RouteKind, RouteName, RouteNames, Rule } from '../route.ts'

/** One kind of object that splits traffic. */
export interface Kind {
  readonly kind: RouteKind
  /** The API group; all its versions have one schema for what is read here. */
  readonly group: string
  /** Every rule with destinations, in the file's order. */
  rules(source: RouteSource): readonly Rule[]
  /** The routes that it leaves some of its requests to, where the kind can. */
  readonly delegates?: (source: Pick<RouteSource, 'object' | 'namespace'>) => readonly RouteName[]
}

/** An object on its way to being a route. */
export interface RouteSource {
  /** What says the lines of the object. */
  readonly manifest: Pick<Manifest, 'line'>
  readonly object: ManifestObject
  readonly namespace: string
  readonly names: RouteNames
}

export type RouteData = Readonly<Record<string, unknown>>

/**
 * A weight as read, or the value in its place if it is not a whole number of at least 0 (a string, a fraction, a map
 * instead of a template). Kubernetes refuses such an object, and its shares are unknown.
 */
export function weightOf(entry: RouteData): {
  readonly weight: number | undefined
  readonly badWeight: string | undefined
} {
  const weight = entry['weight']
  if (weight === undefined || weight === null) return { weight: undefined, badWeight: undefined }
  if (typeof weight === 'number' && Number.isInteger(weight) && weight >= 0) return { weight, badWeight: undefined }
  return { weight: undefined, badWeight: typeof weight === 'object' ? '{…}' : JSON.stringify(weight) }
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Whether a match says anything under one of these keys. */
export function says(match: unknown, keys: readonly string[]): boolean {
  const fields = recordOf(match)
  return keys.some((key) => {
    const value = fields[key]
    return Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0
  })
}
