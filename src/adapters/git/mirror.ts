/**
 * The mirror of one repository, with the system's git. A fetch is one request to the server. Everything else reads what is here.
 * Contents that were never needed before are fetched in one more request.
 */
import { LRUCache } from 'lru-cache'
import { holdsBytes } from '../../core/manifest/bytes.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Log } from '../../ports/log.ts'
import { type KeepsText, LARGE_BYTES, type Landing, type Mirror } from '../../ports/mirror.ts'
import { type GitAnswer, type Git, type GitOptions, openGit } from './command.ts'
import { GitUnavailable, NotFetched } from './errors.ts'
import { fetchObjects, fetchRefs } from './fetch.ts'
import { type ListedEntry, contents, contentsOfFew, listTree, MAX_READ_BYTES, sizes, text } from './objects.ts'
import { sharedFetch } from './shared-fetch.ts'
import { discard, isSound, sweepLocks, tidy } from './store.ts'

/** Enough for the commits, trees and pairs of them that the running flows look at several times each. */
const ANSWERS_KEPT = 200
const LISTINGS_KEPT = 6
/** In characters. Enough for all manifests of a large GitOps repository. */
const TEXT_KEPT = 16 * 1024 * 1024
const MAX_AHEAD = 250

interface State {
  readonly git: Git
  readonly log: Log
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  readonly listings: LRUCache<string, ReadonlyMap<string, ListedEntry>>
  /** By `readingOf`. `text` is undefined if the bytes are not text. */
  readonly texts: LRUCache<string, { readonly text: string | undefined }>
  readonly merges: LRUCache<string, Awaited<ReturnType<Mirror['merge']>>>
  readonly changes: LRUCache<string, readonly string[]>
  /** An object that should be here could not be read. The next fetch checks the mirror first. */
  suspect: boolean
  swept: boolean
}

/** Also lists files with their object ids, for comparison with files that are not in git. */
export interface ListingMirror extends Mirror {
  /** Undefined if the tree cannot be read. */
  listing(treeish: Sha): Promise<ReadonlyMap<string, ListedEntry> | undefined>
}

/** `folder` must have a name that we chose (the repository's number, not its name), and must be on persistent storage. */
export function openMirror(options: GitOptions & { readonly log: Log }): ListingMirror {
  const state: State = {
    git: openGit(options),
    log: options.log,
    alone: oneAtATime(),
    listings: new LRUCache({ max: LISTINGS_KEPT }),
    texts: new LRUCache({ maxSize: TEXT_KEPT, sizeCalculation: ({ text: kept }) => (kept?.length ?? 0) + 1 }),
    merges: new LRUCache({ max: ANSWERS_KEPT }),
    changes: new LRUCache({ max: ANSWERS_KEPT }),
    suspect: false,
    swept: false,
  }
  return {
    fetch: sharedFetch(state.alone, (refs) => fetch(state, refs)),
    listing: (treeish) => listing(state, treeish),
    entries: async (treeish) =>
      [...(await readable(state, treeish)).values()].map(({ path, type }) => ({ path, type })),
    read: (treeish, paths, keeps) => read(state, treeish, { paths, keeps }),
    changed: (from, to) => changed(state, from, to),
    merge: (base, head) => merge(state, base, head),
    landings: (head, paths, limit) => landings(state, head, { paths, limit }),
    ahead: (base, head) => ahead(state, base, head),
    first: (head) => first(state, head),
  }
}

async function fetch(state: State, refs: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
  if (!state.swept) await sweepLocks(state)
  state.swept = true
  if (state.suspect && !(await isSound(state))) await discard(state)
  state.suspect = false
  const found = await fetchRefs(state, refs)
  // Not awaited: only the next fetch depends on it.
  void state
    .alone(() => tidy(state))
    .catch((error: unknown) => state.log.warn({ err: error }, 'packing the mirror failed'))
  return found
}

interface Reading {
  readonly paths: readonly string[]
  readonly keeps: KeepsText | undefined
}

