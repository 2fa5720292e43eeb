import { type AnyEdit, type Edit, type EditRefusal } from '../manifest/edit/edit.ts'
import type { Location } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { sameData } from '../manifest/data.ts'
import { settled } from './compare.ts'
import type { Kustomization, Patch } from './kustomization.ts'
import { type Draft, withoutEmpty, write } from './drafts.ts'
import { decisiveSteps, type LayeredObject, layeredIn, type Spot, waysTo } from './layered.ts'
import { fileOf, originOf } from './build/origin.ts'
import type { Unclear } from './build/unclear.ts'
import { chainsTo, isOfDeployer, type Layout, manifestIn, resourcesOf, rootOf, withTexts } from './layout.ts'
import { newPatch } from './new-patch.ts'
import type { ObjectData } from './step.ts'
import { isVariableWeight, variableEdits } from './variable-weights.ts'
import { edited, operationsFor } from './operations.ts'

/** New file texts by path. */
export type NewTexts = ReadonlyMap<string, string>

export type PlaceRefusal =
  | EditRefusal
  | (Unclear & { readonly code: 'unclear'; readonly name: string })
  /** Others use the file too, and the environment has no kustomization of its own for a patch. */
  | (Location & { readonly code: 'no-layer'; readonly environment: string; readonly users: readonly string[] })
  /** The same for a number that a weight is taken from. */
  | (Location & { readonly code: 'shared-value'; readonly environment: string; readonly users: readonly string[] })

/** An object whose values should change in some environments, but in no others. */
export interface EditPlacement {
  readonly layout: Layout
  readonly spot: Spot
  /** The environments to change now. */
  readonly environments: readonly string[]
  /** All environments that a file may be changed for. */
  readonly wanted: readonly string[]
  /** Which way to try, if only a render can tell whether it is correct. Otherwise the first way with the intended result. */
  readonly attempt?: number
}

/** How many ways there are to place an edit. */
export const PLACE_ATTEMPTS = 5
/** The number of ways, if the files are enough to tell the result. */
const SURE_WAYS = 3

/**
 * The files that change an object (edits with paths of its document) in its environments only. Values that only these environments
 * use are changed in place. The others get the smallest patch, in one of their own patches or next to them. The result is read
 * again: if the object is not exactly as wanted, another way is tried.
 */
export function placeEdits(at: EditPlacement, edits: readonly Edit[]): Result<NewTexts, PlaceRefusal> {
  const { layout, spot, environments } = at
  const [first = ''] = environments
  const layered = layeredIn(layout, first, spot)
  if (layered === undefined) return err({ code: 'would-leak', path: [], file: spot.file, line: 1 })
  const { object, unclear } = layered
  if (unclear !== undefined) return err({ ...unclear, code: 'unclear', name: object.name })
  if (edits.length === 0) return ok(new Map())
  const here: LayeredPlacement = { ...at, layered, dataOf: ({ patchable }) => patchable }
  const own = edits.map((edit) => ({ ...edit, path: edit.path.slice(object.at.length) }))
  const isVariable = (edit: Edit): boolean => isVariableWeight(layered, edit)
  if (layered.filledBy !== undefined && !layered.isRendered && edits.some(isVariable))
    return withVariableWeights(here, edits, layered.filledBy)
  const [mine, others] = split(own, (edit) => isOwn(here, edit))
  if (others.length === 0 && layered.steps.length === 0 && !layered.isRendered)
    return write([{ manifest: layered.manifest, patch: undefined, edits }])
  return byWays(here, { own, mine, others })
}

/** Weights that are variables change at the values of the variables. The other edits change the files of the object. */
function withVariableWeights(
  { layered, ...at }: LayeredPlacement,
  edits: readonly Edit[],
  filledBy: Location,
): Result<NewTexts, PlaceRefusal> {
  const { layout, spot, environments } = at
  const unclear = err({ ...filledBy, code: 'unclear', why: 'variable', name: layered.object.name } as const)
  const { drafts, rest } = variableEdits(layout, layered, edits)
  if (drafts === undefined || drafts.length === 0) return unclear
  const files = write(drafts)
  if (!files.ok) return files
  const after = withTexts(layout, files.value)
  const weights = edits
    .filter((edit) => !rest.includes(edit))
    .map((edit) => ({ ...edit, path: edit.path.slice(layered.object.at.length) }))
  const wanted = edited(layered.object.data, weights)
  const isDone = environments.every((name) => sameData(layeredIn(after, name, spot)?.object.data, wanted))
  if (!isDone) return unclear
  const left = placeEdits({ ...at, layout: after }, rest)
  return left.ok ? ok(new Map([...files.value, ...left.value])) : left
}

