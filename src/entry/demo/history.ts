import type { GitHubBox } from '../../sandbox/github.ts'
import { weights } from './play.ts'
import type { RolloutMoment } from './web/chart.ts'

export interface RolloutHistory {
  readonly samples: () => readonly RolloutMoment[]
  /** Records the success rate that Prometheus measured for the canary. */
  measured(successRate: number): void
  stop(): void
}

const EVERY_MS = 500

/** Reads the base branch's weights twice a second, and records each change of them and of the last measured rate. */
export function recordHistory(box: GitHubBox): RolloutHistory {
  const samples: RolloutMoment[] = []
  let successRate: number | undefined
  const timer = setInterval(() => {
    const share = shareIn(weights(box, 'main'))
    const measured = share === 0 ? undefined : successRate
    const last = samples.at(-1)
    // Only changes are recorded, because the demo may run for days.
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

/** `95/5` is 5. A switched route sends all traffic to blue or to green; green is the newer version. */
function shareIn(written: string): number {
  return written === 'green' ? 100 : Number(written.split('/')[1] ?? 0)
}
