/** Who else moves this traffic, or keeps a commit from reaching it: the situations in which a merge is not what is live. */
import type { Delivery } from '../delivery/delivery.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import { isSplitting } from './split.ts'
import type { Finding } from './finding.ts'
import { annotation, type Check, namespaceOf, type Scene, specOf, titleOf } from './scene.ts'

/** A Flagger Canary or an Argo Rollout that writes the weights of a VirtualService itself. */
export const twoWriters: Check = (scene) => {
  const writers = scene.objects.flatMap((object) => ownedBy(object).map((owned) => ({ object, owned })))
  return scene.virtualServices.flatMap((service): Finding[] => {
    const own = `${namespaceOf(service)}/${service.name}`
    const writer = writers.find(({ owned }) => owned === own)
    return writer === undefined
      ? []
      : [{ object: service, path: ['spec'], detail: { code: 'two-writers', writer: titleOf(writer.object) } }]
  })
}

/** The VirtualServices that an object writes, `namespace/name`. */
function ownedBy(object: RenderedObject): readonly string[] {
  const namespace = namespaceOf(object)
  const spec = specOf(object)
  if (object.group === 'flagger.app' && object.kind === 'Canary') {
    const apex = textOf(recordOf(spec['service'])['name']) ?? textOf(recordOf(spec['targetRef'])['name'])
    return apex === undefined ? [] : [`${namespace}/${apex}`]
  }
  if (object.group !== 'argoproj.io' || object.kind !== 'Rollout') return []
  const canary = recordOf(recordOf(spec['strategy'])['canary'])
  const istio = recordOf(recordOf(canary['trafficRouting'])['istio'])
  return [istio['virtualService'], ...listOf(istio['virtualServices'])].flatMap((item) => {
    const [name, other = namespace] = (textOf(recordOf(item)['name']) ?? '').split('.')
    return name === undefined || name === '' ? [] : [`${other}/${name}`]
  })
}

/** What Argo CD and Flux are told about the objects of an environment that splits traffic. */
export function deliveryFindings(scene: Scene, deliveries: readonly Delivery[]): readonly Finding[] {
  return scene.virtualServices
    .filter(isSplitting)
    .flatMap((object): Finding[] => [
      ...annotated(object),
      ...deliveries.flatMap(({ title, ignoresWeights, stops }): Finding[] => [
        ...(ignoresWeights
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

/** A VirtualService whose host the Sidecar of its callers leaves out: they go on without it. */
export const unseen: Check = (scene) =>
  scene.virtualServices.filter(isSplitting).flatMap((object): Finding[] => {
    const sidecar = scene.objects.find((other) => hides(other, object))
    return sidecar === undefined
      ? []
      : [{ object, path: ['spec', 'hosts'], detail: { code: 'not-exported', other: titleOf(sidecar) } }]
  })

/** Whether a Sidecar for a whole namespace lists what its pods may call, and the host is not in it. */
function hides(sidecar: RenderedObject, object: RenderedObject): boolean {
  const spec = specOf(sidecar)
  const isForAll = sidecar.kind === 'Sidecar' && spec['workloadSelector'] === undefined
  const egress = listOf(spec['egress']).flatMap((entry) => listOf(recordOf(entry)['hosts']))
  if (!isForAll || egress.length === 0 || namespaceOf(sidecar) !== namespaceOf(object)) return false
  const hosts = listOf(specOf(object)['hosts']).map((host) => resolveHost(textOf(host) ?? '', namespaceOf(object)))
  return !egress.some((entry) => {
    const [namespace = '', host = ''] = (textOf(entry) ?? '').split('/')
    const isNamespace = namespace === '*' || namespace === namespaceOf(object) || namespace === '.'
    return (
      isNamespace &&
      (host === '*' || hosts.some((one) => one === host || one === resolveHost(host, namespaceOf(object))))
    )
  })
}

const ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'])

/** A VirtualService and a Gateway API route for one service: with a waypoint that is not supported (istio.io, ambient). */
export const mixedApis: Check = (scene) => {
  const routes = scene.objects.filter(({ kind, group }) => ROUTES.has(kind) && group === 'gateway.networking.k8s.io')
  return scene.virtualServices.filter(isSplitting).flatMap((object): Finding[] => {
    const hosts = listOf(specOf(object)['hosts']).map((host) => resolveHost(textOf(host) ?? '', namespaceOf(object)))
    const other = routes.find((route) => parentsOf(route).some((parent) => hosts.includes(parent)))
    return other === undefined
      ? []
      : [{ object, path: ['spec', 'hosts'], detail: { code: 'mixed-apis', other: titleOf(other) } }]
  })
}

/** The Services that a route is attached to, inside the mesh. */
function parentsOf(route: RenderedObject): readonly string[] {
  return listOf(specOf(route)['parentRefs']).flatMap((item) => {
    const { kind, name, namespace } = recordOf(item)
    if (kind !== 'Service') return []
    return [resolveHost(textOf(name) ?? '', textOf(namespace) ?? namespaceOf(route))]
  })
}
