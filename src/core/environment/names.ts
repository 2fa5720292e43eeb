import { nameOf } from './tree.ts'

/** Names for folders: the folder's own name, with as many parent folders as are needed to make it unique, also among `taken`. */
export function nameRoots(
  roots: readonly string[],
  taken: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, string> {
  const depths = new Map(roots.map((root) => [root, 1]))
  for (;;) {
    const sharing = Map.groupBy(roots, (root) => nameAt(root, depths.get(root) ?? 1))
    const clashing = [...sharing]
      .filter(([name, group]) => group.length > 1 || taken.has(name))
      .flatMap(([, group]) => group)
    const growing = clashing.filter((root) => (depths.get(root) ?? 1) < root.split('/').length)
    for (const root of growing) depths.set(root, (depths.get(root) ?? 1) + 1)
    if (growing.length > 0) continue
    // Only needed if folder names contain the hyphen that joins them: `a-b/c` and `a/b-c`.
    const stuck = new Set(clashing)
    return new Map(roots.map((root) => [root, stuck.has(root) ? root : nameAt(root, depths.get(root) ?? 1)]))
  }
}

function nameAt(root: string, depth: number): string {
  if (root === '') return 'root'
  return depth === 1 ? nameOf(root) : root.split('/').slice(-depth).join('-')
}
