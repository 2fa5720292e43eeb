import { holdsBytes } from '../../src/core/manifest/bytes.ts'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from '../../src/adapters/git/objects.ts'
import { GitUnavailable, NotFetched } from '../../src/adapters/git/errors.ts'
import type { Sha } from '../../src/core/rollout/facts.ts'
import { LARGE_BYTES, type Landing, type Mirror, type TreeEntry } from '../../src/ports/mirror.ts'
import { commitsBetween, mergeSimple } from '../../src/sandbox/git/history.ts'
import { changedNodes, filesOf, peel, readRef, type TreeNode } from '../../src/sandbox/git/loose.ts'
import { type Commit, readBlob, readCommit } from '../../src/sandbox/git/objects.ts'
import { attempt, type BareRepository, findGit, once } from '../../src/sandbox/git/run.ts'

const MAX_AHEAD = 250

/**
 * A mirror that reads directly from the folder with the sandbox's repositories. It fulfils the same contract as the one with git
 * (`mirrorContract`). It starts git only for merges of the same files, so a story does not wait for twenty processes at every
 * look.
 */
export function boxMirror(dir: string): Mirror {
  if (!existsSync(dir)) throw new GitUnavailable(`there is no ${dir}`)
  const bare: BareRepository = { tool: findGit(tmpdir()), dir, memo: new Map() }
  const fetched = new Set<Sha>()
  const trees = new Set<Sha>()

  function bring(head: Sha): void {
    const todo = [head]
    for (let sha = todo.pop(); sha !== undefined; sha = todo.pop()) {
      if (fetched.has(sha)) continue
      fetched.add(sha)
      trees.add(readCommit(bare, sha).tree)
      todo.push(...readCommit(bare, sha).parents)
    }
  }
  function checked(sha: Sha): Sha {
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new TypeError('not a full object name')
    if (!fetched.has(sha) && !trees.has(sha)) throw new NotFetched(`${sha} is not in the mirror`)
    return sha
  }
  const treeOf = (treeish: Sha): Sha => (fetched.has(checked(treeish)) ? readCommit(bare, treeish).tree : treeish)
  const filesAt = (treeish: Sha): ReadonlyMap<string, TreeNode> => filesOf(bare, treeOf(treeish))
  const changed = (from: Sha, to: Sha): readonly string[] => [...changedNodes(bare, treeOf(from), treeOf(to)).keys()]
  const changedIn = ({ sha, parents: [parent] }: Commit): readonly string[] =>
    parent === undefined ? [...filesAt(sha).keys()] : changed(parent, sha)
  return {
    async fetch(wanted) {
      for (const ref of wanted) checkRef(ref)
      const found = new Map(wanted.flatMap((ref) => refsFor(bare, ref)))
      for (const sha of found.values()) bring(sha)
      return found
    },
    entries: async (treeish) => [...filesAt(treeish)].map(([path, { mode }]) => ({ path, type: typeOf(mode) })),
    async read(treeish, paths, keeps) {
      const files = filesAt(treeish)
      const found = paths.map((path) => [path, textOf(bare, path, files.get(path))] as const)
      const isKept = (path: string, one: string): boolean => one.length <= LARGE_BYTES || keeps?.(path, one) !== false
      return new Map(
        found.flatMap(([path, one]) => (one === undefined || !isKept(path, one) ? [] : [[path, one] as const])),
      )
    },
    changed: async (from, to) => changed(from, to).toSorted(),
    async merge(base, head) {
      const merged = merge(bare, checked(base), checked(head))
      if ('tree' in merged) trees.add(merged.tree)
      return merged
    },
    async landings(head, paths, limit) {
      const found: Landing[] = []
      let commit: Commit | undefined = readCommit(bare, checked(head))
      while (commit !== undefined && found.length < limit) {
        const touched = paths === 'all' ? ['any'] : changedIn(commit).filter((path) => paths.some(above(path)))
        if (touched.length > 0) found.push({ sha: commit.sha, time: commit.committer.at })
        const parent: Sha | undefined = commit.parents[0]
        commit = parent === undefined ? undefined : readCommit(bare, parent)
      }
      return found
    },
    async ahead(base, head) {
      const commits = commitsBetween(bare, checked(base), checked(head)).toReversed().slice(0, MAX_AHEAD)
      return commits.map((sha) => ({ sha, message: readCommit(bare, sha).message.trimEnd() }))
    },
    async first(head) {
      let sha = checked(head)
      for (let parent: Sha | undefined = sha; parent !== undefined; [parent] = readCommit(bare, sha).parents)
        sha = parent
      return sha
    },
  }
}

type Merged = Awaited<ReturnType<Mirror['merge']>>

function merge(bare: BareRepository, base: Sha, head: Sha): Merged {
  return once(bare, `merged ${base} ${head}`, () => {
    const simple = mergeSimple(bare, base, head)
    return simple === undefined ? mergeWithGit(bare, base, head) : { tree: simple }
  })
}

function mergeWithGit(bare: BareRepository, base: Sha, head: Sha): Merged {
  const args = ['merge-tree', '--write-tree', '--no-messages', '-z', '--name-only', base, head]
  const { code, stdout, stderr } = attempt(bare, args)
  const [tree = '', ...conflicts] = stdout.toString().split('\0').filter(Boolean)
  if (code === 0) return { tree }
  if (code === 1 && tree !== '') return { conflicts: [...new Set(conflicts)] }
  if (attempt(bare, ['merge-base', base, head]).code === 1) return { conflicts: [] }
  throw new GitUnavailable(`git merge-tree: ${stderr}`)
}

/** Whether a path is a file, or a folder above it. */
function above(path: string): (wanted: string) => boolean {
  return (wanted) => path === wanted || path.startsWith(`${wanted}/`)
}

function textOf(bare: BareRepository, path: string, node: TreeNode | undefined): string | undefined {
  if (node === undefined || typeOf(node.mode) !== 'file') return undefined
  const bytes = readBlob(bare, node.sha)
  return holdsBytes(path) ? bytes.toString('base64') : text(bytes)
}

function typeOf(mode: string): TreeEntry['type'] {
  if (mode === '120000') return 'symlink'
  return mode === '160000' ? 'submodule' : 'file'
}

function refsFor(bare: BareRepository, ref: string): readonly (readonly [string, Sha])[] {
  const names = ref.endsWith('/*') ? below(bare, ref.slice(0, -2)) : [ref]
  return names.flatMap((name) => {
    const sha = readRef(bare, name)
    return sha === undefined || !/^[0-9a-f]{40}$/.test(sha) ? [] : [[name, peel(bare, sha)] as const]
  })
}

function below(bare: BareRepository, folder: string): readonly string[] {
  try {
    const found = readdirSync(join(bare.dir, folder), { withFileTypes: true, recursive: true })
    const files = found.filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    return files.map((entry) => join(entry.parentPath, entry.name).slice(bare.dir.length + 1)).toSorted()
  } catch {
    return []
  }
}

function checkRef(ref: string): void {
  // eslint-disable-next-line no-control-regex -- exactly these are what git refuses
  const isWell = /^refs\/[^\u0000-\u0020\u007F~^:?*[\\]+(?:\/\*)?$/u.test(ref)
  if (!isWell || /\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(ref)) throw new TypeError('not a full ref name')
}
