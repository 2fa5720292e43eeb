/** Finds by building where in the files a rendered value comes from. */
import type { RenderedObject } from '../../core/diff/objects.ts'
import type { Environment } from '../../core/environment/environment.ts'
import { probeAt, type TextPlace, withReplaced } from '../../core/layer/feed.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'
import { renderEdited } from './render-edited.ts'

/**
 * The number of builds in one search. Most searches need one, which changes all places at once. If a build breaks, the places are
 * split in halves, so that one bad place among hundreds costs about ten builds.
 */
const MAX_BUILDS = 24

export interface PlaceSearch {
  readonly context: FileSource & Pick<RepositoryContext, 'renderer'>
  readonly side: TreeSnapshot
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
  /** The values to look for, by key; undefined if a build no longer contains their objects. */
  readonly valuesIn: (objects: readonly RenderedObject[]) => ReadonlyMap<string, unknown> | undefined
  builds: number
}

/** The place that each value shows when all places have other texts. */
export async function placesShown(
  search: PlaceSearch,
  places: readonly TextPlace[],
): Promise<ReadonlyMap<string, TextPlace>> {
  if (places.length === 0) return new Map()
  const probes = withReplaced(
    search.texts,
    places.map((place, index) => [place, probeAt(place, index)] as const),
  )
  const values = await valuesWith(search, probes)
  if (values === undefined) {
    if (places.length === 1 || search.builds >= MAX_BUILDS) return new Map()
    const middle = Math.ceil(places.length / 2)
    const first = await placesShown(search, places.slice(0, middle))
    return new Map([...first, ...(await placesShown(search, places.slice(middle)))])
  }
  return new Map(
    [...values].flatMap(([key, value]) => {
      const place = places.find((one, index) => shows(value, probeAt(one, index)))
      return place === undefined ? [] : [[key, place] as const]
    }),
  )
}

/** The values in a build with some other texts. Undefined if the build breaks, or after too many builds. */
export async function valuesWith(
  search: PlaceSearch,
  changed: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, unknown> | undefined> {
  const { context, environment, texts, side } = search
  if (search.builds >= MAX_BUILDS) return undefined
  search.builds += 1
  const rendered = await renderEdited(context, side, { environment, texts, edited: changed })
  return rendered.ok && rendered.parsed.ok ? search.valuesIn(rendered.parsed.objects) : undefined
}

/** The line of a place, from 1. */
export function lineAt(text: string, { at }: Pick<TextPlace, 'at'>): number {
  return text.slice(0, at).split('\n').length
}

function shows(value: unknown, probe: string): boolean {
  return typeof value === 'string' ? value.includes(probe) : String(value) === probe
}
