import type { WeightOwner } from '../owner/weight-owner.ts'
import type { Standing } from '../rollout/standing.ts'
import { canaryShareOf } from '../traffic/route.ts'

/** A controller that a change takes from a route: from then on the weights of Git are those of the cluster. */
export interface LeavingOwner {
  readonly owner: WeightOwner
  /** The most that Git's weights give the canary. */
  readonly share: number | 'unknown'
}

/**
 * The controller that a change takes from a route, where Git's weights give the canary traffic, or may. Nobody knows what the controller gives it.
 * What Git says may have been there for years without any effect.
 */
export function leavingOwner(from: Standing | undefined, to: Standing): LeavingOwner | undefined {
  const owner = from?.target.owner
  if (owner === undefined || to.target.owner !== undefined) return undefined
  const share = owner.writer === 'flagger' ? shareByAnyRule(to) : to.share
  return share === 0 ? undefined : { owner, share }
}

/** Flagger replaces every rule of a route, so no rule of Git was live: also not one that some callers ask for. */
function shareByAnyRule({ share, target }: Standing): number | 'unknown' {
  if (share === 'unknown') return share
  return Math.max(share, ...target.route.rules.map((rule) => canaryShareOf(rule) ?? 100))
}
