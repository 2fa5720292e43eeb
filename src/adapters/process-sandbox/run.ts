import { runApart } from './run-apart.ts'
import { type Invocation, type ProcessEnd, runHere } from './run-here.ts'

/** Up to here a process starts a child in a few milliseconds, and a process that does it instead would not pay. */
const SMALL_BYTES = 150 * 2 ** 20

export interface TitledInvocation extends Invocation {
  /** The program and what it is to do, for those who watch: `git fetch`. No names that others gave. */
  readonly title: string
}

type ProgramWatcher = (title: string, run: () => Promise<ProcessEnd>) => Promise<ProcessEnd>

let watcher: ProgramWatcher = (_, run) => run()

/** Does something around each program that this thread runs from now on. */
export function watchPrograms(watch: ProgramWatcher): void {
  watcher = watch
}

/**
 * Runs a program in a process group of its own to its end, or kills it and everything it started as soon as it takes or says too
 * much. Rejects when it is not known how the program ended.
 */
export function runContained({ title, ...invocation }: TitledInvocation): Promise<ProcessEnd> {
  return watcher(title, () => (isSmall() ? runHere(invocation) : runApart(invocation)))
}

let hasGrown = false

/** A process that has grown once hardly shrinks again, and each look at its memory is a system call and a file. */
function isSmall(): boolean {
  hasGrown ||= process.memoryUsage.rss() >= SMALL_BYTES
  return !hasGrown
}
