import { runApart } from './run-apart.ts'
import { type Invocation, type ProcessEnd, runHere } from './run-here.ts'

/** Below this size, a process starts a child in a few milliseconds, and a separate process for that has no benefit. */
const SMALL_BYTES = 150 * 2 ** 20

export interface TitledInvocation extends Invocation {
  /** The program and its subcommand, for traces: `git fetch`. Contains no names that others chose. */
  readonly title: string
}

type ProgramWatcher = (title: string, run: () => Promise<ProcessEnd>) => Promise<ProcessEnd>

let watcher: ProgramWatcher = (_, run) => run()

/** Wraps each program that this thread runs from now on. */
export function watchPrograms(watch: ProgramWatcher): void {
  watcher = watch
}

/**
 * Runs a program in its own process group until it ends. Kills it and everything that it started as soon as it exceeds its limits
 * on time or output. Rejects if it is unknown how the program ended.
 */
export function runContained({ title, ...invocation }: TitledInvocation): Promise<ProcessEnd> {
  return watcher(title, () => (isSmall() ? runHere(invocation) : runApart(invocation)))
}

let hasGrown = false

/** Asked only until the process has grown: it hardly shrinks again, and reading its memory takes a system call and a file. */
function isSmall(): boolean {
  hasGrown ||= process.memoryUsage.rss() >= SMALL_BYTES
  return !hasGrown
}
