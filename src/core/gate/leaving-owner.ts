import type { WeightOwner } from '../owner/weight-owner.ts'
import type { Standing } from '../rollout/standing.ts'
import { targetAsBase } from '../rollout/as-base.ts'
import { sameRollouts, type Target } from '../rollout/target.ts'
import { canaryShare, canaryShareOf, type Destination, isSplit, type Route, routeId } from '../traffic/route.ts'

/** A controller that a change removes from a route. From then on the cluster uses the weights in Git. */
export interface LeavingOwner {
  readonly owner: WeightOwner
  /** The highest share that the weights in Git give the canary. */
  readonly share: number | 'unknown'
}

/**
 * The controller that a change removes from a route whose weights in Git give the canary traffic, or may do so. Perch does not know the share that
 * the controller gives it, and the weights in Git may have been there for years without any effect.
 */
export function leavingOwner(from: Standing | undefined, to: Standing): LeavingOwner | undefined {
  const owner = from?.target.owner
  if (owner === undefined || to.target.owner !== undefined) return undefined
  const share = owner.writer === 'flagger' ? shareByAnyRule(to) : to.share
  return share === 0 ? undefined : { owner, share }
}

/** Flagger replaces every rule of a route, so no rule in Git was live, not even one for only some callers. */
function shareByAnyRule({ share, target }: Standing): number | 'unknown' {
  if (share === 'unknown') return share
  return Math.max(share, ...target.route.rules.map((rule) => canaryShareOf(rule) ?? 100))
}

/**
 * Whether a change removes a controller and sends requests where no gate can see a canary: to destinations that its route did not have, or through
 * a new route of the same hosts. If the route goes with its controller, nothing is left.
 */
export function leavesUnseen(known: Target, base: readonly Target[], after: readonly Target[]): boolean {
  if (known.owner === undefined || !isSplit(known.route)) return false
  const same = sameRollouts(after, known)
  const isUnsplit = (target: Target): boolean => {
    const { route, owner } = targetAsBase([known], target)
    return owner === undefined && !isSplit(route) && sendsElsewhere(route, known.route)
  }
  return same.length > 0 ? same.some(isUnsplit) : after.some((target) => isHeir(target, known, base))
}

/** Whether everybody's requests go to the canary, or to destinations that the route did not have. */
function sendsElsewhere({ rules }: Route, before: Route): boolean {
  const known = new Set(
    destinationsOf(before)
      .filter(({ role }) => role !== 'canary')
      .map(placeOf),
  )
  return rules.some(
    ({ picksCallers, destinations }) => !picksCallers && destinations.some((one) => !known.has(placeOf(one))),
  )
}

/** Whether a route is new in an environment, and gives a canary a share of the requests that the known one had there. */
function isHeir({ route, owner, environments }: Target, known: Target, base: readonly Target[]): boolean {
  const hosts = new Set(destinationsOf(known.route).map(({ host }) => host))
  const isNewIn = (environment: string): boolean =>
    !base.some((one) => routeId(one.route) === routeId(route) && one.environments.includes(environment))
  return (
    owner === undefined &&
    environments.some((name) => known.environments.includes(name) && isNewIn(name)) &&
    (canaryShare(route) ?? 0) !== 0 &&
    destinationsOf(route).some(({ host }) => hosts.has(host))
  )
}

function destinationsOf({ rules }: Route): readonly Destination[] {
  return rules.flatMap(({ destinations }) => destinations)
}

function placeOf({ host, subset }: Destination): string {
  return JSON.stringify([host, subset])
}
