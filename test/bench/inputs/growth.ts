/**
 * The factor by which twice the input takes longer. Measured in CPU time of this thread, because other load on the machine
 * changes the wall time, and hardly the CPU time.
 */
import assert from 'node:assert/strict'

export interface Input {
  /** The size at which it takes long enough to be measured. If there is a limit, just below it or well above it. */
  readonly size: number
  /** Prepares the input. The returned function is measured, including its promise if it returns one. */
  readonly make: (size: number) => () => unknown
}

export interface Growth {
  /** The longer time, in milliseconds. */
  readonly ms: number
  readonly ratio: number
}

/** The clock for CPU time ticks every few milliseconds. */
const MEASURED_MS = 20
/** Faster work was refused, or is nothing. Its ratio would be noise. */
const SHORT_MS = 1
const ROUNDS = 10
/** Quadratic work has a ratio of four. A linear one may be above two, because others share the processor's caches. */
const RATIO = 3
/** From half the size to twice the size, linear work has a ratio of four, and quadratic work of sixteen. */
const WIDE_RATIO = 8

/** The best of several rounds in turns. Stops as soon as the ratio is `good`. */
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
 * Twice the input may take twice as long, and not longer. If it seems to take longer, four times the input decides, because a
 * pause of the garbage collector hits only one of two sizes and matters less there.
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

/** CPU milliseconds of one call. */
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
