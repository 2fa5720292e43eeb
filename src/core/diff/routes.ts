import type { Config } from '../config/schema.ts'
import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { routeNamesOf, serviceOf } from '../rollout/target.ts'
import { isRoute, readRoute, rootsOf } from '../traffic/read-route.ts'
import type { Route } from '../traffic/route.ts'
import type { RenderedObject } from './objects.ts'

/** What was rendered has no lines that a person could open. */
export const NO_LINES: Pick<Manifest, 'line'> = { line: () => 1 }

/** The routes among rendered objects, to be read as those of a file are. */
export function renderedRoutes(objects: readonly RenderedObject[]): readonly ManifestObject[] {
  return objects.map(asWritten).filter(isRoute)
}

/** One of the `routes` of an environment, with stable and canary as the config names them. */
export function configuredRoute(object: ManifestObject, routes: readonly ManifestObject[], config: Config): Route {
  const bare = readRoute(NO_LINES, object, { stable: undefined, canary: undefined })
  const service = serviceOf(config, bare, rootsOf(bare, routes))
  return readRoute(NO_LINES, object, routeNamesOf(service.config))
}

function asWritten(object: RenderedObject): ManifestObject {
  const { apiVersion } = object.data
  const place = { file: 'render', document: 0, at: [], line: 1 }
  return { ...place, ...object, apiVersion: typeof apiVersion === 'string' ? apiVersion : '' }
}
