import type { Range, RangeAnswer } from '../core/analysis/answer.ts'

/** The metrics servers that the operator configured. A repository picks one by name, so Perch can query no other server. */
export interface Metrics {
  /** Evaluates a query at each moment of a range. If the server fails or refuses, that is returned as an answer too. */
  range(server: string, query: string, range: Range): Promise<RangeAnswer>
  /** The names of the servers. */
  servers(): readonly string[]
}