interface SortedEdits {
  readonly own: readonly Edit[]
  readonly mine: readonly Edit[]
  readonly others: readonly Edit[]
}

function byWays(here: LayeredPlacement, { own, mine, others }: SortedEdits): Result<NewTexts, PlaceRefusal> {
  // Other parts of the build may have added something before the patch is applied.
  const late = { ...here, dataOf: ({ object: { data } }: LayeredObject) => data }
  const ways = [
    () => inLastPatch(here, mine, others),
    () => inNewPatch(here, mine, others),
    () => inNewPatch(here, [], own),
    () => inNewPatch(late, mine, others),
    () => inNewPatch(late, [], own),
  ]
  if (here.layered.isRendered) return ways[here.attempt ?? 0]?.() ?? err(nowhere(here))
  return firstGood(ways.slice(0, SURE_WAYS), (files) => isAsWanted(here, files, own)) ?? err(nowhere(here))
}

/** The reason if no way is left. */
function nowhere({ layout, environments, layered: { object } }: LayeredPlacement): PlaceRefusal {
  const place = { file: object.file, line: object.line }
  const isTwice = environments.some((name) => chainsTo(layout, name, object.file).length > 1)
  return isTwice
    ? { ...place, code: 'unclear', why: 'twice', name: object.name }
    : { ...place, code: 'would-leak', path: [] }
}

/** The files of the first way with the intended result. If there is none, the reason why the first way fails. */
function firstGood(
  ways: readonly (() => Result<NewTexts, PlaceRefusal>)[],
  isGood: (files: NewTexts) => boolean,
): Result<NewTexts, PlaceRefusal> | undefined {
  let refused: Result<NewTexts, PlaceRefusal> | undefined
  for (const way of ways) {
    const files = way()
    if (files.ok && isGood(files.value)) return files
    if (!files.ok) refused ??= files
  }
  return refused
}

interface LayeredPlacement extends EditPlacement {
  readonly layered: LayeredObject
  /** The object before a new patch is applied. */
  readonly dataOf: (layered: LayeredObject) => ObjectData
}

function split<T>(items: readonly T[], is: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(is), items.filter((item) => !is(item))]
}

/** Whether a value is in a text that no other environment uses, and can be changed there. */
function isOwn(here: LayeredPlacement, edit: Edit): boolean {
  const origin = originOf(here.layered, edit.path)
  // The whole value of an operation is not a list item, so no copy can be added after it.
  if (edit.kind === 'copy' && origin.patch !== undefined && isOperation(origin.patch) && origin.path.length === 2)
    return false
  const isOfAllWays = isOnOtherWays(here, origin.patch?.listed)
  return !isOfAllWays && isUsedBy(here, fileOf(here.layered, origin)) && !isForOthers(here, origin.patch)
}

/** Whether the environment also reaches a kustomization by another chain. If `listed` is undefined: the object's own file. */
function isOnOtherWays({ layout, layered, environments }: LayeredPlacement, listed: string | undefined): boolean {
  const { file, way } = layered.object
  if (way === undefined) return false
  const [first = ''] = environments
  const others = chainsTo(layout, first, file).filter((_, index) => index !== way)
  return listed === undefined || others.some((chain) => chain.some(({ manifest }) => manifest.file === listed))
}

/**
 * The kustomization in which an environment changes an object: its root or, if a chain is chosen, the last one that is in no other
 * chain.
 */
function homeOf(here: LayeredPlacement, environment: string): Kustomization | undefined {
  const { layout, layered } = here
  const { file, way } = layered.object
  if (way === undefined) return rootOf(layout, environment)
  return chainsTo(layout, environment, file)[way]?.findLast(({ manifest }) => !isOnOtherWays(here, manifest.file))
}

function isUsedBy({ layout, wanted }: LayeredPlacement, file: string): boolean {
  // The proof shows that nothing else in the deployer's file changes.
  if (isOfDeployer(layout, file, wanted)) return true
  return layout.owners.get(file)?.every((name) => wanted.includes(name)) ?? false
}

/** Whether a patch also changes other objects, by a pattern. Then its values do not belong to one object. */
function isForOthers({ layout, layered, environments }: LayeredPlacement, patch: Patch | undefined): boolean {
  const [first = ''] = environments
  if (patch === undefined) return false
  const { file, document, at } = layered.object
  const own = JSON.stringify([file, document, at])
  return resourcesOf(layout, first).some((path) => {
    const manifest = manifestIn(layout, path)
    const objects = manifest.ok ? (manifest.value?.objects ?? []) : []
    return objects.some(
      (object) =>
        JSON.stringify([object.file, object.document, object.at]) !== own &&
        layeredIn(layout, first, object)?.steps.some((step) => isSameText(step.patch, patch)) === true,
    )
  })
}

