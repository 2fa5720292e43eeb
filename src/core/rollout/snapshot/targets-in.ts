/** The routes in the files of a snapshot, as the targets of rollouts. */
import { grouped } from '../../grouped.ts'
import { type Layout, manifestIn, resourcesOf } from '../../layer/layout.ts'
import { type BuiltObject, waysTo } from '../../layer/layered.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { isRoute } from '../../traffic/read-route.ts'
import { withOwners } from '../../owner/owned-targets.ts'
import { groupsOf, readTargets, type TargetSources } from '../read-target.ts'
import type { Target } from '../target.ts'

/** The objects of a file. Empty if the file cannot be read. */
export function objectsOfFile(layout: Layout, file: string): readonly ManifestObject[] {
  const manifest = manifestIn(layout, file)
  return manifest.ok ? (manifest.value?.objects ?? []) : []
}

/** The targets in all files of the selected environments. */
export function targetsIn(scene: TargetSources): readonly Target[] {
  const { layout } = scene
  // Only files with objects count, because kustomize merges a patch into one of these.
  const { files: wanted, names: asked } = readIn(layout)
  const read = layout.environments.filter(({ name }) => asked?.has(name) !== false)
  const users = read.flatMap(({ name }) => resourcesOf(layout, name).map((file) => [file, name] as const))
  const targets = [...grouped(users.filter(([file]) => wanted?.has(file) !== false))].flatMap(([file, names]) =>
    objectsOfFile(layout, file)
      .filter(isRoute)
      .flatMap((object) => waysOf(layout, object, names))
      .flatMap(([object, users]) =>
        groupsOf(layout, object, users).flatMap((group) => readTargets(scene, object, group)),
      ),
  )
  return withOwners(scene, targets)
}

/**
 * The files of the selected environments that have routes, and the environments that may share such a file, because these are one
 * target. Empty if all environments are selected.
 */
function readIn(layout: Layout): { readonly files?: ReadonlySet<string>; readonly names?: ReadonlySet<string> } {
  const { read, owners } = layout
  if (read === undefined) return {}
  const hasRoute = (file: string): boolean => objectsOfFile(layout, file).some(isRoute)
  const files = new Set([...read].flatMap((name) => resourcesOf(layout, name)).filter(hasRoute))
  return { files, names: new Set([...read, ...[...files].flatMap((file) => owners.get(file) ?? [])]) }
}

/**
 * An object with the environments that build it once, and once more for each build with the environments that build it several
 * times.
 */
function waysOf(
  layout: Layout,
  object: ManifestObject,
  environments: readonly string[],
): readonly (readonly [BuiltObject, readonly string[]])[] {
  const known = environments.map((name) => ({ name, ways: waysTo(layout, name, object) }))
  const once = known.filter(({ ways }) => ways.length === 0).map(({ name }) => name)
  const several = [...new Set(known.flatMap(({ ways }) => ways))].map((way) => {
    const users = known.filter(({ ways }) => ways.includes(way)).map(({ name }) => name)
    return [{ ...object, way }, users] as const
  })
  return once.length === 0 ? several : [[object, once], ...several]
}
