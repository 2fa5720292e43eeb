/** What Argo CD and Flux deploy, as far as their own objects in the repository say. */
import { isNamed } from '../config/deployed.ts'
import { titleOf } from '../manifest/identity.ts'
import { isRecord, listOf, type Path, recordOf, textOf } from '../manifest/data.ts'
import { type Manifest, type ManifestObject, parseManifest } from '../manifest/parse.ts'
import { type Additions, argoFields, fluxFields, isNothing, sourceAt } from './additions.ts'
import { type DeployerPatch, patchesIn } from './deployer-patch.ts'
import { ignoredFields, type IgnoredFields, settingsIgnored } from './ignored-fields.ts'
import { variablesOf } from './variables.ts'

/** Why a commit is not applied by itself. `skipped`: its deployer is told not to look at it. */
export type DeliveryStop = 'suspended' | 'by-hand' | 'skipped' | 'revision'

/** One folder of this repository that something deploys. */
export interface Delivery {
  /** `Application argocd/web`, `Kustomization flux-system/apps`. */
  readonly title: string
  readonly file: string
  /** The folder, '' for the top. */
  readonly path: string
  /** Where it puts objects that name none; undefined where it does not say. */
  readonly namespace: string | undefined
  /** Undefined where a commit is applied by itself. */
  readonly stops: DeliveryStop | undefined
  /** The fields that it leaves as they are in the cluster. */
  readonly ignored: readonly IgnoredFields[]
  /** Whether it leaves them when it applies a commit too, and not only when it compares. */
  readonly respectsIgnored: boolean
  /** What it changes after the build, whatever Git says. */
  readonly patches: readonly DeployerPatch[]
  /** What it adds to the build; undefined where it adds nothing. */
  readonly additions: Additions | undefined
  /** The files that say so, its own first. */
  readonly sources: readonly string[]
}

/** What is known of the repository besides its files. */
export interface DeliverySource {
  /** Its name, to tell whose folders an Application speaks of; without it every source counts as this repository's. */
  readonly repository?: string | undefined
  /** The branches that are deployed, names or patterns; without them any branch counts. */
  readonly branches?: readonly string[] | undefined
}

const RELEVANT = /argoproj\.io|toolkit\.fluxcd\.io|argocd-cm/

type Data = Readonly<Record<string, unknown>>
type Rest = Omit<Delivery, 'title' | 'file'>

/** An object that deploys something, in the file as it was read. */
type DeployerObject = ManifestObject & { readonly manifest: Manifest }

/** What is deployed of these files, and the namespaces to which something else is deployed: `*` for any. */
export interface Deliveries {
  readonly deliveries: readonly Delivery[]
  readonly outsiders: ReadonlySet<string>
}

/** What the texts of a commit say. What a generator or template fills in cannot be known here. */
export function readDeliveries(
  texts: ReadonlyMap<string, string | undefined>,
  source: DeliverySource = {},
): Deliveries {
  const objects = objectsIn(texts, RELEVANT)
  const settings = objects
    .filter(({ kind, name }) => kind === 'ConfigMap' && name === 'argocd-cm')
    .flatMap(({ data }) => settingsIgnored(data['data']))
  const repositories = objects.filter(
    ({ kind, apiVersion }) => kind === 'GitRepository' && isFlux(apiVersion, 'source'),
  )
  const kustomizations = objects.filter(isFluxKustomization)
  const maps = settingsFor(kustomizations, texts)
  const beside = { settings, repositories, source, kustomizations, maps }
  const rests = objects.map((object) => ({ object, rests: deliveriesOf(object, beside) }))
  return {
    deliveries: rests.flatMap(({ object, rests: own }) =>
      own.map((rest) => ({ ...rest, title: titleOf(object), file: object.file })),
    ),
    outsiders: new Set(rests.flatMap(({ object, rests: own }) => outsiderOf(object, own.length) ?? [])),
  }
}

function objectsIn(texts: ReadonlyMap<string, string | undefined>, wanted: RegExp): readonly DeployerObject[] {
  return [...texts].flatMap(([file, text]) => {
    if (text === undefined || !wanted.test(text)) return []
    const manifest = parseManifest(file, text, wanted)
    return manifest.ok ? manifest.value.objects.map((object) => ({ ...object, manifest: manifest.value })) : []
  })
}

