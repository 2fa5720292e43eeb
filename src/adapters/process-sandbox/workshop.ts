/** Throw-away folders that hold exactly the files of one run of a program. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { holdsBytes } from '../../core/manifest/bytes.ts'

export interface Workshop {
  /** Everything below here goes away. */
  readonly top: string
  readonly files: string
  /** An empty folder, for HOME and PATH: no settings to read, no git and no helm to start. */
  readonly home: string
}

const PREFIX = 'perch-render-'
/** No build lives nearly as long. */
const ABANDONED_MS = 10 * 60_000
/** Between two looks at what else there is to do: about a millisecond. */
const WRITES_AT_ONCE = 32

/** Makes the folder (only its owner can enter), does the work in it, and removes it whatever happens. */
export async function inWorkshop<T>(work: (workshop: Workshop) => Promise<T>): Promise<T> {
  // The real path: a temporary folder behind a link (macOS) would appear under another name in what the tool says.
  const top = await mkdtemp(join(await realpath(tmpdir()), PREFIX))
  try {
    const workshop = { top, files: join(top, 'files'), home: join(top, 'home') }
    await mkdir(workshop.files)
    await mkdir(workshop.home)
    return await work(workshop)
  } finally {
    await rm(top, { recursive: true, force: true })
  }
}

/** Writes the files; answers the path of one that cannot be written, for what it is called. */
export async function fill(workshop: Workshop, files: ReadonlyMap<string, string>): Promise<string | undefined> {
  const odd = [...files.keys()].find((path) => !isPlain(path))
  if (odd !== undefined) return odd
  const made = new Set<string>()
  let count = 0
  for (const [path, text] of files) {
    try {
      write({ target: join(workshop.files, path), text, made })
    } catch (error) {
      // A name that is too long, or is a file's and a folder's, is the repository's fault. A full disk is not.
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

/** At once, not in the background: for small files that is four times as fast, and a build waits for every one of them. */
function write({ target, text, made }: Page): void {
  const content = holdsBytes(target) ? Buffer.from(text, 'base64') : text
  const folder = dirname(target)
  if (!made.has(folder)) mkdirSync(folder, { recursive: true })
  made.add(folder)
  writeFileSync(target, content, { flag: 'wx' })
}

/** Removes what builds left behind when the whole process was killed. */
export async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [])
  for (const name of names.filter((found) => found.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name)
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    // Another user's folder stays.
    if (age > ABANDONED_MS) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Git's trees cannot hold other paths, but this is the place where one would do harm. */
export function isPlain(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((step) => step !== '' && step !== '.' && step !== '..')
}

const NAME_FAULTS = new Set(['ENAMETOOLONG', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EINVAL', 'EILSEQ'])

function isNameFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && NAME_FAULTS.has(error.code)
}
