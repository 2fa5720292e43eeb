/** The releases that Argo CD and Flux make of charts in this repository, with their values. */
import type { DeployedRelease } from '../chart/release.ts'
import { isRenderedPart } from '../chart/rendered-parts.ts'
import { DEPLOYER_KINDS, HOLDER_KINDS, VALUES_OBJECT } from '../chart/release-build.ts'
import { templateChart } from '../chart/template-chart.ts'
import { readKustomization } from '../environment/kustomization.ts'
import { objectOf } from '../environment/traffic-text.ts'
import { inFolder, isKustomization, join, parentOf } from '../environment/tree.ts'
import { isRecord, listOf, type Path, recordOf, textOf } from '../manifest/data.ts'
import { titleOf } from '../manifest/identity.ts'
import { type Manifest, type ManifestObject, parseManifest } from '../manifest/parse.ts'
import { applicationOf } from './argo/argo.ts'
import { argoRelease } from './argo/argo-release.ts'
import { overridesFor } from './argo/source-override.ts'
import type { Delivery } from './delivery.ts'
import { type DeliverySource, folderOf, isHere, isTemplate } from './delivery-source.ts'
import { applicationsOf, type Deployer } from './generators/application-set.ts'
import { settingsFilesOf } from './generators/elements.ts'
import { folderIndex } from './folder-index.ts'
import { fluxSource, isFlux, PLAINLY } from './flux/flux.ts'
import { fluxRelease, type ValuesHolder } from './flux/flux-release.ts'

type Texts = ReadonlyMap<string, string | undefined>

interface Releases {
  readonly releases: readonly DeployedRelease[]
  /** The deliveries of Flux. For Argo CD, `readDeliveries` already has every Application, even if its path is a chart. */
  readonly deliveries: readonly Delivery[]
}

const DEPLOYERS = objectOf(DEPLOYER_KINDS)
const HOLDERS = objectOf(HOLDER_KINDS)

/** The releases of charts in this repository, from the texts of a commit. */
export function readReleases(texts: Texts, source: DeliverySource): Releases {
  const isChart = (folder: string | undefined): boolean =>
    folder !== undefined && texts.get(inFolder(folder, 'Chart.yaml')) !== undefined
  // Without a chart, no file needs to be read.
  if (![...texts.keys()].some((path) => /(?:^|\/)Chart\.yaml$/.test(path))) return { releases: [], deliveries: [] }
  const manifests = manifestsIn(texts, DEPLOYERS)
  const objects = manifests.flatMap((manifest) => manifest.objects.map((object) => ({ manifest, object })))
  const applications = objects.flatMap((found) => applicationReleases(found, { texts, source }))
  const flux = fluxReleases(objects, { texts, source })
  const found = [...applications, ...flux].filter(({ release }) => isChart(release.chart))
  return {
    releases: found.map(({ release, title, name, file, sources }) => ({ release, title, name, file, sources })),
    deliveries: found.flatMap(({ delivery }) => delivery ?? []),
  }
}

function manifestsIn(texts: Texts, wanted: RegExp): readonly Manifest[] {
  return [...texts].flatMap(([file, text]) => {
    if (text === undefined || !wanted.test(text)) return []
    const manifest = parseManifest(file, text, VALUES_OBJECT)
    return manifest.ok ? [manifest.value] : []
  })
}

interface ParsedObject {
  readonly manifest: Manifest
  readonly object: ManifestObject
}

type FoundRelease = DeployedRelease & { readonly delivery?: Delivery }

function applicationReleases(
  { manifest, object }: ParsedObject,
  { texts, source }: { readonly texts: Texts; readonly source: DeliverySource },
): readonly FoundRelease[] {
  const { apiVersion, kind } = object
  if (!apiVersion.startsWith('argoproj.io/') || !['Application', 'ApplicationSet'].includes(kind)) return []
  // `readDeliveries` already asks for the files of generators.
  return applicationsOf(object, { source, texts, needs: new Set() }).flatMap((deployer) =>
    releasesOf(deployer, manifest, { texts, source }),
  )
}

function releasesOf(
  { object, title, filling: written }: Deployer,
  manifest: Manifest,
  { texts, source }: { readonly texts: Texts; readonly source: DeliverySource },
): FoundRelease[] {
  const { file, document, at } = object
  const { name: given, spec, at: start } = applicationOf(object)
  const several = listOf(spec['sources']).filter(isRecord)
  const refs = new Set(
    several.flatMap((one) => (isHere(textOf(one['repoURL']) ?? '', source) ? (textOf(one['ref']) ?? []) : [])),
  )
  const sources = [
    { own: recordOf(spec['source']), path: ['source'] },
    ...several.map((own, index) => ({ own, path: ['sources', index] })),
  ]
  const name = (written === undefined ? undefined : given) ?? object.name
  const namespace = textOf(recordOf(spec['destination'])['namespace'])
  const application = {
    file,
    document,
    name,
    namespace: namespace === undefined || isTemplate(namespace) ? undefined : namespace,
    line: (path: Path): number => manifest.line(document, path),
    isTemplated: !isRenderedPart(file) && templateChart(file, texts) !== undefined,
  }
  const filling = written && { ...written, at }
  return sources.flatMap(({ own, path }): FoundRelease[] => {
    const folder = folderOf(textOf(own['path']) ?? '')
    if (folder === undefined || textOf(own['path']) === undefined) return []
    if (own['chart'] !== undefined || !isHere(textOf(own['repoURL']) ?? '', source)) return []
    const overrides = overridesFor({ name: given, namespace: object.namespace }, folder, texts)
    const release = argoRelease({ application, source: own, overrides, at: [...at, ...start, ...path], refs, filling })
    const from = [file, ...settingsFilesOf(filling), ...overrides.map((one) => one.file)]
    return [{ release, title, name, file, sources: from }]
  })
}

