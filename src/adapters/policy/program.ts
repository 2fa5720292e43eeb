/**
 * Runs validator programs: finds them on this machine, and runs them in the process sandbox, on the files of a temporary folder.
 */
import { basename } from 'node:path'
import type { Failure } from '../../core/policy/remark.ts'
import { atMost } from '../process-sandbox/at-most.ts'
import {
  type Absence,
  findInstalled,
  finder,
  type InstalledProgram,
  type ProgramKind,
  type SearchOptions,
} from '../process-sandbox/installed.ts'
import { runContained } from '../process-sandbox/run.ts'
import { fill, inWorkshop } from '../process-sandbox/workshop.ts'

export interface ProgramOptions extends SearchOptions {
  /** How many programs run at once. More than the number of processors has no benefit. */
  readonly concurrency?: number
  readonly timeoutMs?: number
}

const CONCURRENCY = 2
const TIMEOUT_MS = 15_000
/** Limits on a program's output and address space. Each program needs a small part of them. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_MEMORY = 2 * 1024 ** 3

const EXHAUSTING = new Set<Failure['code']>(['timed-out', 'too-large'])

export interface Program {
  /** Name and version, for people; undefined if the program is not installed or too old. */
  title(): Promise<string | undefined>
  /** Why the program cannot be run. */
  absence(): Promise<Failure>
  run(task: Task): Promise<Output>
}

interface Task {
  readonly files: ReadonlyMap<string, string>
  readonly args: readonly string[]
  /** Exit codes of a successful run. */
  readonly codes: readonly number[]
  readonly input?: string
  /** Environment variables in addition to those of every program. */
  readonly env?: Readonly<Record<string, string>>
  readonly breaker?: Breaker
}

/** Prevents that a program that exceeded its limits is started again for every environment. */
export interface Breaker {
  /** Why the program should not be started now; undefined if it may be. */
  refusal(): Failure | undefined
  /** Reports that the program exceeded its limits. */
  trip(failure: Failure): void
}

/** Not forever: the machine may have been busy. */
const PAUSE_MS = 60_000

export function aBreaker(): Breaker {
  let last: { readonly failure: Failure; readonly until: number } | undefined
  return {
    refusal: () => (last !== undefined && last.until > Date.now() ? last.failure : undefined),
    trip: (failure) => {
      last = { failure, until: Date.now() + PAUSE_MS }
    },
  }
}

type Output =
  | { readonly ok: true; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly ok: false; readonly failure: Failure; readonly stdout: string }

/** The state that all programs of one service share: the folders to look in, and how many may run. */
export function openPrograms(options: ProgramOptions): (kind: ProgramKind) => Program {
  const limit = atMost(options.concurrency ?? CONCURRENCY)
  return (kind) => {
    const find = finder(() => findInstalled(kind, MAX_MEMORY, options))
    return {
      title: async () => {
        const found = await find()
        return typeof found === 'string' ? undefined : found.title
      },
      absence: async () => {
        const found = await find()
        return failureOf(typeof found === 'string' ? found : 'timed-out', kind)
      },
      run: async (task) => {
        const found = await find()
        if (typeof found === 'string') return { ok: false, failure: failureOf(found, kind), stdout: '' }
        return limit(async () => {
          const refusal = task.breaker?.refusal()
          if (refusal !== undefined) return { ok: false, failure: refusal, stdout: '' }
          const output = await execute(found, task, options.timeoutMs ?? TIMEOUT_MS)
          // Tripped here, before the next program in line starts.
          if (!output.ok && EXHAUSTING.has(output.failure.code)) task.breaker?.trip(output.failure)
          return output
        })
      },
    }
  }
}

function failureOf(absence: Absence, { wants = '' }: ProgramKind): Failure {
  if (absence === 'timed-out') return { code: 'busy', detail: '' }
  return { code: 'missing', detail: absence === 'outdated' ? wants : '' }
}

function execute(
  { file, walls }: InstalledProgram,
  { files, args, codes, input, env }: Task,
  timeoutMs: number,
): Promise<Output> {
  return inWorkshop(files, async (workshop) => {
    const odd = await fill(workshop, files)
    if (odd !== undefined) return failed('failed', `no file can be at ${odd.slice(0, 200)}`)
    const [first = file, ...rest] = [...walls.prefix(workshop), file, ...args]
    const finished = await runContained({
      title: basename(file),
      command: [first, ...rest],
      folder: workshop.files,
      env: { PATH: workshop.home, HOME: workshop.home, LC_ALL: 'C', PYTHONUTF8: '1', PYTHONNOUSERSITE: '1', ...env },
      ...(input === undefined ? {} : { input }),
      timeoutMs,
      maxBytes: MAX_BYTES,
    })
    if (finished.end === 'not-started') return failed('missing', '')
    if (finished.end !== 'exited') return failed(finished.end, '')
    const { code, stderr } = finished
    const stdout = finished.stdout.toString()
    // The runtimes of Go and Python print this before they give up.
    const isStarved =
      code !== 0 && /^(?:fatal error: |runtime: )?out of memory|cannot allocate memory|^MemoryError/m.test(stderr)
    if (isStarved) return failed('too-large', '')
    if (codes.includes(code)) return { ok: true, code, stdout, stderr }
    const said = stderr.trim().replaceAll(`${workshop.files}/`, '').replaceAll(workshop.files, 'the top folder')
    return { ...failed('failed', said.slice(0, 2_000)), stdout }
  })
}

function failed(code: 'missing' | 'timed-out' | 'too-large' | 'failed', detail: string): Output & { ok: false } {
  return { ok: false, failure: { code, detail }, stdout: '' }
}
