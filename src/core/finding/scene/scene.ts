/** How the rendered objects of an environment relate to each other. */
import { grouped } from '../../grouped.ts'
import type { RenderedObject } from '../../diff/objects.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'
import { resolveHost } from '../../traffic/host.ts'
import { listOf, recordOf, textOf } from '../../manifest/data.ts'
import type { Finding } from '../finding.ts'
import { type Workload, workloadsIn } from './workload.ts'

type Labels = Readonly<Record<string, unknown>>

export interface ObjectIndex {
  readonly objects: readonly RenderedObject[]
  readonly services: ReadonlyMap<string, RenderedObject>
  readonly serviceEntries: readonly RenderedObject[]
  /** The hosts of ServiceEntries. */
  readonly entries: readonly string[]
  readonly virtualServices: readonly RenderedObject[]
  /** Gateway API routes. */
  readonly routes: readonly RenderedObject[]
  readonly destinationRules: readonly RenderedObject[]
  readonly workloads: readonly Workload[]
  readonly labelled: ReadonlyMap<string, readonly Workload[]>
}

const ISTIO = 'networking.istio.io'

/** `beside`: objects that other environments add to the same place. Routes are only those of the environment itself. */
export function sceneOf(own: readonly RenderedObject[], beside: readonly RenderedObject[] = []): ObjectIndex {
  const objects = beside.length === 0 ? own : [...own, ...beside]
  const istio = (kind: string, of = objects): readonly RenderedObject[] =>
    of.filter((object) => object.group === ISTIO && object.kind === kind)
  const services = objects.filter(({ kind, group }) => kind === 'Service' && group === '')
  const serviceEntries = istio('ServiceEntry')
  const workloads = workloadsIn(objects)
  return {
    objects,
    services: new Map(services.map((object) => [resolveHost(object.name, effectiveNamespace(object)), object])),
    serviceEntries,
    entries: serviceEntries.flatMap((object) => listOf(specOf(object)['hosts']).flatMap((host) => textOf(host) ?? [])),
    virtualServices: istio('VirtualService', own),
    routes: own.filter(isGatewayRoute),
    destinationRules: istio('DestinationRule'),
    workloads,
    labelled: labelledIn(workloads),
  }
}

export function specOf({ data }: RenderedObject): Readonly<Record<string, unknown>> {
  return recordOf(data['spec'])
}

/** The value of an annotation. */
export function annotation({ data }: RenderedObject, key: string): string | undefined {
  return textOf(recordOf(recordOf(data['metadata'])['annotations'])[key])
}

/**
 * Whether labels contain everything that a selector requires. An empty selector selects nothing, because someone else writes the
 * endpoints.
 */
export function labelsMatch(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** The labels that pods behind a Service must have; undefined if unknown. */
export function selectorOf(service: RenderedObject): Labels | undefined {
  const spec = specOf(service)
  const selector = recordOf(spec['selector'])
  return spec['type'] === 'ExternalName' || Object.keys(selector).length === 0 ? undefined : selector
}

const ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'])

export function isGatewayRoute({ kind, group }: Pick<RenderedObject, 'kind' | 'group'>): boolean {
  return ROUTES.has(kind) && group === 'gateway.networking.k8s.io'
}

/** The workloads of a namespace whose templates have all of these labels. */
export function workloadsWith({ labelled }: ObjectIndex, namespace: string, labels: Labels): readonly Workload[] {
  const [first] = Object.entries(labels)
  const some = first === undefined ? [] : (labelled.get(labelKey(namespace, first)) ?? [])
  return some.filter((workload) => labelsMatch(labels, workload.labels))
}

function labelKey(namespace: string, [key, value]: readonly [string, unknown]): string {
  return JSON.stringify([namespace, key, value])
}

/** Workloads by each of their labels. */
function labelledIn(workloads: readonly Workload[]): ReadonlyMap<string, readonly Workload[]> {
  return grouped(
    workloads.flatMap((workload) => {
      const { namespace, labels } = workload
      return Object.entries(labels).map((label) => [labelKey(namespace, label), workload] as const)
    }),
  )
}

/** The objects of an environment, and where missing objects may come from. */
export interface FindingScene extends ObjectIndex {
  /** Namespaces in which a chart, an operator or another repository may create objects that are not here; `*` for any. */
  readonly brought: ReadonlySet<string>
}

/** A check of an environment's objects. */
export type FindingCheck = (scene: FindingScene) => readonly Finding[]
