/** Bringing refs and objects from the server into the mirror. */
import { createHmac } from 'node:crypto'
import type { Sha } from '../../core/rollout/facts.ts'
import { READABLE_BELOW } from '../../ports/mirror.ts'
import type { GitAnswer, Git } from './command.ts'
import {
  aroundStar,
  BELOW,
  forgetCrowd,
  HEADS,
  headsFor,
  isKnownCrowd,
  listHeads,
  mayBeCrowded,
  rememberCrowd,
} from './crowd.ts'
import { GitTimedOut, GitUnavailable } from './errors.ts'
import { type Place, REFS, create, discard, isEmpty, saltOf, sweepLocks } from './store.ts'

const FETCH = [
  'fetch',
  '--quiet',
  '--prune',
  '--no-tags',
  '--no-write-fetch-head',
  '--recurse-submodules=no',
  '--stdin',
]
/** The first time: history and folders only. Contents follow when they are read, since most never are. */
const FIRST = '--filter=blob:none'
/**
 * Afterwards: what is new with its contents, so that reading a push costs no second conversation; but not a video that
 * somebody commits. (`--no-filter` would do the same without that limit, and would also make git 2.39 unpack the answer
 * in a way that asks for the missing base of every delta in a conversation of its own. With a filter it asks once.)
 */
const NEXT = '--filter=blob:limit=1m'

/** Fetches full ref names; those that the server does not have are absent from the answer. `refs/heads/x/*`: all below. */
export async function fetchRefs(place: Place, refs: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
  for (const ref of refs) checkRef(ref)
  if (refs.length === 0) return new Map()
  await create(place)
  if (await isKnownCrowd(place, refs)) return fetchFromCrowd(place, refs)
  try {
    await converse(place, async () => {
      const names = await namesFor(place)
      return refs.map(names.refspec)
    })
    const found = await resolve(place.git, refs, await namesFor(place))
    if (!(await mayBeCrowded(place, found))) return found
    if (!(await rememberCrowd(place, refs))) return found
  } catch (error) {
    // Someone may have made so many refs that writing them takes all the time. That must not stop us.
    if (!(error instanceof GitTimedOut) || !(await rememberCrowd(place, refs))) throw error
  }
  return fetchFromCrowd(place, refs)
}

/** Among so many refs two conversations: the list, and exactly what is needed of it. Of those below a name, the first ones. */
async function fetchFromCrowd(place: Place, refs: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
  const apart = refs.filter((ref) => !ref.startsWith(HEADS))
  let heads: ReadonlyMap<string, Sha> = new Map()
  let exact: readonly string[] = []
  await converse(place, async () => {
    const all = await listHeads(place.git)
    const groups = refs.filter((ref) => ref.startsWith(HEADS)).map((ref) => [...headsFor(all, ref)])
    heads = new Map(groups.flat())
    exact = [...new Set(groups.flatMap((group) => group.slice(0, READABLE_BELOW).map(([ref]) => ref)))]
    await forgetCrowd(place, { refs, heads: all })
    const names = await namesFor(place)
    return [...exact.map((ref) => `+${ref}:${names.own(ref)}`), ...apart.map(names.refspec)]
  })
  return new Map([...heads, ...(await resolve(place.git, [...exact, ...apart], await namesFor(place)))])
}

/** `refspecs` is asked anew for every attempt. */
async function converse(place: Place, refspecs: () => Promise<readonly string[]>): Promise<void> {
  const filter = (await isEmpty(place.git)) ? FIRST : NEXT
  const attempt = async (kind: string): Promise<GitAnswer | undefined> => {
    const wanted = await refspecs()
    // Without any, git would fetch what it likes.
    if (wanted.length === 0) return undefined
    const input = wanted.map((refspec) => `${refspec}\n`).join('')
    return place.git.remote({ args: [...FETCH, kind, 'origin'], input })
  }
  const fetched = await attempt(filter)
  if (fetched !== undefined && fetched.code !== 0) await recover(place, fetched, attempt)
}

/** Fetches objects by name, all in one conversation. */
export async function fetchObjects(git: Git, shas: Iterable<Sha>): Promise<void> {
  const input = [...shas].map((sha) => `${sha}\n`).join('')
  // Naming what we have would only invite deltas against contents that we do not have.
  const config = { 'fetch.negotiationAlgorithm': 'noop' }
  const args = [...FETCH.filter((arg) => arg !== '--prune'), FIRST, 'origin']
  const fetched = await git.remote({ args, input, config })
  if (fetched.code !== 0) throw new GitUnavailable(`git fetch: ${fetched.complaint}`)
}

