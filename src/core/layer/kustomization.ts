import { isRecord, listOf, type Path, recordOf, textOf } from '../manifest/data.ts'
import { type Manifest, parseManifest, type Location } from '../manifest/parse.ts'
import { isInline, type KustomizationFile } from '../environment/kustomization.ts'
import { join, parentOf } from '../environment/tree.ts'
import type { VariablePlace } from '../delivery/variables.ts'
import type { Selector } from './selector.ts'

/** The effects of one kustomization on the names and values of its objects. */
export interface Kustomization {
  /** The file itself. */
  readonly manifest: Manifest
  readonly folder: string
  /** Files and folders, as paths in the repository. */
  readonly resources: readonly string[]
  readonly components: readonly string[]
  readonly prefix: string
  readonly suffix: string
  /** The namespace for its objects. Undefined if it does not change theirs. */
  readonly namespace: string | undefined
  /** In the order in which kustomize applies them, not in the order of the file. */
  readonly patches: readonly Patch[]
  /** `commonAnnotations`, which every object gets. */
  readonly annotations: Readonly<Record<string, unknown>>
  readonly replacements: readonly Replacement[]
  /** The places of features that Perch cannot follow, by kind. */
  readonly unfollowed: Readonly<Partial<Record<'schema' | 'transformer' | 'variable', Location>>>
  /** The variables that its deployer replaces after the build. */
  readonly filler?: Filler | undefined
}

export interface Filler {
  /** The place of the variables in the deployer. */
  readonly place: Location
  /** Replaces the known variables in a text. */
  readonly fill: (text: string) => string
  readonly places: ReadonlyMap<string, VariablePlace>
}

/** A patch: one object, or one list of operations, that is merged into objects. */
export interface Patch {
  /** Identifies a patch within a commit. */
  readonly id: string
  /** It is applied after `commonAnnotations`. */
  readonly isLate: boolean
  /** The file with its text: its own file, or a kustomization. */
  readonly holder: Manifest
  /** The kustomization that lists it. */
  readonly listed: string
  /** The place of the text in a kustomization, or in the object of a deployer. Undefined if the file itself is the patch. */
  readonly inline: Path | undefined
  /** The index of the document in the holder. */
  readonly inlineDocument: number
  /** The text, parsed. */
  readonly inner: Manifest
  readonly document: number
  readonly data: unknown
  /** Undefined: the patch names its object itself. */
  readonly target: Selector | undefined
}

/** A value that kustomize copies into objects at the very end. */
interface Replacement {
  readonly place: Location
  readonly selects: readonly Selector[]
  readonly fields: readonly string[]
}

/** Reads a file with patches. Undefined if it does not exist, is not loaded yet, or is not YAML. */
export type ReadPatch = (path: string) => Manifest | undefined

/** Fields with patches, in the order in which kustomize applies them (kusttarget_configplugin.go). */
const PATCH_FIELDS = ['patchesStrategicMerge', 'patches', 'patchesJson6902'] as const
const LATE_FIELD = 'patchesJson6902'

/** The effects of a kustomization file. Undefined if it cannot be read. */
export function layerOf({ manifest, data }: KustomizationFile, read: ReadPatch): Kustomization | undefined {
  if (manifest === undefined || data === undefined) return undefined
  const here: LayerSource = { manifest, folder: parentOf(manifest.file), data, read }
  return {
    manifest,
    folder: here.folder,
    resources: [...pathsOf(here, 'resources'), ...pathsOf(here, 'bases')],
    components: pathsOf(here, 'components'),
    prefix: filledText(data['namePrefix']) ?? '',
    suffix: filledText(data['nameSuffix']) ?? '',
    namespace: filledText(data['namespace']),
    patches: PATCH_FIELDS.flatMap((field) => patchesIn(here, field)),
    annotations: recordOf(data['commonAnnotations']),
    replacements: listOf(data['replacements']).flatMap((_, index) => replacementsAt(here, index)),
    unfollowed: unfollowedIn(here),
  }
}

/** Transformers that can write any field. The others set names, namespaces, labels, annotations and images. */
const WRITERS: ReadonlySet<unknown> = new Set(
  ['Patch', 'PatchStrategicMerge', 'PatchJson6902', 'Replacement', 'ValueAdd'].map((what) => `${what}Transformer`),
)

