import type { AnalysisReport } from './report.ts'

/** How long samples of a point may still arrive after its end, because of the scrape interval and the lag of replicated stores. */
const LATE_SAMPLES_MS = 60_000

/**
 * An uncertain result may become certain at any moment. It lasts this long, so that several pull requests that are judged together
 * need only one measurement.
 */
const UNCERTAIN_MS = 15_000

/** Until when measuring again would give the same report, in epoch milliseconds; at most until the next point is over. `at`: when it was measured. */
export function lastsUntil({ outcome, until, next }: AnalysisReport, at: number): number {
  if (outcome === 'fail') return next
  if (outcome !== 'pass') return Math.min(next, at + UNCERTAIN_MS)
  const allThere = until + LATE_SAMPLES_MS
  return at < allThere ? Math.min(next, allThere) : next
}
