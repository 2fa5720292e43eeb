/**
 * Takes Secrets' values out of free text: what a tool says about files may quote them.
 *
 * Only values that stand in the files as themselves or as base64 can be found, so this is a second line of defence; the
 * first is to show little of such text.
 */
import { parseAllDocuments } from 'yaml'
import { join, parentOf } from '../environment/tree.ts'
import { HIDDEN } from './mask.ts'
import { type Data, isMapping, isOfKind, toData } from './objects.ts'
import { formsOf, hideValues } from './secret-values.ts'

/** Shorter values would take words like `on` out of every sentence, and are no secrets to keep. */
const MIN_LENGTH = 4

/**
 * The text without any Secret's value that the files hold, in `data`, `stringData`, generators, patches or env files. Of what
 * `kinds` names (`Kind` or `group/Kind`), every value is taken for one.
 */
export function redact(text: string, files: ReadonlyMap<string, string>, kinds: readonly string[] = []): string {
  return redactor(files, kinds)(text)
}

/** The same for many texts: the files are searched once. */
export function redactor(files: ReadonlyMap<string, string>, kinds: readonly string[]): (text: string) => string {
  return hideValues(secretValues(files, kinds), { mark: HIDDEN, shortest: MIN_LENGTH })
}

function secretValues(files: ReadonlyMap<string, string>, kinds: readonly string[]): ReadonlySet<string> {
  const values = new Set<string>()
  const names = ['secret', ...kinds.map((kind) => kind.slice(kind.lastIndexOf('/') + 1).toLowerCase())]
  for (const [path, text] of files) {
    const lower = text.toLowerCase()
    if (!names.some((name) => lower.includes(name))) continue
    const parsed = documents(text)
    const search = { values, files, kinds, folder: parentOf(path) }
    for (const data of parsed) collect(data ?? null, search)
    if (parsed.includes(undefined)) roughValues(text).forEach((value) => addValue(values, value))
  }
  return values
}

interface Search {
  readonly values: Set<string>
  readonly files: ReadonlyMap<string, string>
  readonly kinds: readonly string[]
  readonly folder: string
}

/** What tells objects apart, and where patches go, is no secret. */
const IDENTITY = new Set(
  'apiVersion kind metadata target name namespace group version type path options immutable'.split(' '),
)

function collect(data: Data, search: Search): void {
  if (typeof data === 'string') collectText(data, search)
  else if (Array.isArray(data)) data.forEach((item: Data) => collect(item, search))
  else if (isMapping(data)) {
    const target = isMapping(data['target']) ? data['target'] : {}
    if (isSecret(data, search) || isSecret(target, search)) {
      addAll(Object.fromEntries(Object.entries(data).filter(([key]) => !IDENTITY.has(key))), search)
      // A patch in a file of its own.
      const file =
        typeof data['path'] === 'string' ? search.files.get(join(search.folder, data['path']) ?? '') : undefined
      if (file !== undefined) addAll(`${file}\n`, search)
    }
    for (const generator of listOf(data['secretGenerator'])) addGenerated(generator, search)
    for (const item of Object.values(data)) collect(item, search)
  }
}

/** The core group's Secret is told by its kind alone: files that are patches or broken may lack the rest. */
function isSecret({ apiVersion, kind }: { readonly [key: string]: Data }, { kinds }: Search): boolean {
  if (typeof kind !== 'string') return false
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.replace(/\/.*$/s, '') : ''
  return isOfKind({ group: '', kind }, 'Secret') || kinds.some((written) => isOfKind({ group, kind }, written))
}

/** A patch written into a kustomization as text. */
function collectText(text: string, search: Search): void {
  if (!/[\n{]/.test(text) || !/kind/i.test(text)) return
  for (const inner of documents(text)) collect(inner ?? null, search)
}

/** Every text below, and of a patch that is text, its values. */
function addAll(data: Data | undefined, search: Search): void {
  if (typeof data === 'string') {
    addValue(search.values, data)
    if (data.includes('\n')) for (const inner of documents(data)) addAll(inner, search)
  } else if (typeof data === 'number') addValue(search.values, String(data))
  else if (Array.isArray(data)) for (const item of data) addAll(item, search)
  else if (isMapping(data)) for (const item of Object.values(data)) addAll(item, search)
}

function addGenerated(generator: Data, { values, files, folder }: Search): void {
  if (!isMapping(generator)) return
  for (const literal of listOf(generator['literals'])) {
    if (typeof literal === 'string') addValue(values, afterEquals(literal))
  }
  for (const entry of [...listOf(generator['envs']), ...listOf(generator['files']), generator['env'] ?? null]) {
    const text = typeof entry === 'string' ? files.get(join(folder, afterEquals(entry)) ?? '') : undefined
    for (const line of (text ?? '').split(/\r?\n/)) {
      addValue(values, line.trim())
      addValue(values, afterEquals(line).trim())
    }
  }
}

function addValue(values: Set<string>, value: string): void {
  for (const form of formsOf(value)) {
    values.add(form)
    for (const line of form.split('\n')) values.add(line.trim())
  }
}

/** What a file that cannot be parsed has after colons and equals signs: as a whole, and each word. */
function roughValues(text: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const rest = /[:=]\s*(.+)$/.exec(line)?.[1] ?? ''
    return [rest, ...rest.split(/[\s"',:={}[\]]+/)]
  })
}

function afterEquals(text: string): string {
  return text.slice(text.indexOf('=') + 1)
}

function listOf(data: Data | undefined): readonly Data[] {
  return Array.isArray(data) ? data : []
}

/** The documents of a text; undefined for one that cannot be parsed. */
function documents(text: string): readonly (Data | undefined)[] {
  try {
    return parseAllDocuments(text, { merge: true, logLevel: 'silent' }).map((document) =>
      document.errors.length === 0 ? toData(document.toJS({ maxAliasCount: 100 })) : undefined,
    )
  } catch {
    return [undefined]
  }
}
