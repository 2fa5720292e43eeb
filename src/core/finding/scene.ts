/** What the rendered objects of an environment are to each other. */
import type { RenderedObject } from '../diff/objects.ts'
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

export interface Scene {
  readonly objects: readonly RenderedObject[]
  readonly services: ReadonlyMap<string, RenderedObject>
  /** Hosts that ServiceEntries name. */
  readonly entries: readonly string[]
  readonly virtualServices: readonly RenderedObject[]
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

/** A part of a VirtualService that sends requests somewhere. */
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
  /** How many share its rule's traffic. */
  readonly siblings: number
  readonly path: readonly (string | number)[]
}

export const SECTIONS = ['http', 'tls', 'tcp'] as const

/** Every destination of a VirtualService, mirrors too. */
export function hopsOf(object: RenderedObject): readonly Hop[] {
  const spec = specOf(object)
  return SECTIONS.flatMap((section) =>
    listOf(spec[section]).flatMap((item, index) => {
      const rule = recordOf(item)
      const at = ['spec', section, index] as const
      const entries = listOf(rule['route'])
      const routes = entries.map((entry, place) => {
        const { weight } = recordOf(entry)
        const number = typeof weight === 'number' ? weight : undefined
        const share = { weight: number, isUnread: (weight ?? undefined) !== number, siblings: entries.length }
        return hop(object, recordOf(entry)['destination'], { ...share, isMirror: false, path: [...at, 'route', place] })
      })
      const mirror = { weight: undefined, isUnread: false, siblings: 1, isMirror: true }
      const single =
        rule['mirror'] === undefined ? [] : [hop(object, rule['mirror'], { ...mirror, path: [...at, 'mirror'] })]
      const several = listOf(rule['mirrors']).map((one, place) =>
        hop(object, recordOf(one)['destination'], { ...mirror, path: [...at, 'mirrors', place] }),
      )
      return [...routes, ...single, ...several]
    }),
  )
}

function hop(
  object: RenderedObject,
  value: unknown,
  rest: Pick<Hop, 'weight' | 'isUnread' | 'siblings' | 'isMirror' | 'path'>,
): Hop {
  const destination = recordOf(value)
  const written = textOf(destination['host']) ?? ''
  return {
    ...rest,
    object,
    written,
    host: resolveHost(written, namespaceOf(object)),
    subset: textOf(destination['subset']),
    hasPort: destination['port'] !== undefined,
  }
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
