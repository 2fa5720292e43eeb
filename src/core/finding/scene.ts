/** What the rendered objects of an environment are to each other. */
import type { RenderedObject } from '../diff/objects.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Path } from '../manifest/parse.ts'
import type { Finding } from './finding.ts'

type Labels = Readonly<Record<string, unknown>>

/** A workload of pods. */
export interface Workload {
  readonly object: RenderedObject
  readonly namespace: string
  readonly labels: Labels
  readonly replicas: number
}

export interface Scene {
  readonly objects: readonly RenderedObject[]
  readonly services: ReadonlyMap<string, RenderedObject>
  /** Hosts that ServiceEntries name. */
  readonly entries: readonly string[]
  readonly virtualServices: readonly RenderedObject[]
  /** Of the Gateway API. */
  readonly routes: readonly RenderedObject[]
  readonly destinationRules: readonly RenderedObject[]
  readonly gateways: ReadonlyMap<string, RenderedObject>
  readonly workloads: readonly Workload[]
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

export function sceneOf(objects: readonly RenderedObject[]): Scene {
  const istio = (kind: string): readonly RenderedObject[] =>
    objects.filter((object) => object.group === ISTIO && object.kind === kind)
  const services = objects.filter(({ kind, group }) => kind === 'Service' && group === '')
  return {
    objects,
    services: new Map(services.map((object) => [resolveHost(object.name, namespaceOf(object)), object])),
    entries: istio('ServiceEntry').flatMap((object) =>
      listOf(specOf(object)['hosts']).flatMap((host) => textOf(host) ?? []),
    ),
    virtualServices: istio('VirtualService'),
    routes: objects.filter(isGatewayRoute),
    destinationRules: istio('DestinationRule'),
    gateways: new Map(istio('Gateway').map((object) => [`${namespaceOf(object)}/${object.name}`, object])),
    workloads: objects.filter(({ kind }) => WORKLOADS.has(kind)).map(workload),
    served: new Set(services.map(namespaceOf)),
  }
}

export function namespaceOf({ namespace }: Pick<RenderedObject, 'namespace'>): string {
  return namespace === '' ? 'default' : namespace
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
    namespace: namespaceOf(object),
    labels: recordOf(own['labels']),
    replicas: typeof replicas === 'number' ? replicas : 1,
  }
}

/** Whether labels have all that a selector asks for. An empty selector selects nothing: then somebody else writes the endpoints. */
export function selects(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector)
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value)
}

/** What the pods behind a Service must carry; undefined where nothing says so. */
export function selectorOf(service: RenderedObject): Labels | undefined {
  const spec = specOf(service)
  const selector = recordOf(spec['selector'])
  return spec['type'] === 'ExternalName' || Object.keys(selector).length === 0 ? undefined : selector
}

/** A part of a VirtualService or of a route of the Gateway API that sends requests somewhere. */
export interface Hop {
  readonly object: RenderedObject
  readonly host: string
  readonly written: string
  readonly subset: string | undefined
  readonly hasPort: boolean
  /** Percent-like number as written; undefined where there is none. */
  readonly weight: number | undefined
  /** What stands for its weight is no number. */
  readonly isUnread: boolean
  readonly isMirror: boolean
  /** Whether any request comes to it, mirrored ones aside. */
  readonly getsTraffic: boolean
  /** How many share its rule's traffic. */
  readonly siblings: number
  readonly path: Path
  /** Where its host stands. */
  readonly named: Path
}

export const SECTIONS = ['http', 'tls', 'tcp'] as const

const ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'])

export function isGatewayRoute({ kind, group }: Pick<RenderedObject, 'kind' | 'group'>): boolean {
  return ROUTES.has(kind) && group === 'gateway.networking.k8s.io'
}

/** Every destination of a VirtualService or of a route of the Gateway API, mirrors too. */
export function hopsOf(object: RenderedObject): readonly Hop[] {
  return isGatewayRoute(object) ? backends(object) : destinations(object)
}