async function read(state: State, treeish: Sha, { paths, keeps }: Reading): Promise<ReadonlyMap<string, string>> {
  const entries = await readable(state, treeish)
  const wanted = new Map<string, Sha>()
  for (const path of paths) {
    const entry = entries.get(path)
    if (entry?.type === 'file') wanted.set(path, entry.sha)
  }
  const texts = await textsOf(state, wanted, keeps)
  return new Map(
    [...wanted].flatMap(([path, sha]) => {
      const found = texts.get(readingOf(path, sha))
      return found === undefined ? [] : [[path, found] as const]
    }),
  )
}

/**
 * A key for how a blob is read: as text, or as bytes. A blob may have two names of which only one says that it is binary. The
 * binary reading must not replace the text.
 */
function readingOf(path: string, sha: Sha): string {
  return holdsBytes(path) ? `${sha} bytes` : sha
}

/** By `readingOf`. Undefined if the bytes are not text. Large texts that the caller does not keep are absent. */
async function textsOf(
  state: State,
  wanted: ReadonlyMap<string, Sha>,
  keeps: KeepsText = () => true,
): Promise<ReadonlyMap<string, string | undefined>> {
  const texts = new Map<string, string | undefined>()
  const unread = new Set<Sha>()
  for (const [path, sha] of wanted) {
    const kept = state.texts.get(readingOf(path, sha))
    if (kept === undefined) unread.add(sha)
    else texts.set(readingOf(path, sha), kept.text)
  }
  const paths = Map.groupBy(wanted.keys(), (path) => wanted.get(path) ?? '')
  let held = 0
  for await (const part of contentsOf(state, unread)) {
    for (const [sha, bytes] of part)
      for (const [reading, { text: decoded }] of readingsOf(bytes, { sha, names: paths.get(sha) ?? [], keeps })) {
        held += bytes.length
        texts.set(reading, decoded)
        state.texts.set(reading, { text: decoded })
      }
    if (held > MAX_READ_BYTES)
      throw new GitUnavailable(`more than ${MAX_READ_BYTES / 1024 / 1024} MiB of files to read`)
  }
  return texts
}

interface Blob {
  readonly sha: Sha
  readonly names: readonly string[]
  readonly keeps: KeepsText
}

/** The readings of a blob under all its names, without large texts that the caller does not keep. */
function readingsOf(
  bytes: Buffer,
  { sha, names, keeps }: Blob,
): readonly (readonly [string, { readonly text: string | undefined }])[] {
  return [...Map.groupBy(names, (path) => readingOf(path, sha))].flatMap(([reading, paths]) => {
    const decoded = paths.some(holdsBytes) ? bytes.toString('base64') : text(bytes)
    const isLarge = bytes.length > LARGE_BYTES && decoded !== undefined
    return isLarge && !paths.some((path) => keeps(path, decoded)) ? [] : [[reading, { text: decoded }] as const]
  })
}

/** Fetches blobs that are not here yet in one request. */
async function* contentsOf(state: State, shas: ReadonlySet<Sha>): AsyncGenerator<ReadonlyMap<Sha, Buffer>> {
  if (shas.size === 0) return
  const few = await contentsOfFew(state.git, shas)
  if (few !== undefined) {
    yield few
    return
  }
  let here = await sizes(state.git, shas)
  if (here.size < shas.size) {
    await state.alone(() => fetchObjects(state.git, shas.difference(here)))
    here = await sizes(state.git, shas)
  }
  yield* contents(state.git, here)
}

async function changed(state: State, from: Sha, to: Sha): Promise<readonly string[]> {
  const kept = state.changes.get(`${from} ${to}`)
  if (kept !== undefined) return kept
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', checked(from), checked(to)]
  const answer = await state.git.local({ args })
  const paths = fields(await expectSuccess(state, answer, [from, to]), '\0')
  state.changes.set(`${from} ${to}`, paths)
  return paths
}

/**
 * A merge compares contents, also to find renames. Git itself fetches missing contents in one request, hence `remote`. If
 * everything is here, git does not contact the server. An answer with neither conflicts nor a tree means that the two commits
 * have no common history, which happens only if someone rewrote a branch.
 */
async function merge(state: State, base: Sha, head: Sha): ReturnType<Mirror['merge']> {
  const key = `${base} ${head}`
  const merged = state.merges.get(key) ?? (await computeMerge(state, base, head))
  state.merges.set(key, merged)
  return merged
}

