/**
 * The ConfigMaps of clusters that share a build with Flux Kustomizations. Each cluster has one of the same name, near the deployer of the
 * build, so the Kustomizations in the build take other variables in each cluster.
 */
import { deliveryKey, deployerFolder } from '../../environment/variants.ts'
import { nameRoots } from '../../environment/names.ts'
import type { Environment } from '../../environment/environment.ts'
import { listOf, recordOf, textOf } from '../../manifest/data.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import type { Delivery } from '../delivery.ts'
import { CONFIG_MAPS, objectsIn } from '../documents.ts'
import { type FolderIndex, folderIndex } from '../folder-index.ts'

type Texts = ReadonlyMap<string, string | undefined>

/** The clusters of one build that take their variables from the same files. */
export interface ClusterMaps {
  /** Distinguishes them from others that share the build. */
  readonly label: string
  /** The files with their ConfigMaps. */
  readonly files: readonly string[]
}

/** The names of the ConfigMaps from which Flux Kustomizations take variables. */
export function mapNames(written: readonly ManifestObject[]): readonly string[] {
  const sources = written.flatMap(({ data }) =>
    listOf(recordOf(recordOf(data['spec'])['postBuild'])['substituteFrom']).map(recordOf),
  )
  return sources.flatMap(({ kind, name }) => (kind === 'ConfigMap' ? (textOf(name) ?? []) : []))
}

/** The ConfigMaps that Kustomizations of a commit take variables from, by name. */
export function mapIndex(names: ReadonlySet<string>, texts: Texts): FolderIndex<ManifestObject> {
  const near = [...texts].filter(([, text]) => [...names].some((name) => text?.includes(name)))
  const maps = names.size === 0 ? [] : objectsIn(new Map(near), CONFIG_MAPS)
  return folderIndex(
    maps.filter(({ kind, name }) => kind === 'ConfigMap' && names.has(name)),
    ({ name }) => name,
  )
}

interface SharedBuild {
  readonly environment: Environment
  readonly written: readonly ManifestObject[]
}

/** The clusters of a build, if the files of its Kustomizations do not tell whose variables they take. Empty otherwise. */
export function clusterMaps(
  { environment, written }: SharedBuild,
  maps: FolderIndex<ManifestObject>,
  deliveries: readonly Delivery[],
): readonly ClusterMaps[] {
  const names = mapNames(written)
  // Clusters with equal variables now may have had others before, and keep their environments.
  const isUnclear = written.some(({ file }) => names.some((name) => maps.near(name, file).found.length > 1))
  if (!isUnclear) return []
  const own = deliveries.filter(
    (one) => one.path === environment.root && (environment.deliveries?.includes(deliveryKey(one)) ?? true),
  )
  const found = own.map((delivery) => {
    const nearest = names.flatMap((name) => maps.near(name, delivery.file).found)
    return { folder: deployerFolder(delivery), files: [...new Set(nearest.map(({ file }) => file))].sort() }
  })
  const groups = [...Map.groupBy(found, ({ files }) => files.join('\0')).values()].flatMap(([first]) => first ?? [])
  const labels = nameRoots([...new Set(groups.map(({ folder }) => folder))])
  return groups.map(({ folder, files }) => ({ label: labels.get(folder) ?? folder, files }))
}
