/**
 * How a pull request's own config changes rollouts. Gates judge a merge by the config of the base branch, so they do not see
 * this.
 */
import { isOfChart } from '../../chart/released-target.ts'
import { weightedRules } from '../../traffic/route.ts'
import type { Snapshot } from '../snapshot.ts'
import { isUnderWay, mayHaveTraffic, type Standing, standingOf, sureShare } from '../standing.ts'
import { isBlueGreen, sameRollouts, type Target } from '../target.ts'

/**
 * Snapshots for comparing two configs. `next` is read with the config of the pull request, the others with that of the base
 * branch.
 */
export interface ConfigSides {
  readonly before: Snapshot
  readonly after: Snapshot
  readonly next: Snapshot
}

/**
 * The rollouts with traffic that a new config renames or drops. Holds, freezes and open steps belong to the name, and would be
 * lost. Leaves out rollouts without a route, and those whose share cannot be read: their steps cannot pass under any name, and
 * they may never end.
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
 * The rollouts to which a new config gives more traffic than the base branch says, for example because it takes the route from
 * another folder.
 */
export function raisedByConfig(sides: ConfigSides): readonly Standing[] {
  const isLost = sides.before.environments.some(({ name }) => sides.next.environments.every((one) => one.name !== name))
  return sides.next.targets.map(standingOf).filter((standing) => {
    if (standing.phase === 'owned' || !mayHaveTraffic(standing) || isBlueGreen(standing.target)) return false
    const judged = sameRollouts(sides.after.targets, standing.target)
    // Other names for the same destinations do not move requests.
    if (judged.some((one) => weightsIn(one) === weightsIn(standing.target))) return false
    const old = sameRollouts(sides.before.targets, standing.target)
    const known =
      old.length > 0 || !isLost ? old : sides.before.targets.filter((one) => isSameFile(one, standing.target))
    // A new environment takes nothing from the existing ones.
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
