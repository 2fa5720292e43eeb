/**
 * Reads the repository that someone works in, without touching it. Its objects are read through a repository of our own that
 * borrows them (`objects/info/alternates`). So its configuration has no effect (drivers, filters, monitors), and trial merges
 * write only to our repository. Only names and the list of files are read from the repository itself.
 */
import { hash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Checkout, WORK_TREE } from '../../ports/checkout.ts'
import type { Log } from '../../ports/log.ts'
import type { KeepsText, TreeEntry } from '../../ports/mirror.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { type Git, openGit } from './command.ts'
import { GitUnavailable } from './errors.ts'
import { type ListingMirror, openMirror } from './mirror.ts'

export interface CheckoutOptions {
  readonly folder: string
  readonly openWorktree: (top: string) => Worktree
  readonly log: Log
  /** Where to look for git: `PATH`, as in an environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** Opens the checkout that contains a folder; undefined if there is none. `close` removes the borrowing repository. */
export async function openCheckout(
  options: CheckoutOptions,
): Promise<(Checkout & { readonly close: () => Promise<void> }) | undefined> {
  const found = await find(options)
  if (found === undefined) return undefined
  const borrowed = await borrow(found, options)
  const worktree = options.openWorktree(found.top)
  const state: State = { ...found, ...borrowed, worktree, listed: undefined, same: new Map() }
  const { mirror } = borrowed
  return {
    resolve: (name) => resolve(found.own, name),
    entries: (treeish) => (treeish === WORK_TREE ? entriesHere(state) : mirror.entries(treeish)),
    read: (treeish, paths, keeps) =>
      treeish === WORK_TREE ? readHere(state, paths, keeps) : mirror.read(treeish, paths, keeps),
    changed: (from, to) => (to === WORK_TREE ? changedHere(state, from) : mirror.changed(from, to)),
    merge: (base, head) => mirror.merge(base, head),
    close: () => rm(borrowed.folder, { recursive: true, force: true }),
  }
}

interface CheckoutFolder {
  readonly top: string
  readonly objects: string
  readonly shallow: string
  /** Runs git in the repository itself. */
  readonly own: Git
}

interface ObjectsMirror {
  readonly folder: string
  readonly mirror: ListingMirror
}

interface State extends CheckoutFolder, ObjectsMirror {
  readonly worktree: Worktree
  /** The files of the working tree. They are listed once, because a command looks at one moment of it. */
  listed: Promise<readonly TreeEntry[]> | undefined
  /** Files that equal those of a commit, by path. Their texts can be read from that commit. */
  same: ReadonlyMap<string, Sha>
}

/**
 * The repository may belong to another user (a container's), so it must count as safe. That does no harm, because nothing that it
 * configures is run here.
 */
const HERE = { 'safe.directory': '*', 'core.fsmonitor': 'false', 'core.untrackedCache': 'false' }
const NO_REMOTE = { url: 'file:///dev/null', token: () => Promise.resolve('') }

async function find({ folder, environment }: CheckoutOptions): Promise<CheckoutFolder | undefined> {
  const apart = openGit({ folder, environment, ...NO_REMOTE })
  const paths = ['--absolute-git-dir', '--show-toplevel', '--path-format=absolute', '--git-path', 'objects']
  const args = ['-C', await realpath(folder), 'rev-parse', ...paths, '--git-path', 'shallow', '--show-object-format']
  const answer = await apart.local({ args, isApart: true, config: HERE })
  const [gitDir = '', top = '', objects = '', shallow = '', format] = answer.stdout.toString().split('\n')
  if (answer.code !== 0 || format !== 'sha1') return undefined
  return { top, objects, shallow, own: openGit({ folder: gitDir, environment, ...NO_REMOTE }) }
}

async function borrow(
  { objects, shallow }: CheckoutFolder,
  { environment, log }: CheckoutOptions,
): Promise<ObjectsMirror> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'perch-checkout-'))
  const options = { folder, environment, ...NO_REMOTE }
  const git = openGit(options)
  const made = await git.local({ args: ['init', '--bare', '--quiet', '--template=', folder] })
  if (made.code !== 0) throw new GitUnavailable(`git init: ${made.complaint}`)
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${objects}\n`)
  // In a shallow clone, this file says where the history ends.
  const ends = await readFile(shallow).catch(() => undefined)
  if (ends !== undefined) await writeFile(join(folder, 'shallow'), ends)
  return { folder, mirror: openMirror({ ...options, log }) }
}

async function resolve(own: Git, name: string): Promise<Sha | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]
  const answer = await own.local({ args, config: HERE })
  const sha = answer.stdout.toString().trim()
  return answer.code === 0 && /^[0-9a-f]{40}$/.test(sha) ? sha : undefined
}

function entriesHere(state: State): Promise<readonly TreeEntry[]> {
  return (state.listed ??= listHere(state))
}

async function readHere(
  { mirror, same, worktree }: State,
  paths: readonly string[],
  keeps: KeepsText | undefined,
): Promise<ReadonlyMap<string, string>> {
  const known = Map.groupBy(paths, (path) => same.get(path))
  const texts = new Map<string, string>()
  for (const [commit, some] of known) {
    const read = commit === undefined ? worktree.read('', some, keeps) : mirror.read(commit, some, keeps)
    for (const [path, text] of await read) texts.set(path, text)
  }
  return texts
}

async function listHere({ own, top, worktree }: State): Promise<readonly TreeEntry[]> {
  const args = ['-C', top, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const answer = await own.local({ args, config: HERE })
  if (answer.code !== 0) throw new GitUnavailable(`git ls-files: ${answer.complaint}`)
  const known = new Set(answer.stdout.toString().split('\0'))
  return (await worktree.entries('')).filter(({ path }) => known.has(path))
}

/** Compares without git's index: refreshing the index would write to it, and comparing with it would run filters. */
async function changedHere(state: State, from: Sha): Promise<readonly string[]> {
  const before = await state.mirror.listing(from)
  if (before === undefined) throw new GitUnavailable(`${from} is not in this repository`)
  const here = new Map((await entriesHere(state)).map(({ path, type }) => [path, type]))
  const changed: string[] = []
  const same = new Map<string, Sha>()
  for (const path of new Set([...before.keys(), ...here.keys()])) {
    const [old, type] = [before.get(path), here.get(path)]
    // Files of submodules are never read.
    if (old?.type === 'submodule') continue
    const isSame = old !== undefined && old.type === type && old.sha === nameOf(`${state.top}/${path}`, type)
    if (isSame) same.set(path, from)
    else changed.push(path)
  }
  state.same = same
  return changed.sort()
}

/** The object id that git would give to a file's contents, or to a link's target. */
function nameOf(path: string, type: TreeEntry['type']): Sha {
  const bytes = type === 'symlink' ? readlinkSync(path, { encoding: 'buffer' }) : readFileSync(path)
  return hash('sha1', Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]))
}
