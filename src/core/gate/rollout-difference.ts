import type { RolloutRise } from '../exposure/canaries.ts'
import { titleOf } from '../manifest/identity.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Standing } from '../rollout/standing.ts'
import type { LeavingOwner } from './leaving-owner.ts'
import { routeIn, type Target } from '../rollout/target.ts'
import { routeId } from '../traffic/route.ts'
import { type Review, type ReviewedChange, trafficObjects } from './review.ts'

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

/**
 * Whether a pull request takes traffic away from canaries, and changes nothing else that decides where requests go. No
 * gate holds such a change.
 */
export function onlyLowers(differences: readonly RolloutDifference[], review: Review): boolean {
  const lowered = new Set(differences.flatMap(({ to: { target } }) => titlesOf(target)))
  return (
    differences.length > 0 && differences.every(isLower) && trafficObjects(review).every((title) => lowered.has(title))
  )
}

/** A route as it may be titled in a diff: an environment may leave out the namespace, or set another one. */
function titlesOf(target: Target): readonly string[] {
  const { route, environments } = target
  const rendered = environments.map((name) => titleOf(routeIn(target, name)))
  return [routeId(route), titleOf({ ...route, namespace: '' }), ...rendered]
}

function isLower({ from, to, version, sure, reach, widened, leaving }: RolloutDifference): boolean {
  const isKnown = from !== undefined && from.share !== 'unknown' && to.share !== 'unknown'
  return isKnown && reach < sure && version === undefined && widened.length === 0 && leaving === undefined
}
