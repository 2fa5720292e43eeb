/** New versions of canaries without traffic, with which a rollout could start. */
import type { BothSides } from '../both-sides.ts'
import type { Config } from '../config/schema.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { standingOf } from '../rollout/standing.ts'
import { isBlueGreen, sameRollouts, type Target } from '../rollout/target.ts'
import { withCanary } from '../traffic/start.ts'
import { canaryVersion } from '../traffic/version.ts'
import { environmentsBefore } from '../wave/wave.ts'
import { hasSameImages, namesApart, type RenderedTarget, type VersionBehind, versionBehind } from './version-behind.ts'

/** A canary without traffic that becomes another version. */
export interface NewVersion {
  /** The target after the change, with the roles of the base branch. */
  readonly target: Target
  /** The names of the versions for people. Undefined if there was none. */
  readonly from: string | undefined
  readonly to: string
  /** The environments that must be done before this one. */
  readonly after: readonly string[]
}

type VersionNames = Omit<NewVersion, 'target' | 'after'>

/** What a change brings to the canaries of one environment. A rollout that a controller in the cluster moves is never idle. */
export function newVersions(
  { environment, config }: { readonly environment: string; readonly config: Config },
  targets: BothSides<readonly Target[]>,
  objects: BothSides<readonly RenderedObject[]>,
): readonly NewVersion[] {
  const idle = targets.after.filter((target) => target.environments.includes(environment) && isIdle(target))
  return idle.flatMap((target): NewVersion[] => {
    const old = sameRollouts(targets.before, target).find((one) => one.environments.includes(environment))
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

/** Whether its canary certainly has no traffic, and could get some. */
function isIdle(target: Target, canary?: 'may-lack-canary'): boolean {
  if (isBlueGreen(target) || standingOf(target).phase !== 'idle') return false
  return canary !== undefined || withCanary(target.route, target.neighbours).ok
}

/** The old and the new name of the canary's version. Undefined if it stays the same, or is the version that already has the traffic. */
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

/** The same labels can mean another image. If the workload is missing on one side, the image is unknown. */
function newImage(old: VersionBehind, now: VersionBehind, stable: VersionBehind | undefined): VersionNames | undefined {
  if (old.images.length === 0 || now.images.length === 0 || hasSameImages(old, now)) return undefined
  const [from, to] = namesApart(old, now)
  if (to === undefined || (stable !== undefined && hasSameImages(stable, now))) return undefined
  return { from, to }
}

function nameIn({ target }: RenderedTarget): string {
  return canaryVersion(target.route, target.neighbours)
}
