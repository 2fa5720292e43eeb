import { isRecord, recordOf } from '../../manifest/data.ts'
import type { Manifest, ManifestObject } from '../../manifest/parse.ts'
import type { RouteKind, RouteName, RouteNames, Rule } from '../route.ts'

/** One kind of object that splits traffic. */
export interface Kind {
  readonly kind: RouteKind
  /** The API group. All its versions have the same schema for the fields that we read. */
  readonly group: string
  /** Every rule with destinations, in the order of the file. */
  rules(source: RouteSource): readonly Rule[]
  /** The routes that it delegates requests to, if the kind supports delegation. */
  readonly delegates?: (source: Pick<RouteSource, 'object' | 'namespace'>) => readonly RouteName[]
}

/** An object that is being read as a route. */
export interface RouteSource {
  /** Provides the lines of the object. */
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

/** Whether a match has any condition under one of these keys. */
export function says(match: unknown, keys: readonly string[]): boolean {
  const fields = recordOf(match)
  return keys.some((key) => {
    const value = fields[key]
    return Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0
  })
}
