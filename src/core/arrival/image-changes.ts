/** Versions of rollouts under way that a change replaces by images alone: all weights, and the labels that pick the pods, stay. */
import type { RenderedObject } from '../diff/objects.ts'
import { isUnderWay, standingOf } from '../rollout/standing.ts'
import { isBlueGreen, isSameRollout, type Target } from '../rollout/target.ts'
import { hasSameImages, onlyIn, type VersionBehind, versionBehind } from './version-behind.ts'

/** `canary`: it gets another image while it has traffic. `stable`: it gets the canary's, and with it everybody does. */
export interface ImageChange {
  readonly environment: string
  /** As it is afterwards. */
  readonly target: Target
  readonly version: { readonly role: 'stable' | 'canary'; readonly from: string; readonly to: string }
}

interface BothSides<T> {
  readonly before: T
  readonly after: T
}

type Sides = Readonly<Record<'stable' | 'canary', BothSides<VersionBehind>>>

/** What a change does to the rollouts of one environment. A share that somebody set by hand is no rollout. */
export function imageChanges(
  environment: string,
  targets: BothSides<readonly Target[]>,
  objects: BothSides<readonly RenderedObject[]>,
): readonly ImageChange[] {
  const here = targets.after.filter((target) => target.environments.includes(environment) && !isBlueGreen(target))
  return here.flatMap((target): ImageChange[] => {
    const old = targets.before.find((one) => one.environments.includes(environment) && isSameRollout(one, target))
    if (old === undefined || !isUnderWay(standingOf(old))) return []
    const sides = sidesOf({ before: old, after: target }, environment, objects)
    const version = sides && (promoted(sides) ?? (standingOf(target).share === 0 ? undefined : swapped(sides)))
    return version === undefined ? [] : [{ environment, target, version }]
  })
}

/** Both versions on both sides; undefined where labels change, which is told by those, or where nobody knows what the canary runs. */
function sidesOf(
  targets: BothSides<Target>,
  environment: string,
  objects: BothSides<readonly RenderedObject[]>,
): Sides | undefined {
  const of = (role: 'stable' | 'canary'): BothSides<VersionBehind> => ({
    before: versionBehind({ environment, target: targets.before, objects: objects.before }, role) ?? NOT_HERE,
    after: versionBehind({ environment, target: targets.after, objects: objects.after }, role) ?? NOT_HERE,
  })
  const [stable, canary] = [of('stable'), of('canary')]
  const isKnown = canary.before.images.length > 0 && canary.after.images.length > 0
  const isLabelled = [stable, canary].some(({ before, after }) => before.labels !== after.labels)
  return isKnown && !isLabelled ? { stable, canary } : undefined
}

const NOT_HERE: VersionBehind = { labels: '', images: [] }

/** The stable version begins to run all that only the canary ran. */
function promoted({ stable, canary }: Sides): ImageChange['version'] | undefined {
  const own = ownImages(canary.before, stable.before)
  if (own.length === 0 || !own.every((image) => stable.after.images.includes(image))) return undefined
  return { role: 'stable', ...namesOf(stable) }
}

/** An image that both run, as that of a sidecar, tells no versions apart. */
function swapped({ stable, canary }: Sides): ImageChange['version'] | undefined {
  const [old, now] = [ownImages(canary.before, stable.before), ownImages(canary.after, stable.after)]
  const isSame = now.length === 0 || now.join(' ') === old.join(' ') || hasSameImages(canary.before, canary.after)
  return isSame ? undefined : { role: 'canary', ...namesOf(canary) }
}

function ownImages(one: VersionBehind, other: VersionBehind): readonly string[] {
  return one.images.filter((image) => !other.images.includes(image))
}

function namesOf({ before, after }: BothSides<VersionBehind>): { readonly from: string; readonly to: string } {
  return { from: onlyIn(before, after) ?? before.images.join(' '), to: onlyIn(after, before) ?? after.images.join(' ') }
}
