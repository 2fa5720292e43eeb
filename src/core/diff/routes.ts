import type { Config } from '../config/schema.ts'
import { identityKey } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { servicesOf } from '../rollout/target.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import type { Route, RouteNames } from '../traffic/route.ts'
import type { RenderedObject } from './objects.ts'
import { NO_LINES } from './rendered-route.ts'

/** The routes among rendered objects, to be read as those of a file are. */
export function renderedRoutes(objects: readonly RenderedObject[]): readonly ManifestObject[] {
  return objects.map(routeFrom).filter(isRoute)
}

/** What decides how stable and canary are called: the names that routes of targets have where they are rendered, else the config. */
export interface RouteCalling {
  readonly config: Config
  /** By identity; several where a route splits several services. */
  readonly names: ReadonlyMap<string, readonly RouteNames[]>
}

/** One of the `routes` of an environment, with its stable and canary. */
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

/** One route with the rules of several services, each with the roles that its own service gives. */
function joined(first: Route, more: readonly Route[]): Route {
  const all = [first, ...more]
  const rules = first.rules.map((rule, index) => {
    return all.find(({ names }) => names.rules?.includes(rule.label))?.rules[index] ?? rule
  })
  return { ...first, rules, names: { ...first.names, rules: all.flatMap(({ names }) => names.rules ?? []) } }
}

/** A rendered object, to be read as one of a file. */
export function routeFrom(object: RenderedObject): ManifestObject {
  const { apiVersion } = object.data
  const place = { file: 'render', document: 0, at: [], line: 1 }
  return { ...place, ...object, apiVersion: typeof apiVersion === 'string' ? apiVersion : '' }
}
