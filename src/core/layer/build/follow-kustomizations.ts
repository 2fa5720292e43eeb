/** An object on its way through the kustomizations between its file and a root. */
import { isRecord, recordOf, textOf } from '../../manifest/data.ts'
import type { ManifestObject, Location } from '../../manifest/parse.ts'
import type { Kustomization, Patch } from '../kustomization.ts'
import type { Chain } from '../layout.ts'
import { type BuildIdentity, selectsObject } from '../selector.ts'
import { applyPatch, type ObjectData, type PatchStep } from '../step.ts'
import { effectiveNamespace, identityOf, type ObjectIdentity, versionOf } from '../../manifest/identity.ts'
import { isDecisive, isDecisiveField } from '../decisive.ts'
import { lineOfPatch } from './origin.ts'
import type { Unclear } from './unclear.ts'

/** An object after the kustomizations that it has passed through. */
export interface ObjectBuild {
  /** Undefined if a patch has deleted it. */
  readonly data: ObjectData | undefined
  /** The schema that sets how lists are merged. It applies to the whole build, whichever kustomization has it. */
  readonly schema: Location | undefined
  /** The data after the patches of the last kustomization. */
  readonly patchable: ObjectData | undefined
  readonly steps: readonly PatchStep[]
  readonly unclear: Unclear | undefined
  readonly rendered: ObjectIdentity
}

/** What the kustomizations of a chain make of an object, one after the other. */
export function followKustomizations(object: ManifestObject, chain: Chain): ObjectBuild {
  const { data } = object
  const start: ObjectBuild = {
    data,
    schema: chain.map(({ unfollowed }) => unfollowed.schema).find((place) => place !== undefined),
    patchable: data,
    steps: [],
    unclear: undefined,
    rendered: { ...identityOf(object), namespace: writtenNamespace(object) },
  }
  return chain.reduce((build, own) => passThrough(object, build, own), start)
}

function passThrough(object: ManifestObject, build: ObjectBuild, own: Kustomization): ObjectBuild {
  const { rendered } = build
  const fill = own.filler?.fill ?? asIs
  const name = fill(`${own.prefix}${rendered.name}${own.suffix}`)
  const namespace = fill(own.namespace ?? rendered.namespace)
  const identity: BuildIdentity = {
    group: object.group,
    version: versionOf(object.apiVersion),
    kind: object.kind,
    names: [object.name, rendered.name, name],
    namespaces: [writtenNamespace(object), rendered.namespace, namespace].map((known) =>
      effectiveNamespace({ namespace: known }),
    ),
  }
  const [late, early] = [true, false].map((isLate) => own.patches.filter((patch) => patch.isLate === isLate))
  const apply = (start: ObjectBuild, patches: readonly Patch[] = []): ObjectBuild =>
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

/** Other features that may set the weights of an object, apart from patches. */
function unfollowedOf({ unfollowed }: Kustomization, data: ObjectData | undefined): Unclear | undefined {
  const { transformer, variable } = unfollowed
  if (transformer !== undefined) return { ...transformer, why: 'transformer' }
  const isFilledIn = variable !== undefined && JSON.stringify(data?.['spec'] ?? '').includes('$(')
  return isFilledIn ? { ...variable, why: 'variable' } : undefined
}

/** With the `commonAnnotations` of a kustomization. */
function annotated(data: ObjectData | undefined, added: Kustomization['annotations']): ObjectData | undefined {
  if (data === undefined || Object.keys(added).length === 0) return data
  const metadata = recordOf(data['metadata'])
  return { ...data, metadata: { ...metadata, annotations: { ...recordOf(metadata['annotations']), ...added } } }
}

function withPatch(build: ObjectBuild, patch: Patch, identity: BuildIdentity): ObjectBuild {
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

/** The namespace in the file. A namespace that a root sets counts only when that root is applied. */
function writtenNamespace({ data }: ManifestObject): string {
  return textOf(recordOf(data['metadata'])['namespace']) ?? ''
}

function startOf(patch: Patch): Location {
  return { file: patch.holder.file, line: lineOfPatch(patch, []) }
}

/** Whether a patch applies to an object: by its target, or else by the names in the patch. */
function isFor({ target, data }: Patch, identity: BuildIdentity): boolean | 'unclear' {
  if (target !== undefined) return selectsObject(target, identity)
  if (!isRecord(data)) return false
  const { apiVersion, kind, metadata } = data
  const { name, namespace = 'default' } = recordOf(metadata)
  const { group, version } = identity
  return (
    apiVersion === (group === '' ? version : `${group}/${version}`) &&
    kind === identity.kind &&
    identity.names.some((known) => known === name) &&
    identity.namespaces.some((known) => known === namespace)
  )
}

function replaced({ replacements }: Kustomization, identity: BuildIdentity): Unclear | undefined {
  const found = replacements.find(
    ({ selects: wanted, fields }) =>
      fields.some(isDecisiveField) && wanted.some((selector) => selectsObject(selector, identity) !== false),
  )
  return found === undefined ? undefined : { ...found.place, why: 'replacement' }
}
