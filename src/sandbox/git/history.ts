/** How commits relate: ancestry, differences and merges. */
import { attempt, git, once, type BareRepository } from './run.ts'
import { readCommit, writeCommitOf, type Signature } from './objects.ts'

export interface FileDiff {
  readonly path: string
  readonly previousPath: string | undefined
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'changed'
  readonly blob: string
  readonly additions: number
  readonly deletions: number
  /** The hunks; undefined for a binary file. */
  readonly patch: string | undefined
}

export type MergeOutcome = { readonly tree: string } | 'conflict'

export function mergeBase(bare: BareRepository, one: string, other: string): string | undefined {
  return once(bare, `merge base ${one} ${other}`, () => {
    const found = attempt(bare, ['merge-base', one, other])
    return found.code === 0 ? found.stdout.toString('utf8').trim() : undefined
  })
}

export function isAncestor(bare: BareRepository, older: string, newer: string): boolean {
  return older === newer || mergeBase(bare, older, newer) === older
}

/** The commits on `head` that are not on `base`, oldest first. */
export function commitsBetween(bare: BareRepository, base: string, head: string): readonly string[] {
  return once(bare, `between ${base} ${head}`, () =>
    git(bare, ['rev-list', '--topo-order', '--reverse', head, `^${base}`])
      .split('\n')
      .filter((line) => line !== ''),
  )
}

/** The branch history from `head` back, newest first. */
export function history(bare: BareRepository, head: string, limit: number): readonly string[] {
  return git(bare, ['rev-list', `--max-count=${String(limit)}`, head])
    .split('\n')
    .filter((line) => line !== '')
}

/** What changed from one commit to another; undefined `from`: everything is new. */
export function diff(bare: BareRepository, from: string | undefined, to: string): readonly FileDiff[] {
  return once(bare, `diff ${from ?? ''} ${to}`, () => {
    const pair = from === undefined ? ['--root', to] : [from, to]
    const common = ['diff-tree', '--no-commit-id', '-r', '-M', '--full-index']
    const patches = splitPatches(
      git(bare, [...common, '-p', '--no-color', '--src-prefix=a/', '--dst-prefix=b/', ...pair]),
    )
    const fields = git(bare, [...common, '-z', '--raw', '--numstat', ...pair]).split('\0')
    return parseDiff(fields, patches)
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

/** What merging `head` into `base` gives. */
export function merge(bare: BareRepository, base: string, head: string): MergeOutcome {
  return once<MergeOutcome>(bare, `merge ${base} ${head}`, () => {
    const done = attempt(bare, ['merge-tree', '--write-tree', '--no-messages', base, head])
    return done.code === 0 ? { tree: done.stdout.toString('utf8').trim() } : 'conflict'
  })
}

const NOBODY: Signature = { name: 'sandbox', email: 'sandbox@localhost', at: 0 }

/** Puts one commit's change on top of another commit; gives the tree. */
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

/** Replays the commits of `head` on `base`, leaving merges out as GitHub does; gives the new head. */
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
