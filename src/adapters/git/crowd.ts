/**
 * Handles so many refs that fetching all of them takes too long, because git writes a file for each. Anyone who may push can
 * create them, either below a name that we ask for, or with a similar name that our refspecs match too (fetch.ts). The mirror
 * remembers which names are crowded. For those we first ask the server for a list, and then fetch only what is needed.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Git } from './command.ts'
import { GitUnavailable } from './errors.ts'
import { create, discard, type Place, REFS } from './store.ts'

/** A name with this ending stands for every ref below it. */
export const BELOW = '/*'

/** With more refs than this, listing them first is faster than writing a file for each. Git writes about 1,500 a second. */
const MANY = 1_000
/**
 * A name stops being crowded only at or below this number. The gap to `MANY` prevents that a few new or deleted branches make us
 * recreate the mirror.
 */
const FEW = 500

/** The file that lists the crowded names, one per line. */
const KNOWN = 'perch-crowded'

/** The parts of the ref's name before and after the star in its refspec. */
export function aroundStar(ref: string): readonly [start: string, end: string] {
  const last = ref.endsWith(BELOW) ? '' : (/.$/su.exec(ref)?.[0] ?? '')
  return [ref.slice(0, -Math.max(1, last.length)), last]
}

/** The heads that a name stands for, as pairs of ref and commit. */
export function headsFor(heads: ReadonlyMap<string, Sha>, ref: string): readonly (readonly [string, Sha])[] {
  if (ref.endsWith(BELOW)) return [...heads].filter(([name]) => name.startsWith(ref.slice(0, -1)))
  const sha = heads.get(ref)
  return sha === undefined ? [] : [[ref, sha]]
}

export async function listHeads(git: Git): Promise<ReadonlyMap<string, Sha>> {
  const listed = await git.remote({ args: ['ls-remote', '--quiet', '--heads', git.url], isApart: true })
  if (listed.code !== 0) throw new GitUnavailable(`git ls-remote: ${listed.complaint}`)
  const lines = listed.stdout.toString().split('\n').filter(Boolean)
  return new Map(lines.map((line) => [line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf('\t'))]))
}

export async function isKnownCrowd({ git }: Place, refs: readonly string[]): Promise<boolean> {
  const known = await read(git)
  return refs.some((ref) => known.has(ref))
}

/** Whether asking the server is worthwhile: many names were found, or many refs with similar names came along. */
export async function mayBeCrowded({ git }: Place, found: ReadonlyMap<string, Sha>): Promise<boolean> {
  if (found.size > MANY) return true
  return (await readdir(join(git.folder, REFS), { recursive: true }).catch(() => [])).length > MANY
}

/** Finds the crowded names. If there are any, recreates the mirror without their refs, and returns true. */
export async function rememberCrowd(place: Place, refs: readonly string[]): Promise<boolean> {
  const crowded = crowdedAmong(refs, await listHeads(place.git), MANY)
  if (crowded.length === 0) return false
  const known = new Set([...(await read(place.git)), ...crowded])
  await discard(place, 'has too many refs')
  await create(place)
  await write(place.git, known)
  return true
}

/** From the next fetch on, treats names that are no longer crowded like any others. */
export async function forgetCrowd(
  { git }: Place,
  now: { readonly refs: readonly string[]; readonly heads: ReadonlyMap<string, Sha> },
): Promise<void> {
  const known = await read(git)
  const still = crowdedAmong(now.refs, now.heads, FEW)
  const left = known.difference(new Set(now.refs).difference(new Set(still)))
  if (left.size < known.size) await write(git, left)
}

function crowdedAmong(refs: readonly string[], heads: ReadonlyMap<string, Sha>, limit: number): readonly string[] {
  return refs.filter((ref) => {
    const [start, end] = aroundStar(ref)
    let count = 0
    for (const name of heads.keys()) if (name.startsWith(start) && name.endsWith(end)) count += 1
    return count > limit
  })
}

async function read(git: Git): Promise<ReadonlySet<string>> {
  const text = await readFile(join(git.folder, KNOWN), 'utf8').catch(() => '')
  return new Set(text.split('\n').filter(Boolean))
}

async function write(git: Git, refs: ReadonlySet<string>): Promise<void> {
  const path = join(git.folder, KNOWN)
  if (refs.size === 0) await rm(path, { force: true })
  else await writeFile(path, [...refs].map((ref) => `${ref}\n`).join(''))
}
