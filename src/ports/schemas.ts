import type { RenderedObject } from '../core/diff/objects.ts'
import type { Misfit } from '../core/finding/misfit.ts'

/** Checks objects against the schemas of Istio and the Gateway API. */
export interface Schemas {
  /** The places where an object does not match the schema of its kind. An object without a known schema has none. */
  misfits(objects: readonly RenderedObject[]): Promise<readonly Misfit[]>
}