function unfollowedIn(here: LayerSource): Kustomization['unfollowed'] {
  const { data, manifest } = here
  const at = (...path: Path): Location => ({ file: manifest.file, line: manifest.line(0, path) })
  const schema = textOf(recordOf(data['openapi'])['path']) !== undefined
  const writer = listOf(data['transformers']).findIndex((entry) => isWriter(here, entry))
  return {
    ...(schema ? { schema: at('openapi') } : {}),
    ...(writer === -1 ? {} : { transformer: at('transformers', writer) }),
    ...(listOf(data['vars']).length > 0 ? { variable: at('vars') } : {}),
  }
}

/** Whether an entry of `transformers` (a path, or the text itself) can write weights. */
function isWriter({ folder, manifest, read }: LayerSource, entry: unknown): boolean {
  if (typeof entry !== 'string') return false
  const path = join(folder, entry)
  const inline = isInline(entry) ? parseManifest(manifest.file, entry) : undefined
  const own = inline?.ok === true ? inline.value : path && read(path)
  // A folder of transformers is not followed.
  if (own === undefined || own === '') return true
  return own.documents.some(({ data }) => WRITERS.has(recordOf(data)['kind']))
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
    const target = isRecord(item['target']) ? selectorIn(item['target']) : undefined
    const path = filledText(item['path'])
    if (path !== undefined) return fromFile(here, { path, at, target })
    const text = filledText(item['patch'])
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
  return isInline(text) ? inlinePatches(here, origin) : fromFile(here, { ...origin, path: text })
}

function fromFile(here: LayerSource, { path, target, at }: Origin & { readonly path: string }): readonly Patch[] {
  const file = join(here.folder, path)
  const inner = file === undefined ? undefined : here.read(file)
  if (inner === undefined) return []
  return patchesOf({ holder: inner, inline: undefined, inlineDocument: 0, inner, target }, [here.manifest.file, at])
}

function inlinePatches(here: LayerSource, { text, at, target }: Origin & { readonly text: string }): readonly Patch[] {
  return textPatches({ holder: here.manifest, document: 0, at }, { text, target, listed: here.manifest.file })
}

/** The patches of a text that is written out in a file. */
export function textPatches(
  { holder, document, at }: { readonly holder: Manifest; readonly document: number; readonly at: Path },
  { text, target, listed }: { readonly text: string; readonly target: Selector | undefined; readonly listed: string },
): readonly Patch[] {
  const inner = parseManifest(holder.file, text)
  if (!inner.ok) return []
  const patch = { holder, inline: at, inlineDocument: document, inner: inner.value, target }
  return patchesOf(patch, [listed, at])
}

function patchesOf(
  patch: Omit<Patch, 'id' | 'listed' | 'isLate' | 'document' | 'data'>,
  [listed, at]: readonly [file: string, at: Path],
): readonly Patch[] {
  const isLate = at[0] === LATE_FIELD
  return patch.inner.documents.flatMap(({ data }, document) =>
    data === null ? [] : [{ ...patch, listed, isLate, id: idOf(patch, [listed, at, document]), document, data }],
  )
}

function idOf({ holder, inlineDocument }: Pick<Patch, 'holder' | 'inlineDocument'>, at: readonly unknown[]): string {
  const isOfKustomization = inlineDocument === 0 && holder.file === at[0]
  return JSON.stringify(isOfKustomization ? at : [...at, holder.file, inlineDocument])
}

/** What a `target` selects. */
export function selectorIn(data: Readonly<Record<string, unknown>>): Selector {
  return {
    group: filledText(data['group']),
    version: filledText(data['version']),
    kind: filledText(data['kind']),
    namespace: filledText(data['namespace']),
    name: filledText(data['name']),
    hasLabels: ['labelSelector', 'annotationSelector'].some((key) => filledText(data[key]) !== undefined),
  }
}

/** A replacement is written in the kustomization or in a separate file. */
function replacementsAt(here: LayerSource, index: number): readonly Replacement[] {
  const item = listOf(here.data['replacements'])[index]
  const { manifest, folder, read } = here
  const path = filledText(recordOf(item)['path'])
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
  const targets = listOf(recordOf(data)['targets']).filter(isRecord)
  return targets.map((target) => ({
    place,
    selects: isRecord(target['select']) ? [selectorIn(target['select'])] : [],
    fields: listOf(target['fieldPaths']).flatMap((field) => filledText(field) ?? []),
  }))
}

/** A non-empty string. */
function filledText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
