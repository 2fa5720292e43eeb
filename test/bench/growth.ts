/**
 * How much longer twice as much takes, by the CPU time of this thread: what else the machine does changes the clock on the wall, and
 * hardly this one.
 */
export interface Input {
  /** At which it takes long enough to be measured: where there is a limit, just below or well above it. */
  readonly size: number
  /** Prepares the input; what comes back is measured. */
  readonly make: (size: number) => () => unknown
}

export interface Growth {
  /** The longer of both, in milliseconds. */
  readonly ms: number
  readonly ratio: number
}

/** The clock of CPU time ticks every few milliseconds. */
const MEASURED_MS = 50
/** What takes less is refused, or nothing: its ratio would be noise. */
const SHORT_MS = 1
const ROUNDS = 10

/** The best of some rounds by turns; they end as soon as the ratio is `good`. */
export function growthOf({ size, make }: Input, good: number): Growth {
  const works = [make(size), make(size * 2)]
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let ratio = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS && (round < 2 || ratio > good); round += 1) {
    for (const [index, work] of works.entries()) best[index] = Math.min(best[index] ?? 0, cpuOf(work))
    const [one = 0, two = 0] = best
    ratio = two / Math.max(one, SHORT_MS)
  }
  return { ms: Math.max(...best), ratio }
}

/** Milliseconds for one turn. */
function cpuOf(work: () => unknown): number {
  const start = cpuMs()
  let turns = 0
  let passed = 0
  while (passed < MEASURED_MS) {
    work()
    turns += 1
    passed = cpuMs() - start
  }
  return passed / turns
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
