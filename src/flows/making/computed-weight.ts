/** Finds the value from which a chart computes the weights, if they are not in the values as they are. */
import { decimalPlaces, type TextPlace, withReplaced } from '../../core/layer/feed.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { likeliestFirst } from './own-numbers.ts'
import { lineAt, valuesWith } from './places-shown.ts'
import type { WeightSearch } from './weight-search.ts'

/** The search for the weights of a route, and the route's name. */
export interface NamedSearch {
  readonly search: WeightSearch
  readonly name: string
}

/** A refusal is not worth more builds. */
const MAX_PLACES = 256

/**
 * The refusal with the first number of the environment's own values that changes the weights. Undefined if there is none, or if no
 * chart is involved.
 */
export async function computedWeight({ search, name }: NamedSearch): Promise<Refusal | undefined> {
  if ((search.environment.charts ?? []).length === 0) return undefined
  const now = await valuesWith(search, new Map())
  const places = likeliestFirst(search.mine, decimalPlaces(search.mine)).slice(0, MAX_PLACES)
  const place = now && (await placeThatChanges(search, places, textOf(now)))
  if (place === undefined) return undefined
  const isWeight = await isWeightItself(search, place)
  const { file, text } = place
  const line = lineAt(search.texts.get(file) ?? '', place)
  return { code: 'cannot-edit', refusal: { code: 'computed-weight', file, line, name, value: text, isWeight } }
}

/** The first place where another number renders other weights, found by halves. */
async function placeThatChanges(
  search: WeightSearch,
  places: readonly TextPlace[],
  now: string,
): Promise<TextPlace | undefined> {
  const [first] = places
  if (first === undefined) return undefined
  const values = await valuesWith(
    search,
    withReplaced(
      search.texts,
      places.map((place) => [place, neighbourOf(place.text)] as const),
    ),
  )
  if (values !== undefined && textOf(values) === now) return undefined
  if (places.length === 1) return values === undefined ? undefined : first
  const middle = Math.ceil(places.length / 2)
  return (
    (await placeThatChanges(search, places.slice(0, middle), now)) ??
    placeThatChanges(search, places.slice(middle), now)
  )
}

/** Whether the chart renders the number at a place as it is. Perch does not write numbers with a fraction. */
async function isWeightItself(search: WeightSearch, place: TextPlace): Promise<boolean> {
  if (place.text.includes('.')) return false
  const other = neighbourOf(place.text)
  const values = await valuesWith(search, withReplaced(search.texts, [[place, other]]))
  return [...(values ?? new Map<string, unknown>()).values()].some((value) => String(value) === other)
}

/** Another number close to it, so that it passes most schemas: `4` for `5`, `0.04` for `0.05`, `1` for `0`. */
export function neighbourOf(number: string): string {
  if (!number.includes('.')) return Number(number) === 0 ? '1' : String(Number(number) - 1)
  const last = Number(number.at(-1))
  return `${number.slice(0, -1)}${last === 0 ? 1 : last - 1}`
}

function textOf(values: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...values])
}
