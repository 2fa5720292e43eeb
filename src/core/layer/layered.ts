import { environmentNamed } from '../environment/environment.ts'
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import { isRecord, type Path } from '../manifest/data.ts'
import type { Manifest, ManifestObject, Location } from '../manifest/parse.ts'
import type { Filler, Kustomization, Patch } from './kustomization.ts'
import { type Chain, chainsTo, type Layout, manifestIn, rootOf } from './layout.ts'
import { type BuildIdentity, selectsObject } from './selector.ts'
import { applyPatch, type ObjectData, sourceOf, type PatchStep } from './step.ts'
import { effectiveNamespace, identityOf, type ObjectIdentity } from '../manifest/identity.ts'
import { contestedBy } from './deployed.ts'
import { isDecisive, isDecisivePointer } from './decisive.ts'
import { asSeen } from './seen.ts'

/** An object as an environment has it: the one in its file, with the environment's patches applied. */
export interface LayeredObject {
  /** The object at its place in the file, with its effective data. */
  readonly object: BuiltObject
  /** Its file. Lines are those of the last layer that set a value. */
  readonly manifest: Manifest
  /** The steps of the patches, in order. */
  readonly steps: readonly PatchStep[]
  /** Why the data is uncertain. Undefined if it is certain. */
  readonly unclear: Unclear | undefined
  /** The rendered name of the object. */
  readonly rendered: ObjectIdentity
  /** Its data where the last patches of a root come, and its `commonAnnotations` do not yet. */
  readonly patchable: ObjectData
  /** The data comes from a render, because the files are not enough to tell. */
  readonly isRendered: boolean
  /** The place of the deployer's variables, if some of its weights are variables. */
  readonly filledBy: Location | undefined
  /** The data before variables are replaced, and their source. */
  readonly written: ObjectData
  readonly filler: Filler | undefined
}

/**
 * `selector`: only kustomize can tell whether a patch is for the object · `patch`: only kustomize can tell what it does ·
 * `replacement`: the weights are copied from somewhere else · `twice`: the environment builds the object in two ways ·
 * `schema`: a schema says how a patch is merged · `transformer`: one may write any field · `variable`: a field holds one ·
 * `chart`: a chart makes the object of values, and none is known that says what is to be said ·
 * `deployers`: several deploy the environment, and one of them sets the weights itself.
 */
export type Unclear = Location & {
  readonly why:
    | 'selector'
    | 'patch'
    | 'replacement'
    | 'twice'
    | 'schema'
    | 'transformer'
    | 'variable'
    | 'chart'
    | 'deployers'
}

/** The text that a value comes from: the path is in a document of the object's file, or of the patch. */
export interface Origin {
  readonly patch: Patch | undefined
  readonly document: number
  readonly path: Path
}

/** An object of a file, and the way of a build to it, if there are several and one is chosen. */
export type BuiltObject = ManifestObject & { readonly way?: number | undefined }

/** Where an object stands in the files. */
export type Spot = Pick<BuiltObject, 'file' | 'document' | 'at' | 'way'>

/** An object of a file as an environment has it; undefined where it is not there, or a patch deletes it. */
export function layeredIn(layout: Layout, environment: string, spot: Spot): LayeredObject | undefined {
  const found = objectAt(layout, spot)
  const chains = chainsTo(layout, environment, spot.file)
  const chain = chains[spot.way ?? 0]
  if (found === undefined || (chain === undefined && spot.way !== undefined)) return undefined
  const { manifest, object } = found
  const build = follow(object, chain ?? [])
  const { steps, rendered } = build
  if (build.data === undefined) return undefined
  const { data, ...variables } = withVariables(build.data, chain?.at(-1)?.filler)
  const known = { manifest: { ...manifest, line: lineIn({ manifest, object, steps }) }, steps, rendered, ...variables }
  const open = openData(build, chain, rootOf(layout, environment)) ?? data
  const contested = contestedIn(layout, environment, object)
  const seen = layout.rendered.get(placeKey(environment, spot))
  if (seen !== undefined) return { ...known, ...renderedAs(seen, { object, data, open }), unclear: contested }
  const unclear = contested ?? unclearIn(build, object, chains)
  const isRendered = isRenderedPart(spot.file)
  return { ...known, object: { ...object, data }, unclear, patchable: open, isRendered }
}

function contestedIn({ environments }: Layout, name: string, object: BuiltObject): Unclear | undefined {
  const environment = environmentNamed(environments, name)
  const place = environment && contestedBy(environment, object)
  return place && { ...place, why: 'deployers' }
}

function unclearIn(build: Build, object: BuiltObject, chains: readonly Chain[]): Unclear | undefined {
  return build.unclear ?? twiceIn(object, chains)
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

/** An object's values with the variables that its deployer puts in. */
function filledIn(data: ObjectData, { fill }: Filler): ObjectData {
  return JSON.stringify(data['spec'] ?? '').includes('$') ? { ...data, spec: filledValue(data['spec'], fill) } : data
}

function filledValue(value: unknown, fill: Filler['fill']): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => filledValue(item, fill))
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledValue(inner, fill)]))
  if (typeof value !== 'string') return value
  const filled = fill(value)
  // kustomize writes it without quotes, so that it is a number afterwards.
  return filled !== value && /^-?\d+$/.test(filled) ? Number(filled) : filled
}

