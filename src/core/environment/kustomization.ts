/** What one kustomization file makes kustomize read. Fields: sigs.k8s.io/kustomize/api/types/kustomization.go, v5. */
import type { RefusalCode } from './refusal.ts'
import type { FileDocument } from '../manifest/yaml/documents.ts'
import { isRecord, type JsonValue, recordOf, textOf } from '../manifest/data.ts'
import { type Manifest, parseManifest } from '../manifest/parse.ts'
import { doubtIn, parseSource, valuesOf } from './source.ts'

/** An entry that leads to a file or to a folder with a kustomization. */
export interface Reference {
  readonly entry: string
  readonly line: number
  readonly leadsTo: 'file' | 'folder' | 'either' | 'chart'
  /** It configures kustomize itself (generators, transformers, validators), and may name more files. */
  readonly isPlugin: boolean
  /** A generator puts the file into a ConfigMap or Secret, whatever it contains. */
  readonly isData?: boolean
}

export interface Complaint {
  readonly code: RefusalCode
  readonly line: number
  readonly entry: string
}

export interface Contents {
  readonly isComponent: boolean
  readonly references: readonly Reference[]
  readonly complaints: readonly Complaint[]
}

type Key = string | number

const KNOWN_FIELDS = new Set(
  `apiVersion kind metadata openapi namePrefix nameSuffix namespace commonLabels labels commonAnnotations
  patchesStrategicMerge patchesJson6902 patches images replacements replicas vars sortOptions resources components crds bases
  configMapGenerator secretGenerator helmGlobals helmCharts helmChartInflationGenerator generatorOptions configurations
  generators transformers validators buildMetadata`.split(/\s+/),
)

/** Fields with a list of entries. */
const ENTRY_LISTS: Readonly<Record<string, Pick<Reference, 'leadsTo' | 'isPlugin'>>> = {
  resources: { leadsTo: 'either', isPlugin: false },
  bases: { leadsTo: 'folder', isPlugin: false },
  components: { leadsTo: 'folder', isPlugin: false },
  crds: { leadsTo: 'file', isPlugin: false },
  configurations: { leadsTo: 'file', isPlugin: false },
  patchesStrategicMerge: { leadsTo: 'file', isPlugin: false },
  generators: { leadsTo: 'either', isPlugin: true },
  transformers: { leadsTo: 'either', isPlugin: true },
  validators: { leadsTo: 'either', isPlugin: true },
}
/** Fields whose items are YAML or the path of a file with YAML. */
const INLINE = new Set(['patchesStrategicMerge', 'generators', 'transformers', 'validators'])
/** Fields whose items (or which themselves) name files in `path`, `paths`, `files`, `envs`, `env`. */
const FILE_HOLDERS = ['patches', 'patchesJson6902', 'replacements', 'configMapGenerator', 'secretGenerator', 'openapi']
const FUNCTION_ANNOTATIONS = ['config.kubernetes.io/function', 'config.k8s.io/function']

/** A kustomization file, read once: its content, and the files that kustomize reads because of it. */
export interface KustomizationFile extends Contents {
  /** The file with its lines. Undefined if it is not YAML. */
  readonly manifest: Manifest | undefined
  /** Its content. Undefined if that is not a mapping. */
  readonly data: Readonly<Record<string, unknown>> | undefined
}

/** kustomize refuses a kustomization without content. */
const EMPTY: Contents = { isComponent: false, references: [], complaints: [{ code: 'empty', line: 1, entry: '' }] }

/** Reads a kustomization file. A file that cannot be trusted to mean what we read has no references. */
export function readKustomization(text: string, file: string): KustomizationFile {
  const parsed = parseManifest(file, text)
  if (!parsed.ok) return { manifest: undefined, data: undefined, ...unreadable(parsed.error.line, text) }
  const manifest = parsed.value
  const [document, ...others] = manifest.documents
  const data = isRecord(document?.data) ? document.data : undefined
  const oddLine = doubtIn(manifest)
  const isEmpty = manifest.documents.every((one) => one.data === null)
  if (isEmpty && oddLine === undefined) return { manifest, data, ...EMPTY }
  const doubt = oddLine ?? (others.length > 0 ? 1 : undefined)
  if (data === undefined || doubt !== undefined) return { manifest, data, ...unreadable(doubt ?? 1, text) }
  return { manifest, data, ...contentsOf({ data, line: (path) => manifest.line(0, path) }, data) }
}

