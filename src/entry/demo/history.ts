import type { GitHubBox } from '../../sandbox/github.ts'
import { weights } from './play.ts'
import type { RolloutMoment } from './web/chart.ts'

export interface RolloutHistory {
  readonly samples: () => readonly RolloutMoment[]
  /** Keeps what Prometheus measured of the canary. */
  measured(successRate: number): void
  stop(): void
}

const EVERY_MS = 500

/** Looks at the base branch's weights twice a second, and keeps each change of them and of what was measured last. */
export function recordHistory(box: GitHubBox): RolloutHistory {
  const samples: RolloutMoment[] = []
  let successRate: number | undefined
  const timer = setInterval(() => {
    const share = shareIn(weights(box, 'main'))
    const measured = share === 0 ? undefined : successRate
    const last = samples.at(-1)
    // Only changes are kept: the demo may stay up for days.
    if (last === undefined || last.share !== share || last.successRate !== measured)
      samples.push({ at: Date.now(), share, successRate: measured })
  }, EVERY_MS)
  return {
    samples: () => samples,
    measured: (value) => {
      successRate = value
    },
    stop: () => clearInterval(timer),
  }
}

/** `95/5` is 5. A route that is switched sends everybody to blue or to green, which is the newer one. */
function shareIn(written: string): number {
  return written === 'green' ? 100 : Number(written.split('/')[1] ?? 0)
}
