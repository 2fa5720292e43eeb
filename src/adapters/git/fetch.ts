/** Fetches refs and objects from the server into the mirror. */
import { createHmac } from 'node:crypto'
import { branchIn } from '../../core/branch-ref.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { READABLE_BELOW } from '../../ports/mirror.ts'
import type { GitAnswer, Git } from './command.ts'
import {
  aroundStar,
  BELOW,
  forgetCrowd,
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
/** For the first fetch: history and folders only. Contents are fetched when they are read, because most of them never are. */
const FIRST = '--filter=blob:none'
/**
 * For later fetches: new commits with their contents, so that reading a push needs no second request, except for files as large
 * as a video. (`--no-filter` would have no such limit. It would also make git 2.39 unpack the pack in a way that fetches the
 * missing base of every delta in a separate request. With a filter, git fetches all bases at once.)
 */
const NEXT = '--filter=blob:limit=1m'

/**
 * Fetches full ref names, and returns the commit of each. Refs that the server does not have are absent. `refs/heads/x/*` means
 * all refs below `x`.
 */
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
    // Someone may have created so many refs that writing them exceeds the time limit. That must not stop Perch.
    if (!(error instanceof GitTimedOut) || !(await rememberCrowd(place, refs))) throw error
  }
  return fetchFromCrowd(place, refs)
}

/**
 * Uses two requests when there are too many refs: one for the list, one for exactly the refs that are needed. Of the refs below a
 * name, it takes the first ones.
 */
async function fetchFromCrowd(place: Place, refs: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
  const apart = refs.filter((ref) => branchIn(ref) === undefined)
  let heads: ReadonlyMap<string, Sha> = new Map()
  let exact: readonly string[] = []
  await converse(place, async () => {
    const all = await listHeads(place.git)
    const groups = refs.filter((ref) => branchIn(ref) !== undefined).map((ref) => [...headsFor(all, ref)])
    heads = new Map(groups.flat())
    exact = [...new Set(groups.flatMap((group) => group.slice(0, READABLE_BELOW).map(([ref]) => ref)))]
    await forgetCrowd(place, { refs, heads: all })
    const names = await namesFor(place)
    return [...exact.map((ref) => `+${ref}:${names.own(ref)}`), ...apart.map(names.refspec)]
  })
  return new Map([...heads, ...(await resolve(place.git, [...exact, ...apart], await namesFor(place)))])
}

/** `refspecs` is called again for every attempt. */
async function converse(place: Place, refspecs: () => Promise<readonly string[]>): Promise<void> {
  const filter = (await isEmpty(place.git)) ? FIRST : NEXT
  const attempt = async (kind: string): Promise<GitAnswer | undefined> => {
    const wanted = await refspecs()
    // Without a refspec, git would fetch a default set of refs.
    if (wanted.length === 0) return undefined
    const input = wanted.map((refspec) => `${refspec}\n`).join('')
    return place.git.remote({ args: [...FETCH, kind, 'origin'], input })
  }
  const fetched = await attempt(filter)
  if (fetched !== undefined && fetched.code !== 0) await recover(place, fetched, attempt)
}

/** Fetches objects by id, all in one request. */
export async function fetchObjects(git: Git, shas: Iterable<Sha>): Promise<void> {
  const input = [...shas].map((sha) => `${sha}\n`).join('')
  // If git told the server what we have, the server might send deltas against contents that we do not have.
  const config = { 'fetch.negotiationAlgorithm': 'noop' }
  const args = [...FETCH.filter((arg) => arg !== '--prune'), FIRST, 'origin']
  const fetched = await git.remote({ args, input, config })
  if (fetched.code !== 0) throw new GitUnavailable(`git fetch: ${fetched.complaint}`)
}

/**
 * Repairs the mirror after a failed fetch. If the server can be reached, the mirror is at fault. Removes old locks first. If that
 * does not help, recreates the mirror once.
 */
async function recover(
  place: Place,
  failed: GitAnswer,
  attempt: (filter: string) => Promise<GitAnswer | undefined>,
): Promise<void> {
  // Runs outside of the mirror, because a damaged mirror must not make the server look unreachable.
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

/** Maps the server's names of refs to ours. */
interface Names {
  readonly refspec: (ref: string) => string
  /** The prefix of the refs that a refspec brings. For a single ref, its whole name. */
  readonly own: (ref: string) => string
}

/**
 * Builds a refspec for exactly one ref that, unlike a plain one, does not fail if the server lacks the ref. It is a pattern with
 * the star before the last character: `refs/heads/mai*n`. With `--prune`, git deletes our ref if the server's ref is gone. So a
 * missing ref needs no second request, and the server lists only refs with similar names. (A branch `main-plan` matches too, and
 * becomes `refs/perch/s-plae/…`, a name that nobody asks for.)
 *
 * Our names contain a hash: git stores refs as files, so a plain `a` could not be replaced by `a/b`. The star matches any branch
 * name that people choose. So the hash is keyed with a secret: nobody can choose a name that collides with another ref of ours and
 * makes every fetch fail.
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
  // The prefix of our name → the prefix of the server's name. For a single ref, both are whole names.
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

/**
 * Git's own rules for ref names (git-check-ref-format). They apply to bytes, so spaces beyond ASCII are allowed. The name may
 * come from a webhook.
 */
export function checkRef(ref: string): void {
  // eslint-disable-next-line no-control-regex -- exactly these are what git refuses
  const wellFormed = /^refs\/[^\u0000-\u0020\u007F~^:?*[\\]+(?:\/\*)?$/u.test(ref)
  if (!wellFormed || /\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref)) throw new TypeError('not a full ref name')
}
