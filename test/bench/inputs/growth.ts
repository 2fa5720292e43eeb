/**
 * How much longer twice as much takes, by the CPU time of this thread: what else the machine does changes the clock on the wall, and
 * hardly this one.
 */
import assert from 'node:assert/strict'

export interface Input {
  /** At which it takes long enough to be measured: where there is a limit, just below or well above it. */
  readonly size: number
  /** Prepares the input; what comes back is measured, to the end of its promise if it makes one. */
  readonly make: (size: number) => () => unknown
}

export interface Growth {
  /** The longer of both, in milliseconds. */
  readonly ms: number
  readonly ratio: number
}

/** The clock of CPU time ticks every few milliseconds. */
const MEASURED_MS = 20
/** What takes less is refused, or nothing: its ratio would be noise. */
const SHORT_MS = 1
const ROUNDS = 10
/** What is quadratic comes to four. Between lies what a cache of the processor that others use makes of two. */
const RATIO = 3
/** What is linear comes to four from half the size to twice the size, and what is quadratic to sixteen. */
const WIDE_RATIO = 8

/** The best of some rounds by turns; they end as soon as the ratio is `good`. */
export function growthOf({ size, make }: Input, good: number): Promise<Growth> {
  return growthBetween([make(size), make(size * 2)], good)
}

async function growthBetween(works: readonly (() => unknown)[], good: number): Promise<Growth> {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let ratio = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS && (round < 2 || ratio > good); round += 1) {
    for (const [index, work] of works.entries()) best[index] = Math.min(best[index] ?? 0, await cpuOf(work))
    const [one = 0, two = 0] = best
    ratio = two / Math.max(one, SHORT_MS)
  }
  return { ms: Math.max(...best), ratio }
}

/**
 * Twice as much may take twice as long, and no more. Where it seems to take longer, four times as much decides: a pause of the garbage
 * collector falls on one of two sizes and weighs less there.
 */
export async function assertLinear(input: Input): Promise<void> {
  const near = await growthOf(input, RATIO)
  if (near.ratio <= RATIO) return
  const works = [input.make(Math.ceil(input.size / 2)), input.make(input.size * 2)]
  const { ratio, ms } = await growthBetween(works, WIDE_RATIO)
  assert.ok(
    ratio <= WIDE_RATIO,
    `${near.ratio.toFixed(2)} times as long for twice as much and ${ratio.toFixed(2)} times for four times as much, up to ${ms.toFixed(0)} ms`,
  )
}

/** Milliseconds for one turn. */
async function cpuOf(work: () => unknown): Promise<number> {
  const start = cpuMs()
  let turns = 0
  let passed = 0
  while (passed < MEASURED_MS) {
    await work()
    turns += 1
    passed = cpuMs() - start
  }
  return passed / turns
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
