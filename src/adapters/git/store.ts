/** The mirror's folder on disk: created on first use, cleaned of what killed processes left, and repacked now and then. */
import { randomBytes } from 'node:crypto'
import { type Dirent } from 'node:fs'
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../ports/log.ts'
import { type Git, PARTIAL, REMOTE_TIMEOUT_MS } from './command.ts'
import { GitUnavailable } from './errors.ts'

/** Where the fetched refs are, separate from everything that git itself writes. */
export const REFS = 'refs/perch'

/** Every fetch leaves a pack, and every read looks into all packs. */
const MAX_PACKS = 50
/**
 * We keep refs only to tell the server what we have. The newest are enough. Fetching an older one again costs a few kilobytes.
 */
const MAX_REFS = 500
const REPACK_TIMEOUT_MS = 5 * 60_000
/**
 * A lock older than this is stale, because no git process of ours lives longer. We kill it, or, if we were killed ourselves, it
 * gives up on a slow network before.
 */
const STALE_LOCK_MS = REMOTE_TIMEOUT_MS

export interface Place {
  readonly git: Git
  readonly log: Log
}

/** Mirrors that are known not to be empty. Checking takes a process. */
const filled = new WeakSet<Git>()

/** Whether nothing has been fetched into the mirror yet. */
export async function isEmpty(git: Git): Promise<boolean> {
  if (filled.has(git)) return false
  const listed = await git.local({ args: ['for-each-ref', '--count=1', '--format=x', REFS] })
  if (listed.stdout.length === 0) return true
  filled.add(git)
  return false
}

/**
 * Creates the mirror if it does not exist. If the process is killed meanwhile, a folder with another name is left, never half a
 * mirror.
 */
export async function create({ git }: Place): Promise<void> {
  if (await exists(join(git.folder, 'HEAD'))) return
  filled.delete(git)
  await mkdir(join(git.folder, '..'), { recursive: true })
  const draft = `${git.folder}.new`
  await rm(draft, { recursive: true, force: true })
  // No template, because it would add hooks and a description that we do not need.
  const args = ['init', '--bare', '--quiet', '--template=', '--initial-branch=none', draft]
  const made = await git.local({ args })
  if (made.code !== 0) throw new GitUnavailable(`git init: ${made.complaint}`)
  await rm(git.folder, { recursive: true, force: true })
  await rename(draft, git.folder)
}

/** A secret of this mirror, created with its first fetch. Without it, nobody can guess our names of refs. */
export async function saltOf({ git }: Place): Promise<string> {
  const path = join(git.folder, SALT)
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (/^[0-9a-f]{64}$/.test(kept)) return kept
  const salt = randomBytes(32).toString('hex')
  const draft = `${path}.${process.pid}.new`
  await writeFile(draft, salt, { mode: 0o600 })
  await rename(draft, path)
  return salt
}

const SALT = 'perch-salt'

/** Deletes the mirror. Everything in it is still on the server. */
export async function discard({ git, log }: Place, why = 'is damaged'): Promise<void> {
  log.warn({ mirror: git.url }, `the mirror ${why} and is fetched anew`)
  const broken = `${git.folder}.broken`
  await rm(broken, { recursive: true, force: true })
  await rename(git.folder, broken).catch(() => undefined)
  await rm(broken, { recursive: true, force: true })
}

/** Whether the mirror is consistent: every object is intact, and what the refs lead to is here or on the server. */
export async function isSound({ git }: Place): Promise<boolean> {
  try {
    const args = ['fsck', '--no-dangling', '--no-progress']
    return (await git.local({ args, config: PARTIAL })).code === 0
  } catch (error) {
    // Fetching again is faster than checking such a large mirror.
    if (error instanceof GitUnavailable) return false
    throw error
  }
}

/**
 * Removes lock files of git processes that were killed. `locked`: other locks remain that are too young to judge, and another
 * process may hold them.
 */
export async function sweepLocks({ git, log }: Place): Promise<'clean' | 'locked'> {
  const now = Date.now()
  let state: 'clean' | 'locked' = 'clean'
  for (const entry of await lockFiles(git.folder)) {
    const path = join(entry.parentPath, entry.name)
    const changedAt = await stat(path).then(
      (found) => found.mtimeMs,
      () => undefined,
    )
    if (changedAt === undefined) continue
    if (now - changedAt < STALE_LOCK_MS) state = 'locked'
    else {
      log.info({ mirror: git.url, lock: entry.name }, 'removed the lock of a git that was killed')
      await rm(path, { force: true })
    }
  }
  return state
}

/** Repacks the mirror when it has too many packs. Never deletes objects that came from the server. */
export async function tidy({ git, log }: Place): Promise<void> {
  const names = await readdir(join(git.folder, 'objects', 'pack')).catch(() => [])
  if (names.filter((name) => name.endsWith('.pack')).length <= MAX_PACKS) return
  await dropOldRefs(git)
  for (const args of [
    ['pack-refs', '--all'],
    ['repack', '-a', '-d', '-q'],
    // Leftovers of trial merges, and incomplete packs.
    ['prune', '--expire=2.days.ago'],
  ]) {
    const done = await git.local({ args, config: PARTIAL, timeoutMs: REPACK_TIMEOUT_MS })
    if (done.code !== 0) log.warn({ mirror: git.url, complaint: done.complaint }, `git ${args[0]} failed`)
  }
}

async function dropOldRefs(git: Git): Promise<void> {
  const listed = await git.local({ args: ['for-each-ref', '--sort=-committerdate', '--format=%(refname)', REFS] })
  const old = listed.stdout.toString().split('\n').filter(Boolean).slice(MAX_REFS)
  const input = old.map((ref) => `delete ${ref}\n`).join('')
  if (input !== '') await git.local({ args: ['update-ref', '--stdin'], input })
}

async function lockFiles(folder: string): Promise<readonly Dirent[]> {
  const top = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const refs = await readdir(join(folder, 'refs'), { withFileTypes: true, recursive: true }).catch(() => [])
  const info = await readdir(join(folder, 'objects', 'info'), { withFileTypes: true }).catch(() => [])
  return [...top, ...refs, ...info].filter((entry) => entry.isFile() && entry.name.endsWith('.lock'))
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
