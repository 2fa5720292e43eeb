/** What the rendered objects of an environment are to each other. */
import type { RenderedObject } from '../diff/objects.ts'
import { effectiveNamespace } from '../manifest/identity.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Finding } from './finding.ts'

type Labels = Readonly<Record<string, unknown>>

/** A workload of pods. */
export interface Workload {
  readonly object: RenderedObject
  readonly namespace: string
  readonly labels: Labels
  readonly replicas: number
}

export interface ObjectIndex {
  readonly objects: readonly RenderedObject[]
  readonly services: ReadonlyMap<string, RenderedObject>
  /** Hosts that ServiceEntries name. */
  readonly entries: readonly string[]
  readonly virtualServices: readonly RenderedObject[]
  /** Of the Gateway API. */
  readonly routes: readonly RenderedObject[]
  readonly destinationRules: readonly RenderedObject[]
  readonly gateways: ReadonlyMap<string, RenderedObject>
  /** Subsets by host and name. */
  readonly subsets: ReadonlyMap<string, ReadonlyMap<string, Subset>>
  readonly workloads: readonly Workload[]
  readonly labelled: ReadonlyMap<string, readonly Workload[]>
  /** Namespaces with workloads: only there pods that are missing are missing. */
  readonly worked: ReadonlySet<string>
  /** Namespaces with Services: only there a host that is missing is missing. */
  readonly served: ReadonlySet<string>
}

const ISTIO = 'networking.istio.io'
const WORKLOADS = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Rollout',
  'Pod',
  'WorkloadEntry',
  'WorkloadGroup',
])

export function sceneOf(objects: readonly RenderedObject[]): ObjectIndex {
  const istio = (kind: string): readonly RenderedObject[] =>
    objects.filter((object) => object.group === ISTIO && object.kind === kind)
  const services = objects.filter(({ kind, group }) => kind === 'Service' && group === '')
  const workloads = objects.filter(({ kind }) => WORKLOADS.has(kind)).map(workload)
  return {
    objects,
    services: new Map(services.map((object) => [resolveHost(object.name, effectiveNamespace(object)), object])),
    entries: istio('ServiceEntry').flatMap((object) =>
      listOf(specOf(object)['hosts']).flatMap((host) => textOf(host) ?? []),
    ),
    virtualServices: istio('VirtualService'),
    routes: objects.filter(isGatewayRoute),
    destinationRules: istio('DestinationRule'),
    gateways: new Map(istio('Gateway').map((object) => [`${effectiveNamespace(object)}/${object.name}`, object])),
    subsets: subsetsIn(istio('DestinationRule')),
    workloads,
    labelled: labelledIn(workloads),
    worked: new Set(workloads.map(({ namespace }) => namespace)),
    served: new Set(services.map(effectiveNamespace)),
  }
}

export function specOf({ data }: RenderedObject): Readonly<Record<string, unknown>> {
  return recordOf(data['spec'])
}

/** The value of an annotation. */
export function annotation({ data }: RenderedObject, key: string): string | undefined {
  return textOf(recordOf(recordOf(data['metadata'])['annotations'])[key])
}

function workload(object: RenderedObject): Workload {
  const spec = specOf(object)
  const template = object.kind === 'Pod' ? object.data : recordOf(spec['template'])
  const own = object.kind === 'WorkloadEntry' ? spec : recordOf(recordOf(template)['metadata'])
  const { replicas } = spec
  return {
    object,
    namespace: effectiveNamespace(object),
    labels: recordOf(own['labels']),
    replicas: typeof replicas === 'number' ? replicas : 1,
  }
}

/** Whether labels have all that a selector asks for. An empty selector selects nothing: then somebody else writes the endpoints. */
export function labelsMatch(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** What the pods behind a Service must carry; undefined where nothing says so. */
function selectorOf(service: RenderedObject): Labels | undefined {
  const spec = specOf(service)
  const selector = recordOf(spec['selector'])
  return spec['type'] === 'ExternalName' || Object.keys(selector).length === 0 ? undefined : selector
}

const ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'])

export function isGatewayRoute({ kind, group }: Pick<RenderedObject, 'kind' | 'group'>): boolean {
  return ROUTES.has(kind) && group === 'gateway.networking.k8s.io'
}

/** A subset, and the DestinationRule that has it. */
interface Subset {
  readonly rule: RenderedObject
  readonly labels: Labels
  readonly index: number
}

/** By host, then by name; the first wins in Istio too. */
function subsetsIn(rules: readonly RenderedObject[]): ReadonlyMap<string, ReadonlyMap<string, Subset>> {
  const hosts = Map.groupBy(rules, (rule) => resolveHost(textOf(specOf(rule)['host']) ?? '', effectiveNamespace(rule)))
  return new Map([...hosts].map(([host, own]) => [host, new Map(own.flatMap(subsetsOf).toReversed())]))
}

function subsetsOf(rule: RenderedObject): readonly (readonly [string, Subset])[] {
  return listOf(specOf(rule)['subsets']).map((item, index) => {
    const subset = recordOf(item)
    return [textOf(subset['name']) ?? '', { rule, labels: recordOf(subset['labels']), index }] as const
  })
}

/** The workloads behind a Service; undefined where nothing says which they are. */
export function podsOf({ labelled }: ObjectIndex, service: RenderedObject): readonly Workload[] | undefined {
  const selector = selectorOf(service)
  const [first] = Object.entries(selector ?? {})
  if (selector === undefined || first === undefined) return undefined
  const some = labelled.get(labelKey(effectiveNamespace(service), first)) ?? []
  return some.filter(({ labels }) => labelsMatch(selector, labels))
}

function labelKey(namespace: string, [key, value]: readonly [string, unknown]): string {
  return JSON.stringify([namespace, key, value])
}

/** Workloads by each of their labels. */
function labelledIn(workloads: readonly Workload[]): ReadonlyMap<string, readonly Workload[]> {
  const found = new Map<string, Workload[]>()
  for (const workload of workloads) {
    for (const label of Object.entries(workload.labels)) {
      const key = labelKey(workload.namespace, label)
      const known = found.get(key)
      if (known === undefined) found.set(key, [workload])
      else known.push(workload)
    }
  }
  return found
}

/** One check of a scene. */
export type FindingCheck = (scene: ObjectIndex) => readonly Finding[]
