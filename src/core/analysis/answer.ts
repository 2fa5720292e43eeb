/** Where a query is evaluated: at `from`, then every `stepMs`, up to `until`. Times are epoch milliseconds. */
export interface Range {
  readonly from: number
  readonly until: number
  readonly stepMs: number
}

/** One series: a value at each moment that has one, which may be NaN or infinite. */
interface Series {
  readonly points: readonly (readonly [time: number, value: number])[]
}

/**
 * Why there is no answer. `unknown-server`: it is not among those that Perch was started with · `refused`: it cannot evaluate the query, or
 * does not take the credentials · `too-large`: the answer is more than Perch reads or keeps.
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

/** What a metrics server says to a query over a range. */
export type RangeAnswer =
  | {
      readonly ok: true
      readonly series: readonly Series[]
      /** What the server says is wrong with the answer, such as a part that is missing. */
      readonly warnings: readonly string[]
      /** The server's own clock when it answered; undefined where it does not say. */
      readonly clock: number | undefined
    }
  /** `detail` has no address, no credentials, and is for people. */
  | { readonly ok: false; readonly code: MetricsFailure; readonly detail: string }
