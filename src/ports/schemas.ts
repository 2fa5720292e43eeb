import type { RenderedObject } from '../core/diff/objects.ts'
import type { Misfit } from '../core/finding/misfit.ts'

/** What Istio's and the Gateway API's schemas say about objects. */
export interface Schemas {
  /** Where objects do not fit the schemas of their kinds. Those of kinds without a schema here fit. */
  misfits(objects: readonly RenderedObject[]): Promise<readonly Misfit[]>
}
