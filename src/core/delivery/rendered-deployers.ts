/**
 * Deployers that something else renders (Argo CD's "app of apps"): the chart of another release, or a kustomization that changes them.
 * They are read as if they were written in the chart's templates or the kustomization's resources.
 */
import { isRenderedPart, templateOf } from '../chart/rendered-parts.ts'
import type { ChartRelease, DeployedRelease, ObjectValue, SettingSource, ValuesSource } from '../chart/release.ts'
import { sameData, valueAt } from '../manifest/data.ts'
import type { Location, ManifestObject } from '../manifest/parse.ts'
import type { Problem } from '../problem/problem.ts'
import type { Additions } from './additions.ts'
import { type Deliveries, type Delivery, readDeliveries } from './delivery.ts'
import type { DeliverySource } from './delivery-source.ts'
import type { Parent } from './parent.ts'
import { readReleases } from './releases.ts'

type Texts = ReadonlyMap<string, string | undefined>

/** The rendered text of one file with deployers, and the release or build that renders it. */
export interface RenderedPart {
  readonly text: string
  readonly parent: Parent
  /** The objects of the text as a file has them. Undefined if a template renders them. */
  readonly written?: readonly WrittenDeployer[]
}

/** The data of a rendered deployer, and the object that it is in a file. */
export interface WrittenDeployer {
  readonly data: ManifestObject['data']
  readonly own: ManifestObject
}

/** What charts and kustomizations of a commit render. */
export interface RenderedDeployers {
  /** By the names of `renderedParts`. */
  readonly parts: ReadonlyMap<string, RenderedPart>
  /** The templates and resources that are read as they are rendered, and not as they are written. */
  readonly templates: ReadonlySet<string>
  /** Why releases and kustomizations cannot be rendered, and the names of the releases and environments. */
  readonly unrendered: readonly (Problem & { readonly environments: readonly string[] })[]
}

export const NO_RENDERED_DEPLOYERS: RenderedDeployers = { parts: new Map(), templates: new Set(), unrendered: [] }

/** What Argo CD and Flux deploy from a commit. `charts`: Flux's deliveries of charts. */
interface Deployers extends Deliveries {
  readonly releases: readonly DeployedRelease[]
  readonly charts: readonly Delivery[]
}

/** Reads all deployers of a commit: those in its files, and those that its charts render. */
export function readDeployers(texts: Texts, source: DeliverySource, rendered: RenderedDeployers): Deployers {
  const all = asRendered(texts, rendered)
  const read = readDeliveries(all, source)
  const { releases, deliveries: charts } = readReleases(all, source)
  const scene = { rendered, texts }
  return {
    ...read,
    deliveries: read.deliveries.map((delivery) => deliveryIn(scene, delivery)),
    gaps: read.gaps.map((gap) => ({ ...gap, ...placeIn(scene, gap) })),
    releases: releases.map((release) => releaseIn(scene, release)),
    charts: charts.map((delivery) => deliveryIn(scene, delivery)),
  }
}

/** The texts in which deployers are looked for. */
function asRendered(texts: Texts, { parts, templates }: RenderedDeployers): Texts {
  const written = [...texts].filter(([file]) => !templates.has(file))
  return new Map([...written, ...[...parts].map(([name, { text }]) => [name, text] as const)])
}

interface Scene {
  readonly rendered: RenderedDeployers
  readonly texts: Texts
}

function deliveryIn(scene: Scene, delivery: Delivery): Delivery {
  const part = scene.rendered.parts.get(delivery.file)
  if (part === undefined) return delivery
  const { additions } = delivery
  return {
    ...delivery,
    file: templateOf(delivery.file),
    parent: part.parent,
    additions: additions && additionsIn(scene, additions),
    sources: sourcesIn(scene, delivery.sources),
  }
}

/** No edit of a file changes only these additions, so they have no place in a document. */
function additionsIn(scene: Scene, { source, variables, ...additions }: Additions): Additions {
  const places = [...(variables?.places ?? [])].filter(([, { file }]) => !isRenderedPart(file))
  return {
    ...additions,
    variables: variables && { ...variables, places: new Map(places) },
    source: { ...source, ...placeIn(scene, source), document: undefined },
  }
}

function releaseIn(scene: Scene, deployed: DeployedRelease): DeployedRelease {
  const part = scene.rendered.parts.get(deployed.file)
  if (part === undefined) return deployed
  const { release, file, sources } = deployed
  const { values, settings, postRenderers } = release
  const own: ChartRelease = {
    ...release,
    values: values.map((one): ValuesSource => {
      const place = placeIn(scene, one.place)
      return one.from === 'object' ? { ...one, place, value: valueIn(scene, one.value) } : { ...one, place }
    }),
    settings: settings.map((one): SettingSource => ({ ...one, value: valueIn(scene, one.value) })),
    ...(postRenderers === undefined ? {} : { postRenderers: valueIn(scene, postRenderers) }),
  }
  return {
    ...deployed,
    release: own,
    file: templateOf(file),
    sources: sourcesIn(scene, sources),
    parent: part.parent,
  }
}

function valueIn({ rendered }: Scene, value: ObjectValue): ObjectValue {
  const part = rendered.parts.get(value.file)
  if (part === undefined) return value
  const { own, data } = part.written?.[value.document] ?? {}
  // A value that the build leaves as it is can be edited in the file.
  if (own !== undefined && own.at.length === 0 && sameData(valueAt(data, value.path), valueAt(own.data, value.path)))
    return { ...value, file: own.file, document: own.document }
  return { ...value, file: templateOf(value.file), rendered: part.text }
}

function sourcesIn({ rendered }: Scene, sources: readonly string[]): readonly string[] {
  return [...new Set(sources.flatMap((file) => [templateOf(file), ...(rendered.parts.get(file)?.parent.files ?? [])]))]
}

/** The line of the template that is rendered to this line as it is, or else the first one. */
function placeIn({ rendered, texts }: Scene, { file, line }: Location): Location {
  const part = rendered.parts.get(file)
  if (part === undefined) return { file, line }
  const template = templateOf(file)
  const wanted = part.text.split('\n')[line - 1]?.trim()
  const found = (texts.get(template) ?? '').split('\n').findIndex((own) => own.trim() === wanted)
  return { file: template, line: Math.max(0, found) + 1 }
}
