/** What Argo CD and Flux deploy, according to their objects in the repository. */
import { isRecord, listOf, recordOf, textOf } from '../manifest/data.ts'
import { titleOf } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import type { Additions } from './additions.ts'
import { applicationOf, argoDeliveries, type ArgoScene, liftsRestrictions } from './argo/argo.ts'
import { type DeliverySource, isTemplate } from './delivery-source.ts'
import { CONFIG_MAPS, DEPLOYERS, objectsIn } from './documents.ts'
import { type Filling, settingsFilesOf } from './generators/elements.ts'
import { applicationsOf } from './generators/application-set.ts'
import type { SyncStep } from './generators/rolling-sync.ts'
import { type DeliveryGap, generatorGap } from './generators/generator-gap.ts'
import type { DirectoryOptions } from './directory.ts'
import { folderIndex } from './folder-index.ts'
import type { Parent } from './parent.ts'
import type { DeployerPatch } from './deployer-patch.ts'
import {
  fluxDelivery,
  type FluxScene,
  instanceDelivery,
  instanceSource,
  isFlux,
  isFluxInstance,
  isFluxKustomization,
} from './flux/flux.ts'
import { type IgnoredFields, settingsIgnored } from './ignored/ignored-fields.ts'

/** Why a commit is not applied automatically. `skipped`: the deployer is told to skip it. */
export type DeliveryStop = 'suspended' | 'by-hand' | 'skipped' | 'revision'

/** One folder of this repository that something deploys. */
export interface Delivery {
  /** For example `Application argocd/web` or `Kustomization flux-system/apps`. */
  readonly title: string
  readonly tool: 'argo-cd' | 'flux'
  readonly file: string
  /** The folder; '' for the top of the repository. */
  readonly path: string
  /** The folder that the deployer names, if it generates a kustomization there with several folders. Undefined if that is `path`. */
  readonly named?: string | undefined
  /** The cluster that it deploys to. Equal texts mean the same cluster; undefined if that is unknown. */
  readonly cluster: string | undefined
  /** The namespace for objects without one. Undefined if the deployer sets none. */
  readonly namespace: string | undefined
  /** Undefined if commits are applied automatically. */
  readonly stops: DeliveryStop | undefined
  /** The fields that it ignores in the cluster. */
  readonly ignored: readonly IgnoredFields[]
  /** Whether it also ignores them when it applies a commit, and not only when it compares. */
  readonly respectsIgnored: boolean
  /** The patches that it applies after the build, so Git does not show their effect. */
  readonly patches: readonly DeployerPatch[]
  /** Which files it uses in a folder without a kustomization. Undefined for all files below the folder. */
  readonly directory: DirectoryOptions | undefined
  /** Whether its builds may read files outside of the folder. */
  readonly readsAbove: boolean
  /** What it adds to the build. Undefined if nothing. */
  readonly additions: Additions | undefined
  /** The files that define the delivery. The deployer's own file comes first. */
  readonly sources: readonly string[]
  /** The parameters from its ApplicationSet, if it belongs to one. */
  readonly filling: Filling | undefined
  /** Its place in the order in which its ApplicationSet syncs. Undefined if nothing orders it. */
  readonly step: SyncStep | undefined
  /** The release that renders the deployer. Undefined if a file contains it. */
  readonly parent?: Parent | undefined
}

/** A chart from a registry, and the deployer that releases it. */
interface RemoteChart {
  readonly chart: string
  readonly title: string
  readonly name: string
}

export type UntitledDelivery = Omit<Delivery, 'title' | 'file' | 'filling'>

/** What is deployed from these files. `outsiders`: the namespaces to which something else is deployed; `*` for any. */
export interface Deliveries {
  readonly deliveries: readonly Delivery[]
  readonly outsiders: ReadonlySet<string>
  /** The releases of charts that are not in this repository. */
  readonly remoteCharts: readonly RemoteChart[]
  /** ApplicationSets whose deployments are unknown. */
  readonly gaps: readonly DeliveryGap[]
  /** Files whose texts are needed to tell what is deployed, but are not available yet. */
  readonly needs: readonly string[]
}