function contentsOf(source: FileDocument, data: Readonly<Record<string, unknown>>): Contents {
  const found: KustomizationScan = { source, references: [], complaints: [] }
  for (const field of Object.keys(data)) {
    if (!KNOWN_FIELDS.has(field)) complain(found, 'unknown-field', [field])
  }
  readCharts(found, data)
  for (const [field, kind] of Object.entries(ENTRY_LISTS)) readEntries(found, data[field], { ...kind, field })
  for (const field of FILE_HOLDERS) readHolders(found, data[field], [field])
  return { isComponent: data['kind'] === 'Component', references: found.references, complaints: found.complaints }
}

/** Reads a file that configures generators, transformers or validators. Its paths are relative to the kustomization's folder. */
export function readPluginFile(text: string): Omit<Contents, 'isComponent'> {
  const parsed = parseSource(text)
  if (!parsed.ok) return unreadable(parsed.line, text)
  const all = parsed.documents.map((source) => {
    const found: KustomizationScan = { source, references: [], complaints: [] }
    readPlugin(found, source.data, [])
    return found
  })
  return { references: all.flatMap((found) => found.references), complaints: all.flatMap((found) => found.complaints) }
}

interface KustomizationScan {
  readonly source: FileDocument
  readonly references: Reference[]
  readonly complaints: Complaint[]
}

/** The allowed fields of an entry of `helmCharts`. kustomize might interpret any other field or spelling differently than Perch. */
const CHART_FIELDS = new Set(
  `name version repo releaseName namespace valuesFile additionalValuesFiles valuesInline valuesMerge includeCRDs skipHooks
  apiVersions kubeVersion nameTemplate skipTests debug`.split(/\s+/),
)

/** The folder of the repository from which charts are read: `chartHome`, or else `charts` next to the kustomization. */
function readCharts(found: KustomizationScan, data: Readonly<Record<string, unknown>>): void {
  const { helmCharts, helmGlobals, helmChartInflationGenerator: old } = data
  if (isFilled(old)) complain(found, 'plugin', ['helmChartInflationGenerator'])
  const globals = recordOf(helmGlobals)
  for (const key of Object.keys(globals))
    if (key !== 'chartHome') complain(found, 'unknown-field', ['helmGlobals', key])
  const home = textOf(globals['chartHome']) ?? 'charts'
  for (const [index, chart] of listOf(found, helmCharts, ['helmCharts']).entries()) {
    const at = ['helmCharts', index]
    if (!isRecord(chart)) complain(found, 'unparsable', at)
    else readChart(found, chart, { at, home })
  }
}

function readChart(
  found: KustomizationScan,
  chart: Readonly<Record<string, unknown>>,
  { at, home }: { readonly at: readonly Key[]; readonly home: string },
): void {
  for (const key of Object.keys(chart)) if (!CHART_FIELDS.has(key)) complain(found, 'unknown-field', [...at, key])
  const { name, version, repo, valuesFile, additionalValuesFiles } = chart
  if (typeof name !== 'string' || name === '') return complain(found, 'unparsable', at)
  // kustomize puts fetched charts into a folder that is named after the version.
  const folder = isFilled(version) && isFilled(repo) ? `${home}/${name}-${String(version)}/${name}` : `${home}/${name}`
  const line = found.source.line([...at, 'name'])
  found.references.push({ entry: folder, line, leadsTo: 'chart', isPlugin: false })
  const toFile = { leadsTo: 'file', isPlugin: false } as const
  if (isFilled(valuesFile)) refer(found, valuesFile, { path: [...at, 'valuesFile'], ...toFile })
  const path = [...at, 'additionalValuesFiles']
  for (const [index, entry] of listOf(found, additionalValuesFiles, path).entries())
    refer(found, entry, { path: [...path, index], ...toFile })
}

interface EntryList extends Pick<Reference, 'leadsTo' | 'isPlugin'> {
  readonly field: string
}

function readEntries(found: KustomizationScan, value: unknown, list: EntryList): void {
  const { field, leadsTo, isPlugin } = list
  for (const [index, entry] of listOf(found, value, [field]).entries()) {
    const path = [field, index]
    const inline = typeof entry === 'string' && INLINE.has(field) ? inlineObjects(entry) : undefined
    if (inline === undefined) refer(found, entry, { path, leadsTo, isPlugin })
    else if (isPlugin) {
      const within: KustomizationScan = { ...found, source: { data: inline, line: () => found.source.line(path) } }
      for (const object of inline) readPlugin(within, object, [])
    }
  }
}

/** Whether an entry contains objects itself. Otherwise it is the path of a file with them. */
export function isInline(entry: string): boolean {
  return inlineObjects(entry) !== undefined
}

