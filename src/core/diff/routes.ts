import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { isRoute } from '../traffic/read-route.ts'
import type { RenderedObject } from './objects.ts'

/** What was rendered has no lines that a person could open. */
export const NO_LINES: Pick<Manifest, 'line'> = { line: () => 1 }

/** The routes among rendered objects, to be read as those of a file are. */
export function renderedRoutes(objects: readonly RenderedObject[]): readonly ManifestObject[] {
  return objects.map(asWritten).filter(isRoute)
}

function asWritten(object: RenderedObject): ManifestObject {
  const { apiVersion } = object.data
  const place = { file: 'render', document: 0, at: [], line: 1 }
  return { ...place, ...object, apiVersion: typeof apiVersion === 'string' ? apiVersion : '' }
}
