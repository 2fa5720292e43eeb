import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { LockFile } from './schema.ts'

/** How often the owner touches its lock, for processes that cannot look up the owner's pid. */
const REFRESH_MS = 2_000
/** Five missed touches: longer than any pause of a healthy process, but short enough to wait for at a restart. */
const WATCH_MS = 10_000

export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

export interface FolderLock {
  release(): Promise<void>
}

/**
 * Takes `path` for this process, or throws `FolderInUse`.
 *
 * Two processes with one queue would run the same key twice, and each would treat the other's running jobs as interrupted. A lock
 * left by a killed process is taken over at once if its process can be looked up. Otherwise (another container or host on a
 * shared volume, where its pid means nothing here), it is taken over after it has not been touched for a while.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const mine = JSON.stringify({
    place: place(),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    token: randomUUID(),
  })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, mine)
  try {
    if (!(await created(draft, path))) {
      await waitUntilStale(path)
      await rename(draft, path)
      // Two processes may find the same stale lock. The later rename wins, and the other process notices it here.
      await sleep(50)
    }
  } finally {
    await rm(draft, { force: true })
  }
  if ((await read(path)) !== mine) throw inUse(path, 'another process that started at the same time')
  return held(path, mine)
}

function held(path: string, mine: string): FolderLock {
  const timer = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, REFRESH_MS)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      if ((await read(path)) === mine) await rm(path, { force: true })
    },
  }
}

/** `link` fails if the target exists, so only one of two processes creates the lock. The file appears with its content. */
async function created(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function waitUntilStale(path: string): Promise<void> {
  const lock = parse((await read(path)) ?? '')
  if (lock === undefined) return
  if (lock.place === place()) {
    if (isAlive(lock)) throw inUse(path, `process ${lock.pid}`)
    return
  }
  const before = await touchedAt(path)
  for (let waited = 0; waited < WATCH_MS; waited += 500) {
    await sleep(500)
    if ((await touchedAt(path)) !== before) throw inUse(path, `process ${lock.pid} of another host or container`)
  }
}

function isAlive(lock: LockFile): boolean {
  try {
    process.kill(lock.pid, 0)
  } catch (error) {
    // EPERM means that the process lives, and belongs to another user.
    if (codeOf(error) !== 'EPERM') return false
  }
  // In a container, every run may have the same pid. The start time distinguishes a restarted process.
  const started = startOf(lock.pid)
  return started === undefined || lock.started === '' || started === lock.started
}

/** Identifies where a pid is unique: the same host, boot and pid namespace. */
function place(): string {
  return [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace(),
  ].join(' ')
}

function pidNamespace(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid')) ?? ''
}

/** When the process started, in clock ticks since boot (field 22 of /proc/<pid>/stat); undefined outside Linux. */
function startOf(pid: number): string | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The second field is the command in parentheses, which may itself contain spaces and parentheses.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

function attempt(look: () => string): string | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

async function touchedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
}

function parse(text: string): LockFile | undefined {
  // A half-written lock names no owner that could be looked up.
  try {
    return LockFile.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function inUse(path: string, owner: string): FolderInUse {
  return new FolderInUse(
    `${path} is held by ${owner}. One data folder serves one process: stop the other one, give this one another DATA_DIR, ` +
      'or set DATABASE_URL to run several replicas.',
  )
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
