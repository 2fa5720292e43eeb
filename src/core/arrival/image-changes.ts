/** Versions of rollouts under way that a change replaces by other images, whatever labels pick the pods. */
import type { RenderedObject } from '../diff/objects.ts'
import { isUnderWay, type Standing, standingOf, sureShare } from '../rollout/standing.ts'
import { isBlueGreen, sameRollouts, type Target } from '../rollout/target.ts'
import { imagesBehind, namesApart, imageNameOf } from './version-behind.ts'

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

/** What the pods of both versions run, on both sides. */
type Sides = BothSides<ReturnType<typeof imagesBehind>>

/** What a change does to the rollouts of one environment. A share that somebody set by hand is no rollout, as long as nobody raises it. */
export function imageChanges(
  environment: string,
  targets: BothSides<readonly Target[]>,
  objects: BothSides<readonly RenderedObject[]>,
): readonly ImageChange[] {
  const here = targets.after.filter((target) => target.environments.includes(environment) && !isBlueGreen(target))
  return here.flatMap((target): ImageChange[] => {
    const old = sameRollouts(targets.before, target).find((one) => one.environments.includes(environment))
    if (old === undefined || !isDriven(standingOf(old), target)) return []
    const sides = {
      before: imagesBehind({ environment, target: old, objects: objects.before }),
      after: imagesBehind({ environment, target, objects: objects.after }),
    }
    // Nobody knows what the canary runs.
    if (sides.before.canary.length === 0 || sides.after.canary.length === 0) return []
    // A version that nobody measured is worse than one that comes early.
    const version = (standingOf(target).share === 0 ? undefined : swapped(sides)) ?? promoted(sides)
    return version === undefined ? [] : [{ environment, target, version }]
  })
}

function isDriven(from: Standing, to: Target): boolean {
  return isUnderWay(from) || (from.phase === 'by-hand' && sureShare(standingOf(to)) > sureShare(from))
}

/** The stable version begins to run what only the canary ran. */
function promoted({ before, after }: Sides): ImageChange['version'] | undefined {
  const brought = ownImages(before).filter((image) => after.stable.includes(image))
  if (brought.length === 0) return undefined
  const gone = before.stable.filter((image) => !after.stable.includes(image))
  return { role: 'stable', ...namesOf([gone, before.stable], [brought, after.stable]) }
}

/** An image that both run, as that of a sidecar, tells no versions apart. */
function swapped({ before, after }: Sides): ImageChange['version'] | undefined {
  const [old, now] = [ownImages(before), ownImages(after)]
  const brought = now.length === 0 && old.length > 0 ? newToAll({ before, after }) : now
  const isSame = now.length === 0 ? brought.length === 0 : now.join(' ') === old.join(' ')
  if (isSame || before.canary.join(' ') === after.canary.join(' ')) return undefined
  return { role: 'canary', ...namesOf([old, before.canary], [brought, after.canary]) }
}

/**
 * What neither version ran before. A canary may become what the stable version was, and both may get another image of what both ran,
 * but a version that both get at once is a new one of the canary.
 */
function newToAll({ before, after }: Sides): readonly string[] {
  const known = [...before.stable, ...before.canary]
  const shared = new Set(before.canary.filter((image) => before.stable.includes(image)).map(imageNameOf))
  return after.canary.filter((image) => !known.includes(image) && !shared.has(imageNameOf(image)))
}

function ownImages({ stable, canary }: Sides['before']): readonly string[] {
  return canary.filter((image) => !stable.includes(image))
}

/** By what tells versions apart, or by all that runs. */
function namesOf(
  [own, before]: readonly [readonly string[], readonly string[]],
  [brought, after]: readonly [readonly string[], readonly string[]],
): { readonly from: string; readonly to: string } {
  for (const [one, other] of [[own, brought] as const, [before, after] as const]) {
    const [from, to] = namesApart({ images: one }, { images: other })
    if (from !== undefined && to !== undefined) return { from, to }
  }
  // One that comes, or goes, has none that it replaces.
  return { from: before.join(' ') || 'unknown', to: after.join(' ') || 'unknown' }
}
