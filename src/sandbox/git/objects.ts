/** Commits, trees and files of a bare repository. */
import {
  changeTree,
  filesOf,
  type NodeChange,
  peel,
  readObject,
  readRef,
  readTree,
  type TreeNode,
  writeObject,
  writeTree,
} from './loose.ts'
import { attempt, GitError, once, type BareRepository } from './run.ts'

export const NO_COMMIT = '0'.repeat(40)

export interface Signature {
  readonly name: string
  readonly email: string
  /** Epoch milliseconds. */
  readonly at: number
}

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

export interface TreeEntry {
  readonly mode: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly sha: string
  readonly size: number
  readonly path: string
}

/** The new contents of a file. Null deletes it. */
export type FileChange =
  | string
  | Buffer
  | null
  | { readonly mode: '100755' | '120000'; readonly contents: string }
  | { readonly submodule: string }

type Files = ReadonlyMap<string, FileChange>

export interface CommitDraft {
  readonly parent: string | undefined
  readonly files: Files
  /** False: every written file gets the mode 100644, as with GitHub's own writing APIs. */
  readonly keepsModes: boolean
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

/** The commit that a name refers to: a full or abbreviated object name, a branch, a tag or a full ref. */
export function resolveCommit(bare: BareRepository, name: string): string | undefined {
  // GitHub allows no branch or tag that looks like an object name.
  if (/^[0-9a-f]{40}$/.test(name)) return commitAt(bare, name)
  if (name === '' || name.startsWith('/') || name.includes('..')) return undefined
  for (const candidate of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
    const found = readRef(bare, candidate)
    if (found !== undefined && /^[0-9a-f]{40}$/.test(found)) return commitAt(bare, found)
  }
  // An abbreviated name, or one that leads to another commit.
  if (!/^[0-9a-f]{4,39}$|[~^@:]/.test(name)) return undefined
  const found = attempt(bare, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
  return found.code === 0 ? found.stdout.toString('utf8').trim() : undefined
}

function commitAt(bare: BareRepository, sha: string): string | undefined {
  const commit = peel(bare, sha)
  return readObject(bare, commit)?.type === 'commit' ? commit : undefined
}

export function hasObject(bare: BareRepository, sha: string): boolean {
  return /^[0-9a-f]{40}$/.test(sha) && readObject(bare, sha) !== undefined
}

export function readCommit(bare: BareRepository, sha: string): Commit {
  return once(bare, `commit ${sha}`, () => {
    const found = readObject(bare, peel(bare, sha))
    if (found?.type !== 'commit') throw new GitError(`${sha} is not a commit`)
    return parseCommit(sha, found.body.toString('utf8'))
  })
}

function parseCommit(sha: string, raw: string): Commit {
  const end = raw.indexOf('\n\n')
  const headers = raw.slice(0, end).split('\n')
  const all = (key: string): string[] =>
    headers.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    sha,
    tree: all('tree')[0] ?? '',
    parents: all('parent'),
    author: parseSignature(all('author')[0] ?? ''),
    committer: parseSignature(all('committer')[0] ?? ''),
    message: raw.slice(end + 2).replace(/\n$/, ''),
  }
}

function parseSignature(line: string): Signature {
  const parts = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line)
  return { name: parts?.[1] ?? '', email: parts?.[2] ?? '', at: Number(parts?.[3] ?? 0) * 1000 }
}

/** Writes a commit on top of `parent`, without pointing any branch at it. */
export function writeCommit(bare: BareRepository, draft: CommitDraft): string {
  const parent = draft.parent === undefined ? undefined : resolveCommit(bare, draft.parent)
  if (draft.parent !== undefined && parent === undefined) throw new GitError(`${draft.parent} is not a commit`)
  const before = parent === undefined ? undefined : readCommit(bare, parent).tree
  const changes = new Map(
    [...draft.files].map(([path, change]) => [checkedPath(path), nodeOf(bare, { draft, path, change })]),
  )
  const tree = changeTree(bare, before, changes) ?? writeTree(bare, [])
  return writeCommitObject(bare, { ...draft, tree, parents: parent === undefined ? [] : [parent] })
}

