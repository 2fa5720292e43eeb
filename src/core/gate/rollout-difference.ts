import type { RolloutRise } from '../exposure/canaries.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Standing } from '../rollout/standing.ts'
import type { ReviewedChange } from './review.ts'

/** How a change moves one rollout, before anybody is asked whether it may. */
export interface RolloutDifference {
  /** Undefined where the route is new. */
  readonly from: Standing | undefined
  readonly to: Standing
  readonly version: ReviewedChange['version']
  /** The canary's share at most, by whatever rule. */
  readonly reach: number
  readonly widened: readonly RolloutRise[]
  readonly base: Snapshot
}
