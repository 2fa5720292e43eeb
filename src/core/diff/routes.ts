import type { Config } from '../config/schema.ts'
import { identityKey } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { routeNamesOf, serviceOf } from '../rollout/target.ts'
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
  readonly names: ReadonlyMap<string, RouteNames>
}

/** One of the `routes` of an environment, with its stable and canary. */
export function configuredRoute(
  object: ManifestObject,
  routes: readonly ManifestObject[],
  { config, names }: RouteCalling,
): Route {
  const own = names.get(identityKey(object))
  if (own !== undefined) return readRoute(NO_LINES, object, own)
  const bare = readRoute(NO_LINES, object, { stable: undefined, canary: undefined })
  const service = serviceOf(config, bare, rootsOf(bare, routes))
  return readRoute(NO_LINES, object, routeNamesOf(service.config))
}

/** A rendered object, to be read as one of a file. */
export function routeFrom(object: RenderedObject): ManifestObject {
  const { apiVersion } = object.data
  const place = { file: 'render', document: 0, at: [], line: 1 }
  return { ...place, ...object, apiVersion: typeof apiVersion === 'string' ? apiVersion : '' }
}