interface Beside {
  readonly settings: readonly IgnoredFields[]
  readonly repositories: readonly ManifestObject[]
  readonly source: DeliverySource
  readonly kustomizations: readonly ManifestObject[]
  /** ConfigMaps with variables. */
  readonly maps: readonly ManifestObject[]
}

function deliveriesOf(object: DeployerObject, beside: Beside): readonly Rest[] {
  if (isFluxKustomization(object)) return fluxDelivery(object, beside)
  return object.apiVersion.startsWith('argoproj.io/') ? argoDeliveries(object, beside) : []
}

function isFluxKustomization({ kind, apiVersion }: ManifestObject): boolean {
  return kind === 'Kustomization' && isFlux(apiVersion, 'kustomize')
}

/** The ConfigMaps that Kustomizations take variables from. */
function settingsFor(
  kustomizations: readonly ManifestObject[],
  texts: ReadonlyMap<string, string | undefined>,
): readonly ManifestObject[] {
  const names = kustomizations.flatMap(({ data }) =>
    listOf(recordOf(recordOf(data['spec'])['postBuild'])['substituteFrom']).map((one) => recordOf(one)['name']),
  )
  if (names.length === 0) return []
  return objectsIn(texts, /\bConfigMap\b/).filter(({ kind, name }) => kind === 'ConfigMap' && names.includes(name))
}

/** The namespace of what a chart or another repository brings. `ours`: how many of its sources are folders of this one. */
function outsiderOf(object: ManifestObject, ours: number): string | undefined {
  const { apiVersion, kind, namespace, data } = object
  const spec = recordOf(data['spec'])
  if (kind === 'HelmRelease' && isFlux(apiVersion, 'helm')) return placeOf(spec['targetNamespace'], namespace)
  if (isFluxKustomization(object)) return ours > 0 ? undefined : placeOf(spec['targetNamespace'], namespace)
  if (!apiVersion.startsWith('argoproj.io/') || !['Application', 'ApplicationSet'].includes(kind)) return undefined
  const { spec: own } = applicationOf(object)
  const sources = [own['source'], ...listOf(own['sources'])].filter(isRecord)
  // Folders that a generator names are of this repository as well.
  const isTold = sources.every((one) => isTemplate(textOf(one['path']) ?? '') && one['chart'] === undefined)
  return isTold || ours === sources.length ? undefined : placeOf(recordOf(own['destination'])['namespace'], '*')
}

function placeOf(written: unknown, otherwise: string): string | undefined {
  const namespace = textOf(written) ?? otherwise
  if (namespace === '') return undefined
  return isTemplate(namespace) ? '*' : namespace
}

function isFlux(apiVersion: string, part: string): boolean {
  return apiVersion.startsWith(`${part}.toolkit.fluxcd.io/`)
}

interface Application {
  readonly spec: Data
  readonly annotations: Data
  /** Where its `spec` stands in the object. */
  readonly at: Path
}

/** An Application, or what all of an ApplicationSet's get; paths with `{{ … }}` in them are left out below. */
function applicationOf({ kind, data }: ManifestObject): Application {
  const owner = kind === 'ApplicationSet' ? recordOf(recordOf(data['spec'])['template']) : data
  const isOne = kind === 'ApplicationSet' || kind === 'Application'
  return {
    spec: isOne ? recordOf(owner['spec']) : {},
    annotations: recordOf(recordOf(owner['metadata'])['annotations']),
    at: kind === 'ApplicationSet' ? ['spec', 'template', 'spec'] : ['spec'],
  }
}

function fluxDelivery(object: DeployerObject, { repositories, source, kustomizations, maps }: Beside): readonly Rest[] {
  const { data, namespace, manifest, file } = object
  const spec = recordOf(data['spec'])
  const path = folderOf(textOf(spec['path']) ?? './')
  const reference = recordOf(spec['sourceRef'])
  // A fleet has one of the same name for each cluster.
  const from = repositories.filter(
    (one) => one.name === reference['name'] && one.namespace === (textOf(reference['namespace']) ?? namespace),
  )
  const ours = from.filter((one) => isHere(textOf(recordOf(one.data['spec'])['url']) ?? '', source))
  if (path === undefined || (from.length > 0 && ours.length === 0)) return []
  const states = ours.map((one) => sourceStop(recordOf(one.data['spec']), source))
  const stops = spec['suspend'] === true ? 'suspended' : states.includes(undefined) ? undefined : states[0]
  const namesakes = kustomizations.filter((other) => other !== object && titleOf(other) === titleOf(object))
  const { variables, files } = variablesOf(object, { settings: maps, namesakes })
  const additions = {
    fields: fluxFields(spec),
    generates: true,
    variables,
    source: sourceAt(manifest, object, ['spec']),
  }
  return [
    {
      path,
      namespace: textOf(spec['targetNamespace']),
      stops,
      ignored: [],
      respectsIgnored: false,
      patches: patchesIn(spec),
      additions: isNothing(additions) ? undefined : additions,
      sources: [...new Set([file, ...files])],
    },
  ]
}

