import { textOf } from '../manifest/data.ts'
import type { Config } from '../config/schema.ts'
import { identityKey } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { servicesOf } from '../rollout/target.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import type { Route, RouteNames } from '../traffic/route.ts'
import type { RenderedObject } from './objects.ts'
import { NO_LINES } from './rendered-route.ts'

/** The routes among rendered objects, in the form of objects from a file. */
export function renderedRoutes(objects: readonly RenderedObject[]): readonly ManifestObject[] {
  return objects.map(routeFrom).filter(isRoute)
}

/** What decides the names of stable and canary: the rendered names in targets' routes, or else the config. */
export interface RouteCalling {
  readonly config: Config
  /** By identity. There are several if a route splits several services. */
  readonly names: ReadonlyMap<string, readonly RouteNames[]>
}

/** An environment's route from the config's `routes`, with its stable and canary. */
export function configuredRoute(
  object: ManifestObject,
  routes: readonly ManifestObject[],
  { config, names }: RouteCalling,
): Route {
  const own = names.get(identityKey(object))
  const bare = readRoute(NO_LINES, object, { stable: undefined, canary: undefined })
  const all = own ?? servicesOf(config, bare, rootsOf(bare, routes)).map((service) => service.names)
  const [first = bare, ...more] = all.map((called) => readRoute(NO_LINES, object, called))
  return more.length === 0 ? first : joined(first, more)
}

/** Combines the rules of several services into one route. Each rule keeps the roles from its own service. */
function joined(first: Route, more: readonly Route[]): Route {
  const all = [first, ...more]
  const rules = first.rules.map((rule, index) => {
    return all.find(({ names }) => names.rules?.includes(rule.label))?.rules[index] ?? rule
  })
  return { ...first, rules, names: { ...first.names, rules: all.flatMap(({ names }) => names.rules ?? []) } }
}

/** A rendered object, in the form of an object from a file. */
export function routeFrom(object: RenderedObject): ManifestObject {
  const { apiVersion } = object.data
  const place = { file: 'render', document: 0, at: [], line: 1 }
  return { ...place, ...object, apiVersion: textOf(apiVersion) ?? '' }
}
