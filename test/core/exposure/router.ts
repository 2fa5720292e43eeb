/**
 * A small mesh: routes one request through rendered objects, and tells what share of it reaches the pods of some workloads. It
 * shares no code with the model of exposure, so the two can be compared.
 */
import type { RenderedObject } from '../../../src/core/diff/objects.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- objects of tests, read without type checks
type Any = any

export interface Request {
  readonly host: string
  readonly gateway: string
  readonly protocol: 'http' | 'tls' | 'tcp'
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly source: Readonly<Record<string, string>>
  /** The namespace of whoever sends it: of the workload, or of the gateway. */
  readonly from: string
}

interface Goal {
  readonly host: string
  readonly subset?: string | undefined
  readonly weight: number
}

const full = (host: string, namespace: string): string =>
  host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`
const namespaceOf = (object: RenderedObject): string => (object.namespace === '' ? 'default' : object.namespace)

/**
 * The percentage of requests like this one that reaches the pods of some workloads. `first`: objects that are older than others.
 */
export function routed(
  objects: readonly RenderedObject[],
  request: Request,
  { canary, first }: { readonly canary: ReadonlySet<string>; readonly first: (one: RenderedObject) => number },
): number {
  const sorted = objects.toSorted((a, b) => first(a) - first(b))
  const goals = goalsOf(sorted, request)
  const total = goals.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return 0
  return goals.reduce((sum, goal) => sum + (goal.weight * 100 * reach(sorted, goal, canary)) / total, 0)
}

function goalsOf(objects: readonly RenderedObject[], request: Request): readonly Goal[] {
  const candidates = objects.flatMap((object) => hostsOf(object, request).map((host) => ({ object, host })))
  const hosts = [...new Set(candidates.map(({ host }) => host))].filter((host) => fitsHost(host, request.host))
  // The most specific host counts.
  const host = hosts.toSorted((a, b) => b.length - a.length)[0]
  const own = candidates.filter((one) => one.host === host).map(({ object }) => object)
  const rules = [
    ...own.filter(({ kind }) => kind === 'VirtualService').flatMap((object) => rulesOf(objects, object, request)),
    ...gatewayRules(own.filter(({ kind }) => kind === 'HTTPRoute')),
  ]
  if (host !== undefined && rules.length > 0) {
    const rule = rules.find(({ fits }) => fits(request))
    return rule === undefined ? [] : rule.goals
  }
  return request.gateway === 'mesh' ? [{ host: request.host, weight: 1 }] : []
}

function hostsOf(object: RenderedObject, request: Request): readonly string[] {
  const spec: Any = object.data['spec']
  const namespace = namespaceOf(object)
  if (object.kind === 'VirtualService') {
    const hosts: readonly string[] = spec.hosts ?? []
    const rules: readonly Any[] = spec[request.protocol] ?? []
    // If no rule is for a gateway, Istio ignores the host there (pilot's "no routes matched").
    const exported: readonly string[] = (spec.exportTo ?? ['*']).map((one: string) => (one === '.' ? namespace : one))
    if (!exported.includes('*') && !exported.includes(request.from)) return []
    const isHere =
      isAt(spec.gateways ?? ['mesh'], request, namespace) &&
      rules.some((rule) =>
        (rule.match ?? [{}]).some((match: Any) => isAt(match.gateways ?? [request.gateway], request, namespace)),
      )
    if (!isHere) return []
    return hosts.map((host) => full(host, namespace))
  }
  if (object.kind !== 'HTTPRoute' || request.protocol !== 'http') return []
  const parents: readonly Any[] = spec.parentRefs ?? []
  return parents.flatMap((parent): readonly string[] => {
    if (parent.kind === 'Service') return request.gateway === 'mesh' ? [full(parent.name, namespace)] : []
    return request.gateway === `${namespace}/${parent.name}` ? hostnamesOf(spec) : []
  })
}

function isAt(gateways: readonly string[], { gateway }: Request, namespace: string): boolean {
  return gateways.some((one) => one === gateway || `${namespace}/${one}` === gateway)
}

/** No hostnames mean all. */
function hostnamesOf({ hostnames = [] }: Any): readonly string[] {
  return hostnames.length === 0 ? ['*'] : hostnames
}

function fitsHost(host: string, wanted: string): boolean {
  return host === wanted || host === '*' || (host.startsWith('*.') && wanted.endsWith(host.slice(1)))
}

interface Ruled {
  readonly fits: (request: Request) => boolean
  readonly goals: readonly Goal[]
}

function rulesOf(objects: readonly RenderedObject[], object: RenderedObject, request: Request): readonly Ruled[] {
  const spec: Any = object.data['spec']
  const namespace = namespaceOf(object)
  const rules: readonly Any[] = spec[request.protocol] ?? []
  return rules.flatMap((rule): readonly Ruled[] => {
    const fits = (one: Request): boolean =>
      (rule.match ?? [{}]).some((match: Any) => fitsIstio(match, one, { all: spec.gateways, namespace }))
    const delegate = objects.find(
      ({ kind, name }) => kind === 'VirtualService' && rule.delegate !== undefined && name === rule.delegate.name,
    )
    if (delegate !== undefined) {
      const at = { all: undefined, namespace: namespaceOf(delegate) }
      const inner: readonly Any[] = (delegate.data['spec'] as Any).http ?? []
      return inner.flatMap((one): readonly Ruled[] => {
        const pairs = pairsOf(rule.match ?? [], one.match ?? [])
        const isFitting = (asked: Request): boolean =>
          pairs.some(([root, own]) => {
            const isAnywhere = root.gateways !== undefined || own.gateways !== undefined
            const [outer, match] = [root, own].map((part) => (isAnywhere ? { ...part, sourceLabels: {} } : part))
            return fitsIstio(outer, asked, { all: spec.gateways, namespace }) && fitsIstio(match, asked, at)
          })
        const alone = { ...delegate, data: { spec: { http: [{ route: one.route }] } } }
        return rulesOf(objects, alone, request).map(({ goals }) => ({ goals, fits: isFitting }))
      })
    }
    const route: readonly Any[] = rule.route ?? []
    const goals = route.map(({ destination, weight }) => ({
      host: full(destination.host, namespace),
      subset: destination.subset,
      weight: route.length === 1 ? 1 : (weight ?? 0),
    }))
    return [{ fits, goals }]
  })
}

/** Istio drops a rule of a delegate unless each of its matches is a part of one in the root. */
function pairsOf(roots: readonly Any[], owns: readonly Any[]): readonly (readonly [Any, Any])[] {
  if (roots.length === 0) return owns.length === 0 ? [[{}, {}]] : owns.map((own) => [{}, own])
  if (owns.length === 0) return roots.map((root) => [root, {}])
  const found = owns.map((own) => roots.filter((root) => isPart(root, own)).map((root) => [root, own] as const))
  return found.some((some) => some.length === 0) ? [] : found.flat()
}

function isPart(root: Any, own: Any): boolean {
  const fields = (one: Any): ReadonlyMap<string, Any> =>
    new Map(
      ['uri', 'method', 'authority', 'headers', 'withoutHeaders', 'queryParams'].flatMap((field) => {
        const value = one[field]
        if (value === undefined) return []
        const isMap = field.endsWith('s') || field === 'withoutHeaders'
        return isMap ? Object.entries(value).map(([key, text]) => [`${field} ${key}`, text]) : [[field, value]]
      }) as [string, Any][],
    )
  const [wide, narrow] = [fields(root), fields(own)]
  const texts = [...narrow].every(([key, { exact = '', prefix = '', regex = '' }]) => {
    const outer = wide.get(key)
    if (outer === undefined) return true
    if (regex !== '' || (outer.regex ?? '') !== '') return false
    if ((outer.exact ?? '') !== '') return prefix === '' && exact === outer.exact
    return (outer.prefix ?? '') !== '' && `${exact}${prefix}` !== '' && (exact || prefix).startsWith(outer.prefix)
  })
  const labels = Object.entries(own.sourceLabels ?? {}).every(
    ([key, value]) => (root.sourceLabels?.[key] ?? value) === value,
  )
  const gateways = (own.gateways ?? []).every((one: Any) => (root.gateways ?? [one]).includes(one))
  return texts && labels && gateways
}

function fitsIstio(
  match: Any,
  request: Request,
  { all, namespace }: { readonly all: readonly string[] | undefined; readonly namespace: string },
): boolean {
  // A delegate has no gateways of its own. Its root has checked them already.
  const isServed = namespace === 'delegates' || isAt(all ?? ['mesh'], request, namespace)
  return (
    isServed &&
    isAt(match.gateways ?? [request.gateway], request, namespace) &&
    fitsString(match.uri, request.path) &&
    fitsString(match.method, request.method) &&
    fitsString(match.authority, request.host) &&
    Object.entries(match.headers ?? {}).every(([name, value]) => fitsString(value, request.headers[name], true)) &&
    Object.entries(match.queryParams ?? {}).every(([name, value]) => fitsString(value, request.query[name], true)) &&
    Object.entries(match.withoutHeaders ?? {}).every(
      ([name, value]) => !fitsString(value, request.headers[name], true),
    ) &&
    (match.gateways !== undefined ||
      Object.entries(match.sourceLabels ?? {}).every(([name, value]) => request.source[name] === value))
  )
}

function fitsString(asked: Any, given: string | undefined, isNeeded = false): boolean {
  if (asked === undefined) return true
  if (given === undefined) return !isNeeded
  if (asked.exact !== undefined) return given === asked.exact
  if (asked.prefix !== undefined) return given.startsWith(asked.prefix)
  return asked.regex === undefined || new RegExp(`^(?:${String(asked.regex)})$`).test(given)
}

function gatewayRules(objects: readonly RenderedObject[]): readonly Ruled[] {
  const ruled = objects.flatMap((object) => {
    const spec: Any = object.data['spec']
    const rules: readonly Any[] = spec.rules ?? []
    return rules.flatMap((rule) =>
      (rule.matches ?? [{}]).map((match: Any) => {
        const backends: readonly Any[] = rule.backendRefs ?? []
        const goals = backends.map(({ name, weight = 1 }) => ({ host: full(name, namespaceOf(object)), weight }))
        return { match, goals, fits: (request: Request) => fitsGateway(match, request) }
      }),
    )
  })
  return ruled.toSorted((a, b) => {
    const [one, other] = [exactness(a.match), exactness(b.match)]
    const at = one.findIndex((value, index) => value !== other[index])
    return at < 0 ? 0 : (other[at] ?? 0) - (one[at] ?? 0)
  })
}

function exactness(match: Any): readonly number[] {
  const value = String(match.path?.value ?? '/').replace(/\/+$/, '')
  const isExact = match.path?.type === 'Exact' ? 1 : 0
  return [
    isExact,
    value.length,
    match.method === undefined ? 0 : 1,
    match.headers?.length ?? 0,
    match.queryParams?.length ?? 0,
  ]
}

function fitsGateway(match: Any, { path, method, headers, query }: Request): boolean {
  const { type = 'PathPrefix', value = '/' } = match.path ?? {}
  const prefix = value.replace(/\/+$/, '')
  const isPath = type === 'Exact' ? path === value : path === prefix || path.startsWith(`${prefix}/`)
  const all = (list: readonly Any[] | undefined, given: Readonly<Record<string, string>>): boolean =>
    (list ?? []).every(({ name, value: wanted }) => given[name] === wanted)
  return isPath && (match.method ?? method) === method && all(match.headers, headers) && all(match.queryParams, query)
}

/** The share of a destination's requests that reaches the workloads: their pods among all selected pods. */
function reach(objects: readonly RenderedObject[], goal: Goal, canary: ReadonlySet<string>): number {
  const pods = podsOf(objects, goal)
  return pods.length === 0 ? 0 : pods.filter((name) => canary.has(name)).length / pods.length
}

/** The workloads whose pods a destination selects. */
export function podsOf(
  objects: readonly RenderedObject[],
  { host, subset }: Pick<Goal, 'host' | 'subset'>,
  depth = 0,
): readonly string[] {
  const service = objects.find((one) => one.kind === 'Service' && full(one.name, namespaceOf(one)) === host)
  const spec: Any = service?.data['spec']
  if (spec === undefined || depth > 3) return []
  if (spec.type === 'ExternalName') return podsOf(objects, { host: spec.externalName }, depth + 1)
  const rules = objects.filter(
    (one) => one.kind === 'DestinationRule' && full((one.data['spec'] as Any).host, namespaceOf(one)) === host,
  )
  const found: Any = rules
    .flatMap((rule) => (rule.data['spec'] as Any).subsets ?? [])
    .find(({ name }: Any) => name === subset)
  if ((subset !== undefined && found === undefined) || Object.keys(spec.selector ?? {}).length === 0) return []
  // Both must match: a subset that contradicts the Service's selector selects nothing.
  const wanted = [...Object.entries(spec.selector), ...Object.entries(found?.labels ?? {})]
  const workloads = objects.filter(({ kind }) => kind === 'Deployment')
  return workloads.flatMap(({ name, data }) => {
    const { labels }: Any = (data['spec'] as Any).template.metadata
    return wanted.every(([key, value]) => labels[key] === value) ? [name] : []
  })
}
