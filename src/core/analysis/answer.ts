/** Where a query is evaluated: at `from`, then every `stepMs`, up to `until`. Times are epoch milliseconds. */
export interface Range {
  readonly from: number
  readonly until: number
  readonly stepMs: number
}

/** One series: a value at each moment that has one. Values may be NaN or infinite. */
interface Series {
  readonly points: readonly (readonly [time: number, value: number])[]
}

/**
 * Why there is no answer. `unknown-server`: Perch was not started with this server · `refused`: the server cannot evaluate the query, or
 * does not accept the credentials · `too-large`: the answer is larger than Perch reads or keeps.
 */
export const METRICS_FAILURES = [
  'unknown-server',
  'unreachable',
  'timed-out',
  'refused',
  'not-understood',
  'too-large',
] as const
export type MetricsFailure = (typeof METRICS_FAILURES)[number]

/** The answer of a metrics server to a range query. */
export type RangeAnswer =
  | {
      readonly ok: true
      readonly series: readonly Series[]
      /** Warnings of the server about its answer, such as a missing part. */
      readonly warnings: readonly string[]
      /** The server's own clock when it answered. Undefined if the server does not send it. */
      readonly clock: number | undefined
    }
  /** `detail` is for people, and contains no address and no credentials. */
  | { readonly ok: false; readonly code: MetricsFailure; readonly detail: string }
