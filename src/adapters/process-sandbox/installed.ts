/** Finds programs that are installed on this machine, and learns their versions. */
import type { Log } from '../../ports/log.ts'
import { keeper } from './keep.ts'
import { programPath, USUAL_PATH } from './program-path.ts'
import { isSuccess, probeWalls, type WalledProgram, type Walls } from './walls.ts'

export interface ProgramKind {
  readonly name: string
  /** For people; undefined: its name. */
  readonly title?: string
  /** The arguments that make the program print its version. */
  readonly versionArgs: readonly string[]
  /** Finds the version in the program's output; undefined if that version cannot be used. */
  readonly versionIn: (said: string) => string | undefined
  /** The oldest usable version, for people. */
  readonly wants?: string
}

export interface SearchOptions extends Pick<WalledProgram, 'reads' | 'probeMs'> {
  /** Where to look for programs: like the environment variable `PATH`. */
  readonly path?: string | undefined
  readonly log?: Log
}

export interface InstalledProgram {
  /** The full path. */
  readonly file: string
  /** Name and version, for people. */
  readonly title: string
  readonly walls: Walls
}

/** `outdated`: its version cannot be used; `timed-out`: it is there, but the machine was too busy to ask for its version. */
export type Absence = 'missing' | 'outdated' | 'timed-out'

/** `maxMemory`: bytes of address space. */
export async function findInstalled(
  { name, title = name, versionArgs, versionIn }: ProgramKind,
  maxMemory: number,
  { path = USUAL_PATH, log, ...options }: SearchOptions,
): Promise<InstalledProgram | Absence> {
  const file = await programPath(path, name)
  if (file === undefined) return 'missing'
  const probe = [file, ...versionArgs] as const
  const { walls, answer } = await probeWalls({ ...options, path, maxMemory, probe })
  if (answer.end === 'timed-out') return 'timed-out'
  if (!isSuccess(answer)) return 'missing'
  const version = versionIn(answer.stdout.toString())
  if (version === undefined) return 'outdated'
  const found = { file, title: `${title} ${version}`.trim(), walls }
  const { isOffline, isConfined } = walls
  log?.info({ program: found.title, isOffline, isConfined }, `found ${name}`)
  return found
}

/** Remembers what was found. An absence is not remembered: someone may install the program, and a machine is not busy forever. */
export function finder<T extends object>(find: () => Promise<T | Absence>): () => Promise<T | Absence> {
  const sizeOf = (found: T | Absence): 1 | undefined => (typeof found === 'string' ? undefined : 1)
  const once = keeper<T | Absence>({ maxEntries: 1, maxSize: 1, sizeOf })
  return () => once('', find)
}
