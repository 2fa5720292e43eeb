/** Who else moves this traffic, or keeps a commit from reaching it: the situations in which a merge is not what is live. */
import { type Delivery, isOneOf } from '../delivery/delivery.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import { isSplitting } from './split.ts'
import type { Finding } from './finding.ts'
import { annotation, type FindingCheck, type ObjectIndex, specOf } from './scene.ts'
import { effectiveNamespace, qualifiedTitle } from '../manifest/identity.ts'

/** A Flagger Canary or an Argo Rollout that writes the weights of a route itself. */
export const twoWriters: FindingCheck = (scene) => {
  const writers = scene.objects.flatMap((object) => ownedBy(object).map((owned) => ({ object, owned })))
  return [...scene.virtualServices, ...scene.routes].flatMap((route): Finding[] => {
    const own = [route.kind, '*'].map((kind) => `${kind} ${effectiveNamespace(route)}/${route.name}`)
    const writer = writers.find(({ owned }) => own.includes(owned))
    return writer === undefined
      ? []
      : [{ object: route, path: ['spec'], detail: { code: 'two-writers', writer: qualifiedTitle(writer.object) } }]
  })
}

/** The routes that an object writes, `kind namespace/name`; `*` for any kind. */
function ownedBy(object: RenderedObject): readonly string[] {
  const namespace = effectiveNamespace(object)
  const spec = specOf(object)
  if (object.group === 'flagger.app' && object.kind === 'Canary') {
    // Its provider decides which kind it writes, and the provider may be set where Flagger is installed.
    const apex = textOf(recordOf(spec['service'])['name']) ?? textOf(recordOf(spec['targetRef'])['name'])
    return apex === undefined ? [] : [`* ${namespace}/${apex}`]
  }
  if (object.group !== 'argoproj.io' || object.kind !== 'Rollout') return []
  const routing = recordOf(recordOf(recordOf(spec['strategy'])['canary'])['trafficRouting'])
  const istio = recordOf(routing['istio'])
  const services = [istio['virtualService'], ...listOf(istio['virtualServices'])].flatMap((item) => {
    const [name, other = namespace] = (textOf(recordOf(item)['name']) ?? '').split('.')
    return name === undefined || name === '' ? [] : [`VirtualService ${other}/${name}`]
  })
  return [...services, ...byPlugin(recordOf(recordOf(routing['plugins'])['argoproj-labs/gatewayAPI']), namespace)]
}

/** Argo Rollouts' plugin for the Gateway API: `httpRoute: web`, or `httpRoutes: [{ name: web }]`. */
function byPlugin(plugin: Readonly<Record<string, unknown>>, own: string): readonly string[] {
  const namespace = textOf(plugin['namespace']) ?? own
  return ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'].flatMap((kind) => {
    const field = kind.replace(/^[A-Z]+(?=R)/, (start) => start.toLowerCase())
    const names = [plugin[field], ...listOf(plugin[`${field}s`]).map((item) => recordOf(item)['name'])]
    return names.flatMap((name) => (textOf(name) === undefined ? [] : [`${kind} ${namespace}/${textOf(name)}`]))
  })
}

/** What Argo CD and Flux are told about the objects of an environment that splits traffic. */
export function deliveryFindings(scene: ObjectIndex, deliveries: readonly Delivery[]): readonly Finding[] {
  return [...scene.virtualServices, ...scene.routes]
    .filter(isSplitting)
    .flatMap((object): Finding[] => [
      ...annotated(object),
      ...deliveries.flatMap(({ title, ignoresWeightsOf, stops }): Finding[] => [
        ...(ignoresWeightsOf.some((ignored) => isOneOf(object, ignored))
          ? [{ object, path: ['spec'], detail: { code: 'weights-ignored', by: title } } as const]
          : []),
        ...(stops === undefined
          ? []
          : [{ object, path: ['metadata'], detail: { code: 'not-synced', by: title, why: stops } } as const]),
      ]),
    ])
}

const FLUX = 'kustomize.toolkit.fluxcd.io'