function checkedPath(path: string): string {
  if (path.split('/').some((part) => ['', '.', '..', '.git'].includes(part.toLowerCase())))
    throw new GitError(`Invalid path ${path}`)
  return path
}

function nodeOf(
  bare: BareRepository,
  { draft, path, change }: { readonly draft: CommitDraft; readonly path: string; readonly change: FileChange },
): NodeChange {
  if (change === null) return undefined
  if (typeof change === 'string' || Buffer.isBuffer(change))
    return { mode: modeOf(bare, draft, path), sha: writeObject(bare, 'blob', Buffer.from(change)) }
  if ('submodule' in change) return { mode: '160000', sha: change.submodule }
  return { mode: change.mode, sha: writeObject(bare, 'blob', Buffer.from(change.contents)) }
}

function modeOf(bare: BareRepository, { parent, keepsModes }: CommitDraft, path: string): string {
  const known = keepsModes && parent !== undefined ? findEntry(bare, parent, path)?.mode : undefined
  return known === '100755' ? known : '100644'
}

function writeCommitObject(bare: BareRepository, { tree, parents, author, committer, message }: MergeDraft): string {
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signatureLine(author)}`,
    `committer ${signatureLine(committer)}`,
    '',
    message,
  ]
  return writeObject(bare, 'commit', Buffer.from(lines.join('\n')))
}

function signatureLine(who: Signature): string {
  return `${who.name.replaceAll(/[<>\n]/g, '')} <${who.email}> ${String(Math.floor(who.at / 1000))} +0000`
}

export interface MergeDraft {
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

/** Writes a commit of an existing tree. */
export function writeCommitOf(bare: BareRepository, draft: MergeDraft): string {
  const { message } = draft
  return writeCommitObject(bare, {
    ...draft,
    message: message === '' || message.endsWith('\n') ? message : `${message}\n`,
  })
}

/** The entries of a tree: of the folder itself, or of all files below it. */
export function listTree(bare: BareRepository, treeish: string, depth: 'one' | 'all'): readonly TreeEntry[] {
  return once(bare, `tree ${depth} ${treeish}`, () => {
    const tree = treeOf(bare, treeish)
    const nodes =
      depth === 'all' ? [...filesOf(bare, tree)] : readTree(bare, tree).map((node) => [node.name, node] as const)
    return nodes.map(([path, node]) => entryOf(bare, node, path))
  })
}

/** The entry at one path of a commit. */
export function findEntry(bare: BareRepository, commit: string, path: string): TreeEntry | undefined {
  let tree: string | undefined = treeOf(bare, commit)
  const parts = path.split('/')
  for (const [index, name] of parts.entries()) {
    const node: TreeNode | undefined =
      tree === undefined ? undefined : readTree(bare, tree).find((one) => one.name === name)
    if (node === undefined) return undefined
    if (index === parts.length - 1) return entryOf(bare, node, path)
    tree = node.mode === '40000' ? node.sha : undefined
  }
  return undefined
}

function treeOf(bare: BareRepository, treeish: string): string {
  const sha = peel(bare, resolveCommit(bare, treeish) ?? treeish)
  const found = readObject(bare, sha)
  if (found?.type === 'commit') return readCommit(bare, sha).tree
  if (found?.type !== 'tree') throw new GitError(`${treeish} is not a tree`)
  return sha
}

const TYPES: Readonly<Record<string, TreeEntry['type']>> = { '40000': 'tree', '160000': 'commit' }

function entryOf(bare: BareRepository, { mode, sha }: TreeNode, path: string): TreeEntry {
  const type = TYPES[mode] ?? 'blob'
  return {
    mode: mode.padStart(6, '0'),
    type,
    sha,
    path,
    // Computed when it is first read.
    get size() {
      return type === 'blob' ? readBlob(bare, sha).length : 0
    },
  }
}

export function readBlob(bare: BareRepository, sha: string): Buffer {
  return once(bare, `blob ${sha}`, () => readObject(bare, sha)?.body ?? Buffer.alloc(0))
}
