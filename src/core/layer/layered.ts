import { isRecord, type Path } from '../manifest/data.ts'
import type { Manifest, ManifestObject, Location } from '../manifest/parse.ts'
import type { Kustomization, Patch } from './kustomization.ts'
import { type Chain, chainsTo, type Layout, manifestIn } from './layout.ts'
import { type BuildIdentity, selectsObject } from './selector.ts'
import { applyPatch, type ObjectData, sourceOf, type PatchStep } from './step.ts'
import { effectiveNamespace, identityOf, type ObjectIdentity } from '../manifest/identity.ts'

/** An object as an environment has it: the one in its file, with the environment's patches applied. */
export interface LayeredObject {
  /** In its file's words (document, place), with the data that counts. */
  readonly object: ManifestObject
  /** Its file, where lines are those of whatever set a value last. */
  readonly manifest: Manifest
  /** What the patches did, in order. */
  readonly steps: readonly PatchStep[]
  /** Why the data is not sure; undefined where it is. */
  readonly unclear: Unclear | undefined
  /** How the object is called when it is rendered. */
  readonly rendered: ObjectIdentity
}

/**
 * `selector`: only kustomize can tell whether a patch is for the object · `patch`: only kustomize can tell what it does ·
 * `replacement`: the weights are copied from somewhere else · `twice`: the environment builds the object in two ways.
 */
export type Unclear = Location & { readonly why: 'selector' | 'patch' | 'replacement' | 'twice' }

/** The text that a value comes from: the path is in a document of the object's file, or of the patch. */
export interface Origin {
  readonly patch: Patch | undefined
  readonly document: number
  readonly path: Path
}

/** Where an object stands in the files. */
export type Spot = Pick<ManifestObject, 'file' | 'document' | 'at'>

