import type { Environment } from './environment.ts'
import { nameOf } from './tree.ts'

/** Names for folders: the folder's own name, with as many parent folders as are needed to make it unique, also among `taken`. */
export function nameRoots(
  roots: readonly string[],
  taken: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, string> {
  const depths = new Map<string, number>()
  const depthOf = (root: string): number => depths.get(root) ?? 1
  for (;;) {
    const sharing = Map.groupBy(roots, (root) => nameAt(root, depthOf(root)))
    const clashing = [...sharing]
      .filter(([name, group]) => group.length > 1 || taken.has(name))
      .flatMap(([, group]) => group)
    const growing = clashing.filter((root) => depthOf(root) < root.split('/').length)
    for (const root of growing) depths.set(root, depthOf(root) + 1)
    if (growing.length > 0) continue
    // Only needed if folder names contain the hyphen that joins them: `a-b/c` and `a/b-c`.
    const stuck = new Set(clashing)
    return new Map(roots.map((root) => [root, stuck.has(root) ? root : nameAt(root, depthOf(root))]))
  }
}

/**
 * The same for a pull request: a folder keeps its name on the base branch, although a new folder would give it a longer one. So both
 * sides call one environment the same.
 */
export function nameRootsAsBefore(
  roots: readonly string[],
  taken: ReadonlySet<string>,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const kept = new Map(
    roots.flatMap((root) => {
      const name = before.get(root)
      return name === undefined || taken.has(name) ? [] : [[root, name] as const]
    }),
  )
  const others = roots.filter((root) => !kept.has(root))
  return new Map([...nameRoots(others, new Set([...taken, ...kept.values()])), ...kept])
}

/** The names of the folders that form one environment each. */
export function namesOfFolders(environments: readonly Environment[]): ReadonlyMap<string, string> {
  const folders = environments.filter(({ release }) => release === undefined)
  const single = [...Map.groupBy(folders, ({ root }) => root).values()].filter(({ length }) => length === 1)
  return new Map(single.flat().map(({ root, name }) => [root, name]))
}

function nameAt(root: string, depth: number): string {
  if (root === '') return 'root'
  return depth === 1 ? nameOf(root) : root.split('/').slice(-depth).join('-')
}
