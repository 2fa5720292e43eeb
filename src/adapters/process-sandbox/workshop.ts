/** Temporary folders that contain exactly the files of one run of a program. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { access, constants, mkdir, mkdtemp, readdir, realpath, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { holdsBytes } from '../../core/manifest/bytes.ts'

export interface Workshop {
  /** Everything below this folder is removed at the end. */
  readonly top: string
  readonly files: string
  /** An empty folder for HOME and PATH, so that there are no settings to read, and no git or helm to start. */
  readonly home: string
}

const PREFIX = 'perch-render-'
/** No build takes nearly as long. */
const ABANDONED_MS = 10 * 60_000
/** After this many files, about a millisecond, the thread can do other work. */
const WRITES_AT_ONCE = 32

/** Linux keeps these files in memory. Creating a small file takes a fifth of the time that it takes on a disk. */
const IN_MEMORY = '/dev/shm'
/** Several builds run at once, and each file takes up at least a page of memory. */
const ROOM = 8
const PAGE_BYTES = 4096

/** Creates the folder for these files, which only its owner can enter, does the work in it, and always removes it. */
export async function inWorkshop<T>(
  files: ReadonlyMap<string, string>,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const top = await mkdtemp(join(await placeFor(files), PREFIX))
  try {
    const workshop = { top, files: join(top, 'files'), home: join(top, 'home') }
    await mkdir(workshop.files)
    await mkdir(workshop.home)
    return await work(workshop)
  } finally {
    await rm(top, { recursive: true, force: true })
  }
}

/** The folder of the machine for temporary files: in memory if there is room, unless `TMPDIR` names another one. */
async function placeFor(files: ReadonlyMap<string, string>): Promise<string> {
  // The real path: if the temporary folder were behind a link (macOS), the tool would print another path.
  const usual = await realpath(tmpdir())
  if (usual !== '/tmp') return usual
  const size = [...files.values()].reduce((sum, text) => sum + text.length + PAGE_BYTES, 0)
  return (await roomInMemory()) > size * ROOM ? IN_MEMORY : usual
}

/** In bytes; zero on other systems, and if this process must not write there. */
async function roomInMemory(): Promise<number> {
  try {
    await access(IN_MEMORY, constants.W_OK)
    const { bavail, bsize } = await statfs(IN_MEMORY)
    return bavail * bsize
  } catch {
    return 0
  }
}

/** Writes the files. Returns the path of a file that cannot be written because of its name; undefined if all were written. */
export async function fill(workshop: Workshop, files: ReadonlyMap<string, string>): Promise<string | undefined> {
  const odd = [...files.keys()].find((path) => !isPlain(path))
  if (odd !== undefined) return odd
  const made = new Set<string>()
  let count = 0
  for (const [path, text] of files) {
    try {
      write({ target: join(workshop.files, path), text, made })
    } catch (error) {
      // A name that is too long, or that is both a file's and a folder's, is the repository's fault. A full disk is not.
      if (!isNameFault(error)) throw error
      return path
    }
    count += 1
    if (count % WRITES_AT_ONCE === 0) await setImmediate()
  }
  return undefined
}

interface Page {
  readonly target: string
  readonly text: string
  readonly made: Set<string>
}

/** Writes synchronously: for small files that is four times as fast, and a build waits for all of them anyway. */
function write({ target, text, made }: Page): void {
  const content = holdsBytes(target) ? Buffer.from(text, 'base64') : text
  const folder = dirname(target)
  if (!made.has(folder)) mkdirSync(folder, { recursive: true })
  made.add(folder)
  writeFileSync(target, content, { flag: 'wx' })
}

/** Removes the leftovers of builds whose process was killed. */
export async function removeAbandoned(): Promise<void> {
  for (const place of new Set([tmpdir(), IN_MEMORY])) await removeAbandonedIn(place)
}

async function removeAbandonedIn(place: string): Promise<void> {
  const names = await readdir(place).catch(() => [])
  for (const name of names.filter((found) => found.startsWith(PREFIX))) {
    const folder = join(place, name)
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    // Another user's folder cannot be removed, and stays.
    if (age > ABANDONED_MS) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Git's trees cannot contain other paths. But here they would do harm, so they are checked again. */
export function isPlain(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((step) => step !== '' && step !== '.' && step !== '..')
}

const NAME_FAULTS = new Set(['ENAMETOOLONG', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EINVAL', 'EILSEQ'])

function isNameFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && NAME_FAULTS.has(error.code)
}
