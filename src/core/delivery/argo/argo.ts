/** What Argo CD deploys: Applications. */
import { isRecord, listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import type { ManifestObject } from '../../manifest/parse.ts'
import { type Additions, type AdditionSource, argoFields, isNothing, sourceAt, withoutMissing } from '../additions.ts'
import type { UntitledDelivery } from '../delivery.ts'
import { type DeliverySource, folderOf, isDeployed, isHere, isTemplate } from '../delivery-source.ts'
import { directoryOptions } from '../directory.ts'
import { patchesIn } from '../deployer-patch.ts'
import { syncStepOf } from '../generators/rolling-sync.ts'
import { overridden, overridesFor } from './source-override.ts'
import { ignoredFields, type IgnoredFields } from '../ignored/ignored-fields.ts'

type Data = Readonly<Record<string, unknown>>

/** The settings of Argo CD itself, as far as the repository contains them. */
export interface ArgoScene {
  /** The fields that every Application ignores. */
  readonly settings: readonly IgnoredFields[]
  readonly readsAbove: boolean
  readonly texts: ReadonlyMap<string, string | undefined>
}

/**
 * Whether a text sets `kustomize.buildOptions` so that builds may read files outside of their folders. The text may be
 * `argocd-cm`, or the values of Argo CD's chart.
 */
export function liftsRestrictions(text: string | undefined): boolean {
  if (text === undefined || !text.includes('uildOptions')) return false
  return /--load[-_]restrictor[= ]["']?(?:LoadRestrictionsNone|none)\b/i.test(text)
}

export interface Application {
  /** Undefined if only the generator of an ApplicationSet knows it. */
  readonly name: string | undefined
  readonly spec: Data
  readonly annotations: Data
  /** The path of its `spec` in the object. */
  readonly at: Path
}

/**
 * An Application, or the template that all Applications of an ApplicationSet share. Callers ignore paths that still contain `{{ …
 * }}`.
 */
export function applicationOf({ kind, data }: ManifestObject): Application {
  const owner = kind === 'ApplicationSet' ? recordOf(recordOf(data['spec'])['template']) : data
  const isOne = kind === 'ApplicationSet' || kind === 'Application'
  const metadata = recordOf(owner['metadata'])
  const name = textOf(metadata['name'])
  return {
    name: name === undefined || isTemplate(name) ? undefined : name,
    spec: isOne ? recordOf(owner['spec']) : {},
    annotations: recordOf(metadata['annotations']),
    at: kind === 'ApplicationSet' ? ['spec', 'template', 'spec'] : ['spec'],
  }
}

/** The name that Argo CD gives to its own cluster, and the address of it. */
const [OWN_NAME, OWN_SERVER] = ['in-cluster', 'https://kubernetes.default.svc']

function clusterOf({ server, name }: Data): string | undefined {
  const cluster = textOf(server) ?? (name === OWN_NAME ? OWN_SERVER : textOf(name))
  return cluster === undefined || isTemplate(cluster) ? undefined : `argo-cd ${cluster}`
}

export function argoDeliveries(
  object: ManifestObject,
  { settings, readsAbove, texts }: ArgoScene,
  source: DeliverySource,
): readonly UntitledDelivery[] {
  const { name, spec, annotations, at } = applicationOf(object)
  const sync = recordOf(spec['syncPolicy'])
  const step = syncStepOf(object)
  // A set with steps starts the syncs itself.
  const isAutomatic = step !== undefined || (isRecord(sync['automated']) && sync['automated']['enabled'] !== false)
  const isSkipped = annotations['argocd.argoproj.io/skip-reconcile'] === 'true'
  const own = listOf(spec['ignoreDifferences']).map((entry) => ignoredFields(recordOf(entry)))
  const common = {
    tool: 'argo-cd',
    cluster: clusterOf(recordOf(spec['destination'])),
    namespace: textOf(recordOf(spec['destination'])['namespace']),
    ignored: [...own, ...settings],
    readsAbove,
    step,
    respectsIgnored: listOf(sync['syncOptions']).includes('RespectIgnoreDifferences=true'),
  } as const
  const several = listOf(spec['sources']).map((one, index) => [one, ['sources', index]] as const)
  return [[spec['source'], ['source']] as const, ...several].flatMap(([written, where]): UntitledDelivery[] => {
    const own = recordOf(written)
    const path = folderOf(textOf(own['path']) ?? '')
    // A source without a path is a chart, or only has values for one.
    const isFolder = textOf(own['path']) !== undefined && isHere(textOf(own['repoURL']) ?? '', source)
    if (path === undefined || !isFolder) return []
    const overrides = overridesFor({ name, namespace: object.namespace }, path, texts)
    const one = overridden(own, overrides)
    const isFollowed = isDeployed(textOf(one['targetRevision']) ?? '', source)
    const stops = isSkipped ? 'skipped' : !isAutomatic ? 'by-hand' : isFollowed ? undefined : 'revision'
    const kustomize = recordOf(one['kustomize'])
    const from = sourceAt(object, [...at, ...where, 'kustomize'])
    const additions = argoAdditions(object, kustomize, { path, paths: source.paths, from })
    const directory = directoryOptions(one['directory'])
    const sources = [object.file, ...overrides.map(({ file }) => file)]
    return [{ ...common, path, stops, directory, patches: patchesIn(kustomize), additions, sources }]
  })
}

/** Fields that a generator fills in are different in each Application, so they are left out. */
function argoAdditions(
  object: ManifestObject,
  kustomize: Data,
  where: { readonly path: string; readonly paths: readonly string[] | undefined; readonly from: AdditionSource },
): Additions | undefined {
  const isFilledIn = object.kind === 'ApplicationSet' && JSON.stringify(kustomize).includes('{{')
  const fields = isFilledIn ? {} : withoutMissing(kustomize, argoFields(kustomize), where)
  const additions = { fields, generates: false, variables: undefined, source: where.from }
  return isNothing(additions) ? undefined : additions
}
