/** The files of a commit, and the targets of kustomization entries among them. */
import type { RefusalCode } from './refusal.ts'

export interface Entry {
  readonly path: string
  readonly type: 'file' | 'symlink' | 'submodule'
}

export interface Tree {
  readonly types: ReadonlyMap<string, Entry['type']>
  readonly folders: ReadonlySet<string>
  /** Folders with kustomization files. kustomize requires exactly one per folder, and reports a violation itself. */
  readonly kustomizations: ReadonlyMap<string, readonly string[]>
}

export type TreeLocation =
  | { readonly type: 'file' | 'folder'; readonly path: string }
  | { readonly type: 'refused'; readonly code: RefusalCode }

/** The names that kustomize looks for (konfig.RecognizedKustomizationFileNames). */
export const KUSTOMIZATION_NAMES: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/**
 * What kustomize would fetch (api/internal/git/repospec.go, loader/fileloader.go), and everything that looks similar: an address
 * with a scheme, `git::`, `gh:`, `user@host:path`, a well-known host, a query such as `?ref=`. Deliberately refuses too much,
 * because a file with such a name can be renamed.
 */
const REMOTE = [
  /:\/\//,
  /^[a-z+.-]+::/i,
  /^(?:git|gh|ssh|https?|ftp|file|oci|s3|data):/i,
  /^[^/]*@[^/]*:/,
  /^(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|dev\.azure\.com|ssh\.dev\.azure\.com)[/:]/i,
  /[?&](?:ref|version|timeout|submodules)=/i,
  /\.git(?:\/\/|\?)/i,
]

export function treeOf(entries: Iterable<Entry>): Tree {
  const types = new Map<string, Entry['type']>()
  const folders = new Set([''])
  const kustomizations = new Map<string, string[]>()
  for (const { path, type } of entries) {
    types.set(path, type)
    for (let folder = parentOf(path); !folders.has(folder); folder = parentOf(folder)) folders.add(folder)
    if (!isKustomization(path)) continue
    const siblings = kustomizations.get(parentOf(path)) ?? []
    kustomizations.set(parentOf(path), [...siblings, path])
  }
  return { types, folders, kustomizations }
}

/** Finds the target of an entry, relative to a folder. The target must be in the repository, and must not be a link. */
export function locate(tree: Tree, folder: string, entry: string): TreeLocation {
  if (REMOTE.some((pattern) => pattern.test(entry))) return { type: 'refused', code: 'remote' }
  if (entry.startsWith('/')) return { type: 'refused', code: 'absolute' }
  const path = join(folder, entry)
  if (path === undefined) return { type: 'refused', code: 'outside' }
  const link = linkOn(tree, path)
  if (link !== undefined) return { type: 'refused', code: link }
  if (tree.types.has(path)) return { type: 'file', path }
  const isFolder = entry !== '' && tree.folders.has(path)
  return isFolder ? { type: 'folder', path } : { type: 'refused', code: 'missing' }
}

/** The path from a folder along an entry's steps; undefined if it leads above the top of the repository. */
export function join(folder: string, entry: string): string | undefined {
  const steps = folder === '' ? [] : folder.split('/')
  for (const step of entry.split('/')) {
    if (step === '..' && steps.pop() === undefined) return undefined
    if (step !== '' && step !== '.' && step !== '..') steps.push(step)
  }
  return steps.join('/')
}

function linkOn(tree: Tree, path: string): 'symlink' | 'submodule' | undefined {
  for (let at = path; at !== ''; at = parentOf(at)) {
    const type = tree.types.get(at)
    if (type === 'symlink' || type === 'submodule') return type
  }
  return undefined
}

export function isKustomization(path: string): boolean {
  return KUSTOMIZATION_NAMES.includes(nameOf(path))
}

/** The path of a file in a folder, '' for the top. */
export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path)
}

/** Whether the path is in a folder such as `.github`, whose YAML is for other tools. */
export function isHidden(path: string): boolean {
  return /(?:^|\/)\./.test(path)
}

/** The folders below a path, of those with a kustomization, that are in no other such folder. Flux builds these. */
export function foldersBelow(path: string, built: Iterable<string>): readonly string[] {
  const start = inFolder(path, '')
  const below = [...built].filter((folder) => folder.startsWith(start) && !isHidden(folder.slice(start.length))).sort()
  return below.filter((folder) => !below.some((other) => folder.startsWith(`${other}/`)))
}