/** An object of a file as an environment has it; undefined where it is not there, or a patch deletes it. */
export function layeredIn(layout: Layout, environment: string, spot: Spot): LayeredObject | undefined {
  const read = manifestIn(layout, spot.file)
  const manifest = read.ok ? read.value : undefined
  const object = manifest?.objects.find(
    ({ document, at }) => document === spot.document && at.join('/') === spot.at.join('/'),
  )
  if (manifest === undefined || object === undefined) return undefined
  const chains = chainsTo(layout, environment, object.file)
  const build = follow(object, chains[0] ?? [])
  if (build.data === undefined) return undefined
  const isTwice = chains.length > 1 && chains.some((chain) => chain.some(({ patches }) => patches.length > 0))
  const unclear = build.unclear ?? (isTwice ? { file: object.file, line: object.line, why: 'twice' } : undefined)
  const { data, steps, rendered } = build
  const line = lineIn({ manifest, object, steps })
  return { object: { ...object, data }, manifest: { ...manifest, line }, steps, unclear, rendered }
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

/** The file that holds what an origin speaks of. */
export function fileOf({ object }: Pick<LayeredObject, 'object'>, { patch }: Pick<Origin, 'patch'>): string {
  return patch?.holder.file ?? object.file
}

/** A place that a person can open. */
export function placeOf(layered: Pick<LayeredObject, 'object' | 'steps' | 'manifest'>, path: Path): Location {
  const origin = originOf(layered, path)
  return {
    file: fileOf(layered, origin),
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

function lineOfPatch({ holder, inline, inner, document }: Patch, path: Path): number {
  if (inline === undefined) return inner.line(document, path)
  const start = holder.line(0, inline)
  // The lines of a block of text stand below the bar that begins it.
  const first = holder.text.split('\n', start)[start - 1] ?? ''
  return /[|>][-+\d]*[ \t]*(?:#.*)?\r?$/.test(first) ? start + inner.line(document, path) : start
}

/** An object on its way through the kustomizations between its file and a root. */
interface Build {
  /** Undefined where a patch has taken it away. */
  readonly data: ObjectData | undefined
  readonly steps: readonly PatchStep[]
  readonly unclear: Unclear | undefined
  readonly rendered: LayeredObject['rendered']
}

function follow(object: ManifestObject, chain: Chain): Build {
  const { data } = object
  const start: Build = {
    data,
    steps: [],
    unclear: undefined,
    rendered: { ...identityOf(object), namespace: writtenNamespace(object) },
  }
  return chain.reduce((build, own) => passThrough(object, build, own), start)
}

function passThrough(object: ManifestObject, build: Build, own: Kustomization): Build {
  const { rendered } = build
  const name = `${own.prefix}${rendered.name}${own.suffix}`
  const namespace = own.namespace ?? rendered.namespace
  const identity: BuildIdentity = {
    group: object.group,
    version: object.apiVersion.slice(object.apiVersion.indexOf('/') + 1),
    kind: object.kind,
    names: [object.name, rendered.name, name],
    namespaces: [writtenNamespace(object), rendered.namespace, namespace].map((known) =>
      effectiveNamespace({ namespace: known }),
    ),
  }
  const patched = own.patches.reduce((now, patch) => withPatch(now, patch, identity), build)
  const unclear = patched.unclear ?? replaced(own, identity)
  return { ...patched, unclear, rendered: { ...rendered, name, namespace } }
}

function withPatch(build: Build, patch: Patch, identity: BuildIdentity): Build {
  const isMeant = isFor(patch, identity)
  if (isMeant === false || build.data === undefined) return build
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

/** Whether a patch is for an object: by its target, else by the names in it. */
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

/** Keys of a route's spec with rules. */
const SECTIONS = ['http', 'tls', 'tcp', 'rules']
/** A JSON pointer that changes rules, their destinations or the annotations. */
const POINTER =
  /^\/(?:spec(?:\/(?:http|tls|tcp|rules)(?:\/[\d-]+(?:\/(?:route|backendRefs)(?:\/.*)?)?)?)?|metadata(?:\/annotations(?:\/.*)?)?)?$/
/** Annotations that say something about a rollout. */
const NOTE = /[/](?:canary-percentage|canary-version|pr|steps|roles)$/
/** What says which version is behind a name. */
const VERSIONS = ['subsets', 'selector', 'host']

/** Whether a patch says something about weights, versions, or about Perch's annotations. */
function isDecisive(data: unknown): boolean {
  if (Array.isArray(data)) {
    return data.some((op: unknown) => isRecord(op) && op['op'] !== 'test' && isDecisivePointer(op['path']))
  }
  if (!isRecord(data)) return false
  const { spec, metadata } = data
  if ('$patch' in data || (isRecord(spec) && [...SECTIONS, ...VERSIONS, '$patch'].some((key) => key in spec)))
    return true
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined
  return isRecord(annotations) && Object.keys(annotations).some((key) => NOTE.test(key) || key === '$patch')
}

function isDecisivePointer(pointer: unknown): boolean {
  if (typeof pointer !== 'string') return true
  const key = /^\/metadata\/annotations\/(.*)$/.exec(pointer)?.[1]?.replaceAll('~1', '/')
  if (key !== undefined) return NOTE.test(key)
  return POINTER.test(pointer) || VERSIONS.some((name) => pointer.startsWith(`/spec/${name}`))
}

/** A field that holds weights, or is one. */
const WEIGHTS = /^spec\.(?:http|tls|tcp|rules)(?:\.[^.]+(?:\.(?:route|backendRefs)(?:\.[^.]+(?:\.weight)?)?)?)?$/

function replaced({ replacements }: Kustomization, identity: BuildIdentity): Unclear | undefined {
  const found = replacements.find(
    ({ selects: wanted, fields }) =>
      fields.some((field) => WEIGHTS.test(field)) &&
      wanted.some((selector) => selectsObject(selector, identity) !== false),
  )
  return found === undefined ? undefined : { ...found.place, why: 'replacement' }
}

/** The patches that decide where an object's traffic goes: environments with the same ones have their weights in one place. */
export function decisiveSteps({ steps }: Pick<LayeredObject, 'steps'>): readonly PatchStep[] {
  return steps.filter((step) =>
    step.kind === 'merge' ? isDecisive(step.data) : isDecisivePointer(`/${step.path.join('/')}`),
  )
}