function annotated(object: RenderedObject): Finding[] {
  const reconcile = annotation(object, `${FLUX}/reconcile`)
  const apply = annotation(object, `${FLUX}/ssa`) ?? ''
  const key = reconcile === 'disabled' ? `${FLUX}/reconcile` : `${FLUX}/ssa`
  if (reconcile !== 'disabled' && !['ifnotpresent', 'ignore'].includes(apply.toLowerCase())) return []
  // The weights in Git are never written: not merely later.
  return [{ object, path: ['metadata', 'annotations', key], detail: { code: 'weights-ignored', by: key } }]
}

/** A VirtualService that those do not see who it is for: callers whose Sidecar leaves it out, or a gateway elsewhere. */
export const unseen: FindingCheck = (scene) => {
  const sidecars = scene.objects.filter(({ kind, group }) => kind === 'Sidecar' && group === 'networking.istio.io')
  return scene.virtualServices.filter(isSplitting).flatMap((object): Finding[] => {
    const sidecar = sidecars.find((other) => hides(other, object))
    const gateway = hiddenGateway(object)
    return [
      ...(sidecar === undefined
        ? []
        : [{ object, path: ['spec', 'hosts'], detail: unexported(qualifiedTitle(sidecar), 'sidecar') }]),
      ...(gateway === undefined
        ? []
        : [{ object, path: ['spec', 'exportTo'], detail: unexported(gateway, 'gateway') }]),
    ]
  })
}

function unexported(other: string, why: 'sidecar' | 'gateway'): Finding['detail'] {
  return { code: 'not-exported', other, why }
}

/** The gateway of another namespace that it is bound to, where it is exported to its own namespace only. */
function hiddenGateway(object: RenderedObject): string | undefined {
  const spec = specOf(object)
  const own = effectiveNamespace(object)
  const exported = listOf(spec['exportTo'])
  if (exported.length === 0 || !exported.every((to) => to === '.' || to === own)) return undefined
  return listOf(spec['gateways'])
    .flatMap((gateway) => textOf(gateway) ?? [])
    .find((gateway) => gateway.includes('/') && gateway.split('/')[0] !== own)
}

/** Whether a Sidecar for a whole namespace lists what its pods may call, and the host is not in it. */
function hides(sidecar: RenderedObject, object: RenderedObject): boolean {
  const spec = specOf(sidecar)
  const isForAll = spec['workloadSelector'] === undefined
  const egress = listOf(spec['egress']).flatMap((entry) => listOf(recordOf(entry)['hosts']))
  if (!isForAll || egress.length === 0 || effectiveNamespace(sidecar) !== effectiveNamespace(object)) return false
  const hosts = listOf(specOf(object)['hosts']).map((host) =>
    resolveHost(textOf(host) ?? '', effectiveNamespace(object)),
  )
  return !egress.some((entry) => {
    const [namespace = '', host = ''] = (textOf(entry) ?? '').split('/')
    const isNamespace = namespace === '*' || namespace === effectiveNamespace(object) || namespace === '.'
    return (
      isNamespace &&
      (host === '*' || hosts.some((one) => one === host || one === resolveHost(host, effectiveNamespace(object))))
    )
  })
}

/** A VirtualService and a Gateway API route for one service: with a waypoint that is not supported (istio.io, ambient). */
export const mixedApis: FindingCheck = (scene) => {
  return scene.virtualServices.filter(isSplitting).flatMap((object): Finding[] => {
    const hosts = listOf(specOf(object)['hosts']).map((host) =>
      resolveHost(textOf(host) ?? '', effectiveNamespace(object)),
    )
    const other = scene.routes.find((route) => parentsOf(route).some((parent) => hosts.includes(parent)))
    return other === undefined
      ? []
      : [{ object, path: ['spec', 'hosts'], detail: { code: 'mixed-apis', other: qualifiedTitle(other) } }]
  })
}

/** The Services that a route is attached to, inside the mesh. */
function parentsOf(route: RenderedObject): readonly string[] {
  return listOf(specOf(route)['parentRefs']).flatMap((item) => {
    const { kind, name, namespace } = recordOf(item)
    if (kind !== 'Service') return []
    return [resolveHost(textOf(name) ?? '', textOf(namespace) ?? effectiveNamespace(route))]
  })
}
