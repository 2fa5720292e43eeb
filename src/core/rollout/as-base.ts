import { withNames } from '../traffic/roles.ts'
import { isSplit, type Route, type RouteNames, weightedRules } from '../traffic/route.ts'
import { isOfChart } from '../chart/released-target.ts'
import type { Snapshot } from './snapshot.ts'
import { isUnderWay, mayHaveTraffic, type Standing, standingOf, sureShare } from './standing.ts'
import { isBlueGreen, sameRollouts, type Target } from './target.ts'

/** The targets of a pull request, with the roles and rules of the base branch. */
export function snapshotAsBase(base: Snapshot, head: Snapshot): Snapshot {
  return { ...head, targets: head.targets.map((target) => targetAsBase(base.targets, target)) }
}

/** A target of a pull request as the base branch would read it: its own annotation cannot swap stable and canary. */
export function targetAsBase(base: readonly Target[], target: Target): Target {
  const [known] = sameRollouts(base, target)
  return { ...target, route: withNames(target.route, known?.route.names ?? namesOfNew(target)) }
}

/** A new route's annotation counts only where the config and the usual words say nothing. */
function namesOfNew({ route, settings }: Target): RouteNames {
  const isNamed = settings.names.stable !== undefined || settings.names.canary !== undefined
  if (route.names.blueGreen !== undefined && (settings.isSwitched || !isNamed)) return route.names
  return isSplit(withNames(route, settings.names)) ? settings.names : route.names
}

/**
 * The rollouts of a pull request whose destinations would have other roles after the merge. Otherwise today's canary could be
 * raised as tomorrow's stable version, and no gate would see it.
 */
export function renamedRoles(base: Snapshot, head: Snapshot): readonly Target[] {
  return head.targets.filter((target) => {
    const [known] = sameRollouts(base.targets, target)
    return (
      known !== undefined &&
      isSplit(known.route) &&
      !hasSameVersions(known, target) &&
      rolesIn(target.route) !== rolesIn(targetAsBase([known], target).route)
    )
  })
}

/** Whether both switch between the same two versions. Then a change is judged by which version is active. */
function hasSameVersions(one: Target, other: Target): boolean {
  const [first, second] = [one, other].map(({ route: { names } }) => {
    const { blueGreen } = names
    return blueGreen && [blueGreen.active, blueGreen.idle].map(({ host, subset }) => `${host} ${subset ?? ''}`).sort()
  })
  return first !== undefined && second !== undefined && first.join() === second.join()
}

function rolesIn({ rules }: Route): string {
  return JSON.stringify(rules.map(({ destinations }) => destinations.map(({ role }) => role)))
}

/** A pull request by each of two configs: `next` is read by the one that it brings, the others by that of the base branch. */
export interface ConfigSides {
  readonly before: Snapshot
  readonly after: Snapshot
  readonly next: Snapshot
}

/**
 * The rollouts with traffic that a new config calls by another name, or does not have any more. Holds, freezes and open steps go by the name, and
 * would be lost. A rollout whose route is gone is none of them, and neither is one whose share cannot be read: no step of it can pass, under any
 * name, and it may never end.
 */
export function renamedByConfig({ before, after, next }: ConfigSides): readonly Standing[] {
  return before.targets.map(standingOf).filter((standing) => {
    const { target } = standing
    if (!isUnderWay(standing) || standing.share === 'unknown' || isBlueGreen(target)) return false
    if (sameRollouts(after.targets, target).length === 0) return false
    return !target.environments.every((name) => hasNamed(next, name, target))
  })
}

function hasNamed({ environments, targets }: Snapshot, name: string, { service, ...target }: Target): boolean {
  const isThere = environments.some((environment) => environment.name === name)
  const isNamed = targets.some((one) => one.service === service && one.environments.includes(name))
  return isThere && (isNamed || isOfChart(target))
}

/**
 * The rollouts to which a new config gives more traffic than the base branch says, for example because it takes the route from another folder. No
 * gate sees that, because a merge is judged by the config of the base branch.
 */
export function raisedByConfig(sides: ConfigSides): readonly Standing[] {
  const isLost = sides.before.environments.some(({ name }) => sides.next.environments.every((one) => one.name !== name))
  return sides.next.targets.map(standingOf).filter((standing) => {
    if (standing.phase === 'owned' || !mayHaveTraffic(standing) || isBlueGreen(standing.target)) return false
    const judged = sameRollouts(sides.after.targets, standing.target)
    // Other names for the same destinations move no request.
    if (judged.some((one) => weightsIn(one) === weightsIn(standing.target))) return false
    const old = sameRollouts(sides.before.targets, standing.target)
    const known =
      old.length > 0 || !isLost ? old : sides.before.targets.filter((one) => isSameFile(one, standing.target))
    // A new environment beside the others takes nothing from them.
    if (known.length === 0) return isLost
    return standing.share === 'unknown' || known.every((one) => sureShare(standingOf(one)) < sureShare(standing))
  })
}

function weightsIn({ route }: Target): string {
  return JSON.stringify(
    weightedRules(route).map(({ destinations }) => destinations.map(({ weight }) => weight ?? null)),
  )
}

function isSameFile({ route: one }: Target, { route: other }: Target): boolean {
  return one.place.file === other.place.file && one.kind === other.kind && one.name === other.name
}
