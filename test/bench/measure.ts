/**
 * Clocks, memory and statistics for the benches. Wall times say little on a busy machine, so compare them within one run, or
 * measure CPU time.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** The results of `times` calls, one after the other. */
export async function repeat<T>(times: number, work: (turn: number) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (let turn = 0; turn < times; turn += 1) found.push(await work(turn))
  return found
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN
}

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'perch-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10

/** The CPU time of all children that have ended, and of theirs, in milliseconds. */
export function childrenCpuMs(): number {
  const fields = statOf('self')
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS
}

/** The CPU time of a process and all of its descendants, including those that have ended, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return sumOverTree(pid, (one) => {
    const fields = statOf(one)
    return [11, 12, 13, 14].reduce((sum, place) => sum + Number(fields[place]), 0) * TICK_MS
  })
}

/** The fields of /proc/<pid>/stat after the name, which may contain spaces. The first is the state. */
function statOf(pid: number | 'self'): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** The memory of a process and all of its descendants in MB. Shared memory is divided among those that share it. */
export function treeMemoryMb(pid: number): number {
  return sumOverTree(pid, pssOf)
}

function sumOverTree(pid: number, of: (pid: number) => number): number {
  const children = Map.groupBy(
    readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : [])),
    parentOf,
  )
  const sum = (process: number): number =>
    [orGone(() => of(process)), ...(children.get(process) ?? []).map(sum)].reduce((all, one) => all + one, 0)
  return sum(pid)
}

function parentOf(pid: number): number {
  return orGone(() => Number(statOf(pid)[1]))
}

function pssOf(pid: number): number {
  const [, kb] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
  return Number(kb ?? 0) / 1_000
}

/** A process may end before it is read. */
function orGone(read: () => number): number {
  try {
    return read()
  } catch {
    return 0
  }
}
