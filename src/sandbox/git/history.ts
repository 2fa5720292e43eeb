/** How commits relate: ancestry, differences and merges. */
import { changedNodes, changeTree, type NodeChange, type NodePair } from './loose.ts'
import { attempt, git, once, type BareRepository } from './run.ts'
import { readCommit, writeCommitOf, type Signature } from './objects.ts'

export interface FileDiff {
  readonly path: string
  readonly previousPath: string | undefined
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed'
  readonly blob: string
  readonly additions: number
  readonly deletions: number
  /** The hunks. Undefined for a binary file. */
  readonly patch: string | undefined
}

export type MergeOutcome = { readonly tree: string } | 'conflict'

export function mergeBase(bare: BareRepository, one: string, other: string): string | undefined {
  return once(bare, `merge base ${one} ${other}`, () => {
    const mine = ancestors(bare, one)
    const common = [...ancestors(bare, other)].filter((sha) => mine.has(sha))
    const below = new Set(common.flatMap((sha) => readCommit(bare, sha).parents))
    const [best, second] = common.filter((sha) => !below.has(sha))
    if (second === undefined) return best
    // If there are several, git decides which is the best.
    return git(bare, ['merge-base', one, other]).trim()
  })
}

/** A commit and all of its ancestors. */
function ancestors(bare: BareRepository, head: string): ReadonlySet<string> {
  return once(bare, `ancestors ${head}`, () => {
    const found = new Set<string>()
    const todo = [head]
    for (let sha = todo.pop(); sha !== undefined; sha = todo.pop()) {
      if (found.has(sha)) continue
      found.add(sha)
      todo.push(...readCommit(bare, sha).parents)
    }
    return found
  })
}

export function isAncestor(bare: BareRepository, older: string, newer: string): boolean {
  return older === newer || mergeBase(bare, older, newer) === older
}

/** The commits on `head` that are not on `base`, oldest first. */
export function commitsBetween(bare: BareRepository, base: string, head: string): readonly string[] {
  return once(bare, `between ${base} ${head}`, () => {
    const known = ancestors(bare, base)
    const line: string[] = []
    for (let sha: string | undefined = head; sha !== undefined && !known.has(sha);) {
      line.unshift(sha)
      const parents: readonly string[] = readCommit(bare, sha).parents.filter((parent) => !known.has(parent))
      // git decides the order of a merge's sides.
      if (parents.length > 1) return lines(git(bare, ['rev-list', '--topo-order', '--reverse', head, `^${base}`]))
      sha = parents[0]
    }
    return line
  })
}

/** The branch history from `head` back, newest first. */
export function history(bare: BareRepository, head: string, limit: number): readonly string[] {
  const time = (sha: string): number => readCommit(bare, sha).committer.at
  const found: string[] = []
  const queue = [head]
  const seen = new Set(queue)
  while (found.length < limit) {
    const next = queue.shift()
    if (next === undefined) break
    found.push(next)
    for (const parent of readCommit(bare, next).parents) {
      if (seen.has(parent)) continue
      seen.add(parent)
      const at = queue.findIndex((other) => time(other) < time(parent))
      queue.splice(at < 0 ? queue.length : at, 0, parent)
    }
  }
  return found
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

export type FileChange = Pick<FileDiff, 'path' | 'previousPath' | 'status'>

/**
 * Which files changed between two commits. With `from` undefined, everything is new. Asks git only if a file may have been
 * renamed.
 */
export function changedFiles(bare: BareRepository, from: string | undefined, to: string): readonly FileChange[] {
  return once(bare, `changed ${from ?? ''} ${to}`, () => {
    const after = readCommit(bare, to).tree
    const changed = [...changedNodes(bare, from === undefined ? undefined : readCommit(bare, from).tree, after)]
    const isAdded = changed.some(([, change]) => change.before === undefined)
    if (isAdded && changed.some(([, change]) => change.after === undefined)) return diff(bare, from, to)
    return changed.map(([path, change]) => ({ path, previousPath: undefined, status: statusBetween(change) }))
  })
}

/** The first three digits of a mode distinguish files, links and submodules. */
function statusBetween({ before, after }: NodePair): FileDiff['status'] {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return before.mode.slice(0, 3) === after.mode.slice(0, 3) ? 'modified' : 'changed'
}

/** How files changed between two commits. With `from` undefined, everything is new. */
export function diff(bare: BareRepository, from: string | undefined, to: string): readonly FileDiff[] {
  return once(bare, `diff ${from ?? ''} ${to}`, () => {
    const pair = from === undefined ? ['--root', to] : [from, to]
    const common = ['diff-tree', '--no-commit-id', '-r', '-M', '--full-index', '--src-prefix=a/', '--dst-prefix=b/']
    const output = git(bare, [...common, '-z', '--raw', '--numstat', '-p', '--no-color', ...pair])
    // An empty field ends the lists, and the patches follow.
    const end = output.indexOf('\0\0')
    if (end < 0) return []
    return parseDiff(output.slice(0, end).split('\0'), splitPatches(output.slice(end + 2)))
  })
}

/** With `-z`, the raw part comes first (`:modes shas status`, path, and for renames a second path), the counts after it. */
function parseDiff(fields: string[], patches: readonly (string | undefined)[]): FileDiff[] {
  const raw: Omit<FileDiff, 'additions' | 'deletions' | 'patch'>[] = []
  let at = 0
  while (fields[at]?.startsWith(':') === true) {
    const [, , , blob = '', code = ''] = (fields[at] ?? '').slice(1).split(' ')
    const first = fields[at + 1] ?? ''
    const isRename = code.startsWith('R')
    const path = isRename ? (fields[at + 2] ?? '') : first
    raw.push({ path, previousPath: isRename ? first : undefined, status: statusOf(code), blob })
    at += isRename ? 3 : 2
  }
  return raw.map((file, index) => {
    const [added = '', deleted = '', path = ''] = (fields[at] ?? '').split('\t')
    at += path === '' ? 3 : 1
    return { ...file, additions: Number(added) || 0, deletions: Number(deleted) || 0, patch: patches[index] }
  })
}

function statusOf(code: string): FileDiff['status'] {
  if (code === 'A') return 'added'
  if (code === 'D') return 'removed'
  if (code.startsWith('R')) return 'renamed'
  return code === 'T' ? 'changed' : 'modified'
}

function splitPatches(text: string): (string | undefined)[] {
  return text
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith('diff --git '))
    .map((part) => {
      const start = part.search(/^@@ /m)
      return start === -1 ? undefined : part.slice(start).replace(/\n$/, '')
    })
}

