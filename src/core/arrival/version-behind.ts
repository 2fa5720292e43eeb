/** The version behind one destination of a route, as far as the rendered environment shows it. */
import { cached, oncePer } from '../cached.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { placesIn } from '../exposure/canaries.ts'
import { type NamedDestination, selectionsOf, wantedBy, type World, worldOf } from '../exposure/world.ts'
import { specOf, workloadsWith } from '../finding/scene/scene.ts'
import type { Workload } from '../finding/scene/workload.ts'
import { canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'
import type { Target } from '../rollout/target.ts'
import { isSplit, ownRules, type Role } from '../traffic/route.ts'
import { withCanary } from '../traffic/start.ts'

export interface VersionBehind {
  /** The labels that select its pods. Empty if unknown. */
  readonly labels: string
  /** The images of its pods, sorted. Empty if there is no workload. */
  readonly images: readonly string[]
}

/** One side of a change: a target of it, and what its environment renders to. */
export interface RenderedTarget {
  readonly environment: string
  readonly target: Target
  readonly objects: readonly RenderedObject[]
}

/** Undefined if the route does not lead to such a version, and none could start. */
export function versionBehind(side: RenderedTarget, role: Role): VersionBehind | undefined {
  const found = podsBehindRole(side, role)
  return found && { labels: found.labels, images: imagesOfAll(found.workloads) }
}

/**
 * The images of both versions, sorted. Empty if unknown. If the stable destination selects the canary's pods too, for example by a Service of
 * both, those pods do not count as stable.
 */
export function imagesBehind(side: RenderedTarget): Readonly<Record<'stable' | 'canary', readonly string[]>> {
  const stable = podsBehindRole(side, 'stable')?.workloads ?? []
  const canary = podsBehindRole(side, 'canary')?.workloads ?? []
  const theirs = new Set(canary.map(({ object }) => object))
  const own = stable.filter(({ object }) => !theirs.has(object))
  return { stable: imagesOfAll(own.length === 0 ? stable : own), canary: imagesOfAll(canary) }
}

interface RenderRead {
  readonly world: World
  readonly placesOf: Readonly<Record<Role, ReturnType<typeof placesIn>>>
}

/** A render never changes, and all rollouts of its environment ask about it. */
const readsOf = oncePer<readonly RenderedObject[], Map<string, RenderRead>>(() => new Map())

function readOf({ environment, objects }: Pick<RenderedTarget, 'environment' | 'objects'>): RenderRead {
  return cached(readsOf(objects), environment, () => {
    const [stable, canary, other] = [
      placesIn(environment, 'stable'),
      placesIn(environment),
      placesIn(environment, 'other'),
    ]
    return { world: worldOf(objects), placesOf: { stable, canary, other } }
  })
}

function podsBehindRole(
  side: RenderedTarget,
  role: Role,
): { readonly labels: string; readonly workloads: readonly Workload[] } | undefined {
  const places = placesOf(side, role)
  if (places.length === 0) return undefined
  const { world } = readOf(side)
  const selections = places.flatMap((place) => selectionsOf(world, place))
  const labels = selections.flatMap(({ subset, labels: own, service }) => (subset === undefined ? service : own) ?? [])
  const workloads = new Set(selections.flatMap((one) => workloadsWith(world, one.namespace, wantedBy(one))))
  return { labels: labels.length === 0 ? '' : canonicalText(labels), workloads: [...workloads] }
}

function imagesOfAll(workloads: readonly Workload[]): readonly string[] {
  return [...new Set(workloads.flatMap(({ object }) => imagesOf(object)))].toSorted()
}

/** A canary that has not started yet is in no rule. */
function placesOf({ environment, target, objects }: RenderedTarget, role: Role): readonly NamedDestination[] {
  if (isSplit(target.route)) return readOf({ environment, objects }).placesOf[role](target, objects)
  const started = withCanary(target.route, target.neighbours)
  if (!started.ok) return []
  return (ownRules(started.value) ?? started.value.rules)
    .flatMap(({ destinations }) => destinations)
    .filter((destination) => destination.role === role)
    .map(({ host, subset }) => ({ host, subset }))
}

function imagesOf(object: RenderedObject): readonly string[] {
  const pods = recordOf(recordOf(specOf(object)['template'])['spec'])
  const containers = [...listOf(pods['initContainers']), ...listOf(pods['containers'])]
  return containers.flatMap((container) => textOf(recordOf(container)['image']) ?? [])
}

/** Whether two destinations run the same version, compared by the labels of their pods, or by their images. */
export function isSameVersion(one: VersionBehind, other: VersionBehind): boolean {
  return one.labels === other.labels || (one.images.length > 0 && hasSameImages(one, other))
}

type Images = Pick<VersionBehind, 'images'>

export function hasSameImages(one: Images, other: Images): boolean {
  return one.images.join(' ') === other.images.join(' ')
}

/**
 * For each of two versions, the name of the image that the other does not have: its tag, or the tag with the digest or the whole image if the
 * tags are equal. Undefined if there is no such image.
 */
export function namesApart(one: Images, other: Images): readonly [string | undefined, string | undefined] {
  const own = one.images.find((image) => !other.images.includes(image))
  const theirs = other.images.find((image) => !one.images.includes(image))
  if (own === undefined || theirs === undefined) return [own && tagOf(own), theirs && tagOf(theirs)]
  const nameOf = [tagOf, tagAndDigestOf].find((name) => name(own) !== name(theirs)) ?? String
  return [nameOf(own), nameOf(theirs)]
}

const DIGEST_LENGTH = 19

/** `1.4.0` of `ghcr.io/shop/web:1.4.0@sha256:…`; of an image without a tag its digest, shortened, else all of it. */
export function tagOf(image: string): string {
  const [named = '', digest] = image.split('@')
  const tag = /:([^:/]+)$/.exec(named)?.[1]
  return tag ?? digest?.slice(0, DIGEST_LENGTH) ?? image
}

function tagAndDigestOf(image: string): string {
  const [, digest] = image.split('@')
  return digest === undefined ? tagOf(image) : `${tagOf(image)}@${digest.slice(0, DIGEST_LENGTH)}`
}

/** `ghcr.io/shop/web` of `ghcr.io/shop/web:1.4.0@sha256:…`. */
export function imageNameOf(image: string): string {
  const [named = ''] = image.split('@')
  return named.replace(/:[^:/]+$/, '')
}
