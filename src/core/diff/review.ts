import type { Config } from '../config/schema.ts'
import type { EnvironmentDiff, DestinationShare, ResourceDiff, TrafficRow } from '../gate/review.ts'
import { renderedProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import type { Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'
import { isSplit, type Route, routeId, shares } from '../traffic/route.ts'
import { type RenderedChange, diffRendered, type View, WHOLE } from './changes.ts'
import { type ParsedRender, type RenderedObject } from './objects.ts'
import { renderedNames } from './rendered-route.ts'
import { configuredRoute, renderedRoutes, type RouteCalling } from './routes.ts'
import { qualifiedTitle } from '../manifest/identity.ts'

interface Renders {
  readonly before: ParsedRender
  readonly after: ParsedRender
}

export interface RenderDiff extends Pick<EnvironmentDiff, 'resources' | 'hidden'> {
  /** Why the render before the change could not be read. Then everything counts as new. */
  readonly unreadableBefore: Problem | undefined
  /** Everything on both sides, with the values of Secrets. Must not be shown. */
  readonly objects: { readonly before: readonly RenderedObject[]; readonly after: readonly RenderedObject[] }
}

/**
 * The objects that one environment's render gains, loses and changes, with Secrets masked. The problem names no file, because a
 * render has none.
 */
export function diffEnvironment(
  environment: string,
  { before, after }: Renders,
  view: View = WHOLE,
): Result<RenderDiff, Problem> {
  if (!after.ok) return err(renderedProblem(environment, after.problem))
  const objects = { before: before.ok ? before.objects : [], after: after.objects }
  const { changes, hidden } = diffRendered(objects.before, objects.after, view)
  const unreadableBefore = before.ok ? undefined : renderedProblem(environment, before.problem)
  return ok({ resources: changes.map(resourceOf), hidden, unreadableBefore, objects })
}

function resourceOf({ type, title, hunks, identity, ...counts }: RenderedChange): ResourceDiff {
  const patch = hunks.map(({ header, lines }) => [header, ...lines].join('\n')).join('\n')
  const { kind, namespace, name } = identity
  const { additions: added, deletions: removed, unshown } = counts
  return { title, kind, namespace, name, change: type, traffic: [], patch, added, removed, unshown }
}

/** The resources, each with its rows. */
export function withTraffic(resources: readonly ResourceDiff[], rows: readonly TrafficRow[]): readonly ResourceDiff[] {
  return resources.map((resource) => {
    const id = qualifiedTitle(resource)
    return { ...resource, traffic: rows.filter(({ route }) => route === id) }
  })
}

/** The targets that decide how the routes of both sides are read. */
export interface BothTargets {
  readonly config: Config
  readonly targets: { readonly before: readonly Target[]; readonly after: readonly Target[] }
}

/** The rules whose shares differ between two renders, with the share of each destination. */
export function rowsOf(
  environment: string,
  objects: RenderDiff['objects'],
  { config, targets }: BothTargets,
): readonly TrafficRow[] {
  const rulesOn = (side: keyof BothTargets['targets']): ReadonlyMap<string, RuleParts> => {
    const routes = renderedRoutes(objects[side])
    return rulesIn(routes, { config, names: renderedNames(environment, routes, targets[side]) })
  }
  const [before, after] = [rulesOn('before'), rulesOn('after')]
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key): TrafficRow[] => {
    const old = before.get(key)
    const now = after.get(key)
    const either = now ?? old
    if (either === undefined || JSON.stringify(old?.parts) === JSON.stringify(now?.parts)) return []
    return [{ environment, route: either.route, rule: either.rule, before: old?.parts, after: now?.parts }]
  })
}

interface RuleParts {
  readonly route: string
  readonly rule: string
  readonly parts: readonly DestinationShare[]
}

function rulesIn(routes: readonly ManifestObject[], calling: RouteCalling): ReadonlyMap<string, RuleParts> {
  const rules = routes.flatMap((object) => rulesOf(configuredRoute(object, routes, calling)))
  return new Map(rules.map((rule) => [`${rule.route} ${rule.rule}`, rule]))
}

/**
 * The rules that split a service. Rules for a header and redirects split nothing, but a blue/green rule counts, because it can be
 * switched.
 */
function rulesOf(route: Route): RuleParts[] {
  if (!isSplit(route)) return []
  const isSwitched = route.names.blueGreen !== undefined
  return route.rules
    .filter(
      ({ destinations }) =>
        destinations.length > 1 || (isSwitched && destinations.some(({ role }) => role !== 'other')),
    )
    .map((rule) => {
      const percents = shares(rule)
      const parts = rule.destinations.map(({ subset, host }, index) => ({
        name: subset ?? shortHost(host),
        share: percents[index] ?? 0,
      }))
      return { route: routeId(route), rule: rule.label, parts }
    })
}