/** The objects written into an entry itself. As in kustomize, text is YAML when it parses to objects, and a path otherwise. */
function inlineObjects(entry: string): readonly JsonValue[] | undefined {
  if (!/[\n:]/.test(entry)) return undefined
  const parsed = parseSource(entry)
  if (!parsed.ok || parsed.documents.length === 0) return undefined
  const objects = parsed.documents.map((source) => source.data)
  return objects.every((object) => isRecord(object) && 'kind' in object) ? objects : undefined
}

/** One object or a list of objects that may name files. */
function readHolders(found: KustomizationScan, value: unknown, path: readonly Key[]): void {
  const items = Array.isArray(value)
    ? [...value.entries()].map(([index, item]) => ({ item, at: [...path, index] }))
    : []
  if (isRecord(value)) items.push({ item: value, at: [...path] })
  for (const { item, at } of items) {
    if (isRecord(item)) readFiles(found, item, at)
  }
}

function readFiles(found: KustomizationScan, holder: Readonly<Record<string, unknown>>, at: readonly Key[]): void {
  const isData = at[0] === 'configMapGenerator' || at[0] === 'secretGenerator'
  const toFile = { leadsTo: 'file', isPlugin: false, isData } as const
  for (const field of ['path', 'env']) {
    for (const [key, value] of valuesOf(holder, field)) {
      if (isFilled(value)) refer(found, value, { path: [...at, key], ...toFile })
    }
  }
  for (const field of ['paths', 'files', 'envs']) {
    for (const [key, value] of valuesOf(holder, field)) {
      const entries = listOf(found, value, [...at, key]).map((entry) => fileIn(field, entry))
      entries.forEach((file, index) => {
        if (file !== undefined) refer(found, file, { path: [...at, key, index], ...toFile })
      })
    }
  }
}

/** `files` has `key=path` or only a path; `paths` (of a built-in plugin) has paths or YAML. */
function fileIn(field: string, entry: unknown): unknown {
  if (typeof entry !== 'string') return entry
  if (field === 'files') return entry.slice(entry.indexOf('=') + 1)
  return field === 'paths' && isInline(entry) ? undefined : entry
}

function readPlugin(found: KustomizationScan, data: unknown, at: readonly Key[]): void {
  if (data === null) return
  if (!isRecord(data)) return complain(found, 'unparsable', at)
  const { kind, items } = data
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    return items.forEach((item: unknown, index) => readPlugin(found, item, [...at, 'items', index]))
  }
  const annotations = recordOf(recordOf(data['metadata'])['annotations'])
  const run = FUNCTION_ANNOTATIONS.find((name) => name in annotations)
  if (kind === 'HelmChartInflationGenerator') complain(found, 'plugin', [...at, 'kind'])
  else if (run !== undefined) complain(found, 'plugin', [...at, 'metadata', 'annotations', run])
  // Everything except kustomize's built-in plugins starts a program or a container.
  else if (data['apiVersion'] !== 'builtin') complain(found, 'plugin', [...at, 'apiVersion'])
  readFiles(found, data, at)
  for (const [key, value] of valuesOf(data, 'replacements')) readHolders(found, value, [...at, key])
}

interface Target extends Pick<Reference, 'leadsTo' | 'isPlugin' | 'isData'> {
  readonly path: readonly Key[]
}

function refer(found: KustomizationScan, entry: unknown, { path, leadsTo, isPlugin, isData = false }: Target): void {
  if (typeof entry !== 'string') return complain(found, 'unparsable', path)
  found.references.push({ entry, line: found.source.line(path), leadsTo, isPlugin, isData })
}

function listOf(found: KustomizationScan, value: unknown, path: readonly Key[]): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (isFilled(value)) complain(found, 'unparsable', path)
  return []
}

function complain(found: KustomizationScan, code: RefusalCode, path: readonly Key[]): void {
  found.complaints.push({ code, line: found.source.line(path), entry: String(path.at(-1) ?? '') })
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/**
 * A tag of Jinja, Helm or another template engine, in place of a YAML key or value. In quotes and comments it is ordinary text,
 * and not the reason why the file cannot be read.
 */
const TEMPLATE_TAG = /^[ \t]*(?:-[ \t]+)*(?:[\w./-]+:[ \t]+)?[\w./-]*(\{%.*?%\}|\{\{.*?\}\})/m

function unreadable(line: number, text = ''): Contents {
  const [, tag] = TEMPLATE_TAG.exec(text) ?? []
  const complaint =
    tag === undefined ? { code: 'unparsable' as const, entry: '' } : { code: 'template' as const, entry: tag }
  return { isComponent: false, references: [], complaints: [{ ...complaint, line }] }
}
