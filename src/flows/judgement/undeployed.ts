import { environmentsTouched } from '../../core/environment/environment.ts'
import { inFolder, nameOf, parentOf } from '../../core/environment/tree.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'

/** The folders without a known deployer that change: those of environments, and charts. */
export function undeployedFolders(
  { environments, deliveries, layout }: Snapshot,
  { names, changed }: { readonly names: readonly string[]; readonly changed: readonly string[] | 'all' },
): readonly string[] {
  const deployed = new Set(deliveries.map(({ path }) => path))
  const own = environments.filter(
    ({ name, root, kind }) => names.includes(name) && kind !== 'helm' && !deployed.has(root),
  )
  const isLeftOver = (path: string): boolean => environmentsTouched(environments, [path]).length === 0
  const leftOver = changed === 'all' ? [] : changed.filter(isLeftOver)
  const charts = [...layout.texts.keys()].filter((path) => nameOf(path) === 'Chart.yaml').map(parentOf)
  // If a changed file of a chart belongs to no environment, nothing is known about one of the chart's releases.
  const changing = charts.filter((chart) => leftOver.some((path) => path.startsWith(inFolder(chart, ''))))
  return [...own.map(({ root }) => root), ...changing]
}
