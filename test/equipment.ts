/** What a run of the suite sets up once for all of its processes. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm'
/** Containers give it 64 MB unless told otherwise; a run needs about a tenth of this. */
const ROOM = 2 ** 31

/**
 * Temporary files go to memory: the suite makes some hundred Git repositories, and most of the time of a git command goes into
 * making small files. Compiled code is kept, so that a hundred processes do not compile the same modules.
 */
export function prepareEnvironment(): void {
  process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/perch-tests')
  if (process.env['TMPDIR'] !== undefined || !hasRoom()) return
  const folder = mkdtempSync(join(MEMORY, 'perch-tests-'))
  process.env['TMPDIR'] = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => process.exit(code))
}

function hasRoom(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ROOM
  } catch {
    return false
  }
}

/** What takes long, the longest first. A slow file that starts last is what everybody waits for. */
const SLOW = [
  'stories/',
  'soak/',
  'entry/cli',
  'adapters/queue',
  'adapters/git.',
  'docs/demo',
  'core/growth',
  'hostile/',
]

export function slowestFirst(files: readonly string[]): string[] {
  const rank = (file: string): number => {
    const found = SLOW.findIndex((word) => file.includes(word))
    return found < 0 ? SLOW.length : found
  }
  return files.toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}
