import { constants, type Dirent, readdirSync, readFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { holdsBytes } from '../../core/manifest/bytes.ts'
import { type KeepsText, LARGE_BYTES, type TreeEntry } from '../../ports/mirror.ts'
import type { Worktree } from '../../ports/worktree.ts'

/** Folders without manifests that may contain a hundred thousand files. */
const SKIPPED = new Set(['.git', 'node_modules'])

/** Manifests are never this large. */
const MAX_BYTES = 20 * 1024 * 1024

function isKept(path: string, text: string, keeps: KeepsText | undefined): boolean {
  return keeps === undefined || text.length <= LARGE_BYTES || keeps(path, text)
}

/**
 * The files below a folder. Symbolic links are listed as links, and never followed. Lists and reads synchronously: a command line
 * has nothing else to do meanwhile, and a promise for each file or folder takes several times as long.
 */
export function openWorktree(folder: string): Worktree {
  return {
    entries: async () => list(folder, ''),
    read(_tree, paths, keeps) {
      const texts = new Map<string, string>()
      for (const path of paths) {
        const text = readText(`${folder}/${path}`)
        if (text !== undefined && isKept(path, text, keeps)) texts.set(path, text)
      }
      return Promise.resolve(texts)
    },
    async write(files) {
      for (const [path, text] of files) await overwrite(join(folder, path), text)
    },
  }
}

function list(folder: string, below: string): TreeEntry[] {
  return readdirSync(`${folder}/${below}`, { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.has(name))
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      return entry.isDirectory() ? list(folder, path) : [{ path, type: typeOf(entry) }]
    })
}

function typeOf(entry: Dirent): TreeEntry['type'] {
  return entry.isSymbolicLink() ? 'symlink' : 'file'
}

/** Undefined if the file does not exist or is not text. */
function readText(path: string): string | undefined {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > MAX_BYTES) return undefined
    if (holdsBytes(path)) return bytes.toString('base64')
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}

/** Overwrites in place, to keep the file's mode and links. Creates a missing file. */
async function overwrite(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, constants.O_RDWR | constants.O_CREAT)
  try {
    const { bytesWritten } = await file.write(text, 0, 'utf8')
    await file.truncate(bytesWritten)
  } finally {
    await file.close()
  }
}
