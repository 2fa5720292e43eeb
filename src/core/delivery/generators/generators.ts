/** The Applications of an ApplicationSet, as far as the repository and the config determine the output of its generators. */
import { isRecord, listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { selectsLabels } from '../../manifest/label-selector.ts'
import { type DeliverySource, isHere } from '../delivery-source.ts'
import { filledTemplate, filledText, normalized, type Params, paramsOf, pathParams } from './params.ts'
import { paramsInFile, type SettingsFile, withValues } from './settings-file.ts'
import { pathPattern } from '../../text/path-pattern.ts'

type Data = Readonly<Record<string, unknown>>

/** The input of generators. */
export interface GeneratorScene {
  readonly source: DeliverySource
  readonly texts: ReadonlyMap<string, string | undefined>
  readonly isGo: boolean
  /** Files whose texts are needed but not available yet. */
  readonly needs: Set<string>
  /** The files that generators have read. */
  readonly read: SettingsFile[]
}

/** The scene before any generator is read. */
export type SetScene = Omit<GeneratorScene, 'isGo' | 'read'>

/** Nobody has more Applications in one ApplicationSet. The limit stops a product of hostile lists. */
const MAX_APPLICATIONS = 1000
const MAX_DEPTH = 4

/** The parameters from a generator. Undefined if they are unknown. */
export function generatedParams(generator: unknown, scene: GeneratorScene, depth = 0): readonly Params[] | undefined {
  const { list, clusters, git, matrix, merge, selector } = recordOf(generator)
  // A generator's own template changes that of the set.
  const isOwn = [list, clusters, git, matrix, merge].some((one) => isRecord(recordOf(one)['template']))
  const found =
    depth > MAX_DEPTH || isOwn
      ? undefined
      : (listed(list, scene) ??
        inClusters(clusters, scene) ??
        inGit(git, scene) ??
        combined({ matrix, merge }, scene, depth))
  if (found === undefined || found.length > MAX_APPLICATIONS) return undefined
  return selector === undefined ? found : found.filter((params) => isSelected(recordOf(selector), params))
}

/** The field of the part of a generator whose parameters are unknown, and its path. Undefined if all are known. */
export function unknownGenerator(
  generator: unknown,
  scene: GeneratorScene,
  depth = 0,
): { readonly name: string; readonly path: Path } | undefined {
  if (depth > MAX_DEPTH || generatedParams(generator, scene, depth) !== undefined) return undefined
  for (const name of ['matrix', 'merge']) {
    const parts = listOf(recordOf(recordOf(generator)[name])['generators'])
    for (const [index, part] of parts.entries()) {
      const found = unknownGenerator(part, scene, depth + 1)
      if (found !== undefined) return { ...found, path: [name, 'generators', index, ...found.path] }
    }
  }
  const [name = 'generator'] = Object.keys(recordOf(generator)).filter((field) => field !== 'selector')
  return { name, path: [name] }
}

function listed(list: unknown, { isGo }: GeneratorScene): readonly Params[] | undefined {
  const { elements, elementsYaml } = recordOf(list)
  if (!isRecord(list) || elementsYaml !== undefined) return undefined
  return listOf(elements)
    .filter(isRecord)
    .map((element) => paramsOf(element, isGo))
}

/** Only the config can describe clusters, because Argo CD's own cluster is unknown here. */
function inClusters(generator: unknown, scene: GeneratorScene): readonly Params[] | undefined {
  const { clusters } = scene.source
  if (!isRecord(generator) || clusters === undefined) return undefined
  const selector = recordOf(generator['selector'])
  return Object.entries(clusters)
    .map(([name, { server = '', labels }]) => ({
      name,
      nameNormalized: normalized(name),
      server,
      metadata: { labels, annotations: {} },
    }))
    .filter(({ metadata }) => isSelected(selector, metadata.labels))
    .map((cluster) => withValues(paramsOf(cluster, scene.isGo), generator['values'], scene.isGo))
}

function inGit(generator: unknown, scene: GeneratorScene): readonly Params[] | undefined {
  const git = recordOf(generator)
  if (!isRecord(generator) || !isHere(textOf(git['repoURL']) ?? '', scene.source)) return undefined
  const { paths } = scene.source
  if (paths === undefined) return undefined
  const prefix = textOf(git['pathParamPrefix']) ?? ''
  const { values } = git
  return Array.isArray(git['files'])
    ? matching(git['files'], paths)?.flatMap((file) => inFile({ file, prefix, values }, scene))
    : matching(git['directories'], foldersOf(paths))?.map((folder) =>
        withValues(pathParams({ folder }, prefix, scene.isGo), values, scene.isGo),
      )
}

function inFile(settings: SettingsFile, { texts, needs, read, isGo }: GeneratorScene): readonly Params[] {
  const { file } = settings
  if (!texts.has(file)) needs.add(file)
  read.push(settings)
  return paramsInFile(settings, texts.get(file), isGo)
}

/** All folders that contain files, except those of other tools. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const path of paths) {
    const steps = path.split('/').slice(0, -1)
    for (let count = steps.length; count > 0; count -= 1) folders.add(steps.slice(0, count).join('/'))
  }
  return [...folders].filter((folder) => !/(?:^|\/)\./.test(folder)).sort()
}

/** The paths that items like `{ path, exclude }` match. Undefined if a pattern cannot be read. */
function matching(items: unknown, paths: readonly string[]): readonly string[] | undefined {
  const patterns = listOf(items).map(recordOf)
  const read = patterns.map(({ path, exclude }) => ({
    matches: pathPattern(textOf(path) ?? ''),
    isExcluded: exclude === true,
  }))
  if (read.length === 0 || read.some(({ matches }) => matches === undefined)) return undefined
  const isIn = (path: string, isExcluded: boolean): boolean =>
    read.some((one) => one.isExcluded === isExcluded && one.matches?.(path) === true)
  return paths.filter((path) => isIn(path, false) && !isIn(path, true))
}

function combined(
  { matrix, merge }: { readonly matrix: unknown; readonly merge: unknown },
  scene: GeneratorScene,
  depth: number,
): readonly Params[] | undefined {
  if (isRecord(matrix)) return product(listOf(matrix['generators']), scene, depth)
  if (!isRecord(merge)) return undefined
  const keys = listOf(merge['mergeKeys']).flatMap((key) => textOf(key) ?? [])
  const [base, ...others] = listOf(merge['generators']).map((one) => generatedParams(one, scene, depth + 1))
  if (base === undefined || others.includes(undefined)) return undefined
  const keyOf = (params: Params): string =>
    JSON.stringify(keys.map((key) => filledText(scene.isGo ? `{{.${key}}}` : `{{${key}}}`, params, scene.isGo)))
  return base.map((params) => {
    const more = others.map((found) => found?.find((other) => keyOf(other) === keyOf(params)))
    return more.reduce<Params>((now, other) => ({ ...now, ...other }), params)
  })
}

/**
 * Combines each set of parameters from the first generator with each from the second. The fields of the second may use the
 * parameters of the first.
 */
function product(generators: readonly unknown[], scene: GeneratorScene, depth: number): readonly Params[] | undefined {
  const [first, second, ...others] = generators
  const outer = others.length > 0 ? undefined : generatedParams(first, scene, depth + 1)
  if (outer === undefined) return undefined
  const all: Params[] = []
  for (const params of outer) {
    const inner = generatedParams(filledTemplate(second, params, scene.isGo), scene, depth + 1)
    if (inner === undefined || all.length > MAX_APPLICATIONS) return undefined
    all.push(...inner.map((more) => ({ ...params, ...more })))
  }
  return all
}

/** Whether a label selector matches labels, or parameters by their names. */
function isSelected(selector: Data, labels: Data): boolean {
  return selectsLabels(selector, { ...paramsOf(labels, false), ...labels })
}
