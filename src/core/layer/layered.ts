import { environmentNamed, namespaceOf } from '../environment/environment.ts'
import { isRenderedPart } from '../chart/rendered-parts.ts'
import { isRecord } from '../manifest/data.ts'
import type { Manifest, ManifestObject, Location } from '../manifest/parse.ts'
import { oncePer } from '../cached.ts'
import type { Filler, Kustomization } from './kustomization.ts'
import { type Chain, chainsTo, hasPatches, type Layout, manifestIn, rootOf } from './layout.ts'
import { type ObjectData, type PatchStep } from './step.ts'
import { deployedTo, type ObjectIdentity } from '../manifest/identity.ts'
import { contestedBy } from './deployed.ts'
import { isDecisive, isDecisivePath } from './decisive.ts'
import { asSeen } from './seen.ts'
import { type PatchedObject, lineOfLayered } from './build/origin.ts'
import type { Unclear } from './build/unclear.ts'
import { type ObjectBuild, followKustomizations } from './build/follow-kustomizations.ts'

/** An object as it is in an environment: the one in its file, with the environment's patches applied. */
export interface LayeredObject extends PatchedObject {
  readonly object: BuiltObject
  /** Why the data is uncertain. Undefined if it is certain. */
  readonly unclear: Unclear | undefined
  /** The name of the object in the cluster. */
  readonly rendered: ObjectIdentity
  /** The data when the root's last patches are applied, before the root's `commonAnnotations`. */
  readonly patchable: ObjectData
  /** The data comes from a render, because the files are not enough to tell. */
  readonly isRendered: boolean
  /** The place of the deployer's variables, if some of its weights are variables. */
  readonly filledBy: Location | undefined
  /** The data before variables are replaced, and their source. */
  readonly written: ObjectData
  readonly filler: Filler | undefined
}

/** An object in a file. `way`: the chosen one of several chains of kustomizations between a root and the file. */
export type BuiltObject = ManifestObject & { readonly way?: number | undefined }

/** The position of an object in the files. */
export type Spot = Pick<BuiltObject, 'file' | 'document' | 'at' | 'way'>

/** An object of a file as it is in an environment. Undefined if the environment does not contain it, or if a patch deletes it. */
export function layeredIn(layout: Layout, environment: string, spot: Spot): LayeredObject | undefined {
  const found = objectAt(layout, spot)
  const chains = chainsTo(layout, environment, spot.file)
  const chain = chains[spot.way ?? 0]
  if (found === undefined || (chain === undefined && spot.way !== undefined)) return undefined
  const { manifest, object } = found
  const build = followKustomizations(object, chain ?? [])
  const { steps } = build
  const rendered = deployedTo(namespaceIn(layout, environment), build.rendered)
  if (build.data === undefined) return undefined
  const { data, ...variables } = withVariables(build.data, chain?.at(-1)?.filler)
  const known = {
    manifest: { ...manifest, line: lineOfLayered({ manifest, object, steps }) },
    steps,
    rendered,
    ...variables,
  }
  const open = openData(build, chain, rootOf(layout, environment)) ?? data
  const contested = contestedIn(layout, environment, object)
  const seen = layout.rendered.get(placeKey(environment, spot))
  if (seen !== undefined) return { ...known, ...renderedAs(seen, { object, data, open }), unclear: contested }
  const unclear = contested ?? unclearIn(build, object, chains)
  const isRendered = isRenderedPart(spot.file)
  return { ...known, object: { ...object, data }, unclear, patchable: open, isRendered }
}

/** The namespace of objects that name none in an environment. */
export function namespaceIn({ environments }: Pick<Layout, 'environments'>, name: string): string | undefined {
  const environment = environmentNamed(environments, name)
  return environment && namespaceOf(environment)
}

function contestedIn({ environments }: Layout, name: string, object: BuiltObject): Unclear | undefined {
  const environment = environmentNamed(environments, name)
  const place = environment && contestedBy(environment, object)
  return place && { ...place, why: 'deployers' }
}

