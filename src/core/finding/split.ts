import type { RenderedObject } from '../diff/objects.ts'
import { hopsOf } from './hops.ts'

/** Whether a route splits any traffic: what keeps a commit from it only matters then. */
export function isSplitting(object: RenderedObject): boolean {
  return hopsOf(object).some(({ isMirror, siblings }) => !isMirror && siblings > 1)
}