/**
 * After a failed fetch: when the server answers, the fault is here. Old locks are removed, and if that does not help, the
 * mirror is made anew, once.
 */
async function recover(
  place: Place,
  failed: GitAnswer,
  attempt: (filter: string) => Promise<GitAnswer | undefined>,
): Promise<void> {
  // Apart from the mirror: a damaged one must not make the server look unreachable.
  const reached = await place.git.remote({ args: ['ls-remote', '--quiet', place.git.url, 'HEAD'], isApart: true })
  if (reached.code !== 0) throw new GitUnavailable(`git fetch: ${failed.complaint}`)
  if ((await sweepLocks(place)) === 'locked') throw new GitUnavailable('the mirror is locked by another git')
  const again = await attempt(NEXT)
  if (again === undefined || again.code === 0) return
  await discard(place)
  await create(place)
  const anew = await attempt(FIRST)
  if (anew !== undefined && anew.code !== 0) throw new GitUnavailable(`git fetch: ${anew.complaint}`)
}

/** What the server's refs are called here. */
interface Names {
  readonly refspec: (ref: string) => string
  /** What the names of those that a refspec brings begin with: of one ref all of it. */
  readonly own: (ref: string) => string
}

/**
 * A refspec for exactly one ref that, other than a plain one, does not fail when the server lacks the ref: a pattern whose
 * star stands before the last character, `refs/heads/mai*n`. With `--prune`, a ref that went away on the server goes away
 * here. So a missing ref costs no second conversation, and the server lists no more than refs with nearly this name. (A
 * branch `main-plan` matches too, and lands beside ours: `refs/perch/s-plae/…` is no name that anyone asks for.)
 *
 * Refs are stored by a hash, so that `a` and `a/b`, which cannot be files side by side, may follow each other. What the
 * star stands for is up to whoever names a branch. So that none can be named to land in the way of another, which would make
 * every fetch fail, the hash is one that nobody outside can know.
 */
async function namesFor(place: Place): Promise<Names> {
  const salt = await saltOf(place)
  const hash = (ref: string): string => createHmac('sha256', salt).update(ref).digest('hex').slice(0, 40)
  const own = (ref: string): string => (ref.endsWith(BELOW) ? `${REFS}/below/${hash(ref)}/` : `${REFS}/se/${hash(ref)}`)
  return {
    own,
    refspec(ref) {
      if (ref.endsWith(BELOW)) return `+${ref}:${own(ref)}*`
      const [start, end] = aroundStar(ref)
      return `+${start}*${end}:${REFS}/s*e/${hash(ref)}`
    },
  }
}

async function resolve(git: Git, refs: readonly string[], { own: ownName }: Names): Promise<ReadonlyMap<string, Sha>> {
  // What our names begin with → what the server's do: of one ref all of it.
  const names = new Map(refs.map((ref) => [ownName(ref), ref.endsWith(BELOW) ? ref.slice(0, -1) : ref]))
  const args = ['for-each-ref', '--format=%(refname) %(objectname) %(*objectname)', ...names.keys()]
  const listed = await git.local({ args })
  if (listed.code !== 0) throw new GitUnavailable(`git for-each-ref: ${listed.complaint}`)
  const found = new Map<string, Sha>()
  for (const line of listed.stdout.toString().split('\n')) {
    const [name = '', sha = '', tagged = ''] = line.split(' ')
    const [ours, theirs] = [...names].find(([own]) => name.startsWith(own)) ?? []
    if (ours !== undefined && theirs !== undefined)
      found.set(theirs + name.slice(ours.length), tagged === '' ? sha : tagged)
  }
  return found
}

/** Git's own rules for ref names (git-check-ref-format): bytes, so that spaces beyond ASCII are letters. A name may come from a webhook. */
export function checkRef(ref: string): void {
  // eslint-disable-next-line no-control-regex -- exactly these are what git refuses
  const wellFormed = /^refs\/[^\u0000-\u0020\u007F~^:?*[\\]+(?:\/\*)?$/u.test(ref)
  if (!wellFormed || /\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref)) throw new TypeError('not a full ref name')
}
