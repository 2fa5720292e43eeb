/**
 * The fields of a kustomization that apply to all of its objects. Images are carried. All other fields belong to the environment.
 */
import { canonicalText, isRecord, type JsonValue, listOf, recordOf, sameData, textOf } from '../manifest/data.ts'
import type { DocumentEdit } from './carry-values.ts'
import { type EnvironmentNames, someText } from './environment-names.ts'
import type { FolderKustomization } from './folder.ts'
import type { CarriedImage, LeftOut, LeftReason } from './promotion.ts'
import type { ServiceObjects } from './service-objects.ts'

interface KustomizationPair {
  readonly source: FolderKustomization
  readonly target: FolderKustomization
}

interface ImageRules {
  readonly names: EnvironmentNames
  readonly isWanted: boolean
  /** Undefined for all services. */
  readonly service: ServiceObjects | undefined
}

export interface CarriedImages {
  readonly edits: readonly DocumentEdit[]
  readonly images: readonly CarriedImage[]
  readonly left: readonly LeftOut[]
}

const VERSION_KEYS = ['newName', 'newTag', 'digest', 'tagSuffix'] as const

export function carryImages({ source, target }: KustomizationPair, rules: ImageRules): CarriedImages {
  const entries = listOf(target.data['images'])
  const edits: DocumentEdit[] = []
  const images: CarriedImage[] = []
  const left: LeftOut[] = []
  let added = 0
  for (const entry of listOf(source.data['images'])) {
    const own = recordOf(entry)
    const name = textOf(own['name'])
    if (name === undefined) continue
    const index = entries.findIndex((one) => recordOf(one)['name'] === name)
    const there = index < 0 ? undefined : recordOf(entries[index])
    const changes = VERSION_KEYS.filter((key) => !sameData(own[key], there?.[key]))
    if (there !== undefined && changes.length === 0) continue
    const why = imageStays({ own, there }, { name, rules })
    if (why !== undefined) {
      left.push({ file: target.path, what: `images ${name}`, why })
      continue
    }
    images.push({ file: target.path, name, before: there && imageWords(there), after: imageWords(own) })
    if (there === undefined) {
      edits.push({
        kind: 'insert',
        document: 0,
        path: ['images', entries.length + added],
        before: undefined,
        after: plain(own),
      })
      added += 1
    } else
      edits.push(
        ...changes.map((key): DocumentEdit => ({
          kind: 'set',
          document: 0,
          path: ['images', index, key],
          before: plain(there[key]),
          after: own[key] === undefined ? undefined : plain(own[key]),
        })),
      )
  }
  return { edits, images, left }
}

type Entry = Readonly<Record<string, unknown>>

function imageStays(
  { own, there }: { readonly own: Entry; readonly there: Entry | undefined },
  { name, rules }: { readonly name: string; readonly rules: ImageRules },
): LeftReason | undefined {
  const { isWanted, service, names } = rules
  if (!isWanted) return 'excluded'
  const used = [name, ...[own, there].flatMap((entry) => textOf(entry?.['newName']) ?? [])]
  if (service !== undefined && !used.some(service.usesAlone)) return 'other-service'
  return someText(plain(own), names.source) || someText(plain(there), names.target) ? 'environment' : undefined
}

/** `registry.example.com/web:1.4@sha256:…`, from the parts that the entry has. */
function imageWords(entry: Entry): string {
  const [name, newName, tag, digest] = ['name', 'newName', 'newTag', 'digest'].map((key) => wordOf(entry[key]))
  return `${newName === '' ? name : newName}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`
}

function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Data that was parsed from YAML, with the type that it has. */
export function plain(value: unknown): JsonValue {
  if (Array.isArray(value)) return listOf(value).map(plain)
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plain(own)]))
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

const PLACEMENT = new Set([
  'namespace',
  'namePrefix',
  'nameSuffix',
  'labels',
  'commonLabels',
  'commonAnnotations',
  'replicas',
])

/** Fields that are compared entry by entry elsewhere, or that do not concern objects. */
const LISTS = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'images',
  'resources',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
])

/** The fields that differ and are not carried. */
export function stayingFields({ source, target }: KustomizationPair, names: EnvironmentNames): readonly LeftOut[] {
  const fields = new Set([...Object.keys(source.data), ...Object.keys(target.data)])
  const others = [...fields].sort().flatMap((field): LeftOut[] => {
    if (LISTS.has(field) || sameData(source.data[field], target.data[field])) return []
    return [{ file: target.path, what: field, why: fieldStays(field, source.data[field] === undefined) }]
  })
  return [...others, ...stayingPodLabels({ source, target }, names)]
}

/** Labels of pods that differ. Subsets and Services find pods by them, so carrying one without the other finds none. */
function stayingPodLabels({ source, target }: KustomizationPair, names: EnvironmentNames): readonly LeftOut[] {
  const [from, to] = [podLabels(source.data), podLabels(target.data)]
  return [...new Set([...from.keys(), ...to.keys()])].sort().flatMap((key): LeftOut[] => {
    const [theirs, own] = [from.get(key), to.get(key)]
    if (theirs === own) return []
    const isNamed = someText(plain(theirs), names.source) || someText(plain(own), names.target)
    return isNamed
      ? []
      : [{ file: target.path, what: `${key}: ${own ?? 'none'}, in the source ${theirs ?? 'none'}`, why: 'pod-labels' }]
  })
}

/** The labels that a kustomization adds to pods, and not only to other objects. */
function podLabels(data: Entry): ReadonlyMap<string, string> {
  const added = listOf(data['labels'])
    .map(recordOf)
    .filter((one) => one['includeSelectors'] === true || one['includeTemplates'] === true)
    .map((one) => recordOf(one['pairs']))
  const pairs = [recordOf(data['commonLabels']), ...added].flatMap((labels) => Object.entries(labels))
  return new Map(pairs.map(([key, value]) => [key, wordOf(value)]))
}

function fieldStays(field: string, isOwn: boolean): LeftReason {
  if (PLACEMENT.has(field)) return 'placement'
  if (field === 'secretGenerator') return 'secret'
  return isOwn ? 'target-only' : 'not-exact'
}

/** Entries that the target does not have and that name no file of the folder, such as an inline patch. */
export function stayingEntries(
  { source, target }: KustomizationPair,
  whyStays: (item: unknown) => LeftReason,
): readonly LeftOut[] {
  return ['resources', 'patches', 'patchesStrategicMerge', 'patchesJson6902'].flatMap((field) => {
    const known = new Set(listOf(target.data[field]).map(canonicalText))
    const inPlace = listOf(source.data[field]).filter((item) => !known.has(canonicalText(item)) && isInPlace(item))
    return inPlace.map((item): LeftOut => ({ file: source.path, what: field, why: whyStays(item) }))
  })
}

function isInPlace(item: unknown): boolean {
  const path = isRecord(item) ? textOf(item['path']) : textOf(item)
  return path === undefined || path.includes('\n')
}