async function computeMerge(state: State, base: Sha, head: Sha): ReturnType<Mirror['merge']> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '-z', '--name-only', checked(base), checked(head)]
  const answer = await state.git.remote({ args })
  const [tree = '', ...conflicts] = fields(answer.stdout, '\0')
  if (answer.code === 0) return { tree }
  if (answer.code === 1 && tree !== '') return { conflicts: [...new Set(conflicts)] }
  const related = await state.git.local({ args: ['merge-base', base, head] })
  if (related.code === 1) return { conflicts: [] }
  await expectSuccess(state, related, [base, head])
  throw new GitUnavailable(`git merge-tree: ${answer.complaint}`)
}

interface Trail {
  readonly paths: readonly string[] | 'all'
  readonly limit: number
}

async function landings(state: State, head: Sha, { paths, limit }: Trail): Promise<readonly Landing[]> {
  // Without paths, git would list every commit. A line feed would end the path in git's input, but no manifest has one in its
  // name.
  const usable = paths === 'all' ? [] : paths.filter((path) => path !== '' && !path.includes('\n'))
  if (usable.length === 0 && paths !== 'all') return []
  const args = ['log', '--first-parent', '--format=%H %ct', `--max-count=${Math.trunc(limit)}`, '--stdin']
  const input = [checked(head), '--', ...usable].map((line) => `${line}\n`).join('')
  const answer = await state.git.local({ args, input })
  return fields(await expectSuccess(state, answer, [head]), '\n').map((line) => {
    const [sha = '', seconds] = line.split(' ')
    return { sha, time: Number(seconds) * 1000 }
  })
}

async function ahead(state: State, base: Sha, head: Sha): ReturnType<Mirror['ahead']> {
  const range = `${checked(base)}..${checked(head)}`
  const answer = await state.git.local({ args: ['log', '-z', '--format=%H%n%B', `--max-count=${MAX_AHEAD}`, range] })
  return fields(await expectSuccess(state, answer, [base, head]), '\0').map((commit) => {
    const end = commit.indexOf('\n')
    return { sha: commit.slice(0, end), message: commit.slice(end + 1).trimEnd() }
  })
}

async function first(state: State, head: Sha): Promise<Sha> {
  const args = ['log', '--first-parent', '--max-parents=0', '--max-count=1', '--format=%H', checked(head)]
  const [sha] = fields(await expectSuccess(state, await state.git.local({ args }), [head]), '\n')
  return sha ?? head
}

async function readable(state: State, treeish: Sha): Promise<ReadonlyMap<string, ListedEntry>> {
  return (await listing(state, treeish)) ?? explainFailure(state, 'ls-tree', [treeish])
}

/** A tree never changes, so its listing is cached. */
async function listing(state: State, treeish: Sha): Promise<ReadonlyMap<string, ListedEntry> | undefined> {
  const kept = state.listings.get(treeish)
  if (kept !== undefined) return kept
  const entries = await listTree(state.git, checked(treeish))
  if (entries !== undefined) state.listings.set(treeish, entries)
  return entries
}

async function expectSuccess(state: State, answer: GitAnswer, shas: readonly Sha[]): Promise<Buffer> {
  return answer.code === 0 ? answer.stdout : explainFailure(state, answer.complaint, shas)
}

/** Either the caller asked for an object that was never fetched, or the mirror is damaged. */
async function explainFailure(state: State, complaint: string, shas: readonly Sha[]): Promise<never> {
  for (const sha of shas) {
    const found = await state.git.local({ args: ['cat-file', '-e', sha] })
    // An unreadable pack also makes its objects missing, but git then prints an error.
    if (found.code === 1 && found.complaint === '') throw new NotFetched(`${sha} is not in the mirror`)
  }
  state.suspect = true
  throw new GitUnavailable(`the mirror could not be read: ${complaint}`)
}

/** Keeps everything except object ids out of git's arguments, above all options. */
function checked(sha: Sha): Sha {
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new TypeError('not a full object name')
  return sha
}

function fields(output: Buffer, separator: string): readonly string[] {
  return output.toString().split(separator).filter(Boolean)
}

/** Two concurrent fetches into one mirror would fail on each other's locks. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return async (work) => {
    const mine = last.then(work, work)
    last = mine.catch(() => undefined)
    return mine
  }
}
