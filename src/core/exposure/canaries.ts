import { cached } from '../cached.ts'
import type { BothSides } from '../both-sides.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { asRendered, finderIn } from '../diff/rendered-route.ts'
import { routeFrom } from '../diff/routes.ts'
import { hopsOf } from '../finding/scene/hops.ts'
import { standingOf, sureShare } from '../rollout/standing.ts'
import { sameRollouts, type Target } from '../rollout/target.ts'
import { roleOf } from '../traffic/roles.ts'
import { ownRules, type Role, type Route, type Rule } from '../traffic/route.ts'
import { type Rise, risesIn } from './exposure.ts'
import { destinationKey } from './side.ts'
import type { NamedDestination } from './world.ts'
import { effectiveNamespace } from '../manifest/identity.ts'

/** A rollout, and requests in one environment that reach its canary more often than before. */
export interface RolloutRise extends Rise {
  readonly environment: string
  readonly target: Target
  /** Its route no longer exists. */
  readonly isGone: boolean
}

/**
 * The rises that a change causes for the canaries of an environment. The targets after the change use the roles from the base
 * branch.
 */
export function rolloutRises(
  environment: string,
  targets: BothSides<readonly Target[]>,
  objects: { readonly before: readonly RenderedObject[] | undefined; readonly after: readonly RenderedObject[] },
): readonly RolloutRise[] {
  const isHere = ({ environments }: Target): boolean => environments.includes(environment)
  const old = targets.before.filter(isHere)
  const now = targets.after.filter(isHere)
  const pairs = [
    ...now.map((target) => ({ target, was: sameRollouts(old, target)[0], isGone: false })),
    ...old
      .filter((one) => sameRollouts(now, one).length === 0)
      .map((target) => ({ target, was: target, isGone: true })),
  ]
  const placesOf = placesIn(environment)
  const canaries = pairs.map(({ target, was, isGone }, index) => ({
    id: String(index),
    before: was === undefined ? [] : placesOf(was, objects.before ?? []),
    after: isGone ? [] : placesOf(target, objects.after),
    share: was === undefined ? 0 : sureShare(standingOf(was)),
  }))
  return risesIn(objects, canaries).flatMap((rise) => {
    const pair = pairs[Number(rise.canary)]
    return pair === undefined ? [] : [{ ...rise, environment, target: pair.target, isGone: pair.isGone }]
  })
}

/** The rendered destinations of a route that have a role; default: the canary. */
export function placesIn(
  environment: string,
  role: Role = 'canary',
): (target: Target, objects: readonly RenderedObject[]) => readonly NamedDestination[] {
  const known = new Map<readonly RenderedObject[], ReturnType<typeof finderIn<RenderedObject>>>()
  return (target, objects) => {
    const own = cached(known, objects, () => finderIn(environment, objects))(target)
    if (own === undefined) return []
    const places = placesInRules(asRendered(target, routeFrom(own)), own, role)
    return [...new Map(places.map(({ host, subset }) => [`${host} ${subset ?? ''}`, { host, subset }])).values()]
  }
}

/**
 * Excludes rules that the config assigns to other services, and rules that lead to the versions of those services. Every other
 * rule may concern this service, whether it is named or not. So each rule counts for at least one service, and no requests can
 * reach a canary unnoticed.
 */
function placesInRules(route: Route, object: RenderedObject, role: Role): readonly NamedDestination[] {
  const { others } = route.names
  const own = ownRules(route)
  const places = (rules: readonly Rule[]): readonly NamedDestination[] =>
    rules.flatMap(({ destinations }) => destinations.filter((one) => one.role === role))
  if (own === undefined || others === undefined) {
    // The canary's name may decide which destination is stable.
    if (role === 'stable') return places(own ?? route.rules)
    const namespace = effectiveNamespace(object)
    return hopsOf(object).filter((hop) => !hop.isMirror && roleOf({ ...hop, namespace }, route.names) === role)
  }
  const isTheirs = ({ label }: Rule): boolean => others.includes(label)
  const theirs = new Set(places(route.rules.filter(isTheirs)).map(destinationKey))
  const rest = route.rules.filter((rule) => !isTheirs(rule) && !own.includes(rule))
  return [...places(own), ...places(rest).filter((place) => !theirs.has(destinationKey(place)))]
}
