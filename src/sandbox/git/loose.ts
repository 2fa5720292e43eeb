/**
 * Reads and writes objects and refs in git's own format. Starting git for each of them would cost more than everything else in
 * the sandbox, because a large process takes long to start another one.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'
import { attempt, once, type BareRepository } from './run.ts'

type ObjectType = 'blob' | 'tree' | 'commit' | 'tag'

export interface GitObject {
  readonly type: ObjectType
  readonly body: Buffer
}

export interface TreeNode {
  readonly mode: string
  readonly name: string
  readonly sha: string
}

const FOLDER = '40000'

/** Undefined if there is no such object. */
export function readObject(bare: BareRepository, sha: string): GitObject | undefined {
  try {
    const bytes = inflateSync(readFileSync(pathOf(bare, sha)))
    const end = bytes.indexOf(0)
    const [type = ''] = bytes.toString('latin1', 0, end).split(' ')
    return { type: type as ObjectType, body: bytes.subarray(end + 1) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return readPacked(bare, sha)
  }
}

/** The objects of a large push stay in one pack file. */
function readPacked(bare: BareRepository, sha: string): GitObject | undefined {
  const { stdout } = attempt(bare, ['cat-file', '--batch'], { input: `${sha}\n` })
  const end = stdout.indexOf('\n')
  const [, type = '', size = ''] = stdout.toString('utf8', 0, end).split(' ')
  if (size === '') return undefined
  return { type: type as ObjectType, body: stdout.subarray(end + 1, end + 1 + Number(size)) }
}

export function writeObject(bare: BareRepository, type: ObjectType, body: Buffer): string {
  const bytes = Buffer.concat([Buffer.from(`${type} ${String(body.length)}\0`), body])
  const sha = createHash('sha1').update(bytes).digest('hex')
  const path = pathOf(bare, sha)
  if (existsSync(path)) return sha
  mkdirSync(dirname(path), { recursive: true })
  // A concurrent reader finds the whole object or none.
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, deflateSync(bytes, { level: 1 }), { mode: 0o444 })
  renameSync(draft, path)
  return sha
}

function pathOf(bare: BareRepository, sha: string): string {
  return join(bare.dir, 'objects', sha.slice(0, 2), sha.slice(2))
}

/** The commit or tree that an annotated tag points to, or else the object itself. */
export function peel(bare: BareRepository, sha: string): string {
  const found = readObject(bare, sha)
  return found?.type === 'tag' ? peel(bare, found.body.toString('latin1', 7, 47)) : sha
}

export function readTree(bare: BareRepository, sha: string): readonly TreeNode[] {
  const found = readObject(bare, sha)
  if (found?.type !== 'tree') throw new Error(`${sha} is not a tree`)
  const { body } = found
  const nodes: TreeNode[] = []
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at)
    const end = body.indexOf(0, space)
    const mode = body.toString('latin1', at, space)
    nodes.push({ mode, name: body.toString('utf8', space + 1, end), sha: body.toString('hex', end + 1, end + 21) })
    at = end + 21
  }
  return nodes
}

