/** The plan of a promotion, made from the files of both environments. It is not yet proven. */
import type { Config } from '../config/schema.ts'
import { pathPattern } from '../text/path-pattern.ts'
import { inFolder, isKustomization, parentOf } from '../environment/tree.ts'
import { overridesSources } from '../delivery/argo/source-override.ts'
import { isRecord, listOf, recordOf, sameData, textOf } from '../manifest/data.ts'
import { parseManifest } from '../manifest/parse.ts'
import type { Target } from '../rollout/target.ts'
import { applyValues } from './apply-values.ts'
import type { DocumentEdit } from './carry-values.ts'
import { type CarryRules, carryFile, type NewFile, readNewFile } from './carry-file.ts'
import { carryImages, plain, stayingEntries, stayingFields } from './carry-kustomization.ts'
import { environmentNames, someText } from './environment-names.ts'
import {
  entryOf,
  type FileEntry,
  filesBelow,
  type FolderFiles,
  type FolderKustomization,
  kustomizationsIn,
  type PromotionSide,
  wordsOf,
} from './folder.ts'
import type { CarriedFile, CarriedImage, CarriedValue, LeftOut, LeftReason, PromotionPlan } from './promotion.ts'
import { serviceObjects } from './service-objects.ts'
import { switchedVersions } from './switched-versions.ts'
import { asWritten } from './written.ts'

export interface PromotionInput {
  readonly source: PromotionSide
  readonly target: PromotionSide
  readonly config: Pick<Config, 'promote' | 'secrets'>
  /** Undefined for all services. */
  readonly service: string | undefined
  /** The routes of both environments. */
  readonly routes: readonly Target[]
  /** Whether the repository has a file. */
  readonly exists: (path: string) => boolean
}

interface Plan {
  readonly input: PromotionInput
  readonly rules: CarryRules
  readonly isWanted: (file: string) => boolean
  readonly files: Map<string, string>
  readonly values: CarriedValue[]
  readonly added: CarriedFile[]
  readonly images: CarriedImage[]
  readonly left: LeftOut[]
  /** Edits of the target's kustomizations, by path. */
  readonly edits: Map<string, DocumentEdit[]>
  readonly kustomizations: {
    readonly source: readonly FolderKustomization[]
    readonly target: readonly FolderKustomization[]
  }
}

export function planPromotion(input: PromotionInput): PromotionPlan {
  const { source, target, config, service, routes } = input
  const [from, to] = [filesBelow(source), filesBelow(target)]
  const plan: Plan = {
    input,
    rules: {
      names: environmentNames(wordsOf(source, from), wordsOf(target, to)),
      secrets: config.secrets,
      versions: switchedVersions(routes, [source.environment.name, target.environment.name]),
      service:
        service === undefined ? undefined : serviceObjects(service, [...source.objects, ...target.objects], routes),
    },
    isWanted: wantedBy(config.promote),
    files: new Map(),
    values: [],
    added: [],
    images: [],
    left: [],
    edits: new Map(),
    kustomizations: { source: kustomizationsIn(from), target: kustomizationsIn(to) },
  }
  carryKustomizations(plan)
  carryFiles(plan, from, to)
  editKustomizations(plan)
  const { files, values, added, images, left } = plan
  return { files, values, added, images, left: [...left, ...deployerFields(source, target)] }
}

/** What the deployer of the source adds to its build, and that of the target does not. */
function deployerFields({ environment: { deployer } }: PromotionSide, target: PromotionSide): readonly LeftOut[] {
  if (deployer === undefined) return []
  const other = target.environment.deployer?.read.additions.fields ?? {}
  const fields = Object.entries(deployer.read.additions.fields).filter(([key, value]) => !sameData(value, other[key]))
  const file = deployer.files.find(overridesSources) ?? deployer.file
  return fields.map(([what]) => ({ file, what, why: 'deployer' }))
}

/** Whether a file is carried. Files are named by their path below the environment's folder. */
function wantedBy({ include, exclude }: Config['promote']): (file: string) => boolean {
  const matches = (patterns: readonly string[], file: string): boolean =>
    patterns.some((pattern) => pathPattern(pattern)?.(file) === true)
  return (file) => (include === undefined || matches(include, file)) && !matches(exclude, file)
}

function carryKustomizations(plan: Plan): void {
  const { source, target } = plan.kustomizations
  const { names, service } = plan.rules
  for (const own of source) {
    const other = target.find(({ folder }) => folder === own.folder)
    if (other === undefined) {
      plan.left.push({ file: own.path, what: '', why: 'not-exact' })
      continue
    }
    const pair = { source: own, target: other }
    const carried = carryImages(pair, { names, service, isWanted: plan.input.config.promote.images })
    const read = parseManifest(own.path, own.text)
    addEdits(plan, other.path, read.ok ? asWritten(carried.edits, read.value) : carried.edits)
    plan.images.push(...carried.images)
    plan.left.push(
      ...carried.left,
      ...stayingFields(pair, names),
      ...stayingEntries(pair, (item) => inlineStays(plan, item)),
    )
  }
}

function addEdits(plan: Plan, path: string, edits: readonly DocumentEdit[]): void {
  if (edits.length > 0) plan.edits.set(path, [...(plan.edits.get(path) ?? []), ...edits])
}

