import { runApart } from './run-apart.ts'
import { type Invocation, type ProcessEnd, runHere } from './run-here.ts'

/** Up to here a process starts a child in a few milliseconds, and a process that does it instead would not pay. */
const SMALL_BYTES = 150 * 2 ** 20

/**
 * Runs a program in a process group of its own to its end, or kills it and everything it started as soon as it takes or says too
 * much. Rejects when it is not known how the program ended.
 */
export function runContained(invocation: Invocation): Promise<ProcessEnd> {
  return process.memoryUsage.rss() < SMALL_BYTES ? runHere(invocation) : runApart(invocation)
}
