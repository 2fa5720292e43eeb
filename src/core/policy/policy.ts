/** The Rego policies of a repository: which files they are, and the data that they read. */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import type { PolicyConfig } from '../config/validators.ts'
import { type Entry, isYaml, join, parentOf } from '../environment/tree.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { err, ok, type Result } from '../result.ts'
import type { Fault, FaultCode } from './remark.ts'

export interface Policy {
  /** Rego texts by path in the repository. */
  readonly modules: ReadonlyMap<string, string>
  /** The content of `data` for policies. */
  readonly data: { readonly [key: string]: JsonValue }
  /** The packages whose rules count. Undefined for all. */
  readonly packages: readonly string[] | undefined
}

/** The content of `data.perch` for policies: the whole environment, for rules that need more than a single object. */
export const OWN_DATA = 'perch'

const MAX_FILES = 500
const MAX_LENGTH = 5 * 1024 * 1024

/** The files of a policy, or why Perch must not read it. Tests (`*_test.rego`) are left out, as in `opa build`. */
export function policyFiles(
  entries: Iterable<Entry>,
  { path, data }: PolicyConfig,
): Result<{ readonly modules: readonly string[]; readonly data: readonly string[] }, readonly Fault[]> {
  const all = [...entries]
  const below = (folder: string | undefined, isWanted: (name: string) => boolean): readonly Entry[] => {
    const prefix = folder === undefined ? undefined : join('', folder)
    if (prefix === undefined) return []
    const start = prefix === '' ? '' : `${prefix}/`
    // The folder may itself be a link. Then Git lists nothing below it.
    return all.filter((entry) => (entry.path.startsWith(start) && isWanted(entry.path)) || isLink(entry, prefix))
  }
  const modules = below(path, (name) => name.endsWith('.rego')).filter((entry) => !entry.path.endsWith('_test.rego'))
  const files = below(data, (name) => isYaml(name) || /\.json$/i.test(name))
  const links = [...modules, ...files].filter(({ type }) => type !== 'file')
  if (links.length > 0) return err(links.map((entry) => fault(entry.path, 'link')))
  if (modules.length === 0) return err([fault(path, 'no-modules')])
  if (modules.length + files.length > MAX_FILES) return err([fault(undefined, 'too-many')])
  return ok({ modules: pathsOf(modules), data: pathsOf(files) })
}

function isLink({ path, type }: Entry, folder: string): boolean {
  return type !== 'file' && (path === folder || folder.startsWith(`${path}/`))
}

function pathsOf(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ path }) => path).sort()
}

/** The policy from the texts of its files. */
export function policyFrom(
  files: { readonly modules: readonly string[]; readonly data: readonly string[] },
  texts: ReadonlyMap<string, string>,
  config: PolicyConfig,
): Result<Policy, readonly Fault[]> {
  const unread = [...files.modules, ...files.data].filter((path) => !texts.has(path))
  if (unread.length > 0) return err(unread.map((path) => fault(path, 'not-text')))
  const length = [...texts.values()].reduce((sum, text) => sum + text.length, 0)
  if (length > MAX_LENGTH) return err([fault(undefined, 'too-long')])
  const modules = new Map(files.modules.map((path) => [path, texts.get(path) ?? '']))
  const data = dataFrom(files.data, texts, config.data ?? '')
  return data.ok ? ok({ modules, data: data.value, packages: config.packages }) : data
}

type Mapping = { readonly [key: string]: JsonValue }

/** Like `opa eval --data folder` and conftest: the content of a file is at the top level, below the names of its folders. */
function dataFrom(
  paths: readonly string[],
  texts: ReadonlyMap<string, string>,
  folder: string,
): Result<Mapping, readonly Fault[]> {
  const root = join('', folder) ?? ''
  let whole: Mapping = {}
  for (const path of paths) {
    const read = dataIn(path, texts.get(path) ?? '')
    if (!read.ok) return read
    const steps = parentOf(path).slice(root.length).split('/').filter(Boolean)
    const merged = merge(whole, nested(steps, read.value))
    if (merged === undefined) return err([fault(path, 'twice')])
    whole = merged
  }
  if (OWN_DATA in whole) return err([fault(paths[0], 'reserved')])
  return ok(whole)
}

function dataIn(path: string, text: string): Result<Mapping, readonly Fault[]> {
  const read = readOneDocument(text)
  if (!read.ok && read.error.detail !== '')
    return err([{ file: path, line: read.error.line, code: 'said', text: read.error.detail }])
  const data = read.ok ? read.value?.data : undefined
  return isRecord(data) ? ok(data) : err([fault(path, 'not-a-mapping')])
}

function nested(steps: readonly string[], data: Mapping): Mapping {
  return steps.toReversed().reduce<Mapping>((inner, step) => ({ [step]: inner }), data)
}

/** Undefined if both set the same name. */
function merge(left: Mapping, right: Mapping): Mapping | undefined {
  const merged: Record<string, JsonValue> = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const other = merged[key]
    if (other === undefined) merged[key] = value
    else {
      const inner = isRecord(other) && isRecord(value) ? merge(other, value) : undefined
      if (inner === undefined) return undefined
      merged[key] = inner
    }
  }
  return merged
}

function fault(file: string | undefined, code: FaultCode): Fault {
  return { file, line: 1, code, text: '' }
}