function carryFiles(plan: Plan, from: FolderFiles, to: FolderFiles): void {
  for (const [own, source] of from) {
    if (isKustomization(own)) continue
    const target = to.get(own)
    if (target === undefined) {
      addFile(plan, own, source)
      continue
    }
    const why = plan.isWanted(own) ? targetStays(plan, entryOf(plan.kustomizations.source, own)) : 'excluded'
    if (why !== undefined) {
      if (source.text !== target.text) plan.left.push({ file: target.path, what: '', why })
    } else {
      const carried = carryFile({ source, target }, plan.rules)
      if (carried.text !== undefined) plan.files.set(target.path, carried.text)
      plan.values.push(...carried.values)
      plan.left.push(...carried.left)
    }
  }
  for (const [own, { path }] of to)
    if (!from.has(own) && !isKustomization(own)) plan.left.push({ file: path, what: '', why: 'target-only' })
}

/** Adds a file that only the source lists, with its entry. */
function addFile(plan: Plan, own: string, source: { readonly path: string; readonly text: string }): void {
  const entry = entryOf(plan.kustomizations.source, own)
  const home = plan.kustomizations.target.find(({ folder }) => folder === entry?.kustomization.folder)
  const listing = entry === undefined || home === undefined ? undefined : { entry, home }
  const file = inFolder(plan.input.target.environment.root, own)
  const isPlain = plan.input.target.environment.kind === 'plain'
  const why =
    (plan.isWanted(own) ? undefined : 'excluded') ??
    (isPlain || listing !== undefined ? undefined : 'not-exact') ??
    entryStays(plan, entry) ??
    occupied(plan, file)
  const read = why ?? readNewFile(source, plan.rules)
  if (typeof read === 'string') plan.left.push({ file: source.path, what: '', why: read })
  else putFile(plan, { file, text: source.text, read, listing })
}

type Listing = { readonly entry: FileEntry; readonly home: FolderKustomization }

function putFile(
  plan: Plan,
  {
    file,
    text,
    read,
    listing,
  }: { readonly file: string; readonly text: string; readonly read: NewFile; readonly listing: Listing | undefined },
): void {
  plan.files.set(file, text)
  const field = listing?.entry.field
  const isPatch = field !== undefined && field !== 'resources'
  plan.added.push({ file, field, objects: isPatch ? [] : read.objects })
  if (listing === undefined) return
  if (isPatch) plan.values.push(...read.values.map((value) => ({ ...value, file, ...patched(listing.entry, value) })))
  addEdits(plan, listing.home.path, [entryEdit(plan, listing)])
}

function occupied({ input }: Plan, file: string): LeftReason | undefined {
  return input.exists(file) ? 'occupied' : undefined
}

/** An operation of a JSON patch does not name its object, so the entry of the patch does. */
function patched({ item }: FileEntry, { kind, name }: CarriedValue): Pick<CarriedValue, 'kind' | 'name'> {
  if (kind !== '' || !isRecord(item)) return { kind, name }
  const target = recordOf(item['target'])
  return { kind: textOf(target['kind']) ?? '', name: textOf(target['name']) ?? '' }
}

/** Why an entry is not carried: its object is not, or it names the source. */
function entryStays(plan: Plan, entry: FileEntry | undefined): LeftReason | undefined {
  const isNamed = entry !== undefined && someText(plain(entry.item), plan.rules.names.source)
  return targetStays(plan, entry) ?? (isNamed ? 'environment' : undefined)
}

/** Why a patch that is written inside the kustomization stays. Weights and Secrets must not be copied by hand either. */
function inlineStays(plan: Plan, item: unknown): LeftReason {
  const text = textOf(isRecord(item) ? item['patch'] : item) ?? ''
  const read = readNewFile({ path: '', text }, plan.rules)
  return targetStays(plan, { item }) ?? (typeof read === 'string' ? read : 'not-exact')
}

/** Why a patch is not carried, from the object in its entry. */
function targetStays({ rules }: Plan, entry: Pick<FileEntry, 'item'> | undefined): LeftReason | undefined {
  const { target } = recordOf(entry?.item)
  if (!isRecord(target)) return undefined
  const [kind, name] = [textOf(target['kind']) ?? '', textOf(target['name']) ?? '']
  if (/secret/i.test(kind)) return 'secret'
  return rules.service === undefined || rules.service.has({ kind, name }) ? undefined : 'other-service'
}

function entryEdit(plan: Plan, { entry: { field, item }, home }: Listing): DocumentEdit {
  const there = listOf(home.data[field]).length
  const more = (plan.edits.get(home.path) ?? []).filter(
    ({ kind, path }) => kind === 'insert' && path[0] === field,
  ).length
  return { kind: 'insert', document: 0, path: [field, there + more], before: undefined, after: plain(item) }
}

/** If a kustomization cannot be edited exactly, nothing that needs the edit is carried. */
function editKustomizations(plan: Plan): void {
  const { target } = plan.kustomizations
  for (const [path, edits] of plan.edits) {
    const text = target.find((one) => one.path === path)?.text
    const next = text === undefined ? undefined : applyValues(path, text, edits)
    if (next !== undefined) {
      plan.files.set(path, next)
      continue
    }
    plan.left.push({ file: path, what: '', why: 'not-exact' })
    const lost = plan.added.filter(({ file }) => parentOf(path) === '' || file.startsWith(`${parentOf(path)}/`))
    for (const { file } of lost) plan.files.delete(file)
    keepOnly(plan.added, (one) => !lost.includes(one))
    keepOnly(plan.values, ({ file }) => lost.every((one) => one.file !== file))
    keepOnly(plan.images, ({ file }) => file !== path)
  }
}

function keepOnly<T>(list: T[], isKept: (item: T) => boolean): void {
  list.splice(0, list.length, ...list.filter(isKept))
}
