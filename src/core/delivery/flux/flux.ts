/** What Flux deploys: Kustomizations, and the folder that a FluxInstance syncs. */
import { recordOf, textOf } from '../../manifest/data.ts'
import { parentOf } from '../../environment/tree.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { fluxFields, isNothing, sourceAt, withoutMissing } from '../additions.ts'
import type { DeliveryStop, UntitledDelivery } from '../delivery.ts'
import { type DeliverySource, folderOf, isDeployed, isHere } from '../delivery-source.ts'
import { patchesIn } from '../deployer-patch.ts'
import { type VariableScene, variablesOf } from '../variables.ts'

type Data = Readonly<Record<string, unknown>>

/** The other Flux objects in the repository. */
export interface FluxScene extends VariableScene {
  readonly repositories: readonly ManifestObject[]
}

export function isFlux(apiVersion: string, part: string): boolean {
  return apiVersion.startsWith(`${part}.toolkit.fluxcd.io/`)
}

export function isFluxKustomization({ kind, apiVersion }: ManifestObject): boolean {
  return kind === 'Kustomization' && isFlux(apiVersion, 'kustomize')
}

/** Flux ignores no fields, uses all YAML files of a folder, and builds with LoadRestrictionsNone. */
export const PLAINLY = {
  tool: 'flux',
  ignored: [],
  respectsIgnored: false,
  directory: undefined,
  readsAbove: true,
  step: undefined,
} as const

export function isFluxInstance({ kind, apiVersion }: ManifestObject): boolean {
  return kind === 'FluxInstance' && apiVersion.startsWith('fluxcd.controlplane.io/')
}

/** The repository that an instance of the Flux operator syncs, in the form of the GitRepository that the operator creates. */
export function instanceSource(object: ManifestObject): readonly ManifestObject[] {
  const sync = recordOf(recordOf(object.data['spec'])['sync'])
  if (!isFluxInstance(object) || sync['kind'] !== 'GitRepository') return []
  const name = textOf(sync['name']) ?? object.namespace
  return [{ ...object, kind: 'GitRepository', name, data: { spec: { url: sync['url'], ref: { name: sync['ref'] } } } }]
}

/** The folder that an instance of the Flux operator syncs, even if it syncs an artifact that is built from this repository. */
export function instanceDelivery(object: ManifestObject, source: DeliverySource): readonly UntitledDelivery[] {
  const sync = recordOf(recordOf(object.data['spec'])['sync'])
  const path = textOf(sync['path']) === undefined ? undefined : folderOf(textOf(sync['path']) ?? '')
  if (path === undefined || !isHere(textOf(sync['url']) ?? '', source)) return []
  const isFollowed = sync['kind'] !== 'GitRepository' || isDeployed(textOf(sync['ref']) ?? '', source)
  const stops = isFollowed ? undefined : 'revision'
  const common = { namespace: undefined, patches: [], additions: undefined, sources: [object.file] }
  return [{ ...PLAINLY, path, cluster: clusterOf(object), stops, ...common }]
}

/** Each cluster's own Flux reads the objects in one folder. They may be for another cluster. */
function clusterOf({ file, data }: ManifestObject): string {
  return `flux ${parentOf(file)} ${JSON.stringify(recordOf(data['spec'])['kubeConfig'] ?? '')}`
}

export function fluxDelivery(
  object: ManifestObject,
  scene: FluxScene,
  source: DeliverySource,
): readonly UntitledDelivery[] {
  const { data, namespace, file } = object
  const spec = recordOf(data['spec'])
  const path = folderOf(textOf(spec['path']) ?? './')
  const origin = fluxSource({ reference: recordOf(spec['sourceRef']), namespace }, scene.repositories, source)
  if (path === undefined || origin === 'elsewhere') return []
  const stops = spec['suspend'] === true ? 'suspended' : origin.stops
  const { variables, files } = variablesOf(object, scene)
  const additions = {
    fields: withoutMissing(spec, fluxFields(spec), { path, paths: source.paths }),
    generates: true,
    variables,
    source: sourceAt(object, ['spec']),
  }
  return [
    {
      ...PLAINLY,
      path,
      cluster: clusterOf(object),
      namespace: textOf(spec['targetNamespace']),
      stops,
      patches: patchesIn(spec),
      additions: isNothing(additions) ? undefined : additions,
      sources: [...new Set([file, ...files])],
    },
  ]
}

/** Whether the source of an object is this repository, and whether its commits are applied. `namespace`: that of the object. */
export function fluxSource(
  { reference, namespace }: { readonly reference: Data; readonly namespace: string },
  repositories: readonly ManifestObject[],
  source: DeliverySource,
): { readonly stops: DeliveryStop | undefined } | 'elsewhere' {
  // A fleet has one with the same name for each cluster.
  const named = repositories.filter(
    (one) => one.name === reference['name'] && one.namespace === (textOf(reference['namespace']) ?? namespace),
  )
  const here = named.filter((one) => isHere(textOf(recordOf(one.data['spec'])['url']) ?? '', source))
  if (named.length > 0 && here.length === 0) return 'elsewhere'
  const states = here.map((one) => sourceStop(recordOf(one.data['spec']), source))
  return { stops: states.includes(undefined) ? undefined : states[0] }
}

function sourceStop(spec: Data, source: DeliverySource): DeliveryStop | undefined {
  if (spec['suspend'] === true) return 'suspended'
  const { branch, tag, semver, commit, name } = recordOf(spec['ref'])
  const revision = [commit, name, semver, tag, branch].map(textOf).find((one) => one !== undefined)
  return isDeployed(revision ?? '', source) && semver === undefined ? undefined : 'revision'
}
