/** What a verdict waits for, and when time alone may turn it. */
import { wantOf } from './live.ts'
import type { Verdict } from './gate.ts'
import { waitKey } from './signal.ts'

/** Also of what has come: a failure can turn, and a success can be taken back, here and where a step had to be done first. */
export function waitsOf(verdicts: readonly Pick<Verdict, 'reason'>[]): readonly string[] {
  const keys = verdicts.flatMap(({ reason }) => {
    if (!('liveness' in reason) || reason.liveness === undefined) return []
    const wants = reason.liveness.parts.flatMap(({ entry }) => wantOf(entry) ?? [])
    return wants.map(({ source, pattern }) => waitKey(source, pattern))
  })
  return [...new Set(keys)]
}

export function earliest(moments: readonly number[]): number | undefined {
  return moments.length === 0 ? undefined : Math.min(...moments)
}

/** The clock that decides then must not be behind the one that set the timer. */
export const TIMER_SLACK_MS = 50
