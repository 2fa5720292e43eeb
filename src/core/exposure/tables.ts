/** Rendered routes as tables of rules. Each rule takes those of its requests that the rules before it leave. */
import { SECTIONS } from '../finding/scene/hops.ts'
import { isOpaque } from '../finding/scene/hosts.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { specOf } from '../finding/scene/scene.ts'
import { resolveHost } from '../traffic/host.ts'
import { backendHost } from '../traffic/kinds/backend-refs.ts'
import { weightOf } from '../traffic/kinds/kind.ts'
import { type Path, canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'
import { gatewayName } from '../traffic/gateway-name.ts'
import { shares } from '../traffic/route.ts'
import { type MatchPair, matchPairs } from './delegate.ts'
import { exactly, gatewayMatch, istioMatch, type Match, oneOf } from './match.ts'
import type { NamedDestination, World } from './world.ts'
import { effectiveNamespace, qualifiedTitle } from '../manifest/identity.ts'

/** A destination of a rule. */
interface RuleDestination {
  readonly place: NamedDestination
  /** In percent; undefined if a weight of the rule cannot be read. */
  readonly percent: number | undefined
}

export interface ExposureRule {
  readonly match: Match
  readonly sent: readonly RuleDestination[]
  /** The weights and destinations as they are written. Unreadable weights with the same text count as the same. */
  readonly written: string
  readonly object: RenderedObject
  readonly path: Path
  readonly label: string
  /** How specific the match is, if that decides which rule comes first, and not the order in the file. */
  readonly rank: readonly number[] | undefined
  /** Its position among the other rules is undefined (regular expressions of the Gateway API). */
  readonly isVague: boolean
}

/** The rules of one object for one host. */
export interface Table {
  readonly owner: string
  readonly host: string
  /** A Service without a route: requests go to its pods. */
  readonly isPlain: boolean
  readonly entries: readonly ExposureRule[]
}

export function tablesOf(world: World): readonly Table[] {
  const routed = [
    ...world.virtualServices.flatMap((object) => virtualTables(world, object)),
    ...world.routes.flatMap(gatewayTables),
  ]
  return [...routed, ...plainTables(world, routed)]
}

function virtualTables(world: World, object: RenderedObject): readonly Table[] {
  const spec = specOf(object)
  const namespace = effectiveNamespace(object)
  const hosts = listOf(spec['hosts']).flatMap((host) => textOf(host) ?? [])
  const clients = clientsOf(object)
  const entries = SECTIONS.flatMap((section) => rulesIn(world, object, section)).map((entry) => {
    return { ...entry, match: [...entry.match, ...clients] }
  })
  return hosts.map((host) => ({
    owner: qualifiedTitle(object),
    host: resolveHost(host, namespace),
    isPlain: false,
    entries,
  }))
}

/** The namespaces whose requests a VirtualService is for, if it is not for all (Istio, `exportTo`). */
function clientsOf(object: RenderedObject): Match {
  const own = effectiveNamespace(object)
  const names = listOf(specOf(object)['exportTo']).map((name) => (name === '.' ? own : String(name)))
  return names.length === 0 || names.includes('*') ? [] : [oneOf('client', names)]
}

/** The rules of a section. The rules of a delegate replace the rule that names it. */
function rulesIn(world: World, object: RenderedObject, section: (typeof SECTIONS)[number]): readonly ExposureRule[] {
  const spec = specOf(object)
  return listOf(spec[section]).flatMap((item, index): readonly ExposureRule[] => {
    const rule = recordOf(item)
    const roots = writtenMatches(object, rule)
    const delegate = delegateOf(world, object, rule)
    const inner = delegate === undefined ? [] : listOf(specOf(delegate)['http']).map(recordOf)
    const ruled =
      delegate === undefined
        ? [{ owner: object, rule, owns: [], path: ['spec', section, index] }]
        : inner.map((own, place) => ({
            owner: delegate,
            rule: own,
            owns: writtenMatches(delegate, own),
            path: ['spec', 'http', place],
          }))
    return ruled.flatMap(({ owner, owns, ...one }) =>
      matchPairs(roots, owns)
        .flatMap((pair) => conditionsOf(object, section, pair))
        .map((match) => entryOf(owner, { ...one, match })),
    )
  })
}

function delegateOf(world: World, object: RenderedObject, rule: Data): RenderedObject | undefined {
  const { name, namespace } = recordOf(rule['delegate'])
  if (name === undefined) return undefined
  const own = textOf(namespace) ?? effectiveNamespace(object)
  return world.virtualServices.find((known) => known.name === name && effectiveNamespace(known) === own)
}

type Data = Readonly<Record<string, unknown>>

/** The matches of a rule, with the full names of gateways. */
function writtenMatches(object: RenderedObject, rule: Data): readonly Data[] {
  return listOf(rule['match']).map((match) => {
    const { gateways, ...others } = recordOf(match)
    const named = namedGateways(object, gateways)
    return named.length === 0 ? others : { ...others, gateways: named }
  })
}

function namedGateways(object: RenderedObject, gateways: unknown): readonly string[] {
  return listOf(gateways).flatMap((item) => gatewayName(textOf(item) ?? '', effectiveNamespace(object)))
}

/**
 * What a rule asks of requests. Nothing if it is for no gateway of its VirtualService, because Istio looks for VirtualServices by their
 * own gateways, and then for the gateways of a match (pilot, `getGatewayNames`, `sourceMatchHTTP`).
 */
function conditionsOf(object: RenderedObject, section: string, { root, own }: MatchPair): readonly Match[] {
  const [named] = [own, root].map(gatewaysIn).filter((list) => list.length > 0)
  const all = namedGateways(object, specOf(object)['gateways'])
  const served = all.length === 0 ? ['mesh'] : all
  const isOpen = [...served, ...(named ?? [])].some(isOpaque)
  const gateways = isOpen || named === undefined ? (named ?? served) : served.filter((one) => named.includes(one))
  if (gateways.length === 0) return []
  // An HTTP match that names gateways counts for requests from everywhere.
  const asked = [root, own].map((match) => {
    const { sourceLabels: _, sourceNamespace: __, ...others } = match
    return section === 'http' && named !== undefined ? others : match
  })
  return [[exactly('protocol', section), oneOf('gateway', gateways), ...asked.flatMap(istioMatch)]]
}

function gatewaysIn(match: Data): readonly string[] {
  return listOf(match['gateways']).flatMap((item) => textOf(item) ?? [])
}

function entryOf(
  object: RenderedObject,
  { rule, match, path }: { readonly rule: Data; readonly match: Match; readonly path: Path },
): ExposureRule {
  const route = listOf(rule['route']).map(recordOf)
  const percents = percentsOf(route, 'istio')
  const sent = route.map((entry, index) => ({
    place: placeIn(object, recordOf(entry['destination'])),
    percent: percents?.[index],
  }))
  return {
    match,
    sent,
    written: canonicalText(route),
    object,
    path,
    label: labelOf(rule, path),
    rank: undefined,
    isVague: false,
  }
}

function placeIn(object: RenderedObject, { host, subset }: Data): NamedDestination {
  return { host: resolveHost(textOf(host) ?? '', effectiveNamespace(object)), subset: textOf(subset) }
}

function labelOf(rule: Data, path: Path): string {
  const [section, index] = path.slice(-2)
  return textOf(rule['name']) ?? `${String(section)}[${String(index)}]`
}

/** Undefined if a weight that counts cannot be read. */
function percentsOf(entries: readonly Data[], api: 'istio' | 'gateway'): readonly number[] | undefined {
  const destinations = entries.map(weightOf)
  const isAlone = api === 'istio' && destinations.length === 1
  const isUnread = !isAlone && destinations.some(({ badWeight }) => badWeight !== undefined)
  return isUnread ? undefined : shares({ api, destinations })
}

/** Gateway API routes, as one table for each host name and for each Service that they are attached to. */
function gatewayTables(object: RenderedObject): readonly Table[] {
  const spec = specOf(object)
  const namespace = effectiveNamespace(object)
  const parents = listOf(spec['parentRefs']).map(recordOf)
  const [services, gateways] = [true, false].map((wanted) =>
    parents.filter(({ kind }) => (kind === 'Service') === wanted),
  )
  const hosts = listOf(spec['hostnames']).flatMap((host) => textOf(host) ?? [])
  const named = (gateways ?? []).map((parent) => listenerName(parent, namespace))
  const owner = qualifiedTitle(object)
  const table = (host: string, at: readonly string[]): Table => ({
    owner,
    host,
    isPlain: false,
    entries: backendRules(object, at),
  })
  return [
    ...(named.length === 0 ? [] : (hosts.length === 0 ? ['*'] : hosts).map((host) => table(host, named))),
    ...(services ?? []).map((parent) =>
      table(resolveHost(textOf(parent['name']) ?? '', textOf(parent['namespace']) ?? namespace), ['mesh']),
    ),
  ]
}

/** Each listener receives its own requests, so a route that moves to another listener is not compared with its old rules. */
function listenerName({ namespace, name, sectionName, port }: Data, own: string): string {
  const gateway = `${textOf(namespace) ?? own}/${textOf(name) ?? ''}`
  const listener = [sectionName, port].filter((part) => part !== undefined)
  return listener.length === 0 ? gateway : `${gateway}#${listener.map(String).join(':')}`
}

function backendRules(object: RenderedObject, gateways: readonly string[]): readonly ExposureRule[] {
  const protocol = object.kind === 'TLSRoute' ? 'tls' : object.kind === 'TCPRoute' ? 'tcp' : 'http'
  const entries = listOf(specOf(object)['rules']).flatMap((item, index) => {
    const rule = recordOf(item)
    const backends = listOf(rule['backendRefs']).map(recordOf)
    const percents = percentsOf(backends, 'gateway')
    const sent = backends.map((backend, place) => ({
      place: { host: backendHost(backend, effectiveNamespace(object)), subset: undefined },
      percent: percents?.[place],
    }))
    const path = ['spec', 'rules', index]
    const matches = listOf(rule['matches'])
    return (matches.length === 0 ? [{}] : matches).map((match): ExposureRule => {
      const asked = [exactly('protocol', protocol), oneOf('gateway', gateways), ...gatewayMatch(match)]
      const isVague = asked.some(({ how }) => how === 'regex' || how === 'other')
      return {
        match: asked,
        sent,
        written: canonicalText(backends),
        object,
        path,
        label: labelOf(rule, path),
        rank: rankOf(asked),
        isVague,
      }
    })
  })
  return entries.toSorted((a, b) => compareRanks(b.rank, a.rank))
}

/** Decides which of two rules takes a request that fits both: the larger rank (gateway-api HTTPRouteRule.matches). */
function rankOf(match: Match): readonly number[] {
  const count = (start: string): number => match.filter(({ on }) => on.startsWith(start)).length
  const path = match.find(({ on }) => on === 'uri')
  const kind = path?.how === 'exact' ? 2 : path === undefined ? 0 : 1
  return [kind, path?.text.length ?? 0, count('method'), count('header:'), count('query:')]
}

export function compareRanks(a: ExposureRule['rank'], b: ExposureRule['rank']): number {
  for (const [index, one] of (a ?? []).entries()) {
    const other = b?.[index] ?? 0
    if (one !== other) return one - other
  }
  return 0
}

/** Services without a route, for the protocols that no route handles inside the mesh. */
function plainTables(world: World, routed: readonly Table[]): readonly Table[] {
  const byHost = Map.groupBy(routed, ({ host }) => host)
  return [...world.services].map(([host, object]) => {
    const own = (byHost.get(host) ?? []).flatMap(({ entries }) => entries).filter(({ match }) => isForMesh(match))
    const taken = new Set(own.flatMap(({ match }) => match.find(({ on }) => on === 'protocol')?.text ?? []))
    const sent = [{ place: { host, subset: undefined }, percent: 100 }]
    const left =
      taken.size === 0 ? SECTIONS : SECTIONS.filter((section) => !taken.has(section) && isSpoken(object, section))
    const entries = left.map((section): ExposureRule => {
      const match = [exactly('protocol', section), oneOf('gateway', ['mesh'])]
      return { match, sent, written: host, object, path: ['spec'], label: section, rank: undefined, isVague: false }
    })
    return { owner: qualifiedTitle(object), host, isPlain: true, entries }
  })
}

/** Whether a Service declares a port for a protocol. For Services that declare none, the routes are enough. */
function isSpoken(service: RenderedObject, protocol: (typeof SECTIONS)[number]): boolean {
  return listOf(specOf(service)['ports']).some((port) => {
    const { name, appProtocol } = recordOf(port)
    const [spoken = ''] = (textOf(appProtocol) ?? textOf(name) ?? '').toLowerCase().split('-')
    return SPOKEN[protocol].includes(spoken)
  })
}

/** The protocols of ports, as in `http-web` (istio.io, Protocol Selection). For HTTPS, Istio routes by SNI like for TLS. */
const SPOKEN: Readonly<Record<(typeof SECTIONS)[number], readonly string[]>> = {
  http: ['http', 'http2', 'grpc', 'kubernetes.io/h2c', 'kubernetes.io/ws'],
  tls: ['tls', 'https', 'kubernetes.io/wss'],
  tcp: ['tcp', 'mongo', 'mysql', 'redis'],
}

/** Whether a rule is for the mesh, and for all namespaces in it. */
function isForMesh(match: Match): boolean {
  const isServed = match.some(({ on, text }) => on === 'gateway' && text.includes('"mesh"'))
  return isServed && match.every(({ on }) => on !== 'client')
}
