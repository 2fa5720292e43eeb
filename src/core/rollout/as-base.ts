import { withNames } from '../traffic/roles.ts'
import { isSplit, type Route, type RouteNames } from '../traffic/route.ts'
import type { Snapshot } from './snapshot.ts'
import { waveOf } from '../wave/wave.ts'
import { sameRollouts, type Target } from './target.ts'

/** The targets of a pull request, with the roles and rules of the base branch. */
export function snapshotAsBase(base: Snapshot, head: Snapshot): Snapshot {
  return { ...head, targets: head.targets.map((target) => targetAsBase(base.targets, target)) }
}

/** A target of a pull request with the roles and the wave of the base branch, so that its own annotation cannot swap stable and canary. */
export function targetAsBase(base: readonly Target[], target: Target): Target {
  const [known] = sameRollouts(base, target)
  if (known === undefined) return { ...target, route: withNames(target.route, namesOfNew(target)) }
  const { wave } = known.settings
  // Nor can its ApplicationSets take it out of its wave.
  const settings = { ...target.settings, wave: wave && waveOf(wave.all, target.environments, wave.by) }
  return { ...target, settings, route: withNames(target.route, known.route.names) }
}

/** The annotation of a new route counts only if neither the config nor the usual names tell the roles. */
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
