/** Finds the version that a change raises, and whether the environments in an order run it. */
import { runsVersion, versionImages } from '../../core/arrival/order-version.ts'
import type { RolloutDifference } from '../../core/gate/rollout-difference.ts'
import type { Order } from '../../core/gate/restraint.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import { imagesAt } from '../measure/images-at.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer'>

/** The version of a canary after a change. */
export interface RaisedVersion {
  /** Its name, by its labels or its images. Undefined if unknown. */
  readonly name: string | undefined
  /** The images that distinguish it. Empty if its labels do, or if they are unknown. */
  readonly images: readonly string[]
}

/** `byImages`: whether an order compares images. Only then is anything built. */
export async function raisedVersion(
  context: Needs,
  { base, head, byImages }: { readonly base: Sha; readonly head: Sha; readonly byImages: boolean },
  { from, to }: RolloutDifference,
): Promise<RaisedVersion> {
  const labelled = { name: to.versions?.canary, images: [] }
  if (!byImages) return labelled
  const merged = await context.mirror.merge(base, head)
  if ('conflicts' in merged) return labelled
  const images = new Set<string>()
  for (const environment of to.target.environments) {
    const after = await imagesAt(context, merged.tree, { target: to.target, environment })
    if (after === undefined) continue
    const before = from && (await imagesAt(context, base, { target: from.target, environment }))
    for (const image of versionImages(before, after)) images.add(image)
  }
  return images.size === 0 ? labelled : { name: [...images].toSorted().join(' '), images: [...images] }
}

type Versions = Pick<Extract<Order['found'], { code: 'found' }>, 'share' | 'stable' | 'canary'>

/**
 * The share and the versions in another environment, with the name of the raised version if that is what runs there. Undefined
 * versions are other ones. If the environment cannot be built, its share counts as unknown too, because it is unknown which
 * version has it.
 */
export async function versionsIn(
  context: Needs,
  base: Sha,
  {
    standing,
    environment,
    raised,
  }: { readonly standing: Standing; readonly environment: string; readonly raised: RaisedVersion },
): Promise<Versions> {
  const { share, target, versions } = standing
  const labelled = { share, stable: versions?.stable, canary: versions?.canary }
  if (raised.images.length === 0) return labelled
  const there = await imagesAt(context, base, { target, environment })
  if (there === undefined) return { share: 'unknown', stable: undefined, canary: undefined }
  // Its workloads are elsewhere, so only the labels can be compared.
  if (there.canary.length === 0) return { ...labelled, canary: raised.name }
  const nameOf = (images: readonly string[]): string | undefined =>
    runsVersion(raised.images, images) ? raised.name : undefined
  return { share, stable: nameOf(there.stable), canary: nameOf(there.canary) }
}