export function writeTree(bare: BareRepository, nodes: Iterable<TreeNode>): string {
  // Git sorts a folder as if its name ended in a slash.
  const key = ({ mode, name }: TreeNode): Buffer => Buffer.from(mode === FOLDER ? `${name}/` : name)
  const sorted = [...nodes].toSorted((a, b) => Buffer.compare(key(a), key(b)))
  const parts = sorted.flatMap(({ mode, name, sha }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')])
  return writeObject(bare, 'tree', Buffer.concat(parts))
}

/** The new entry at a path. Undefined removes it. */
export type NodeChange = Omit<TreeNode, 'name'> | undefined

type Changes = ReadonlyMap<string, NodeChange>

/** A tree with changes at paths below it. Undefined if nothing is left. */
export function changeTree(bare: BareRepository, tree: string | undefined, changes: Changes): string | undefined {
  const nodes = new Map(tree === undefined ? [] : readTree(bare, tree).map((node) => [node.name, node]))
  for (const [name, change] of changes) {
    if (name.includes('/')) continue
    if (change === undefined) nodes.delete(name)
    else nodes.set(name, { ...change, name })
  }
  for (const [name, inner] of byFolder(changes)) {
    const known = nodes.get(name)
    const folder = known?.mode === FOLDER ? known.sha : undefined
    if (folder === undefined && ![...inner.values()].some((change) => change !== undefined)) continue
    const sha = changeTree(bare, folder, inner)
    if (sha === undefined) nodes.delete(name)
    else nodes.set(name, { mode: FOLDER, name, sha })
  }
  return nodes.size === 0 ? undefined : writeTree(bare, nodes.values())
}

function byFolder(changes: Changes): ReadonlyMap<string, Changes> {
  const deep = [...changes].filter(([path]) => path.includes('/'))
  const groups = Map.groupBy(deep, ([path]) => path.slice(0, path.indexOf('/')))
  const inner = (group: typeof deep): Changes =>
    new Map(group.map(([path, change]) => [path.slice(path.indexOf('/') + 1), change]))
  return new Map([...groups].map(([name, group]) => [name, inner(group)]))
}

/** The entries on both sides of a change. */
export interface NodePair {
  readonly before: TreeNode | undefined
  readonly after: TreeNode | undefined
}

/** Paths of files that differ between two trees. `from` is undefined if there was no tree. */
export function changedNodes(
  bare: BareRepository,
  from: string | undefined,
  to: string,
): ReadonlyMap<string, NodePair> {
  const all: ReadonlyMap<string, TreeNode> = from === undefined ? new Map() : filesOf(bare, from)
  const others = filesOf(bare, to)
  const pairs = [...new Set([...all.keys(), ...others.keys()])].map(
    (path) => [path, { before: all.get(path), after: others.get(path) }] as const,
  )
  return new Map(pairs.filter(([, { before, after }]) => before?.sha !== after?.sha || before?.mode !== after?.mode))
}

/** All files of a tree, by path. */
export function filesOf(bare: BareRepository, tree: string): ReadonlyMap<string, TreeNode> {
  return once(bare, `files ${tree}`, () => {
    const files = new Map<string, TreeNode>()
    const walk = (sha: string, prefix: string): void => {
      for (const node of readTree(bare, sha)) {
        if (node.mode === FOLDER) walk(node.sha, `${prefix}${node.name}/`)
        else files.set(`${prefix}${node.name}`, node)
      }
    }
    walk(tree, '')
    return files
  })
}

/** The object that a full ref name points to, also through a symbolic ref. Undefined if the ref does not exist. */
export function readRef(bare: BareRepository, ref: string): string | undefined {
  const found = contentsOf(bare, ref)
  if (found?.startsWith('ref: ') === true) return readRef(bare, found.slice(5))
  return found ?? packedRefs(bare).get(ref)
}

function contentsOf(bare: BareRepository, ref: string): string | undefined {
  try {
    return readFileSync(join(bare.dir, ref), 'utf8').trim()
  } catch {
    return undefined
  }
}

function packedRefs(bare: BareRepository): ReadonlyMap<string, string> {
  const lines = contentsOf(bare, 'packed-refs')?.split('\n') ?? []
  return new Map(
    lines
      .filter((line) => /^[0-9a-f]{40} /.test(line))
      .map((line): [string, string] => [line.slice(41), line.slice(0, 40)]),
  )
}

/** Returns false if git itself has to move the ref: it is locked or packed, or another ref is in the way. */
export function moveRefFile(
  bare: BareRepository,
  ref: string,
  to: { from: string | undefined; to: string | undefined },
): boolean {
  const path = join(bare.dir, ref)
  if (existsSync(join(bare.dir, 'packed-refs')) || contentsOf(bare, ref) !== to.from) return false
  try {
    if (to.to === undefined) {
      rmSync(path)
      leaveNoEmptyFolder(bare, dirname(ref))
      return true
    }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.lock`, `${to.to}\n`, { flag: 'wx' })
    renameSync(`${path}.lock`, path)
    return true
  } catch {
    rmSync(`${path}.lock`, { force: true })
    return false
  }
}

function leaveNoEmptyFolder(bare: BareRepository, ref: string): void {
  if (ref.split('/').length <= 2) return
  try {
    rmdirSync(join(bare.dir, ref))
  } catch {
    return
  }
  leaveNoEmptyFolder(bare, dirname(ref))
}
