import { isRecord, type Path } from '../manifest/data.ts'
import { type Manifest, parseManifest, type Location } from '../manifest/parse.ts'
import type { KustomizationFile } from '../environment/kustomization.ts'
import { join, parentOf } from '../environment/tree.ts'
import type { Selector } from './selector.ts'

/** What one kustomization does to the objects that it builds on, as far as their names and values are concerned. */
export interface Kustomization {
  /** The file itself. */
  readonly manifest: Manifest
  readonly folder: string
  /** Files and folders, as paths of the repository. */
  readonly resources: readonly string[]
  readonly components: readonly string[]
  readonly prefix: string
  readonly suffix: string
  /** What it puts its objects into; undefined where it leaves them. */
  readonly namespace: string | undefined
  /** In the order in which kustomize applies them, whatever their order in the file. */
  readonly patches: readonly Patch[]
  readonly replacements: readonly Replacement[]
}

/** One object, or one list of operations, that is merged into objects. */
export interface Patch {
  /** One string for one patch of a commit. */
  readonly id: string
  /** The file that holds its text: its own, or a kustomization. */
  readonly holder: Manifest
  /** The kustomization that lists it. */
  readonly listed: string
  /** Where the text stands in a kustomization; undefined where the file is the patch. */
  readonly inline: Path | undefined
  /** The text, parsed. */
  readonly inner: Manifest
  readonly document: number
  readonly data: unknown
  /** Undefined: the object that it names itself. */
  readonly target: Selector | undefined
}

/** A value that kustomize copies into objects at the very end. */
interface Replacement {
  readonly place: Location
  readonly selects: readonly Selector[]
  readonly fields: readonly string[]
}

/** Reads a file of patches: undefined where it is not there, not known yet, or not YAML. */
export type ReadPatch = (path: string) => Manifest | undefined

/** Fields with patches, in the order in which kustomize applies them (kusttarget_configplugin.go). */
const PATCH_FIELDS = ['patchesStrategicMerge', 'patches', 'patchesJson6902'] as const

/** What a kustomization file does to objects; undefined where it cannot be read. */
export function layerOf({ manifest, data }: KustomizationFile, read: ReadPatch): Kustomization | undefined {
  if (manifest === undefined || data === undefined) return undefined
  const here: LayerSource = { manifest, folder: parentOf(manifest.file), data, read }
  return {
    manifest,
    folder: here.folder,
    resources: [...pathsOf(here, 'resources'), ...pathsOf(here, 'bases')],
    components: pathsOf(here, 'components'),
    prefix: textOf(data['namePrefix']) ?? '',
    suffix: textOf(data['nameSuffix']) ?? '',
    namespace: textOf(data['namespace']),
    patches: PATCH_FIELDS.flatMap((field) => patchesIn(here, field)),
    replacements: listOf(data['replacements']).flatMap((_, index) => replacementsAt(here, index)),
  }
}

interface LayerSource {
  readonly manifest: Manifest
  readonly folder: string
  readonly data: Readonly<Record<string, unknown>>
  readonly read: ReadPatch
}

function pathsOf({ data, folder }: LayerSource, field: string): readonly string[] {
  return listOf(data[field]).flatMap((entry) => (typeof entry === 'string' ? (join(folder, entry) ?? []) : []))
}

function patchesIn(here: LayerSource, field: (typeof PATCH_FIELDS)[number]): readonly Patch[] {
  return listOf(here.data[field]).flatMap((item, index) => {
    const at = [field, index]
    if (typeof item === 'string') return fromText(here, { text: item, at, target: undefined })
    if (!isRecord(item)) return []
    const target = isRecord(item['target']) ? selectorOf(item['target']) : undefined
    const path = textOf(item['path'])
    if (path !== undefined) return fromFile(here, { path, at, target })
    const text = textOf(item['patch'])
    return text === undefined ? [] : inlinePatches(here, { text, at: [...at, 'patch'], target })
  })
}

interface Origin {
  readonly at: Path
  readonly target: Selector | undefined
}

/** An entry of `patchesStrategicMerge` is a path, or the patch itself. */
function fromText(here: LayerSource, origin: Origin & { readonly text: string }): readonly Patch[] {
  const { text } = origin
  return /[\n:]/.test(text) ? inlinePatches(here, origin) : fromFile(here, { ...origin, path: text })
}

function fromFile(here: LayerSource, { path, target, at }: Origin & { readonly path: string }): readonly Patch[] {
  const file = join(here.folder, path)
  const inner = file === undefined ? undefined : here.read(file)
  if (inner === undefined) return []
  return patchesOf({ holder: inner, inline: undefined, inner, target }, [here.manifest.file, at])
}

function inlinePatches(here: LayerSource, { text, at, target }: Origin & { readonly text: string }): readonly Patch[] {
  const inner = parseManifest(here.manifest.file, text)
  if (!inner.ok) return []
  return patchesOf({ holder: here.manifest, inline: at, inner: inner.value, target }, [here.manifest.file, at])
}

function patchesOf(
  patch: Omit<Patch, 'id' | 'listed' | 'document' | 'data'>,
  [listed, at]: readonly [file: string, at: Path],
): readonly Patch[] {
  return patch.inner.documents.flatMap(({ data }, document) =>
    data === null ? [] : [{ ...patch, listed, id: JSON.stringify([listed, at, document]), document, data }],
  )
}

function selectorOf(data: Readonly<Record<string, unknown>>): Selector {
  return {
    group: textOf(data['group']),
    version: textOf(data['version']),
    kind: textOf(data['kind']),
    namespace: textOf(data['namespace']),
    name: textOf(data['name']),
    hasLabels: ['labelSelector', 'annotationSelector'].some((key) => textOf(data[key]) !== undefined),
  }
}

/** A replacement is written in the kustomization, or in a file of its own. */
function replacementsAt(here: LayerSource, index: number): readonly Replacement[] {
  const item = listOf(here.data['replacements'])[index]
  const { manifest, folder, read } = here
  const path = isRecord(item) ? textOf(item['path']) : undefined
  if (path === undefined)
    return replacementOf(item, { file: manifest.file, line: manifest.line(0, ['replacements', index]) })
  const file = join(folder, path)
  const own = file === undefined ? undefined : read(file)
  if (own === undefined) return []
  return own.documents.flatMap(({ data }, document) =>
    (Array.isArray(data) ? data : [data]).flatMap((entry: unknown, at) =>
      replacementOf(entry, { file: own.file, line: own.line(document, Array.isArray(data) ? [at] : []) }),
    ),
  )
}

function replacementOf(data: unknown, place: Location): readonly Replacement[] {
  const targets = isRecord(data) ? listOf(data['targets']).filter(isRecord) : []
  return targets.map((target) => ({
    place,
    selects: isRecord(target['select']) ? [selectorOf(target['select'])] : [],
    fields: listOf(target['fieldPaths']).flatMap((field) => textOf(field) ?? []),
  }))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
