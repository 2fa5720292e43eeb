/** What this machine has to keep a program from the network and from its memory. */
import { tmpdir } from 'node:os'
import { locate } from './locate.ts'
import { runContained } from './run.ts'

export interface Walls {
  /** Goes before a command. */
  readonly prefix: readonly string[]
  readonly isOffline: boolean
}

const PROBE = { folder: tmpdir(), env: { HOME: tmpdir(), LC_ALL: 'C' }, timeoutMs: 10_000, maxBytes: 64 * 1024 }

/**
 * The strongest walls that work here, for a program that may have so many bytes of address space (that is what can be
 * limited). A network namespace needs no root, but many containers forbid making one, and macOS has none: whatever is run
 * must also be kept off the network in its own way.
 */
export async function wallsOf(path: string, maxMemory: number): Promise<Walls> {
  const [prlimit, unshare, nothing] = await Promise.all(
    ['prlimit', 'unshare', 'true'].map((name) => locate(path, name)),
  )
  if (nothing === undefined) return { prefix: [], isOffline: false }
  const limited = prlimit === undefined ? [] : [prlimit, `--as=${maxMemory}`, '--core=0', '--']
  const offline = unshare === undefined ? [] : [unshare, '--map-root-user', '--net', '--']
  const candidates = [
    { prefix: [...limited, ...offline], isOffline: offline.length > 0 },
    { prefix: offline, isOffline: offline.length > 0 },
    { prefix: limited, isOffline: false },
  ]
  for (const candidate of candidates) {
    const [first, ...rest] = candidate.prefix
    if (first !== undefined && (await ask([first, ...rest, nothing])) !== undefined) return candidate
  }
  return { prefix: [], isOffline: false }
}

/** What a program says when it is asked for its version or the like; undefined where it fails. */
export async function ask(command: readonly [string, ...string[]]): Promise<string | undefined> {
  const finished = await runContained({ ...PROBE, command })
  return finished.end === 'exited' && finished.code === 0 ? finished.stdout.toString() : undefined
}