function destinations(object: RenderedObject): readonly Hop[] {
  const spec = specOf(object)
  return SECTIONS.flatMap((section) =>
    listOf(spec[section]).flatMap((item, index) => {
      const rule = recordOf(item)
      const at = ['spec', section, index] as const
      const entries = listOf(rule['route'])
      const routes = entries.map((entry, place) => {
        const path = [...at, 'route', place]
        const { weight, isUnread } = weightIn(recordOf(entry))
        const siblings = entries.length
        // One alone gets everything, whatever its weight says.
        const getsTraffic = siblings === 1 || (weight ?? 0) > 0
        const share = { weight, isUnread, siblings, getsTraffic, isMirror: false }
        return hop(object, recordOf(entry)['destination'], { ...share, path, named: [...path, 'destination', 'host'] })
      })
      const [single, several] = [
        [...at, 'mirror'],
        [...at, 'mirrors'],
      ]
      const mirrors = listOf(rule['mirrors']).map((one, place) =>
        hop(object, recordOf(one)['destination'], mirrorAt([...several, place], ['destination', 'host'])),
      )
      return rule['mirror'] === undefined
        ? [...routes, ...mirrors]
        : [...routes, hop(object, rule['mirror'], mirrorAt(single, ['host'])), ...mirrors]
    }),
  )
}

type Share = Omit<Hop, 'object' | 'host' | 'written' | 'subset' | 'hasPort'>

function mirrorAt(path: Path, host: Path): Share {
  const none = { weight: undefined, isUnread: false, siblings: 1, getsTraffic: false }
  return { ...none, isMirror: true, path, named: [...path, ...host] }
}

function weightIn({ weight }: Readonly<Record<string, unknown>>): Pick<Hop, 'weight' | 'isUnread'> {
  const number = typeof weight === 'number' ? weight : undefined
  return { weight: number, isUnread: (weight ?? undefined) !== number }
}

function hop(object: RenderedObject, value: unknown, share: Share): Hop {
  const destination = recordOf(value)
  const written = textOf(destination['host']) ?? ''
  return {
    ...share,
    object,
    written,
    host: resolveHost(written, namespaceOf(object)),
    subset: textOf(destination['subset']),
    hasPort: destination['port'] !== undefined,
  }
}

function backends(object: RenderedObject): readonly Hop[] {
  return listOf(specOf(object)['rules']).flatMap((item, index) => {
    const rule = recordOf(item)
    const at = ['spec', 'rules', index] as const
    const entries = listOf(rule['backendRefs'])
    const routes = entries.flatMap((entry, place) => {
      const path = [...at, 'backendRefs', place]
      const { weight, isUnread } = weightIn(recordOf(entry))
      // Without a weight it is 1, and one alone with 0 gets nothing.
      const share = { weight, isUnread, siblings: entries.length, getsTraffic: (weight ?? 1) > 0, isMirror: false }
      return backend(object, entry, { ...share, path, named: [...path, 'name'] })
    })
    const mirrors = listOf(rule['filters']).flatMap((filter, place) => {
      const mirror = recordOf(recordOf(filter)['requestMirror'])
      const path = [...at, 'filters', place, 'requestMirror', 'backendRef']
      return mirror['backendRef'] === undefined ? [] : backend(object, mirror['backendRef'], mirrorAt(path, ['name']))
    })
    return [...routes, ...mirrors]
  })
}

/** Only Services: what else a reference may lead to is not known here. */
function backend(object: RenderedObject, value: unknown, share: Share): Hop[] {
  const { kind = 'Service', group = '', namespace, name, port } = recordOf(value)
  if (kind !== 'Service' || group !== '') return []
  const written = textOf(name) ?? ''
  const host = resolveHost(written, textOf(namespace) ?? namespaceOf(object))
  return [{ ...share, object, written, host, subset: undefined, hasPort: port !== undefined }]
}

/** The DestinationRules for a host, and their subsets by name. */
export function subsetsOf(
  scene: Scene,
  host: string,
): ReadonlyMap<string, { readonly rule: RenderedObject; readonly labels: Labels; readonly index: number }> {
  const found = scene.destinationRules
    .filter((rule) => resolveHost(textOf(specOf(rule)['host']) ?? '', namespaceOf(rule)) === host)
    .flatMap((rule) =>
      listOf(specOf(rule)['subsets']).map((item, index) => {
        const subset = recordOf(item)
        return [textOf(subset['name']) ?? '', { rule, labels: recordOf(subset['labels']), index }] as const
      }),
    )
  // The first wins in Istio too.
  return new Map(found.toReversed())
}

/** One check of a scene. */
export type Check = (scene: Scene) => readonly Finding[]

/** `VirtualService shop/web`. */
export function titleOf(object: Pick<RenderedObject, 'kind' | 'namespace' | 'name'>): string {
  return `${object.kind} ${namespaceOf(object)}/${object.name}`
}
