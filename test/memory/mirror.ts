import { GitUnavailable, NotFetched } from '../../src/adapters/git/errors.ts'
import type { Sha } from '../../src/core/rollout/facts.ts'
import { LARGE_BYTES, type Landing, type Mirror } from '../../src/ports/mirror.ts'
import type { Commit, Files, GitObjects } from './git.ts'

/** The server: all objects, and the current refs. */
export interface Origin {
  readonly objects: GitObjects
  /** Refs by full name. */
  readonly refs: ReadonlyMap<string, Sha>
}

const MAX_AHEAD = 250

/** A mirror in this process. It knows only what was fetched. */
export function memoryMirror({ objects, refs }: Origin): Mirror {
  const fetched = new Set<Sha>()
  /** Trees of merges and of fetched commits. */
  const trees = new Set<Sha>()

  function bring(sha: Sha): void {
    const todo = [sha]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (fetched.has(next)) continue
      const commit = objects.find(next)
      if (commit === undefined) throw new GitUnavailable(`the server lacks ${next}`)
      fetched.add(next)
      trees.add(commit.tree)
      todo.push(...commit.parents)
    }
  }
  function check(sha: Sha): Sha {
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new TypeError('not a full object name')
    if (!fetched.has(sha) && !trees.has(sha)) throw new NotFetched(`${sha} is not in the mirror`)
    return sha
  }
  function commitAt(sha: Sha): Commit {
    const commit = objects.find(check(sha))
    if (commit === undefined) throw new NotFetched(`${sha} is not in the mirror`)
    return commit
  }
  function filesAt(treeish: Sha): Files {
    return objects.files(check(treeish)) ?? new Map()
  }
  function* byFirstParent(head: Sha): Generator<Commit> {
    let commit: Commit | undefined = commitAt(head)
    while (commit !== undefined) {
      yield commit
      const parent: Sha | undefined = commit.parents[0]
      commit = parent === undefined ? undefined : objects.find(parent)
    }
  }
  function changedIn({ sha, parents: [parent] }: Pick<Commit, 'sha' | 'parents'>): readonly string[] {
    return parent === undefined ? [...filesAt(sha).keys()] : objects.changed(parent, sha)
  }
  return {
    async fetch(wanted) {
      for (const ref of wanted) checkRef(ref)
      const found = new Map<string, Sha>()
      for (const ref of wanted)
        for (const [name, sha] of ref.endsWith('/*') ? below(refs, ref) : exactly(refs, ref)) {
          bring(sha)
          found.set(name, sha)
        }
      return found
    },
    entries: async (treeish) => [...filesAt(treeish).keys()].map((path) => ({ path, type: 'file' })),
    async read(treeish, paths, keeps) {
      const files = filesAt(treeish)
      return new Map(
        paths.flatMap((path) => {
          const text = files.get(path)
          const isKept = text === undefined || text.length <= LARGE_BYTES || keeps?.(path, text) !== false
          return text === undefined || !isKept ? [] : [[path, text]]
        }),
      )
    },
    changed: async (from, to) => objects.changed(check(from), check(to)),
    async merge(base, head) {
      const merged = objects.merge(commitAt(base).sha, commitAt(head).sha)
      if ('tree' in merged) trees.add(merged.tree)
      return merged
    },
    async landings(head, paths, limit) {
      const found: Landing[] = []
      for (const { sha, parents, time } of byFirstParent(head)) {
        if (found.length >= limit) break
        if (paths === 'all' || changedIn({ sha, parents }).some((path) => paths.some((one) => isBelow(path, one))))
          found.push({ sha, time })
      }
      return found
    },
    async ahead(base, head) {
      const commits = objects.ahead(commitAt(base).sha, commitAt(head).sha).slice(0, MAX_AHEAD)
      return commits.map(({ sha, message }) => ({ sha, message: message.trimEnd() }))
    },
    async first(head) {
      return [...byFirstParent(head)].at(-1)?.sha ?? head
    },
  }
}

/** A path on git's command line names a file, or everything in a folder. */
function isBelow(path: string, wanted: string): boolean {
  return path === wanted || path.startsWith(`${wanted}/`)
}

function exactly(refs: ReadonlyMap<string, Sha>, ref: string): readonly (readonly [string, Sha])[] {
  const sha = refs.get(ref)
  return sha === undefined ? [] : [[ref, sha]]
}

function below(refs: ReadonlyMap<string, Sha>, pattern: string): readonly (readonly [string, Sha])[] {
  return [...refs].filter(([name]) => name.startsWith(pattern.slice(0, -1)))
}

function checkRef(ref: string): void {
  // eslint-disable-next-line no-control-regex -- exactly these are what git refuses
  const isWell = /^refs\/[^\u0000-\u0020\u007F~^:?*[\\]+(?:\/\*)?$/u.test(ref)
  if (!isWell || /\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref)) throw new TypeError('not a full ref name')
}