function sourceStop(spec: Data, source: DeliverySource): DeliveryStop | undefined {
  if (spec['suspend'] === true) return 'suspended'
  const { branch, tag, semver, commit, name } = recordOf(spec['ref'])
  const revision = [commit, name, semver, tag, branch].map(textOf).find((one) => one !== undefined)
  return isDeployed(revision ?? '', source) && semver === undefined ? undefined : 'revision'
}

function argoDeliveries(object: DeployerObject, { settings, source }: Beside): readonly Rest[] {
  const { spec, annotations, at } = applicationOf(object)
  const sync = recordOf(spec['syncPolicy'])
  const isAutomatic = isRecord(sync['automated']) && sync['automated']['enabled'] !== false
  const isSkipped = annotations['argocd.argoproj.io/skip-reconcile'] === 'true'
  const own = listOf(spec['ignoreDifferences']).map((entry) => ignoredFields(recordOf(entry)))
  const common = {
    namespace: textOf(recordOf(spec['destination'])['namespace']),
    ignored: [...own, ...settings],
    respectsIgnored: listOf(sync['syncOptions']).includes('RespectIgnoreDifferences=true'),
  }
  const several = listOf(spec['sources']).map((one, index) => [one, ['sources', index]] as const)
  return [[spec['source'], ['source']] as const, ...several].flatMap(([own, where]): Rest[] => {
    const one = recordOf(own)
    const path = folderOf(textOf(one['path']) ?? '')
    // Without a path it is a chart, or only values for one.
    const isFolder = textOf(one['path']) !== undefined && isHere(textOf(one['repoURL']) ?? '', source)
    if (path === undefined || !isFolder) return []
    const isFollowed = isDeployed(textOf(one['targetRevision']) ?? '', source)
    const stops = isSkipped ? 'skipped' : !isAutomatic ? 'by-hand' : isFollowed ? undefined : 'revision'
    const kustomize = recordOf(one['kustomize'])
    const additions = argoAdditions(object, kustomize, [...at, ...where, 'kustomize'])
    return [{ ...common, path, stops, patches: patchesIn(kustomize), additions, sources: [object.file] }]
  })
}

/** What a generator fills in differs from one Application to the next. */
function argoAdditions(object: DeployerObject, kustomize: Data, at: Path): Additions | undefined {
  const isFilledIn = object.kind === 'ApplicationSet' && JSON.stringify(kustomize).includes('{{')
  const fields = isFilledIn ? {} : argoFields(kustomize)
  const source = sourceAt(object.manifest, object, at)
  const additions = { fields, generates: false, variables: undefined, source }
  return isNothing(additions) ? undefined : additions
}

function isHere(url: string, { repository }: DeliverySource): boolean {
  if (repository === undefined || url === '' || isTemplate(url)) return true
  const name = url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1)
  return name?.toLowerCase() === repository.toLowerCase()
}

/** A commit, a tag of a version, or a range of versions: merges to a branch do not change what it stands for. */
const FIXED = /^(?:[0-9a-f]{40}|refs\/tags\/.+|[~^<>=]{0,2} ?v?\d+(?:\.(?:\d+|[x*])){1,2}(?:[-+].*)?)$/

/** Whether a merge to the deployed branches is what a revision leads to. */
function isDeployed(revision: string, { branches }: DeliverySource): boolean {
  const branch = revision.replace(/^refs\/heads\//, '')
  if (branch === '' || branch === 'HEAD' || isTemplate(branch)) return true
  return branches === undefined ? !FIXED.test(branch) : isNamed(branches, branch)
}

/** Filled in by a generator, or by Flux after the build. */
function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('${')
}

/** A folder as written from the top; undefined where a template fills it in, or it leads out of the repository. */
function folderOf(written: string): string | undefined {
  if (isTemplate(written)) return undefined
  const steps = written.split('/').filter((step) => step !== '' && step !== '.')
  return steps.includes('..') ? undefined : steps.join('/')
}