/** An object's data with the variables of its deployer replaced, and facts about them. */
function withVariables(
  written: ObjectData,
  filler: Filler | undefined,
): Pick<LayeredObject, 'written' | 'filler' | 'filledBy'> & { readonly data: ObjectData } {
  if (filler === undefined) return { data: written, written, filler, filledBy: undefined }
  const filledBy = VARIABLE_WEIGHT.test(JSON.stringify(written)) ? filler.place : undefined
  return { data: filledIn(written, filler), written, filler, filledBy }
}

/** An object's values with its deployer's variables replaced. */
function filledIn(data: ObjectData, { fill }: Filler): ObjectData {
  return JSON.stringify(data['spec'] ?? '').includes('$') ? { ...data, spec: filledValue(data['spec'], fill) } : data
}

function filledValue(value: unknown, fill: Filler['fill']): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => filledValue(item, fill))
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledValue(inner, fill)]))
  if (typeof value !== 'string') return value
  const filled = fill(value)
  // kustomize writes the value without quotes, so it becomes a number.
  return filled !== value && /^-?\d+$/.test(filled) ? Number(filled) : filled
}

const VARIABLE_WEIGHT = /"weight":"[^"]*\$\{/

/** The object before a new patch of the root, which is applied before the root's other changes. */
function openData(
  { patchable, data }: ObjectBuild,
  chain: Chain | undefined,
  root: Kustomization | undefined,
): ObjectBuild['data'] {
  return chain?.at(-1)?.manifest.file === root?.manifest.file ? patchable : data
}

/** The rendered data of an object, if its files are not enough to tell. */
function renderedAs(
  seen: ObjectData,
  { object, data, open }: { readonly object: BuiltObject; readonly data: ObjectData; readonly open: ObjectData },
): Pick<LayeredObject, 'object' | 'patchable' | 'isRendered'> {
  const own = asSeen(data, seen)
  const patchable = { ...open, spec: own['spec'] }
  return { object: { ...object, data: own }, patchable, isRendered: true }
}

function objectAt(
  layout: Layout,
  { file, document, at, way }: Spot,
): { readonly manifest: Manifest; readonly object: BuiltObject } | undefined {
  const read = manifestIn(layout, file)
  const manifest = read.ok ? read.value : undefined
  const object = manifest && objectsByPlace(manifest).get(placeIn({ document, at }))
  if (manifest === undefined || object === undefined) return undefined
  return { manifest, object: way === undefined ? object : { ...object, way } }
}

/** Hundreds of objects in one file are looked up by position. */
const objectsByPlace = oncePer(
  ({ objects }: Manifest): ReadonlyMap<string, ManifestObject> =>
    new Map(objects.map((object) => [placeIn(object), object])),
)

function placeIn({ document, at }: Pick<Spot, 'document' | 'at'>): string {
  return `${document}/${at.join('/')}`
}

/** The patched data of an object that is built in several ways is ambiguous if none of them is chosen. */
function unclearIn(
  { unclear }: ObjectBuild,
  { file, line, way }: BuiltObject,
  chains: readonly Chain[],
): Unclear | undefined {
  if (unclear !== undefined) return unclear
  const isTwice = way === undefined && chains.length > 1 && chains.some(hasPatches)
  return isTwice ? { file, line, why: 'twice' } : undefined
}

/** The indexes of the chains of kustomizations from an environment to a file, if there are several. */
export function waysTo(layout: Layout, environment: string, { file }: Pick<Spot, 'file'>): readonly number[] {
  const chains = chainsTo(layout, environment, file)
  return chains.length > 1 ? chains.map((_, way) => way) : []
}

/** Identifies one object in one environment. */
export function placeKey(environment: string, { file, document, at, way }: Spot): string {
  return JSON.stringify([environment, file, document, at, way ?? null])
}

/** The patches that decide where an object's traffic goes. Environments with the same patches have their weights in one place. */
export function decisiveSteps({ steps }: Pick<LayeredObject, 'steps'>): readonly PatchStep[] {
  return steps.filter((step) => (step.kind === 'merge' ? isDecisive(step.data) : isDecisivePath(step.path)))
}
