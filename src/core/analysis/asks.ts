/** The queries to a metrics server about a step. */
import type { Range } from './answer.ts'

/** One thing to ask the metrics server. */
export interface RangeQuery {
  readonly query: string
  readonly range: Range
}

/** The index of a query in `asks`. Checks and metrics share some queries, and each query is asked only once. */
export function askOnce(asks: RangeQuery[], { query, range }: RangeQuery): number {
  const known = asks.findIndex((ask) => ask.query === query && isSame(ask.range, range))
  return known === -1 ? asks.push({ query, range }) - 1 : known
}

function isSame(one: Range, other: Range): boolean {
  return one.from === other.from && one.until === other.until && one.stepMs === other.stepMs
}
