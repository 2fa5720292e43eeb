/** The additions of Argo CD or Flux to the build of a folder. */
import { canonicalText, isRecord, listOf, type Path, recordOf, textOf } from '../manifest/data.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { join } from '../environment/tree.ts'
import type { Variables } from './variables.ts'

type Data = Readonly<Record<string, unknown>>

export interface Additions {
  /** Fields of a kustomization. The deployer merges them into the folder's kustomization before the build. */
  readonly fields: Data
  /** It generates a kustomization for a folder without one. */
  readonly generates: boolean
  /** The variables that it replaces after the build. */
  readonly variables: Variables | undefined
  /** The place of its patches in the file of the deployer's object. */
  readonly source: AdditionSource
}

/** Only a place, because keeping each deployer's parsed file would take much memory. */
export interface AdditionSource {
  readonly file: string
  readonly line: number
  /** The index among the documents about deployers. Undefined if a chart renders the deployer: then no edit of a file changes only this. */
  readonly document: number | undefined
  /** The path to the map that has `patches`. */
  readonly at: Path
}

/** A key that is equal for additions with the same effect on a build. */
export function additionsKey({ fields, variables }: Additions): string {
  const known = variables && [Object.fromEntries(variables.known), variables.isWhole]
  return canonicalText([fields, known ?? null])
}

/** Whether additions change nothing. */
export function isNothing({ fields, variables }: Additions): boolean {
  return Object.keys(fields).length === 0 && variables === undefined
}

/** The additions of a Flux Kustomization (fluxcd/pkg/kustomize, kustomize_generator.go). */
export function fluxFields(spec: Data): Data {
  const { labels, annotations } = recordOf(spec['commonMetadata'])
  return withoutEmpty({
    namespace: spec['targetNamespace'],
    namePrefix: spec['namePrefix'],
    nameSuffix: spec['nameSuffix'],
    ...patchFields(spec),
    components: spec['components'],
    images: listOf(spec['images']).filter(isRecord).map(fluxImage),
    labels: isFilled(labels) ? [{ pairs: labels, includeSelectors: false }] : [],
    transformers: isFilled(annotations) ? [annotator(recordOf(annotations))] : [],
  })
}

/** Tag and digest belong together: setting one of them replaces both. */
function fluxImage({ name, newName, newTag = '', digest = '' }: Data): Data {
  const version = newTag === '' && digest === '' ? {} : { newTag, digest }
  return { name, ...(newName === undefined || newName === '' ? {} : { newName }), ...version }
}

/** Annotates only the objects themselves. `commonAnnotations` would annotate their pods too. */
function annotator(annotations: Data): string {
  return JSON.stringify({
    apiVersion: 'builtin',
    kind: 'AnnotationsTransformer',
    metadata: { name: 'common-metadata' },
    annotations,
    fieldSpecs: [{ path: 'metadata/annotations', create: true }],
  })
}

/**
 * The additions from `kustomize` in an Application's source, as `kustomize edit` would make them (argo-cd,
 * util/kustomize/kustomize.go).
 */
export function argoFields(kustomize: Data): Data {
  const labels = kustomize['commonLabels']
  const isBare = kustomize['labelWithoutSelector'] === true
  const includeTemplates = kustomize['labelIncludeTemplates'] === true
  return withoutEmpty({
    namespace: kustomize['namespace'],
    namePrefix: kustomize['namePrefix'],
    nameSuffix: kustomize['nameSuffix'],
    ...patchFields(kustomize),
    components: kustomize['components'],
    images: listOf(kustomize['images']).flatMap((image) => argoImage(textOf(image) ?? '')),
    replicas: listOf(kustomize['replicas'])
      .filter(isRecord)
      .map(({ name, count }) => ({ name, count: Number(count) })),
    commonLabels: isBare ? undefined : labels,
    labels: isBare && isFilled(labels) ? [{ pairs: labels, includeSelectors: false, includeTemplates }] : [],
    commonAnnotations: kustomize['commonAnnotations'],
  })
}

/** Reads `name=other/name:tag@digest`, `name:tag` or `name@digest`. `*` keeps the kustomization's own value. */
function argoImage(written: string): readonly Data[] {
  const equals = written.indexOf('=')
  const image = written.slice(equals + 1)
  const parts = /(?<path>.*?)(?::(?<tag>[^:/@]*))?(?:@(?<digest>.*))?$/.exec(image)?.groups
  const { path = '', tag = '', digest = '' } = parts ?? {}
  const name = equals === -1 ? path : written.slice(0, equals)
  if (name === '') return []
  const own = equals === -1 ? '' : path
  return [
    {
      name,
      ...(own === '*' ? {} : { newName: own }),
      ...(tag === '*' ? {} : { newTag: tag }),
      ...(digest === '*' ? {} : { digest }),
    },
  ]
}

/** Leaves out components that are not in the repository if the deployer ignores missing ones. */
export function withoutMissing(
  spec: Data,
  fields: Data,
  { path, paths }: { readonly path: string; readonly paths: readonly string[] | undefined },
): Data {
  if (spec['ignoreMissingComponents'] !== true || paths === undefined) return fields
  const isHere = (entry: unknown): boolean => {
    const folder = join(path, textOf(entry) ?? '')
    return folder !== undefined && paths.some((file) => file.startsWith(`${folder}/`))
  }
  return withoutEmpty({ ...fields, components: listOf(fields['components']).filter(isHere) })
}

/** The patches of a deployer as fields of a kustomization. */
export function patchFields(spec: Data): Data {
  return withoutEmpty({
    patches: spec['patches'],
    patchesStrategicMerge: listOf(spec['patchesStrategicMerge']).map((data) => JSON.stringify(data)),
    patchesJson6902: listOf(spec['patchesJson6902'])
      .filter(isRecord)
      .map(({ patch, target }) => ({ patch: JSON.stringify(patch), target })),
  })
}

function withoutEmpty(fields: Data): Data {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isFilled(value)))
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return isRecord(value) ? Object.keys(value).length > 0 : value !== undefined && value !== null && value !== ''
}

/** The source of additions whose `kustomize`, or `spec`, is at a path of an object. */
export function sourceAt({ file, line, document, at }: ManifestObject, path: Path): AdditionSource {
  return { file, line, document, at: [...at, ...path] }
}

/** The fields of a kustomization after the additions are merged into it. */
export function mergedFields(own: Data, added: Data): Data {
  const merged = Object.entries(added).map(([field, value]) => [field, mergedField(field, own[field], value)])
  return { ...own, ...Object.fromEntries(merged) }
}

function mergedField(field: string, own: unknown, added: unknown): unknown {
  if (field === 'images' || field === 'replicas') return byName(listOf(own), listOf(added))
  if (field === 'components') return [...new Set([...listOf(own), ...listOf(added)])]
  if (Array.isArray(added)) return [...listOf(own), ...listOf(added)]
  return isRecord(added) ? { ...recordOf(own), ...added } : added
}

function byName(own: readonly unknown[], added: readonly unknown[]): readonly unknown[] {
  const entries = new Map(own.map((entry) => [recordOf(entry)['name'], recordOf(entry)]))
  for (const entry of added.map(recordOf)) {
    const { name } = entry
    entries.set(name, { ...entries.get(name), ...entry })
  }
  return [...entries.values()]
}
