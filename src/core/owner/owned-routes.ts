/** The routes that a controller in the cluster writes, according to its objects. */
import { isRecord, listOf, recordOf, textOf } from '../manifest/data.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'
import type { RouteKind } from '../traffic/route.ts'

/** A controller that shifts traffic. */
export type Writer = 'flagger' | 'argo-rollouts'

/** A route whose weights a controller writes. */
export interface OwnedRoute {
  /** `*` for any kind. */
  readonly kind: RouteKind | '*'
  /** '' if nothing names it. */
  readonly namespace: string
  readonly name: string
  /** A selector of the labels of routes, instead of a name. */
  readonly selector?: Readonly<Record<string, unknown>>
  /** The rules that it writes. */
  readonly rules: OwnedRules
}

/** All rules of a route, or the rules of `http` with these names, and all rules of `tls` or `tcp` if these are true. */
type OwnedRules = 'all' | { readonly http: readonly string[]; readonly tls: boolean; readonly tcp: boolean }

type WriterObject = ObjectIdentity & { readonly data: Readonly<Record<string, unknown>> }

/** The controller that an object is for, if it can write routes. */
export function writerOf({ group, kind }: Pick<ObjectIdentity, 'group' | 'kind'>): Writer | undefined {
  if (group === 'flagger.app' && kind === 'Canary') return 'flagger'
  return group === 'argoproj.io' && kind === 'Rollout' ? 'argo-rollouts' : undefined
}

/** The routes that the controller of an object writes. Empty for objects of other kinds. */
export function ownedRoutes(object: WriterObject): readonly OwnedRoute[] {
  switch (writerOf(object)) {
    case 'flagger':
      return ofFlagger(object)
    case 'argo-rollouts':
      return ofRollouts(object)
    case undefined:
      return []
  }
}

/** Flagger names the route after the service, which by default has the name of the target (pkg/router). */
function ofFlagger(object: WriterObject): readonly OwnedRoute[] {
  const spec = recordOf(object.data['spec'])
  const name = textOf(recordOf(spec['service'])['name']) || textOf(recordOf(spec['targetRef'])['name'])
  const kind = flaggerKind(textOf(spec['provider']) ?? '')
  if (name === undefined || kind === undefined) return []
  return [{ kind, namespace: object.namespace, name, rules: 'all' }]
}

/** If the object does not name the provider, Flagger's installation does. Other providers write neither kind. */
function flaggerKind(provider: string): OwnedRoute['kind'] | undefined {
  if (provider === '') return '*'
  if (provider === 'istio') return 'VirtualService'
  return provider.startsWith('gatewayapi:') ? 'HTTPRoute' : undefined
}

function ofRollouts(object: WriterObject): readonly OwnedRoute[] {
  const { namespace } = object
  const { canary } = recordOf(recordOf(object.data['spec'])['strategy'])
  const routing = recordOf(recordOf(canary)['trafficRouting'])
  const istio = recordOf(routing['istio'])
  const services = [istio['virtualService'], ...listOf(istio['virtualServices'])].flatMap((item) => {
    const [name = '', other = namespace] = (textOf(recordOf(item)['name']) ?? '').split('.')
    const route = { kind: 'VirtualService', namespace: other, name, rules: rulesIn(recordOf(item)) } as const
    return name === '' ? [] : [route]
  })
  return [...services, ...byPlugin(recordOf(recordOf(routing['plugins'])['argoproj-labs/gatewayAPI']), namespace)]
}

function rulesIn(service: Readonly<Record<string, unknown>>): OwnedRules {
  const http = listOf(service['routes']).flatMap((name) => textOf(name) ?? [])
  const [tls, tcp] = [service['tlsRoutes'], service['tcpRoutes']].map((routes) => listOf(routes).length > 0)
  const isNamed = http.length > 0 || tls === true || tcp === true
  return isNamed ? { http, tls: tls === true, tcp: tcp === true } : 'all'
}

const PLUGIN_FIELDS = [
  ['HTTPRoute', 'httpRoute'],
  ['GRPCRoute', 'grpcRoute'],
  ['TCPRoute', 'tcpRoute'],
  ['TLSRoute', 'tlsRoute'],
] as const

/** Argo Rollouts' plugin for the Gateway API: `httpRoute: web`, `httpRoutes: [{ name: web }]`, or a selector of labels. */
function byPlugin(plugin: Readonly<Record<string, unknown>>, own: string): readonly OwnedRoute[] {
  const namespace = textOf(plugin['namespace']) ?? own
  return PLUGIN_FIELDS.flatMap(([kind, field]) => {
    const names = [plugin[field], ...listOf(plugin[`${field}s`]).map((item) => recordOf(item)['name'])]
    const common = { kind, namespace, rules: 'all' } as const
    const named = names.flatMap((name) => (typeof name === 'string' ? [{ ...common, name }] : []))
    const selector = plugin[`${field}Selector`]
    return isRecord(selector) ? [...named, { ...common, name: '', selector }] : named
  })
}
