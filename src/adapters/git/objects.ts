/** Reads folders and files from the mirror. */
import type { Sha } from '../../core/rollout/facts.ts'
import type { TreeEntry } from '../../ports/mirror.ts'
import type { Git } from './command.ts'
import { GitTooLarge, GitUnavailable } from './errors.ts'

/** Manifests are never this large. */
const MAX_FILE_BYTES = 20 * 1024 * 1024
/** The limit for all files of one `read`: what a worker can hold in memory besides its other work. */
export const MAX_READ_BYTES = 64 * 1024 * 1024
/** The limit for files that are in memory as bytes at the same time. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024

/** As many as a usual commit changes. Asking for sizes first would take another process. */
const FEW = 16

export interface ListedEntry extends TreeEntry {
  readonly sha: Sha
}

/** `git ls-tree -r -z`: `<mode> <type> <sha>\t<path>\0`. Undefined when the tree cannot be read. */
export async function listTree(git: Git, treeish: Sha): Promise<ReadonlyMap<string, ListedEntry> | undefined> {
  const answer = await git.local({ args: ['ls-tree', '-r', '-z', '--full-tree', treeish] })
  if (answer.code !== 0) return undefined
  const entries = new Map<string, ListedEntry>()
  for (const line of answer.stdout.toString().split('\0')) {
    const tab = line.indexOf('\t')
    const [mode = '', , sha = ''] = line.slice(0, tab).split(' ')
    const path = line.slice(tab + 1)
    if (tab > 0) entries.set(path, { path, type: entryType(mode), sha })
  }
  return entries
}

function entryType(mode: string): TreeEntry['type'] {
  if (mode === '120000') return 'symlink'
  return mode === '160000' ? 'submodule' : 'file'
}

/** Sizes of the blobs that are here. Missing blobs are absent. */
export async function sizes(git: Git, shas: Iterable<Sha>): Promise<ReadonlyMap<Sha, number>> {
  const answer = await git.local({ args: ['cat-file', '--batch-check'], input: lines(shas) })
  if (answer.code !== 0) throw new GitUnavailable(`git cat-file: ${answer.complaint}`)
  const found = new Map<Sha, number>()
  for (const line of answer.stdout.toString().split('\n')) {
    const [sha = '', type, size] = line.split(' ')
    if (type === 'blob') found.set(sha, Number(size))
  }
  return found
}

/**
 * Contents of the blobs that are here and small enough to be manifests. They come in batches of some mebibytes, each read by one
 * process.
 */
export async function* contents(git: Git, here: ReadonlyMap<Sha, number>): AsyncGenerator<ReadonlyMap<Sha, Buffer>> {
  for (const shas of batchesOf(here)) {
    const answer = await git.local({ args: ['cat-file', '--batch'], input: lines(shas) })
    if (answer.code !== 0) throw new GitUnavailable(`git cat-file: ${answer.complaint}`)
    yield batch(answer.stdout)
  }
}

/**
 * Contents of a few blobs, read by one process; undefined if there are too many, if they are too large, or if some are not here.
 */
export async function contentsOfFew(git: Git, shas: ReadonlySet<Sha>): Promise<ReadonlyMap<Sha, Buffer> | undefined> {
  if (shas.size > FEW) return undefined
  const ask = { args: ['cat-file', '--batch'], input: lines(shas), maxBytes: MAX_BATCH_BYTES }
  const answer = await git.local(ask).catch((error: unknown) => {
    if (error instanceof GitTooLarge) return undefined
    throw error
  })
  if (answer?.code !== 0) return undefined
  const found = batch(answer.stdout)
  return found.size === shas.size ? found : undefined
}

function batchesOf(here: ReadonlyMap<Sha, number>): readonly (readonly Sha[])[] {
  const batches: Sha[][] = []
  let room = 0
  for (const [sha, size] of here) {
    if (size > MAX_FILE_BYTES) continue
    if (size > room || batches.length === 0) {
      batches.push([])
      room = MAX_BATCH_BYTES
    }
    batches.at(-1)?.push(sha)
    room -= size
  }
  return batches
}

/**
 * Parses the output of `git cat-file --batch`: `<sha> <type> <size>
 * <contents>
 * ` for each object.
 */
function batch(answer: Buffer): ReadonlyMap<Sha, Buffer> {
  const found = new Map<Sha, Buffer>()
  let at = 0
  while (at < answer.length) {
    const end = answer.indexOf('\n', at)
    const [sha = '', , size = ''] = answer.subarray(at, end).toString().split(' ')
    const start = end + 1
    // "<sha> missing": the object went away between the two commands.
    if (size === '') at = start
    else {
      found.set(sha, answer.subarray(start, start + Number(size)))
      at = start + Number(size) + 1
    }
  }
  return found
}

/** The text, with its byte order mark; undefined if the bytes are not UTF-8. */
export function text(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function lines(words: Iterable<string>): string {
  return [...words].map((word) => `${word}\n`).join('')
}
