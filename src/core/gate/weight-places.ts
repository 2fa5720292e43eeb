/** Finds where the displayed weights are written, in files that a person can open. */
import { finderIn } from '../diff/rendered-route.ts'
import { renderedRoutes } from '../diff/routes.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { documentsIn } from '../delivery/documents.ts'
import { isRenderedPart } from '../chart/rendered-parts.ts'
import { type LayeredObject, layeredIn } from '../layer/layered.ts'
import { placeOf } from '../layer/build/origin.ts'
import type { Layout } from '../layer/layout.ts'
import { variableIn } from '../layer/variable-weights.ts'
import { type Path, textOf, valueAt } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import type { Target } from '../rollout/target.ts'
import { type Destination, type Route, routeId } from '../traffic/route.ts'
import type { DestinationShare, TrafficRow } from './review.ts'

type Texts = ReadonlyMap<string, string>

interface PlaceSources {
  readonly environment: string
  /** The environment's render after the change. */
  readonly objects: readonly RenderedObject[]
  /** The targets in the files after the change. */
  readonly targets: readonly Target[]
  /** The texts of the environment's files on both sides. */
  readonly texts: { readonly before: Texts; readonly after: Texts }
}

/** The rows of an environment. Each weight after the change gets its place, if the files show it for certain. */
export function withPlaces(rows: readonly TrafficRow[], sources: PlaceSources): readonly TrafficRow[] {
  if (rows.length === 0) return rows
  const routes = routesIn(sources)
  const changed = changedNumbers(sources.texts)
  return rows.map((row) => {
    const { route: id, rule: label, after } = row
    const found = routes.get(id)
    const rule = found?.route.rules.find((one) => one.label === label && one.destinations.length === after?.length)
    const placed = after?.map((share, index): DestinationShare => {
      const destination = rule?.destinations[index]
      const place = found && destination && writtenPlace(found, sources, destination)
      return { ...share, place: place ?? changedPlace(changed, beforeOf(row, share), share.share) }
    })
    return { ...row, after: placed }
  })
}

/** Without places in some files, because a merge may have moved their lines. */
export function withoutPlacesIn(rows: readonly TrafficRow[], files: ReadonlySet<string>): readonly TrafficRow[] {
  return rows.map((row) => ({
    ...row,
    after: row.after?.map(({ place, ...share }) =>
      place === undefined || files.has(place.file) ? share : { ...share, place },
    ),
  }))
}

interface FoundRoute {
  readonly route: Route
  readonly layout: Layout
  readonly object: Target['object']
}

/** The routes of targets, by their rendered names. */
function routesIn({ environment, objects, targets }: PlaceSources): ReadonlyMap<string, FoundRoute> {
  const find = finderIn(environment, renderedRoutes(objects))
  const mine = targets.filter(({ environments }) => environments.includes(environment))
  return new Map(
    mine.flatMap(({ route, layout, object }) => {
      const rendered = find({ layout, object })
      const { kind } = route
      return rendered === undefined ? [] : [[routeId({ ...rendered, kind }), { route, layout, object }] as const]
    }),
  )
}

/** The place that the files give: in the object or in one of its patches. */
function writtenPlace(
  { layout, object }: FoundRoute,
  { environment, texts }: PlaceSources,
  { weight, weightPath }: Destination,
): Location | undefined {
  if (weight === undefined || isRenderedPart(object.file)) return undefined
  const layered = layeredIn(layout, environment, object)
  if (layered === undefined || layered.unclear !== undefined || layered.isRendered) return undefined
  const path = weightPath.slice(object.at.length)
  const place = variablePlace(layout, layered, path) ?? placeOf(layered, path)
  return says(texts.after.get(place.file) ?? layout.texts.get(place.file), place, weight) ? place : undefined
}

/**
 * Where the variable of a weight gets its value; undefined if the weight is not a variable, or if its own text contains the
 * value.
 */
function variablePlace(layout: Layout, { written, filler }: LayeredObject, path: Path): Location | undefined {
  const name = variableIn(textOf(valueAt(written, path)) ?? '')
  const place = name === undefined ? undefined : filler?.places.get(name)
  const manifest = place && documentsIn(place.file, layout.texts.get(place.file) ?? '', place.wanted)
  return place && manifest && { file: place.file, line: manifest.line(place.document, place.path) }
}

/** Whether the line contains the number, because a link to another line would be wrong. */
function says(text: string | undefined, { line }: Location, weight: number): boolean {
  const written = text?.split('\n')[line - 1] ?? ''
  return new RegExp(String.raw`(?<![\w.])${weight}(?![\w.])`).test(written)
}

function beforeOf({ before }: TrafficRow, { name }: DestinationShare): number | undefined {
  return before?.find((one) => one.name === name)?.share
}

/**
 * For weights that appear only in a render (a chart, a replacement): the only number in all files of the environment that was the
 * share before and is the share now. Undefined if there are several.
 */
function changedPlace(changed: ChangedNumbers, was: number | undefined, now: number): Location | undefined {
  if (was === undefined || was === now) return undefined
  const [first, second] = changed().get(`${was} ${now}`) ?? []
  return first === undefined || second !== undefined ? undefined : { file: first.file, line: first.line }
}

/** By old and new value. */
type ChangedNumbers = () => ReadonlyMap<string, readonly ChangedNumber[]>

/** Texts are large and there may be many rows, so texts are compared once, and only when a row needs it. */
function changedNumbers({ before, after }: PlaceSources['texts']): ChangedNumbers {
  let known: ReturnType<ChangedNumbers> | undefined
  return () => (known ??= read())
  function read(): ReturnType<ChangedNumbers> {
    const found = [...after].flatMap(([file, text]) => {
      const old = before.get(file)
      return old === undefined || old === text ? [] : changedLines(file, old.split('\n'), text.split('\n'))
    })
    return Map.groupBy(found, ({ numbers: [from, to] }) => `${from} ${to}`)
  }
}

interface ChangedNumber extends Location {
  readonly numbers: readonly [from: string, to: string]
}

/** The changed numbers in texts with as many lines as before, on lines that differ in nothing else. */
function changedLines(file: string, before: readonly string[], after: readonly string[]): readonly ChangedNumber[] {
  if (before.length !== after.length) return []
  return after.flatMap((text, index) => {
    const old = before[index] ?? ''
    if (text === old || text.includes(NOTE) || text.replaceAll(NUMBER, '0') !== old.replaceAll(NUMBER, '0')) return []
    const [was, now] = [numbersIn(old), numbersIn(text)]
    return now.flatMap((number, at): ChangedNumber[] => {
      const from = was[at] ?? number
      return from === number ? [] : [{ file, line: index + 1, numbers: [from, number] }]
    })
  })
}

/** Our own annotation also contains the share, but is not a weight. */
const NOTE = 'canary-percentage'

/** Not a part of a name, a path or another number. */
const NUMBER = /(?<![\w./$-])\d+(?![\w./-])/g

function numbersIn(line: string): readonly string[] {
  return [...line.matchAll(NUMBER)].map(([number]) => number)
}