/** Reads from the texts of a commit what Argo CD and Flux deploy. */
export function readDeliveries(
  texts: ReadonlyMap<string, string | undefined>,
  source: DeliverySource = {},
): Deliveries {
  const objects = objectsIn(texts, DEPLOYERS)
  const settings = objects.length === 0 ? [] : settingsIgnored(texts.values())
  const repositories = [
    ...objects.filter(({ kind, apiVersion }) => kind === 'GitRepository' && isFlux(apiVersion, 'source')),
    ...objects.flatMap(instanceSource),
  ]
  const fluxes = objects.filter(isFluxKustomization)
  const maps = folderIndex(settingsFor(fluxes, texts), ({ name }) => name)
  const kustomizations = folderIndex(fluxes, titleOf)
  const readsAbove = objects.length > 0 && [...texts.values()].some(liftsRestrictions)
  const scene = { settings, readsAbove, texts, repositories, source, kustomizations, maps }
  const needs = new Set<string>()
  const rests = objects
    .flatMap((object) => applicationsOf(object, { source, texts, needs }))
    .map((deployer) => ({ object: deployer.object, deployer, rests: deliveriesOf(deployer.object, scene) }))
  const gaps = objects.flatMap((object) => generatorGap(object, texts.get(object.file), { source, texts, needs }) ?? [])
  return {
    needs: [...needs],
    gaps,
    deliveries: rests.flatMap(({ object, deployer: { title, filling }, rests: own }) =>
      own.map((rest) => {
        return { ...rest, title, filling, file: object.file, sources: [...rest.sources, ...settingsFilesOf(filling)] }
      }),
    ),
    remoteCharts: objects.flatMap(remoteChartsOf),
    outsiders: new Set(rests.flatMap(({ object, rests: own }) => outsiderOf(object, own.length) ?? [])),
  }
}

interface Scene extends FluxScene, ArgoScene {
  readonly source: DeliverySource
}

function deliveriesOf(object: ManifestObject, scene: Scene): readonly UntitledDelivery[] {
  if (isFluxKustomization(object)) return fluxDelivery(object, scene, scene.source)
  if (isFluxInstance(object)) return instanceDelivery(object, scene.source)
  return object.apiVersion.startsWith('argoproj.io/') ? argoDeliveries(object, scene, scene.source) : []
}

/** The ConfigMaps from which Kustomizations take variables. */
function settingsFor(
  kustomizations: readonly ManifestObject[],
  texts: ReadonlyMap<string, string | undefined>,
): readonly ManifestObject[] {
  const names = kustomizations.flatMap(({ data }) =>
    listOf(recordOf(recordOf(data['spec'])['postBuild'])['substituteFrom']).map((one) => recordOf(one)['name']),
  )
  const wanted = [...new Set(names.filter((name) => typeof name === 'string'))]
  const candidates = new Map([...texts].filter(([, text]) => wanted.some((name) => text?.includes(name) === true)))
  return objectsIn(candidates, CONFIG_MAPS).filter(({ kind, name }) => kind === 'ConfigMap' && wanted.includes(name))
}

/**
 * The namespace to which a chart or another repository is deployed; `*` for any. `ours`: the number of sources that are folders
 * of this repository.
 */
function outsiderOf(object: ManifestObject, ours: number): string | undefined {
  const { apiVersion, kind, namespace, data } = object
  const spec = recordOf(data['spec'])
  if (kind === 'HelmRelease' && isFlux(apiVersion, 'helm')) return placeOf(spec['targetNamespace'], namespace)
  if (isFluxKustomization(object)) return ours > 0 ? undefined : placeOf(spec['targetNamespace'], namespace)
  if (!apiVersion.startsWith('argoproj.io/') || !['Application', 'ApplicationSet'].includes(kind)) return undefined
  const { spec: own } = applicationOf(object)
  const sources = [own['source'], ...listOf(own['sources'])].filter(isRecord)
  // Folders with a generator's parameters in their paths may be in this repository too.
  const isTold = sources.every((one) => isTemplate(textOf(one['path']) ?? '') && one['chart'] === undefined)
  return isTold || ours === sources.length ? undefined : placeOf(recordOf(own['destination'])['namespace'], '*')
}

function remoteChartsOf(object: ManifestObject): readonly RemoteChart[] {
  const { apiVersion, kind, name, data } = object
  if (kind === 'HelmRelease' && isFlux(apiVersion, 'helm')) {
    const spec = recordOf(recordOf(recordOf(data['spec'])['chart'])['spec'])
    const isHere = recordOf(spec['sourceRef'])['kind'] === 'GitRepository'
    const chart = textOf(spec['chart']) ?? textOf(recordOf(recordOf(data['spec'])['chartRef'])['name'])
    return isHere || chart === undefined ? [] : [{ chart, title: titleOf(object), name }]
  }
  if (!apiVersion.startsWith('argoproj.io/')) return []
  const { spec } = applicationOf(object)
  return [spec['source'], ...listOf(spec['sources'])].flatMap((source) => {
    const chart = textOf(recordOf(source)['chart'])
    return chart === undefined ? [] : [{ chart, title: titleOf(object), name }]
  })
}

function placeOf(written: unknown, otherwise: string): string | undefined {
  const namespace = textOf(written) ?? otherwise
  if (namespace === '') return undefined
  return isTemplate(namespace) ? '*' : namespace
}