const VARIABLE_WEIGHT = /"weight":"[^"]*\$\{/

/** The object before a new patch of the root, which is applied before the root's other changes. */
function openData(
  { patchable, data }: Build,
  chain: Chain | undefined,
  root: Kustomization | undefined,
): Build['data'] {
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

/** Hundreds of objects of one file are looked up by their places. */
const byPlace = new WeakMap<Manifest, ReadonlyMap<string, ManifestObject>>()

function objectsByPlace(manifest: Manifest): ReadonlyMap<string, ManifestObject> {
  const known = byPlace.get(manifest) ?? new Map(manifest.objects.map((object) => [placeIn(object), object]))
  byPlace.set(manifest, known)
  return known
}

function placeIn({ document, at }: Pick<Spot, 'document' | 'at'>): string {
  return `${document}/${at.join('/')}`
}

/** An object that is built in several ways, if none is chosen. Its patched data is then ambiguous. */
function twiceIn({ file, line, way }: BuiltObject, chains: readonly Chain[]): Unclear | undefined {
  const isTwice = way === undefined && chains.length > 1 && chains.some((chain) => chain.some(hasPatches))
  return isTwice ? { file, line, why: 'twice' } : undefined
}

/** The ways of an environment to an object of a file, if there are several. */
export function waysTo(layout: Layout, environment: string, { file }: Pick<Spot, 'file'>): readonly number[] {
  const chains = chainsTo(layout, environment, file)
  return chains.length > 1 ? chains.map((_, way) => way) : []
}

function hasPatches({ patches }: Kustomization): boolean {
  return patches.length > 0
}

/** One string for one object of one environment. */
export function placeKey(environment: string, { file, document, at, way }: Spot): string {
  return JSON.stringify([environment, file, document, at, way ?? null])
}

/** Where the value at a path of an object (undefined: of its nearest holder) was set last. */
export function originOf({ object, steps }: Pick<LayeredObject, 'object' | 'steps'>, path: Path): Origin {
  let now = path
  for (const step of steps.toReversed()) {
    const source = sourceOf(step, now)
    if (source.from === 'patch') return { patch: step.patch, document: step.patch.document, path: source.path }
    now = source.path
  }
  return { patch: undefined, document: object.document, path: [...object.at, ...now] }
}

/** The file with the text of an origin. */
export function fileOf({ object }: Pick<LayeredObject, 'object'>, { patch }: Pick<Origin, 'patch'>): string {
  return patch?.holder.file ?? object.file
}

/** A place that a person can open. */
export function placeOf(layered: Pick<LayeredObject, 'object' | 'steps' | 'manifest'>, path: Path): Location {
  const origin = originOf(layered, path)
  return {
    file: templateOf(fileOf(layered, origin)),
    line: layered.manifest.line(layered.object.document, [...layered.object.at, ...path]),
  }
}

function lineIn(layered: Pick<LayeredObject, 'object' | 'steps' | 'manifest'>): Manifest['line'] {
  const { manifest, object, steps } = layered
  return (document, path) => {
    const isOwn = document === object.document && object.at.every((key, index) => path[index] === key)
    if (!isOwn || steps.length === 0) return manifest.line(document, path)
    const { patch, ...origin } = originOf(layered, path.slice(object.at.length))
    return patch === undefined ? manifest.line(origin.document, origin.path) : lineOfPatch(patch, origin.path)
  }
}

function lineOfPatch({ holder, inline, inlineDocument, inner, document }: Patch, path: Path): number {
  if (inline === undefined) return inner.line(document, path)
  const start = holder.line(inlineDocument, inline)
  // The lines of a block scalar are below its indicator.
  const first = holder.text.split('\n', start)[start - 1] ?? ''
  return /[|>][-+\d]*[ \t]*(?:#.*)?\r?$/.test(first) ? start + inner.line(document, path) : start
}

/** An object on its way through the kustomizations between its file and a root. */
interface Build {
  /** Undefined if a patch has deleted it. */
  readonly data: ObjectData | undefined
  /** The schema that sets how lists are merged. It applies to the whole build, whichever kustomization has it. */
  readonly schema: Location | undefined
  /** As the last kustomization's patches leave it. */
  readonly patchable: ObjectData | undefined
  readonly steps: readonly PatchStep[]
  readonly unclear: Unclear | undefined
  readonly rendered: LayeredObject['rendered']
}

function follow(object: ManifestObject, chain: Chain): Build {
  const { data } = object
  const start: Build = {
    data,
    schema: chain.map(({ unfollowed }) => unfollowed.schema).find((place) => place !== undefined),
    patchable: data,
    steps: [],
    unclear: undefined,
    rendered: { ...identityOf(object), namespace: writtenNamespace(object) },
  }
  return chain.reduce((build, own) => passThrough(object, build, own), start)
}

function passThrough(object: ManifestObject, build: Build, own: Kustomization): Build {
  const { rendered } = build
  const fill = own.filler?.fill ?? asIs
  const name = fill(`${own.prefix}${rendered.name}${own.suffix}`)
  const namespace = fill(own.namespace ?? rendered.namespace)
  const identity: BuildIdentity = {
    group: object.group,
    version: object.apiVersion.slice(object.apiVersion.indexOf('/') + 1),
    kind: object.kind,
    names: [object.name, rendered.name, name],
    namespaces: [writtenNamespace(object), rendered.namespace, namespace].map((known) =>
      effectiveNamespace({ namespace: known }),
    ),
  }
  const [late, early] = [true, false].map((isLate) => own.patches.filter((patch) => patch.isLate === isLate))
  const apply = (start: Build, patches: readonly Patch[] = []): Build =>
    patches.reduce((now, patch) => withPatch(now, patch, identity), start)
  const patched = apply(build, early)
  const done = apply({ ...patched, data: annotated(patched.data, own.annotations) }, late)
  const patchable = late?.length === 0 ? patched.data : done.data
  const unclear = done.unclear ?? replaced(own, identity) ?? unfollowedOf(own, done.data)
  return { ...done, patchable, unclear, rendered: { ...rendered, name, namespace } }
}

function asIs(text: string): string {
  return text
}

/** What else may set the weights of an object, apart from patches. */
function unfollowedOf({ unfollowed }: Kustomization, data: ObjectData | undefined): Unclear | undefined {
  const { transformer, variable } = unfollowed
  if (transformer !== undefined) return { ...transformer, why: 'transformer' }
  const isFilledIn = variable !== undefined && JSON.stringify(data?.['spec'] ?? '').includes('$(')
  return isFilledIn ? { ...variable, why: 'variable' } : undefined
}

/** With the `commonAnnotations` of a kustomization. */
function annotated(data: ObjectData | undefined, added: Kustomization['annotations']): ObjectData | undefined {
  if (data === undefined || Object.keys(added).length === 0) return data
  const metadata = isRecord(data['metadata']) ? data['metadata'] : {}
  const known = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  return { ...data, metadata: { ...metadata, annotations: { ...known, ...added } } }
}

function withPatch(build: Build, patch: Patch, identity: BuildIdentity): Build {
  const isMeant = isFor(patch, identity)
  if (isMeant === false || build.data === undefined) return build
  if (build.schema !== undefined && !Array.isArray(patch.data) && isDecisive(patch.data))
    return { ...build, unclear: build.unclear ?? { ...build.schema, why: 'schema' } }
  const applied = isMeant === true ? applyPatch(build.data, patch) : undefined
  if (applied !== undefined) return { ...build, data: applied.data, steps: [...build.steps, ...applied.steps] }
  if (!isDecisive(patch.data)) return build
  const why = isMeant === true ? 'patch' : 'selector'
  return { ...build, unclear: build.unclear ?? { ...startOf(patch), why } }
}

/** As the file has it: what a plain reading of the object was put into by a root counts only when its turn comes. */
function writtenNamespace({ data }: ManifestObject): string {
  const metadata = data['metadata']
  const namespace = isRecord(metadata) ? metadata['namespace'] : undefined
  return typeof namespace === 'string' ? namespace : ''
}

function startOf(patch: Patch): Location {
  return { file: patch.holder.file, line: lineOfPatch(patch, []) }
}

/** Whether a patch applies to an object: by its target, or else by the names in it. */
function isFor({ target, data }: Patch, identity: BuildIdentity): boolean | 'unclear' {
  if (target !== undefined) return selectsObject(target, identity)
  if (!isRecord(data)) return false
  const { apiVersion, kind, metadata } = data
  const { name, namespace = 'default' } = isRecord(metadata) ? metadata : {}
  const { group, version } = identity
  return (
    apiVersion === (group === '' ? version : `${group}/${version}`) &&
    kind === identity.kind &&
    identity.names.some((known) => known === name) &&
    identity.namespaces.some((known) => known === namespace)
  )
}

/** A field that holds weights, or is one. */
const WEIGHTS =
  /^spec\.(?:http|tls|tcp|rules)(?:\.(?:\[[^\]]*\]|[^.]+)(?:\.(?:route|backendRefs)(?:\.(?:\[[^\]]*\]|[^.]+)(?:\.weight)?)?)?)?$/

function replaced({ replacements }: Kustomization, identity: BuildIdentity): Unclear | undefined {
  const found = replacements.find(
    ({ selects: wanted, fields }) =>
      fields.some((field) => WEIGHTS.test(field)) &&
      wanted.some((selector) => selectsObject(selector, identity) !== false),
  )
  return found === undefined ? undefined : { ...found.place, why: 'replacement' }
}

/** The patches that decide where an object's traffic goes. Environments with the same patches have their weights in one place. */
export function decisiveSteps({ steps }: Pick<LayeredObject, 'steps'>): readonly PatchStep[] {
  return steps.filter((step) =>
    step.kind === 'merge' ? isDecisive(step.data) : isDecisivePointer(`/${step.path.join('/')}`),
  )
}
