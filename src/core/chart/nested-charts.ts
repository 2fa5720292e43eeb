/** The charts of a kustomize build whose HelmReleases are known only from its render. */
import type { Survey } from '../environment/closure.ts'
import type { Environment } from '../environment/environment.ts'
import { readKustomizationOnce } from '../environment/file-cache.ts'
import type { KustomizationFile } from '../environment/kustomization.ts'
import { mentionsTraffic } from '../environment/traffic-text.ts'
import { isKustomization } from '../environment/tree.ts'
import { isPackedChart } from './packed.ts'
import type { DeployedRelease } from './release.ts'
import { releaseFiles } from './release-files.ts'

type Build = Pick<Environment, 'kind' | 'files' | 'charts' | 'deployer' | 'nested'>

/**
 * The HelmReleases of a build that its kustomizations or its deployer may change, or that several builds share. Their own files do
 * not say what is released.
 */
export function mergedReleases(
  { texts, known }: Pick<Survey, 'texts' | 'known'>,
  build: Build,
  { drafts, releases }: { readonly drafts: readonly Build[]; readonly releases: readonly DeployedRelease[] },
): readonly DeployedRelease[] {
  if (releases.length === 0) return []
  const isMerging = (file: string): boolean =>
    isKustomization(file) && merges(readKustomizationOnce(known.kustomizations, { file, text: texts.get(file) ?? '' }))
  const isChanged = build.deployer !== undefined || build.files.some(isMerging)
  return releases.filter(({ file, release }) => {
    const isUnknown = release.values.some(({ from }) => from === 'elsewhere')
    return isChanged || isUnknown || drafts.filter(({ files }) => files.includes(file)).length > 1
  })
}

/** Fields that change no object of a build, or nothing that matters for a release. */
const PLAIN_FIELDS = new Set(
  `apiVersion kind metadata resources bases labels commonLabels commonAnnotations configMapGenerator secretGenerator generatorOptions
  sortOptions buildMetadata`.split(/\s+/),
)

function merges({ data = {} }: KustomizationFile): boolean {
  return Object.keys(data).some((field) => !PLAIN_FIELDS.has(field))
}

/** A kustomize build with the rendered charts of its HelmReleases. Charts that are not about traffic are left out. */
export function withCharts<B extends Build>(survey: Survey, build: B, releases: readonly DeployedRelease[]): B {
  if (build.kind !== 'kustomize') return build
  const found = releases.flatMap(({ release, name, title, file }) => {
    if (!title.startsWith('HelmRelease ') || !build.files.includes(file)) return []
    const known = { ...release, values: release.values.filter(({ from }) => from !== 'elsewhere') }
    const { files, copies, refusals } = releaseFiles(survey, known, { from: [], others: new Set() })
    const isAbout = files.some((path) => isPackedChart(path) || mentionsTraffic(survey.texts.get(path) ?? ''))
    if (!isAbout || refusals.length > 0) return []
    return [{ nested: { chart: release.chart, copies, name, place: { file, line: 1 } }, files }]
  })
  if (found.length === 0) return build
  const files = [...new Set([...build.files, ...found.flatMap((one) => one.files)])].sort()
  const nested = found.map((one) => one.nested)
  const charts = [...new Set([...(build.charts ?? []), ...nested.map(({ chart }) => chart)])]
  return { ...build, files, charts, nested }
}
