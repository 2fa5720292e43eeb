/** Finds every file that kustomize can read to build one root, and the reasons why Perch must not build it. */
import { chartFiles } from '../chart/release-files.ts'
import { type FileCache, readKustomizationOnce, readOnce } from './file-cache.ts'
import { type Complaint, type Contents, type Reference, readPluginFile } from './kustomization.ts'
import type { EnvironmentRefusal } from './refusal.ts'
import { locate, nameOf, type Tree, type TreeLocation } from './tree.ts'

/** Texts by path; undefined if a file cannot be read as text. */
export type Texts = ReadonlyMap<string, string | undefined>

/** The state while roots are examined. Each kustomization is parsed once, however many roots use it. */
export interface Survey {
  readonly tree: Tree
  readonly texts: Texts
  /** Files with objects whose texts are not loaded. */
  readonly bystanders: ReadonlySet<string>
  /** Cached results for files. */
  readonly known: FileCache
  /** Files whose texts are needed to continue. */
  readonly needs: Set<string>
}

export interface Closure {
  readonly files: ReadonlySet<string>
  /** Folders of charts that helm renders for kustomize. */
  readonly charts: readonly string[]
  readonly refusals: readonly EnvironmentRefusal[]
}

/** A root with a thousand services has fewer files. More files are a mistake, or an attack. */
export const MAX_FILES = 10_000

interface Walk {
  readonly survey: Survey
  readonly root: string
  readonly files: Set<string>
  readonly charts: Set<string>
  readonly refusals: EnvironmentRefusal[]
  readonly done: Set<string>
}

/** The current folder, the folders on the way to it, and the folder that the files of plugins found here are relative to, if any. */
interface Stop {
  readonly folder: string
  readonly trail: readonly string[]
  readonly pluginBase: string | undefined
}

/** With `added`: only the files that these additions to the folder's kustomization need. */
export function closureOf(survey: Survey, root: string, added?: Page): Closure {
  const walk: Walk = { survey, root, files: new Set(), charts: new Set(), refusals: [], done: new Set() }
  const start: Stop = { folder: root, trail: [], pluginBase: undefined }
  if (added === undefined) enter(walk, start)
  else follow(walk, added, start)
  if (walk.files.size > MAX_FILES) {
    const file = survey.tree.kustomizations.get(root)?.[0] ?? root
    walk.refusals.push({ code: 'too-many-files', file, line: 1, entry: '' })
  }
  return { files: walk.files, charts: [...walk.charts], refusals: walk.refusals }
}

/** The folders that a folder's kustomizations build on, if they exist. */
export function foldersUsedBy(survey: Survey, folder: string): readonly string[] {
  const files = survey.tree.kustomizations.get(folder) ?? []
  return files.flatMap((file) =>
    kustomizationAt(survey, file).references.flatMap((reference) => {
      const found = reference.leadsTo === 'file' ? undefined : locate(survey.tree, folder, reference.entry)
      return found?.type === 'folder' ? [found.path] : []
    }),
  )
}

export function kustomizationAt(survey: Survey, file: string): Contents {
  const text = textOf(survey, file)
  return typeof text === 'string' ? readKustomizationOnce(survey.known.kustomizations, { file, text }) : text
}

function enter(walk: Walk, stop: Stop): void {
  const { folder, pluginBase } = stop
  const key = `folder\0${folder}\0${pluginBase ?? '-'}`
  if (walk.done.has(key) || walk.files.size > MAX_FILES) return
  walk.done.add(key)
  for (const file of walk.survey.tree.kustomizations.get(folder) ?? []) {
    walk.files.add(file)
    if (walk.survey.tree.types.get(file) !== 'file') refuse(walk, file, { code: 'symlink', line: 1, entry: '' })
    else follow(walk, { file, contents: kustomizationAt(walk.survey, file) }, stop)
  }
}

interface Page {
  readonly file: string
  readonly contents: Pick<Contents, 'references' | 'complaints'>
}

function follow(walk: Walk, { file, contents }: Page, stop: Stop): void {
  for (const complaint of contents.complaints) refuse(walk, file, complaint)
  for (const reference of contents.references) take(walk, { file, reference }, stop)
}

function take(walk: Walk, { file, reference }: { file: string; reference: Reference }, stop: Stop): void {
  const { tree } = walk.survey
  const found = locate(tree, stop.folder, reference.entry)
  const { line, entry, leadsTo } = reference
  if (leadsTo === 'chart') return takeChart(walk, { file, reference }, found)
  if (found.type === 'refused') return refuse(walk, file, { code: found.code, line, entry })
  const pluginBase = stop.pluginBase ?? (reference.isPlugin ? stop.folder : undefined)
  if (found.type === 'file') {
    // Kustomize itself reports an entry of the wrong type. Such an entry must not make us miss a file.
    walk.files.add(found.path)
    if (pluginBase !== undefined) readPlugins(walk, found.path, { ...stop, folder: pluginBase, pluginBase })
    return undefined
  }
  if (leadsTo === 'file') return refuse(walk, file, { code: 'missing', line, entry })
  if (!tree.kustomizations.has(found.path)) return refuse(walk, file, { code: 'no-kustomization', line, entry })
  const trail = [...stop.trail, stop.folder]
  if (trail.includes(found.path)) return refuse(walk, file, { code: 'cycle', line, entry })
  return enter(walk, { folder: found.path, trail, pluginBase })
}

/** All files of a chart are read. If the chart is not here, kustomize would download it. */
function takeChart(
  walk: Walk,
  { file, reference: { line, entry } }: { readonly file: string; readonly reference: Reference },
  found: TreeLocation,
): void {
  if (found.type === 'refused') {
    const code = found.code === 'missing' ? 'helm' : found.code
    return refuse(walk, file, { code, line, entry })
  }
  const { files, copies, refusals } = chartFiles(walk.survey, found.path)
  if (files.length === 0) return refuse(walk, file, { code: 'no-chart', line, entry: found.path })
  walk.charts.add(found.path)
  for (const path of files) walk.files.add(path)
  walk.refusals.push(...refusals)
  // kustomize does not copy what `helm dependency build` would copy.
  for (const { to } of copies)
    walk.refusals.push({ code: 'helm-dependency', file: `${found.path}/Chart.yaml`, line: 1, entry: nameOf(to) })
  return undefined
}

/** Files that a plugin names are read from the folder of the kustomization that uses the plugin. */
function readPlugins(walk: Walk, file: string, stop: Stop): void {
  const key = `plugin\0${file}\0${stop.folder}`
  if (walk.done.has(key)) return
  walk.done.add(key)
  const text = textOf(walk.survey, file)
  const contents = typeof text === 'string' ? readOnce(walk.survey.known.plugins, { file, text }, readPluginFile) : text
  follow(walk, { file, contents }, { ...stop, pluginBase: undefined })
}

const NOTHING: Contents = { isComponent: false, references: [], complaints: [] }

/** The text of a file. If there is none, the contents that it is treated as having. */
function textOf({ texts, needs }: Survey, file: string): string | Contents {
  const text = texts.get(file)
  if (text !== undefined) return text
  if (texts.has(file)) return { ...NOTHING, complaints: [{ code: 'not-text', line: 1, entry: '' }] }
  needs.add(file)
  return NOTHING
}

function refuse(walk: Walk, file: string, { code, line, entry }: Complaint): void {
  walk.refusals.push({ code, file, line, entry })
}
