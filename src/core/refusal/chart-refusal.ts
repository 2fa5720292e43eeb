/** Why Perch cannot change weights that a chart renders. */
import type { Location } from '../manifest/parse.ts'

export type ChartRefusal = ComputedRefusal | RenderedRefusal

/**
 * A chart computes the weights from a value. `isWeight`: the value is a weight itself, but the chart does not render the wanted
 * weights from it.
 */
type ComputedRefusal = Location & {
  readonly code: 'computed-weight'
  readonly name: string
  readonly value: string
  readonly isWeight: boolean
}

/**
 * A chart renders the weights into the values of a deployer, or a kustomization changes those values. The place is in the template or in
 * the deployer's file.
 */
type RenderedRefusal = Location & {
  readonly code: 'rendered-weight'
  readonly name: string
  readonly by: 'chart' | 'kustomization'
}
