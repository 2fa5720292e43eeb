import type { RolloutRise } from '../exposure/canaries.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Standing } from '../rollout/standing.ts'
import type { LeavingOwner } from './leaving-owner.ts'
import type { ReviewedChange } from './review.ts'

/** How a change moves one rollout, before anybody is asked whether it may. */
export interface RolloutDifference {
  /** Undefined where the route is new. */
  readonly from: Standing | undefined
  readonly to: Standing
  readonly version: ReviewedChange['version']
  /** The canary's share before, as far as anybody knows it. */
  readonly sure: number
  /** The canary's share at most, by whatever rule. */
  readonly reach: number
  readonly widened: readonly RolloutRise[]
  /** The controller that moved it on the base branch, and does not afterwards. */
  readonly leaving: LeavingOwner | undefined
  readonly base: Snapshot
}
