/** Releases that a config could name for charts that nothing in the repository deploys. */
import { nameOf } from '../environment/tree.ts'

/** A chart, with the values files of one environment. */
export interface LoneRelease {
  readonly environment: string
  readonly chart: string
  /** Empty if the chart's folder has none for this environment. */
  readonly values: readonly string[]
}

/** How people call the values files of environments, in the folder of the chart. */
const VALUES_FILES = [
  /^values[-._](?<name>[\w-]+)\.ya?ml$/,
  /^(?<name>[\w-]+)[-._]values\.ya?ml$/,
  /^(?:values|envs?|environments)\/(?:values[-._])?(?<name>[\w-]+)\.ya?ml$/,
  /^(?:values|envs?|environments)\/(?<name>[\w-]+)\/values\.ya?ml$/,
]

/**
 * The releases that the files suggest: one for each values file with the name of an environment, or one without values files.
 * `taken`: names of other environments.
 */
export function loneReleases(
  charts: readonly string[],
  { paths, taken }: { readonly paths: readonly string[]; readonly taken: ReadonlySet<string> },
): readonly LoneRelease[] {
  const found = charts.flatMap((chart): readonly LoneRelease[] => {
    const own = [...Map.groupBy(valuesFilesOf(chart, paths), ({ name }) => name)]
    if (own.length === 0) return [{ environment: nameOf(chart) || 'production', chart, values: [] }]
    return own.map(([name, files]) => ({ environment: name, chart, values: files.map(({ path }) => path) }))
  })
  const counts = Map.groupBy(found, ({ environment }) => environment)
  return found.map((release) => {
    const isOnly = counts.get(release.environment)?.length === 1 && !taken.has(release.environment)
    return isOnly ? release : { ...release, environment: `${nameOf(release.chart) || 'chart'}-${release.environment}` }
  })
}

function valuesFilesOf(
  chart: string,
  paths: readonly string[],
): readonly { readonly name: string; readonly path: string }[] {
  const start = chart === '' ? '' : `${chart}/`
  return paths.flatMap((path) => {
    if (!path.startsWith(start)) return []
    const inChart = path.slice(start.length)
    const name = VALUES_FILES.map((pattern) => pattern.exec(inChart)?.groups?.['name']).find((one) => one !== undefined)
    return name === undefined || name === 'values' ? [] : [{ name, path }]
  })
}
