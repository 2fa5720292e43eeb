/** New versions of canaries that have no traffic yet: what a change brings that a rollout could begin with. */
import type { Config } from '../config/schema.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { standingOf } from '../rollout/standing.ts'
import { isBlueGreen, isSameRollout, type Target } from '../rollout/target.ts'
import { withCanary } from '../traffic/start.ts'
import { canaryVersion } from '../traffic/version.ts'
import { environmentsBefore } from '../wave/wave.ts'
import { hasSameImages, onlyIn, type RenderedTarget, type VersionBehind, versionBehind } from './version-behind.ts'

/** A canary without traffic that becomes another version. */
export interface NewVersion {
  /** As it is afterwards, with the roles that the base branch gives it. */
  readonly target: Target
  /** As people call the versions; undefined where there was none. */
  readonly from: string | undefined
  readonly to: string
  /** The environments that must be done before this one. */
  readonly after: readonly string[]
}

type VersionNames = Omit<NewVersion, 'target' | 'after'>

interface BothSides<T> {
  readonly before: T
  readonly after: T
}

/** What a change brings to the canaries of one environment. A rollout that a controller in the cluster moves is never idle. */
export function newVersions(
  { environment, config }: { readonly environment: string; readonly config: Config },
  targets: BothSides<readonly Target[]>,
  objects: BothSides<readonly RenderedObject[]>,
): readonly NewVersion[] {
  const idle = targets.after.filter((target) => target.environments.includes(environment) && isIdle(target))
  return idle.flatMap((target): NewVersion[] => {
    const old = targets.before.find((one) => one.environments.includes(environment) && isSameRollout(one, target))
    if (old === undefined || !isIdle(old, 'may-lack-canary')) return []
    const sides = {
      before: { environment, target: old, objects: objects.before },
      after: { environment, target, objects: objects.after },
    }
    const names = differenceOf(sides)
    return names === undefined ? [] : [{ target, ...names, after: [...new Set(environmentsAhead(config, target))] }]
  })
}

function environmentsAhead({ environments }: Config, target: Target): readonly string[] {
  const { wave } = target.settings
  const after = target.environments.flatMap((name) => environments?.[name]?.after ?? [])
  return wave === undefined ? after : [...after, ...environmentsBefore(wave)]
}

/** Whether its canary has no traffic for sure, and could get some. */
function isIdle(target: Target, canary?: 'may-lack-canary'): boolean {
  if (isBlueGreen(target) || standingOf(target).phase !== 'idle') return false
  return canary !== undefined || withCanary(target.route, target.neighbours).ok
}

/** How the canary's version was called and is called; undefined where it stays, or is the one that has the traffic already. */
function differenceOf(sides: BothSides<RenderedTarget>): VersionNames | undefined {
  const now = versionBehind(sides.after, 'canary')
  if (now === undefined || (now.labels === '' && now.images.length === 0)) return undefined
  const old = versionBehind(sides.before, 'canary')
  const stable = versionBehind(sides.after, 'stable')
  if (old?.labels === now.labels) return newImage(old, now, stable)
  if (stable?.labels === now.labels) return undefined
  const [from, to] = [nameIn(sides.before), nameIn(sides.after)]
  return { from: old === undefined || old.labels === '' || from === to ? undefined : from, to }
}

/** The same labels may stand for another image. Where a workload is not there on one side, nobody knows what ran. */
function newImage(old: VersionBehind, now: VersionBehind, stable: VersionBehind | undefined): VersionNames | undefined {
  if (old.images.length === 0 || now.images.length === 0 || hasSameImages(old, now)) return undefined
  const to = onlyIn(now, old)
  if (to === undefined || (stable !== undefined && hasSameImages(stable, now))) return undefined
  return { from: onlyIn(old, now), to }
}

function nameIn({ target }: RenderedTarget): string {
  return canaryVersion(target.route, target.neighbours)
}
