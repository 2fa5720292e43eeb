import { createHash } from 'node:crypto'
import type { Sha } from '../../src/core/rollout/facts.ts'
import { mergeTexts } from './merge-texts.ts'

/** Files of a commit: path → text. */
export type Files = ReadonlyMap<string, string>

export interface Commit {
  readonly sha: Sha
  readonly tree: Sha
  readonly parents: readonly Sha[]
  readonly message: string
  /** The account of the author's e-mail address. */
  readonly author: string | undefined
  /** Whether GitHub signed it. */
  readonly isVerified: boolean
  /** Whole seconds, in epoch milliseconds. */
  readonly time: number
  /** One more than the highest generation of its parents. */
  readonly generation: number
}

type NewCommit = Pick<Commit, 'parents' | 'message' | 'author' | 'isVerified' | 'time'> & {
  readonly files: Files
}

type Merged = { readonly tree: Sha } | { readonly conflicts: readonly string[] }

/**
 * The objects of one repository: immutable commits with their parents, and trees of texts. File modes, renames and links are left
 * out.
 */
export interface GitObjects {
  commit(draft: NewCommit): Commit
  find(sha: Sha): Commit | undefined
  /** The files of a commit or tree. */
  files(treeish: Sha): Files | undefined
  isAncestor(old: Sha, young: Sha): boolean
  /** The best common ancestor. */
  mergeBase(a: Sha, b: Sha): Sha | undefined
  merge(base: Sha, head: Sha): Merged
  changed(from: Sha, to: Sha): readonly string[]
  /** The commits of `head` that `base` does not have, newest first. */
  ahead(base: Sha, head: Sha): readonly Commit[]
}

export function gitObjects(): GitObjects {
  const commits = new Map<Sha, Commit>()
  const trees = new Map<Sha, Files>()
  const merges = new Map<string, Merged>()
  const histories = new Map<Sha, ReadonlySet<Sha>>()

  const writeTree = (files: Files): Sha => {
    const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const sha = hash(JSON.stringify(sorted))
    if (!trees.has(sha)) trees.set(sha, new Map(sorted))
    return sha
  }
  const filesOf = (treeish: Sha): Files | undefined => trees.get(commits.get(treeish)?.tree ?? treeish)
  const filesAt = (treeish: Sha): Files => {
    const files = filesOf(treeish)
    if (files === undefined) throw new Error(`There is no commit and no tree ${treeish}.`)
    return files
  }
  /** A commit and all of its ancestors. */
  const historyOf = (sha: Sha): ReadonlySet<Sha> => {
    const known = histories.get(sha)
    if (known !== undefined) return known
    const found = new Set([sha])
    for (const parent of commits.get(sha)?.parents ?? []) for (const one of historyOf(parent)) found.add(one)
    histories.set(sha, found)
    return found
  }
  const newestFirst = (shas: Iterable<Sha>): readonly Commit[] =>
    [...shas]
      .flatMap((sha) => commits.get(sha) ?? [])
      .toSorted((a, b) => b.generation - a.generation || b.time - a.time || (a.sha < b.sha ? -1 : 1))
  const mergeBase = (a: Sha, b: Sha): Sha | undefined => {
    const [old, young] = [historyOf(a), historyOf(b)]
    if (young.has(a)) return a
    if (old.has(b)) return b
    return newestFirst(old.intersection(young))[0]?.sha
  }
  const computeMerge = (base: Sha, head: Sha): Merged => {
    const from = mergeBase(base, head)
    if (from === undefined) return { conflicts: [] }
    const merged = mergeFiles(filesAt(from), filesAt(base), filesAt(head))
    return 'conflicts' in merged ? merged : { tree: writeTree(merged.files) }
  }
  return {
    commit({ files, ...draft }) {
      const tree = writeTree(files)
      const { parents, message, author, time } = draft
      const sha = hash(JSON.stringify([tree, parents, message, author ?? null, time]))
      const generation = 1 + Math.max(0, ...parents.map((parent) => commits.get(parent)?.generation ?? 0))
      const commit = { ...draft, sha, tree, generation }
      commits.set(sha, commit)
      return commit
    },
    find: (sha) => commits.get(sha),
    files: filesOf,
    isAncestor: (old, young) => historyOf(young).has(old),
    mergeBase,
    merge(base, head) {
      const key = `${base} ${head}`
      const merged = merges.get(key) ?? computeMerge(base, head)
      merges.set(key, merged)
      return merged
    },
    changed: (from, to) => changedPaths(filesAt(from), filesAt(to)),
    ahead: (base, head) => newestFirst(historyOf(head).difference(historyOf(base))),
  }
}

function mergeFiles(base: Files, ours: Files, theirs: Files): { readonly files: Files } | { conflicts: string[] } {
  const files = new Map(ours)
  const conflicts: string[] = []
  for (const path of new Set([...ours.keys(), ...theirs.keys()])) {
    const [old, our, their] = [base.get(path), ours.get(path), theirs.get(path)]
    if (our === their || their === old) continue
    if (our === old) {
      if (their === undefined) files.delete(path)
      else files.set(path, their)
      continue
    }
    const merged = our === undefined || their === undefined ? undefined : mergeTexts(old ?? '', our, their)
    if (merged === undefined) conflicts.push(path)
    else files.set(path, merged)
  }
  return conflicts.length > 0 ? { conflicts: conflicts.toSorted() } : { files }
}

function changedPaths(from: Files, to: Files): readonly string[] {
  if (from === to) return []
  return [...new Set([...from.keys(), ...to.keys()])].filter((path) => from.get(path) !== to.get(path)).toSorted()
}

function hash(text: string): Sha {
  return createHash('sha1').update(text).digest('hex')
}
