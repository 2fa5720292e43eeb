import type { Range, RangeAnswer } from '../core/analysis/answer.ts'

/** The metrics servers that this Perch was started with. Others cannot be asked: a repository picks by name. */
export interface Metrics {
  /** Evaluates a query at each moment of a range. A failure or refusal of the server is an answer too. */
  range(server: string, query: string, range: Range): Promise<RangeAnswer>
  /** Their names. */
  servers(): readonly string[]
}
