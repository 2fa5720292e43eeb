/** The files of a chart's release, and why Perch must not render it. */
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import { inFolder, isHidden, join, nameOf, parentOf, type Tree } from '../environment/tree.ts'
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { type ChartRelease, valuesFilesOf } from './release.ts'

/** A dependency of a chart that is given by its folder (`file://../common`). It counts as if it were in `charts/`. */
export interface ChartCopy {
  readonly from: string
  readonly to: string
}

export interface ReleaseFiles {
  readonly files: readonly string[]
  readonly copies: readonly ChartCopy[]
  readonly refusals: readonly EnvironmentRefusal[]
}

interface Survey {
  readonly tree: Tree
  readonly texts: ReadonlyMap<string, string | undefined>
  readonly needs: Set<string>
}

/** The values files of releases are often next to the chart's own `values.yaml`. */
const OTHER_VALUES = /(?:^|\/)values[^/]+\.ya?ml$/

/** More than any real chart has. */
const MAX_FILES = 2000

/** The files that deploy the chart, with which the release changes, and the values files of other releases. */
interface ReleaseSurroundings {
  readonly from: readonly string[]
  readonly others: ReadonlySet<string>
}

/** The files that a release reads. */
export function releaseFiles(
  survey: Survey,
  release: ChartRelease,
  { from, others }: ReleaseSurroundings,
): ReleaseFiles {
  const { tree } = survey
  const { chart } = release
  const named = new Set([...valuesFilesOf(release), inFolder(chart, 'values.yaml')])
  const isOthers = (path: string): boolean =>
    !named.has(path) && (others.has(path) || (OTHER_VALUES.test(path) && parentOf(path) === chart))
  const own = below(tree, chart).filter(({ path }) => !isOthers(path))
  const file = inFolder(chart, 'Chart.yaml')
  if (tree.types.get(file) !== 'file') {
    const refusal = { code: 'no-chart', file: from[0] ?? chart, line: 1, entry: chart } as const
    return { files: [...from], copies: [], refusals: [refusal] }
  }
  const { copies, refusals } = dependenciesOf(survey, chart)
  const copied = copies.flatMap((copy) => below(tree, copy.from))
  const links = linksAmong([...own, ...copied])
  const values = valuesFilesOf(release).filter((path) => tree.types.get(path) === 'file')
  const files = new Set([...[...own, ...copied].map(({ path }) => path), ...values, ...from])
  const tooMany: readonly EnvironmentRefusal[] =
    files.size > MAX_FILES ? [{ code: 'too-many-files', file, line: 1, entry: '' }] : []
  return {
    files: [...files].sort(),
    copies,
    refusals: [...refusals, ...links, ...tooMany, ...valuesRefusals(tree, release)],
  }
}

/** The files of a chart itself. Empty if the folder is not a chart. */
export function chartFiles(survey: Survey, chart: string): ReleaseFiles {
  if (survey.tree.types.get(inFolder(chart, 'Chart.yaml')) !== 'file') return { files: [], copies: [], refusals: [] }
  const own = below(survey.tree, chart)
  const { copies, refusals } = dependenciesOf(survey, chart)
  return { files: own.map(({ path }) => path), copies, refusals: [...refusals, ...linksAmong(own)] }
}

function linksAmong(entries: ReturnType<typeof below>): readonly EnvironmentRefusal[] {
  return entries
    .filter(({ type }) => type !== 'file')
    .map(({ path, type }) => ({ code: type === 'symlink' ? 'symlink' : 'submodule', file: path, line: 1, entry: '' }))
}

/** The files in a chart's folder. Links to values for tests of the chart (chart-testing's `ci/`) are no part of a release. */
function below(tree: Tree, folder: string): readonly { readonly path: string; readonly type: string }[] {
  const prefix = folder === '' ? '' : `${folder}/`
  const isForTests = (path: string, type: string): boolean => type === 'symlink' && path.startsWith(`${prefix}ci/`)
  return [...tree.types]
    .filter(
      ([path]) => path.startsWith(prefix) && (nameOf(path) === '.helmignore' || !isHidden(path.slice(prefix.length))),
    )
    .filter(([path, type]) => !isForTests(path, type))
    .map(([path, type]) => ({ path, type }))
}