/** The result of merging `head` into `base`. */
export function merge(bare: BareRepository, base: string, head: string): MergeOutcome {
  return once<MergeOutcome>(bare, `merge ${base} ${head}`, () => {
    const simple = mergeSimple(bare, base, head)
    if (simple !== undefined) return { tree: simple }
    const done = attempt(bare, ['merge-tree', '--write-tree', '--no-messages', base, head])
    return done.code === 0 ? { tree: done.stdout.toString('utf8').trim() } : 'conflict'
  })
}

/**
 * Merges without reading files. This works if one side changed nothing, or if it changed only the contents of files that the
 * other side did not touch. Then this side renamed no file, and the other side renamed none of the files that this side changed.
 */
export function mergeSimple(bare: BareRepository, base: string, head: string): string | undefined {
  const common = mergeBase(bare, base, head)
  if (common === undefined) return undefined
  const origin = readCommit(bare, common).tree
  const ours = readCommit(bare, base).tree
  const theirs = readCommit(bare, head).tree
  if (origin === ours) return theirs
  if (origin === theirs) return ours
  const mine = changedNodes(bare, origin, ours)
  const others = changedNodes(bare, origin, theirs)
  const onlyContents = [mine, others].find((side) =>
    [...side.values()].every(({ before, after }) => before?.mode === after?.mode),
  )
  if (onlyContents === undefined || [...mine.keys()].some((path) => others.has(path))) return undefined
  return changeTree(bare, ours, new Map([...others].map(([path, { after }]): [string, NodeChange] => [path, after])))
}

const NOBODY: Signature = { name: 'sandbox', email: 'sandbox@localhost', at: 0 }

/** Applies one commit's change on top of another commit, and returns the tree. */
function transplant(bare: BareRepository, commit: string, onto: string): MergeOutcome {
  // git 2.39 cannot name the merge base, so three stand-in commits make it the only possible one.
  const parent = readCommit(bare, commit).parents[0]
  if (parent === undefined) return 'conflict'
  const stand = (tree: string, parents: string[], message: string): string =>
    writeCommitOf(bare, { tree, parents, author: NOBODY, committer: NOBODY, message })
  const base = stand(readCommit(bare, parent).tree, [], 'base')
  const ours = stand(readCommit(bare, onto).tree, [base], 'ours')
  const theirs = stand(readCommit(bare, commit).tree, [base], 'theirs')
  return merge(bare, ours, theirs)
}

/** Replays the commits of `head` on `base`, without merges, as GitHub does. Returns the new head. */
export function rebase(
  bare: BareRepository,
  range: { base: string; head: string },
  committer: Signature,
): { sha: string } | 'conflict' {
  let onto = range.base
  for (const sha of commitsBetween(bare, range.base, range.head)) {
    const commit = readCommit(bare, sha)
    if (commit.parents.length > 1) continue
    const moved = transplant(bare, sha, onto)
    if (moved === 'conflict') return 'conflict'
    const { author, message } = commit
    onto = writeCommitOf(bare, { tree: moved.tree, parents: [onto], author, committer, message })
  }
  return { sha: onto }
}
