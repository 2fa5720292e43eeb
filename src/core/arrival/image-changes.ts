/** Changes of images that give a running rollout another version, whatever labels select the pods. */
import type { BothSides } from '../both-sides.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { isUnderWay, type Standing, standingOf, sureShare } from '../rollout/standing.ts'
import { isBlueGreen, sameRollouts, type Target } from '../rollout/target.ts'
import { imagesBehind, namesApart, imageNameOf } from './version-behind.ts'

/** `canary`: the canary gets another image while it has traffic. `stable`: the stable version gets the canary's image, so all users do. */
export interface ImageChange {
  readonly environment: string
  /** The target after the change. */
  readonly target: Target
  readonly version: { readonly role: 'stable' | 'canary'; readonly from: string; readonly to: string }
}

/** The images of both versions, before and after the change. */
type Sides = BothSides<ReturnType<typeof imagesBehind>>

/** The image changes in the rollouts of one environment. A share that was set by hand counts as a rollout only if the change raises it. */
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
    // The images of the canary are unknown.
    if (sides.before.canary.length === 0 || sides.after.canary.length === 0) return []
    // A new canary version is blocked, while a promotion only waits. So it counts first.
    const version = (standingOf(target).share === 0 ? undefined : swapped(sides)) ?? promoted(sides)
    return version === undefined ? [] : [{ environment, target, version }]
  })
}

function isDriven(from: Standing, to: Target): boolean {
  return isUnderWay(from) || (from.phase === 'by-hand' && sureShare(standingOf(to)) > sureShare(from))
}

/** The stable version gets an image that only the canary had. */
function promoted({ before, after }: Sides): ImageChange['version'] | undefined {
  const brought = ownImages(before).filter((image) => after.stable.includes(image))
  if (brought.length === 0) return undefined
  const gone = before.stable.filter((image) => !after.stable.includes(image))
  return { role: 'stable', ...namesOf([gone, before.stable], [brought, after.stable]) }
}

/** Images that both versions have, such as a sidecar's, do not count. */
function swapped({ before, after }: Sides): ImageChange['version'] | undefined {
  const [old, now] = [ownImages(before), ownImages(after)]
  const brought = now.length === 0 && old.length > 0 ? newToAll({ before, after }) : now
  const isSame = now.length === 0 ? brought.length === 0 : now.join(' ') === old.join(' ')
  if (isSame || before.canary.join(' ') === after.canary.join(' ')) return undefined
  return { role: 'canary', ...namesOf([old, before.canary], [brought, after.canary]) }
}

/**
 * The images that both versions get at once, and that neither had before. They are new for the canary. A canary may return to the stable
 * version's image, and both may get another image of a container that they share, such as a sidecar.
 */
function newToAll({ before, after }: Sides): readonly string[] {
  const known = [...before.stable, ...before.canary]
  const shared = new Set(before.canary.filter((image) => before.stable.includes(image)).map(imageNameOf))
  return after.canary.filter((image) => !known.includes(image) && !shared.has(imageNameOf(image)))
}

function ownImages({ stable, canary }: Sides['before']): readonly string[] {
  return canary.filter((image) => !stable.includes(image))
}

/** Names both versions by the images that differ, or else by all their images. */
function namesOf(
  [own, before]: readonly [readonly string[], readonly string[]],
  [brought, after]: readonly [readonly string[], readonly string[]],
): { readonly from: string; readonly to: string } {
  for (const [one, other] of [[own, brought] as const, [before, after] as const]) {
    const [from, to] = namesApart({ images: one }, { images: other })
    if (from !== undefined && to !== undefined) return { from, to }
  }
  // An image was added or removed, so it has no counterpart.
  return { from: before.join(' ') || 'unknown', to: after.join(' ') || 'unknown' }
}