function valuesRefusals(tree: Tree, { values }: ChartRelease): readonly EnvironmentRefusal[] {
  return values.flatMap((source): readonly EnvironmentRefusal[] => {
    if (source.from === 'elsewhere') return [{ code: 'helm-values', ...source.place, entry: source.name }]
    if (source.from !== 'file') return []
    const type = tree.types.get(source.path)
    if (type === 'file' || (type === undefined && source.isOptional)) return []
    return [{ code: type ?? 'helm-values', ...source.place, entry: source.path }]
  })
}

interface Dependency {
  readonly name: string
  readonly repository: string
  readonly place: Location
}

/** The dependencies of a chart: in `charts/`, in this repository, or missing. */
function dependenciesOf(survey: Survey, chart: string): Pick<ReleaseFiles, 'copies' | 'refusals'> {
  const copies: ChartCopy[] = []
  const refusals: EnvironmentRefusal[] = []
  const isVendored = vendoredIn(survey, chart)
  for (const { name, repository, place } of namedIn(survey, chart)) {
    if (isVendored(name)) continue
    const from = localFolder(chart, repository)
    if (from !== undefined && survey.tree.types.get(inFolder(from, 'Chart.yaml')) === 'file')
      copies.push({ from, to: inFolder(chart, `charts/${name}`) })
    else refusals.push({ code: 'helm-dependency', ...place, entry: name })
  }
  return { copies, refusals }
}

/** The dependencies that `Chart.yaml` names, or `requirements.yaml` in charts for Helm 2. */
function namedIn(survey: Survey, chart: string): readonly Dependency[] {
  const files = ['Chart.yaml', 'requirements.yaml'].map((name) => inFolder(chart, name))
  return files
    .filter((file) => survey.tree.types.get(file) === 'file')
    .flatMap((file) => {
      const read = readOneDocument(textIn(survey, file) ?? '')
      const document = read.ok ? read.value : undefined
      if (document === undefined) return []
      return listOf(recordOf(document.data)['dependencies']).flatMap((entry, index): Dependency[] => {
        const { name, repository } = recordOf(entry)
        const line = document.line(['dependencies', index])
        return typeof name === 'string' ? [{ name, repository: textOf(repository) ?? '', place: { file, line } }] : []
      })
    })
}

const LOCAL = 'file://'

/** The folder of a dependency with a `file://` repository. Undefined if the dependency is elsewhere. */
export function localFolder(chart: string, repository: string): string | undefined {
  const path = repository.startsWith(LOCAL) ? repository.slice(LOCAL.length) : ''
  return path === '' || path.startsWith('/') ? undefined : join(chart, path)
}

/** Whether a dependency is in `charts/`: as a folder whose chart has the name, or as a package with the name. */
function vendoredIn(survey: Survey, chart: string): (name: string) => boolean {
  const prefix = inFolder(chart, 'charts/')
  const paths = [...survey.tree.types.keys()].filter((path) => path.startsWith(prefix))
  const names = new Set(
    paths.flatMap((path) => {
      const steps = path.slice(prefix.length).split('/')
      if (steps.length !== 2 || steps[1] !== 'Chart.yaml') return []
      const read = readOneDocument(textIn(survey, path) ?? '')
      const data = read.ok ? read.value?.data : undefined
      return textOf(recordOf(data)['name']) ?? []
    }),
  )
  const isPackage = (name: string, path: string): boolean =>
    new RegExp(`^${RegExp.escape(name)}-\\d[^/]*\\.tgz$`).test(path.slice(prefix.length))
  return (name) => names.has(name) || paths.some((path) => isPackage(name, path))
}

function textIn({ texts, needs }: Survey, file: string): string | undefined {
  if (!texts.has(file)) needs.add(file)
  return texts.get(file)
}
