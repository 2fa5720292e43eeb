/** The input of helm for a release: files and options. */
import { patchFields } from '../delivery/additions.ts'
import { overridesSources } from '../delivery/argo/source-override.ts'
import { paramsNow } from '../delivery/generators/elements.ts'
import { filledTemplate } from '../delivery/generators/params.ts'
import { objectOf } from '../environment/traffic-text.ts'
import { decoded } from '../diff/secret-values.ts'
import { listOf, recordOf, valueAt } from '../manifest/data.ts'
import { parseManifest } from '../manifest/parse.ts'
import type { ChartRelease, ObjectValue, ReleaseOptions, SettingSource } from './release.ts'
import type { ChartCopy } from './release-files.ts'

type Texts = ReadonlyMap<string, string>

/** Values for a release: a file of the repository, or a text. */
type ReleaseValues = { readonly path: string } | { readonly text: string }

/** One value that is set by its name. `isText` keeps it from being parsed as a number or similar. */
interface ReleaseSetting {
  readonly name: string
  readonly value: string
  readonly isText: boolean
}

export interface ReleaseBuild {
  readonly files: Texts
  readonly chart: string
  readonly release: string
  readonly namespace: string | undefined
  readonly values: readonly ReleaseValues[]
  readonly settings: readonly ReleaseSetting[]
  readonly options: ReleaseOptions
  /** Kustomizations that process the output one after the other. Each reads it as `POST_RENDERED`. */
  readonly postRenderers: readonly Readonly<Record<string, unknown>>[]
}

/** The file that a post-renderer's kustomization names. */
export const POST_RENDERED = 'all.yaml'

function kustomizationOf(entry: unknown): Readonly<Record<string, unknown>> {
  const { images, ...others } = recordOf(recordOf(entry)['kustomize'])
  return { resources: [POST_RENDERED], ...patchFields(others), ...(images === undefined ? {} : { images }) }
}

export const DEPLOYER_KINDS: readonly string[] = ['HelmRelease', 'Application', 'ApplicationSet', 'GitRepository']
/** Kinds from which a HelmRelease takes values. */
export const HOLDER_KINDS: readonly string[] = ['ConfigMap', 'Secret']

/** Objects that contain values, or refer to them. Only these documents are counted. */
export const VALUES_OBJECT = objectOf([...DEPLOYER_KINDS, ...HOLDER_KINDS])

/** The build of an environment from the texts of its files. Values in objects are read from the current texts. */
export function releaseBuild(release: ChartRelease, copies: readonly ChartCopy[], texts: Texts): ReleaseBuild {
  const { chart, name, namespace, values, settings, options, isWithoutDefaults, postRenderers } = release
  const prefix = chart === '' ? '' : `${chart}/`
  const paths = new Set(values.flatMap((source) => (source.from === 'file' ? [source.path] : [])))
  const isFile = (path: string): boolean => !path.includes('\0') && path.startsWith(prefix)
  const files = new Map([...texts].filter(([path]) => isFile(path) || paths.has(path)))
  for (const { from, to } of copies)
    for (const [path, text] of texts)
      if (path.startsWith(`${from}/`)) files.set(`${to}${path.slice(from.length)}`, text)
  if (isWithoutDefaults) files.set(`${prefix}values.yaml`, '')
  return {
    files,
    chart,
    release: name ?? chartName(chart),
    namespace,
    values: values.flatMap((source): readonly ReleaseValues[] => {
      if (source.from === 'file') return texts.has(source.path) ? [{ path: source.path }] : []
      const value = source.from === 'object' ? valueOf(source.value, texts) : undefined
      if (value === undefined) return []
      return [{ text: typeof value === 'string' ? value : JSON.stringify(value) }]
    }),
    settings: settings.flatMap((source) => settingsOf(source, texts)),
    options,
    postRenderers: postRenderers === undefined ? [] : listOf(valueOf(postRenderers, texts)).map(kustomizationOf),
  }
}

/**
 * A parameter that only the generator of an ApplicationSet knows, as its template writes it (`{{ .server }}`), in the name and namespace
 * of the release or in values that the template sets. The chart's own values may contain such text too, but are not checked.
 */
export function unknownParameter(
  { release, namespace }: ReleaseBuild,
  from: ChartRelease,
  texts: Texts,
): string | undefined {
  const objects = [...from.values, ...from.settings].flatMap((source) => ('value' in source ? [source.value] : []))
  const filled = objects.filter(({ path }) => path[1] === 'template').map((value) => valueOf(value, texts))
  const texted = filled.map((value) => (typeof value === 'string' ? value : JSON.stringify(value ?? '')))
  const [found] = [release, namespace ?? '', ...texted].flatMap((text) => /\{\{[^{}]*\}\}/.exec(text) ?? [])
  return found
}

/** Named like its folder, in the characters that helm allows: `helm_chart` becomes `helm-chart`. */
function chartName(chart: string): string {
  const name = (chart.split('/').at(-1) ?? '').toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return name.slice(0, MAX_NAME).replace(/^-|-$/g, '') || 'release'
}

/** helm's limit for the name of a release. */
const MAX_NAME = 53

function settingsOf(source: SettingSource, texts: Texts): readonly ReleaseSetting[] {
  const value = valueOf(source.value, texts)
  if (source.from === 'object') return typeof value === 'string' ? [{ name: source.name, value, isText: false }] : []
  return listOf(value).flatMap((entry) => {
    // Argo CD reads the names of fields in any case, and its Image Updater writes `forcestring`.
    const { name, value: set = '', forceString, forcestring = forceString } = recordOf(entry)
    if (typeof name !== 'string') return []
    return [{ name, value: typeof set === 'string' ? set : JSON.stringify(set), isText: forcestring === true }]
  })
}

function valueOf({ file, document, path, isEncoded, filling, rendered }: ObjectValue, texts: Texts): unknown {
  const manifest = parseManifest(
    file,
    rendered ?? texts.get(file) ?? '',
    overridesSources(file) ? undefined : VALUES_OBJECT,
  )
  const data = manifest.ok ? manifest.value.documents[document]?.data : undefined
  const written = valueAt(data, path)
  const value = filling === undefined ? written : filledTemplate(written, paramsNow(data, filling, texts), filling.isGo)
  if (!isEncoded || typeof value !== 'string') return value
  return decoded(value)
}
