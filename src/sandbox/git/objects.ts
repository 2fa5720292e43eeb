/** Commits, trees and files of a bare repository. */
import { attempt, git, once, type BareRepository } from './run.ts'

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

/** A file's new contents; null deletes it. */
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
  /** False: every file written becomes 100644, as with GitHub's own writing APIs. */
  readonly keepsModes: boolean
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

/** The commit that a name stands for: a full or short object name, a branch, a tag or a full ref. */
export function resolveCommit(bare: BareRepository, name: string): string | undefined {
  // GitHub allows no branch or tag that looks like an object name.
  if (/^[0-9a-f]{40}$/.test(name)) return isCommit(bare, name) ? name : undefined
  for (const candidate of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
    const found = attempt(bare, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`])
    if (found.code === 0) return found.stdout.toString('utf8').trim()
  }
  return undefined
}

function isCommit(bare: BareRepository, sha: string): boolean {
  try {
    return readCommit(bare, sha).sha === sha
  } catch {
    return false
  }
}

export function hasObject(bare: BareRepository, sha: string): boolean {
  return /^[0-9a-f]{40}$/.test(sha) && attempt(bare, ['cat-file', '-e', sha]).code === 0
}

export function readCommit(bare: BareRepository, sha: string): Commit {
  return once(bare, `commit ${sha}`, () => parseCommit(sha, git(bare, ['cat-file', 'commit', sha])))
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
  // fast-import needs a ref to build on; a private one that the same stream takes away again.
  const ref = 'refs/sandbox/new'
  const parts: (string | Buffer)[] = [
    `commit ${ref}\nmark :1\nauthor ${signatureLine(draft.author)}\ncommitter ${signatureLine(draft.committer)}\n`,
    ...data(draft.message),
    draft.parent === undefined ? '' : `from ${draft.parent}\n`,
  ]
  for (const [path, change] of draft.files) parts.push(...changeLines(bare, draft, [path, change]))
  parts.push(`\nget-mark :1\nreset ${ref}\nfrom ${NO_COMMIT}\n\n`)
  const input = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return git(bare, ['fast-import', '--quiet', '--force'], { input }).trim()
}

function changeLines(
  bare: BareRepository,
  draft: CommitDraft,
  [path, change]: [string, FileChange],
): (string | Buffer)[] {
  const name = quotePath(path)
  if (change === null) return [`D ${name}\n`]
  if (typeof change === 'string' || Buffer.isBuffer(change)) {
    return [`M ${modeOf(bare, draft, path)} inline ${name}\n`, ...data(change)]
  }
  if ('submodule' in change) return [`M 160000 ${change.submodule} ${name}\n`]
  return [`M ${change.mode} inline ${name}\n`, ...data(change.contents)]
}

function modeOf(bare: BareRepository, { parent, keepsModes }: CommitDraft, path: string): string {
  const known = keepsModes && parent !== undefined ? findEntry(bare, parent, path)?.mode : undefined
  return known === '100755' ? known : '100644'
}

function data(contents: string | Buffer): (string | Buffer)[] {
  const bytes = Buffer.from(contents)
  return [`data ${String(bytes.length)}\n`, bytes, '\n']
}

function quotePath(path: string): string {
  const escaped = path
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
  return `"${escaped}"`
}

function signatureLine(who: Signature): string {
  return `${who.name} <${who.email}> ${String(Math.floor(who.at / 1000))} +0000`
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
  const parents = draft.parents.flatMap((parent) => ['-p', parent])
  const date = (who: Signature): string => `@${String(Math.floor(who.at / 1000))} +0000`
  const env = {
    GIT_AUTHOR_NAME: draft.author.name,
    GIT_AUTHOR_EMAIL: draft.author.email,
    GIT_AUTHOR_DATE: date(draft.author),
    GIT_COMMITTER_NAME: draft.committer.name,
    GIT_COMMITTER_EMAIL: draft.committer.email,
    GIT_COMMITTER_DATE: date(draft.committer),
  }
  return git(bare, ['commit-tree', draft.tree, ...parents, '-F', '-'], { env, input: draft.message }).trim()
}

/** The entries of a tree: of the folder itself, or of all folders below it. */
export function listTree(bare: BareRepository, treeish: string, depth: 'one' | 'all'): readonly TreeEntry[] {
  return once(bare, `tree ${depth} ${treeish}`, () => {
    const args = ['ls-tree', '-z', '--long', '--full-tree', ...(depth === 'all' ? ['-r'] : []), treeish]
    return git(bare, args)
      .split('\0')
      .filter((line) => line !== '')
      .map(parseEntry)
  })
}

/** One path of a commit. */
export function findEntry(bare: BareRepository, commit: string, path: string): TreeEntry | undefined {
  const line = git(bare, ['--literal-pathspecs', 'ls-tree', '-z', '--long', '--full-tree', commit, '--', path])
  return line === '' ? undefined : parseEntry(line.replace(/\0$/, ''))
}

function parseEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t')
  const [mode = '', type = '', sha = '', size = ''] = line.slice(0, tab).split(/ +/)
  return { mode, type: type as TreeEntry['type'], sha, size: Number(size) || 0, path: line.slice(tab + 1) }
}

export function readBlob(bare: BareRepository, sha: string): Buffer {
  return once(bare, `blob ${sha}`, () => attempt(bare, ['cat-file', 'blob', sha]).stdout)
}
