/** Finds out how this machine can keep a program from the network, from other files, and from too much memory. */
import { realpath } from 'node:fs/promises'
import { confinersOf, type WalledFolder } from './confine.ts'
import { programPath } from './program-path.ts'
import type { ProcessEnd } from './run-here.ts'
import { runContained } from './run.ts'
import { inWorkshop } from './workshop.ts'

export interface Walls {
  /** The words that precede a command which works in this folder. */
  readonly prefix: (folder: WalledFolder) => readonly string[]
  readonly isOffline: boolean
  /** Whether the program sees only its own folder, and the files that programs of this machine need to run. */
  readonly isConfined: boolean
}

export interface WalledProgram {
  /** Where to look for the confining programs: like the environment variable `PATH`. */
  readonly path: string
  /** Bytes of address space, because that can be limited. */
  readonly maxMemory: number
  /** A command that must work inside of the walls: the program, asked for its version. */
  readonly probe: readonly [string, ...string[]]
  /** Other folders of this machine that the program may read. */
  readonly reads?: readonly string[]
  /** How long the program may take to answer. */
  readonly probeMs?: number
}

/** Walls, and what the program answered to the probe inside of them. */
export interface ProbedWalls {
  readonly walls: Walls
  readonly answer: ProcessEnd
}

/** How a program is asked for its version. A program that is slow on a busy machine still counts as installed. */
const PROBE = { env: { HOME: '/nonexistent', LC_ALL: 'C' }, timeoutMs: 30_000, maxBytes: 64 * 1024 }

const NO_WALLS: Walls = { prefix: () => [], isOffline: false, isConfined: false }

/**
 * The strongest walls inside of which the program works. Making a namespace needs no root, but many containers forbid it, and
 * macOS has none. So callers must also keep each program off the network in its own way, and pass no path that leads out. If the
 * program does not answer in time, the machine is too busy to tell, and weaker walls are not tried.
 */
export async function probeWalls({
  path,
  maxMemory,
  probe,
  reads = [],
  probeMs = PROBE.timeoutMs,
}: WalledProgram): Promise<ProbedWalls> {
  const [prlimit, unshare] = await Promise.all(['prlimit', 'unshare'].map((name) => programPath(path, name)))
  const limited = prlimit === undefined ? [] : [prlimit, `--as=${maxMemory}`, '--core=0', '--']
  const offline = unshare === undefined ? undefined : [unshare, '--map-root-user', '--net', '--']
  const visible = [...new Set([...reads, ...(await placesOf(probe[0]))])]
  const inner = candidates(await confinersOf(path, visible), offline)
  const all = [...inner, NO_WALLS].flatMap((walls) => [
    ...(limited.length > 0 ? [{ ...walls, prefix: (at: WalledFolder) => [...limited, ...walls.prefix(at)] }] : []),
    walls,
  ])
  for (const walls of all.slice(0, -1)) {
    const answer = await answerInside(walls, probe, probeMs)
    if (answer.end === 'timed-out' || isSuccess(answer)) return { walls, answer }
  }
  return { walls: NO_WALLS, answer: await answerInside(NO_WALLS, probe, probeMs) }
}

export function isSuccess(answer: ProcessEnd): answer is Extract<ProcessEnd, { end: 'exited' }> {
  return answer.end === 'exited' && answer.code === 0
}

/** The walls that this machine can put around any program. */
export async function machineWalls(path: string): Promise<Walls> {
  const nothing = await programPath(path, 'true')
  if (nothing === undefined) return NO_WALLS
  const { walls, answer } = await probeWalls({ path, maxMemory: 2 ** 31, probe: [nothing] })
  return isSuccess(answer) ? walls : NO_WALLS
}

/** Strongest first. */
function candidates(
  confiners: Awaited<ReturnType<typeof confinersOf>>,
  offline: readonly string[] | undefined,
): readonly Walls[] {
  const confined = confiners.flatMap(({ prefix, withoutNetwork }): readonly Walls[] => [
    ...(withoutNetwork === undefined ? [] : [{ prefix: withoutNetwork, isOffline: true, isConfined: true }]),
    ...(offline === undefined
      ? []
      : [{ prefix: (at: WalledFolder) => [...offline, ...prefix(at)], isOffline: true, isConfined: true }]),
    { prefix, isOffline: false, isConfined: true },
  ])
  const others = offline === undefined ? [] : [{ prefix: () => offline, isOffline: true, isConfined: false }]
  return [
    ...confined.filter(({ isOffline }) => isOffline),
    ...confined.filter(({ isOffline }) => !isOffline),
    ...others,
  ]
}

/** The path of a program and, if it is a link, its real path. */
async function placesOf(file: string): Promise<readonly string[]> {
  const real = await realpath(file).catch(() => file)
  return real === file ? [file] : [file, real]
}

async function answerInside(
  walls: Walls,
  probe: readonly [string, ...string[]],
  timeoutMs: number,
): Promise<ProcessEnd> {
  return inWorkshop(new Map(), async (workshop) => {
    const [first, ...rest] = [...walls.prefix(workshop), ...probe]
    const env = { ...PROBE.env, HOME: workshop.home, PATH: workshop.home }
    const command = [first ?? probe[0], ...rest] as const
    return runContained({ ...PROBE, timeoutMs, title: 'ask for a version', env, folder: workshop.files, command })
  })
}
