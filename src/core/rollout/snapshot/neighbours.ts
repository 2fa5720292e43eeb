/** The neighbours of a route in its environments: its delegates, and the versions of its service. */
import { cached, oncePer } from '../../cached.ts'
import { type BuiltObject, layeredIn, waysTo } from '../../layer/layered.ts'
import { type Layout, manifestIn, resourcesOf } from '../../layer/layout.ts'
import type { Manifest, ManifestObject } from '../../manifest/parse.ts'
import type { Placement, Target } from '../target.ts'
import { deployedTo, identityKey } from '../../manifest/identity.ts'

interface Neighbourhood {
  readonly neighbours: readonly Manifest[]
  readonly objects: readonly ManifestObject[]
}

/** Hundreds of routes of an environment have the same neighbours, and a layout never changes. So each layout is searched once. */
const neighbourhoods = oncePer<Layout, Map<string, Neighbourhood>>(() => new Map())

/** The manifests of environments with the namespaces of their objects, and all their objects. */
export function placedNeighbours(
  layout: Layout,
  of: Pick<Target, 'environments' | 'placement'> & Pick<BuiltObject, 'way'>,
): Neighbourhood {
  const { environments, way, placement } = of
  return cached(neighbourhoods(layout), JSON.stringify([environments, way ?? null, placement]), () => {
    const neighbours = neighboursOf(layout, environments, way).map((manifest) => placedManifest(manifest, placement))
    return { neighbours, objects: neighbours.flatMap((neighbour) => neighbour.objects) }
  })
}

/**
 * The manifests of environments. If several environments have a file, the first one's objects count. A loose folder also gets
 * manifests from other loose folders.
 */
export function neighboursOf(
  layout: Layout,
  environments: readonly string[],
  way: number | undefined,
): readonly Manifest[] {
  const seen = new Set<string>()
  const own = environments.flatMap((environment) => {
    const files = resourcesOf(layout, environment).filter((file) => !seen.has(file))
    for (const file of files) seen.add(file)
    return manifestsIn({ layout, environment, way }, files)
  })
  const isLoose = layout.environments.some(({ name, isLoose: loose }) => loose && environments.includes(name))
  return isLoose ? [...own, ...manifestsAround(layout, environments)] : own
}

/**
 * Manifests from the other folders that nothing deploys, which may have a delegate or the versions of a service. It is unknown
 * whether the folders belong to one cluster, so objects that appear in several of them do not count.
 */
function manifestsAround(layout: Layout, environments: readonly string[]): readonly Manifest[] {
  const loose = layout.environments.filter(({ isLoose }) => isLoose)
  const all = loose.flatMap(({ name, files }) =>
    manifestsIn({ layout, environment: name, way: undefined }, files).map((manifest) => ({ name, manifest })),
  )
  const counts = new Map<string, number>()
  for (const object of all.flatMap(({ manifest }) => manifest.objects)) {
    const key = identityKey(object)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return all
    .filter(({ name }) => !environments.includes(name))
    .map(({ manifest }) => ({
      ...manifest,
      objects: manifest.objects.filter((object) => counts.get(identityKey(object)) === 1),
    }))
}

interface BuiltFiles {
  readonly layout: Layout
  readonly environment: string
  /** Selects one of several builds of the same files. */
  readonly way: number | undefined
}

/** The manifests of some files, with their objects as an environment has them. */
export function manifestsIn({ layout, environment, way }: BuiltFiles, files: readonly string[]): readonly Manifest[] {
  return files.flatMap((file) => {
    const manifest = manifestIn(layout, file)
    if (!manifest.ok || manifest.value === undefined) return []
    const own = waysTo(layout, environment, { file }).find((known) => known === way)
    const objects = manifest.value.objects.flatMap(
      (object) => layeredIn(layout, environment, { ...object, way: own })?.object ?? [],
    )
    return [{ ...manifest.value, objects }]
  })
}

/** The manifest with the namespaces that its objects have in the cluster. */
export function placedManifest(manifest: Manifest, placement: Placement): Manifest {
  const placed = manifest.objects.map((object) => placedObject(object, placement))
  return placed.every((object, index) => object === manifest.objects[index])
    ? manifest
    : { ...manifest, objects: placed }
}

export function placedObject<T extends ManifestObject>(object: T, { all, unnamed }: Placement): T {
  if (all === undefined) return deployedTo(unnamed, object)
  return object.namespace === all ? object : { ...object, namespace: all }
}