/** The same text may be listed twice, for two targets. */
function isSameText(a: Patch, b: Patch): boolean {
  const placeOf = ({ inline, inlineDocument, document }: Patch): string =>
    JSON.stringify([inline, inlineDocument, document])
  const isSamePlace = placeOf(a) === placeOf(b)
  return isSamePlace && a.holder.file === b.holder.file
}

function isOperation({ data }: Patch): boolean {
  return Array.isArray(data)
}

/** The edits at the places of their values. */
function inPlace({ layered }: LayeredPlacement, edits: readonly Edit[]): readonly Draft[] {
  const placed = edits.map((edit) => ({ edit, origin: originOf(layered, edit.path) }))
  const groups = Map.groupBy(placed, ({ origin }) => origin.patch)
  return [...groups].map(([patch, group]) => {
    const moved = group.map(({ edit, origin }): Edit => ({ ...edit, document: origin.document, path: origin.path }))
    if (patch === undefined) return { manifest: layered.manifest, patch, edits: moved }
    return { manifest: patch.holder, patch, edits: Array.isArray(patch.data) ? withoutEmpty(patch.data, moved) : moved }
  })
}

/** Values without a text of their own go into the last of the environment's own patches that can contain them. */
function inLastPatch(
  here: LayeredPlacement,
  mine: readonly Edit[],
  others: readonly Edit[],
): Result<NewTexts, PlaceRefusal> {
  const { layered } = here
  const drafts = inPlace(here, mine)
  if (others.length === 0) return write(drafts)
  const patch = decisiveSteps(layered)
    .map((step) => step.patch)
    .findLast(
      (known) =>
        isUsedBy(here, known.holder.file) &&
        !isOnOtherWays(here, known.listed) &&
        !isForOthers(here, known) &&
        (isOperation(known) || others.every(isOfMaps)),
    )
  if (patch === undefined) return inNewPatch(here, mine, others)
  const edits = isOperation(patch)
    ? operationsFor(layered.object.data, others).map((item): AnyEdit => ({
        kind: 'append',
        document: patch.document,
        path: [],
        item,
      }))
    : others.map((edit): Edit => ({ ...edit, document: patch.document }))
  return write([...drafts, { manifest: patch.holder, patch, edits }])
}

function isOfMaps(edit: Edit): boolean {
  return edit.kind === 'set' && edit.value !== undefined && edit.path.every((key) => typeof key === 'string')
}

/** Values without a text of their own go into a new patch of each environment. */
function inNewPatch(
  here: LayeredPlacement,
  mine: readonly Edit[],
  others: readonly Edit[],
): Result<NewTexts, PlaceRefusal> {
  const { layout, spot, environments, wanted, dataOf } = here
  const { object } = here.layered
  const drafts: Draft[] = [...inPlace(here, mine)]
  const files = new Map<string, string>()
  for (const environment of environments) {
    const root = homeOf(here, environment)
    const layered = layeredIn(layout, environment, spot)
    const users = layout.owners.get(root?.manifest.file ?? object.file) ?? []
    if (root === undefined || layered === undefined || !users.every((name) => wanted.includes(name)))
      return err({ code: 'no-layer', file: object.file, line: object.line, environment, users })
    const operations = operationsFor(dataOf(layered), others)
    const isTaken = (path: string): boolean => layout.texts.has(path) || files.has(path)
    const patch = newPatch(root, object, { operations, isTaken })
    drafts.push({ manifest: root.manifest, patch: undefined, edits: patch.edits })
    if (patch.file !== undefined) files.set(patch.file.path, patch.file.text)
  }
  const written = write(drafts)
  return written.ok ? ok(new Map([...written.value, ...files])) : written
}

/** Reads the files again. In each environment the object must be the old one with the edits applied. */
function isAsWanted(
  { layout, spot, environments }: LayeredPlacement,
  files: NewTexts,
  edits: readonly Edit[],
): boolean {
  const after = withTexts(layout, files)
  return environments.every((environment) => {
    const before = layeredIn(layout, environment, spot)
    const now = layeredIn(after, environment, spot)
    const wanted = settled(edited(before?.object.data, edits))
    const isDone = before !== undefined && now?.unclear === undefined && sameData(settled(now?.object.data), wanted)
    const others = spot.way === undefined ? [] : waysTo(layout, environment, spot).filter((way) => way !== spot.way)
    const dataOf = (side: Layout, way: number): unknown => layeredIn(side, environment, { ...spot, way })?.object.data
    return isDone && others.every((way) => sameData(dataOf(layout, way), dataOf(after, way)))
  })
}
