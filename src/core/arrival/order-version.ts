/** Whether another environment runs the version that a change raises here. If labels name roles (`track: canary`), only images tell versions apart. */
import type { Config } from '../config/schema.ts'
import { isBlueGreen, type Target } from '../rollout/target.ts'
import { labelsTellVersion } from '../traffic/version.ts'
import { imageNameOf, tagOf } from './version-behind.ts'

/** The images of both versions in one environment. Empty if unknown. */
type Images = Readonly<Record<'stable' | 'canary', readonly string[]>>

/** Whether other environments of its service come before or after it, and only images tell whether they run the same version. */
export function isOrderedByImages(target: Target, { environments }: Pick<Config, 'environments'>): boolean {
  const isAsked = target.settings.wave !== undefined || target.environments.some((name) => environments?.[name]?.after)
  return isAsked && !isBlueGreen(target) && !labelsTellVersion(target.route, target.neighbours)
}

/** The images by which a version is found again elsewhere: those of the canary after a change that the stable version did not have before it. */
export function versionImages(before: Images | undefined, after: Images): readonly string[] {
  const own = after.canary.filter((image) => before?.stable.includes(image) !== true)
  return own.length === 0 ? after.canary : own
}

/**
 * Whether pods with some images run a version. Environments may pull the same image from their own registries, so only the last
 * part of its name counts, or its tag if no image has that name.
 */
export function runsVersion(version: readonly string[], images: readonly string[]): boolean {
  return version.every((wanted) => {
    const named = images.filter((image) => lastNameOf(image) === lastNameOf(wanted))
    return (named.length === 0 ? images : named).some((image) => hasSameContent(image, wanted))
  })
}

/** A tag may be moved, a digest may not. */
function hasSameContent(one: string, other: string): boolean {
  const [first, second] = [one, other].map((image) => image.split('@')[1])
  return first === undefined || second === undefined ? tagOf(one) === tagOf(other) : first === second
}

function lastNameOf(image: string): string | undefined {
  return imageNameOf(image).split('/').at(-1)
}