function fluxReleases(
  objects: readonly ParsedObject[],
  { texts, source }: { readonly texts: Texts; readonly source: DeliverySource },
): readonly FoundRelease[] {
  const all = objects.filter(({ object }) => object.kind === 'HelmRelease' && isFlux(object.apiVersion, 'helm'))
  const chartOf = ({ data }: ManifestObject): string | undefined =>
    textOf(recordOf(recordOf(recordOf(data['spec'])['chart'])['spec'])['chart'])
  const repositories = objects.filter(({ object }) => object.kind === 'GitRepository').map(({ object }) => object)
  const names = new Set(
    all.flatMap(({ object: { data } }) =>
      listOf(recordOf(data['spec'])['valuesFrom']).flatMap((one) => textOf(recordOf(one)['name']) ?? []),
    ),
  )
  const found = names.size === 0 ? [] : [...holdersIn(texts, names), ...generatedIn(texts, names)]
  const holders = folderIndex(found, ({ name }) => name)
  return all.flatMap(({ manifest, object }): FoundRelease[] => {
    if (chartOf(object) === undefined) return []
    const { name, namespace, file, document, at } = object
    const spec = recordOf(object.data['spec'])
    const reference = recordOf(recordOf(recordOf(spec['chart'])['spec'])['sourceRef'])
    const origin = fluxSource({ reference, namespace }, repositories, source)
    const patches = all
      .filter((other) => other.object.name === name && chartOf(other.object) === undefined)
      .map((other) => ({ file: other.object.file, line: other.object.line }))
    const line = (path: Path): number => manifest.line(document, path)
    const release = fluxRelease({ file, document, at, name, namespace, spec, line, holders, patches })
    if (release === undefined || origin === 'elsewhere') return []
    const stops = spec['suspend'] === true ? 'suspended' : origin.stops
    const common = {
      title: titleOf(object),
      file,
      path: release.chart,
      cluster: undefined,
      namespace: release.namespace,
    }
    const delivery: Delivery = {
      ...PLAINLY,
      ...common,
      stops,
      patches: [],
      additions: undefined,
      filling: undefined,
      sources: [file],
    }
    return [{ release, title: titleOf(object), name, file, sources: [file], delivery }]
  })
}

function holdersIn(texts: Texts, names: ReadonlySet<string>): readonly ValuesHolder[] {
  return manifestsIn(texts, HOLDERS)
    .flatMap(({ objects }) => objects)
    .filter(({ kind, name, at }) => HOLDER_KINDS.includes(kind) && names.has(name) && at.length === 0)
    .map(({ kind, name, namespace, file, document, data }) => {
      return { kind, name, namespace, file, document, data, generated: undefined }
    })
}

/** The ConfigMaps and Secrets that kustomizations generate from files. */
function generatedIn(texts: Texts, names: ReadonlySet<string>): readonly ValuesHolder[] {
  return [...texts].flatMap(([file, text]) => {
    if (text === undefined || !isKustomization(file) || !text.includes('Generator')) return []
    const { data = {} } = readKustomization(text, file)
    return ['configMapGenerator', 'secretGenerator'].flatMap((field) =>
      listOf(data[field])
        .map(recordOf)
        .flatMap((entry): ValuesHolder[] => {
          const name = textOf(entry['name']) ?? ''
          if (!names.has(name)) return []
          const kind = field === 'configMapGenerator' ? 'ConfigMap' : 'Secret'
          const namespace = textOf(entry['namespace']) ?? textOf(data['namespace']) ?? ''
          const generated = new Map(
            listOf(entry['files']).flatMap((one) => (typeof one === 'string' ? generatedFile(file, one) : [])),
          )
          return [{ kind, name, namespace, file, document: 0, data: {}, generated }]
        }),
    )
  })
}

function generatedFile(kustomization: string, entry: string): readonly (readonly [string, string])[] {
  const equals = entry.indexOf('=')
  const written = entry.slice(equals + 1)
  const path = join(parentOf(kustomization), written)
  const key = equals < 0 ? (written.split('/').at(-1) ?? written) : entry.slice(0, equals)
  return path === undefined ? [] : [[key, path]]
}
