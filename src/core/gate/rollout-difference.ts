import type { RolloutRise } from '../exposure/canaries.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Standing } from '../rollout/standing.ts'
import type { LeavingOwner } from './leaving-owner.ts'
import type { ReviewedChange } from './review.ts'

/** How a change moves one rollout, before the gates judge it. */
export interface RolloutDifference {
  /** Undefined if the route is new. */
  readonly from: Standing | undefined
  readonly to: Standing
  readonly version: ReviewedChange['version']
  /** The canary's share before the change, as far as it is known. */
  readonly sure: number
  /** The canary's highest possible share, in any rule. */
  readonly reach: number
  readonly widened: readonly RolloutRise[]
  /** The controller that moves the route on the base branch, but not after the change. */
  readonly leaving: LeavingOwner | undefined
  readonly base: Snapshot
}
