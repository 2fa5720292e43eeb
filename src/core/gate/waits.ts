/** What verdicts wait for, and when time alone may change them. */
import { wantOf } from './live.ts'
import type { Verdict } from './gate.ts'
import { waitKey } from './signal.ts'

/**
 * Includes signals that have already arrived: a failure can become a success, and a success can be withdrawn. The same applies to
 * the other environments that had to do a step first.
 */
export function waitsOf(verdicts: readonly Pick<Verdict, 'reason'>[]): readonly string[] {
  const keys = verdicts.flatMap(({ reason }) => {
    if (!('liveness' in reason) || reason.liveness === undefined) return []
    const wants = reason.liveness.parts.flatMap(({ entry }) => wantOf(entry) ?? [])
    return wants.map(({ source, pattern }) => waitKey(source, pattern))
  })
  return [...new Set(keys)]
}

/** The clock that judges a timer must not be behind the clock that set it. */
export const TIMER_SLACK_MS = 50
