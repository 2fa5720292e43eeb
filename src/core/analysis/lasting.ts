import type { AnalysisReport } from './report.ts'

/** How long samples of a point may still come in after its end: scrapes are this far apart, and stores that copy them lag. */
const LATE_SAMPLES_MS = 60_000

/** What is not certain may be so at any moment. Until then several pull requests that are judged for one reason need it once. */
const UNCERTAIN_MS = 15_000

/**
 * Until when a report says what measuring again would say, epoch milliseconds: until the next point is over at most. `at`: when
 * it was measured.
 */
export function lastsUntil({ outcome, until, next }: AnalysisReport, at: number): number {
  if (outcome === 'fail') return next
  if (outcome !== 'pass') return Math.min(next, at + UNCERTAIN_MS)
  const allThere = until + LATE_SAMPLES_MS
  return at < allThere ? Math.min(next, allThere) : next
}
