/**
 * Removes the values of Secrets from free text, because the error message of a tool may quote files.
 *
 * Only values from the files can be found, in the forms that `formsOf` returns. So this is a second line of defence. The first is
 * to show little of such text.
 */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { join, parentOf } from '../environment/tree.ts'
import { hideValues } from './hide-values.ts'
import { HIDDEN } from './mask.ts'
import { documentsOf, holdsSecrets, kindWords, secretTexts, textsIn } from './secret-texts.ts'
import { formsOf } from './secret-values.ts'

/** Shorter values would hide words like `on` in every sentence, and are too short to be secrets. */
const MIN_LENGTH = 4

/**
 * The text without the values of Secrets in the files: in `data`, `stringData`, generators, patches or env files. For `kinds`
 * (`Kind` or `group/Kind`), every value counts as secret.
 */
export function redact(text: string, files: ReadonlyMap<string, string>, kinds: readonly string[] = []): string {
  return redactor(files, kinds)(text)
}

/** The same for many texts. Searches the files once, and not before there is a text, because that takes long in charts. */
export function redactor(files: ReadonlyMap<string, string>, kinds: readonly string[]): (text: string) => string {
  let hide: ((text: string) => string) | undefined
  return (text) => {
    hide ??= hideValues(secretValues(files, kinds), { mark: HIDDEN, shortest: MIN_LENGTH })
    return hide(text)
  }
}

function secretValues(files: ReadonlyMap<string, string>, kinds: readonly string[]): ReadonlySet<string> {
  const values = new Set<string>()
  const names = kindWords(['Secret', ...kinds])
  for (const [path, text] of files) {
    const lower = text.toLowerCase()
    if (!names.some((name) => lower.includes(name))) continue
    const parsed = documentsOf(text)
    const search = { values, files, kinds, folder: parentOf(path) }
    for (const data of parsed) {
      secretTexts(data ?? null, kinds).forEach((value) => addValue(values, value))
      collect(data ?? null, search)
    }
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

/** Collects from the parts of a kustomization that add values to Secrets: generators, and patches in separate files. */
function collect(data: JsonValue, search: Search): void {
  if (Array.isArray(data)) data.forEach((item: JsonValue) => collect(item, search))
  if (!isRecord(data)) return
  const { kinds, values, files, folder } = search
  const target = isRecord(data['target']) ? data['target'] : {}
  if (holdsSecrets(target, kinds)) {
    addAll(data['value'] ?? null, values)
    if (typeof data['patch'] === 'string') addPatch(data['patch'], values)
    const file = typeof data['path'] === 'string' ? files.get(join(folder, data['path']) ?? '') : undefined
    if (file !== undefined) addPatch(file, values)
  }
  for (const generator of listOf(data['secretGenerator'])) addGenerated(generator, search)
  for (const item of Object.values(data)) collect(item, search)
}

/** Adds all values of a patch, because its target may be a Secret. */
function addPatch(text: string, values: Set<string>): void {
  for (const document of documentsOf(text)) {
    if (document === undefined) roughValues(text).forEach((value) => addValue(values, value))
    else addAll(document, values)
  }
}

function addAll(data: JsonValue, values: Set<string>): void {
  for (const text of textsIn(data)) addValue(values, text)
}

function addGenerated(generator: JsonValue, { values, files, folder }: Search): void {
  if (!isRecord(generator)) return
  for (const literal of listOf(generator['literals'])) {
    if (typeof literal === 'string') addValue(values, afterEquals(literal))
  }
  for (const entry of [...listOf(generator['envs']), ...listOf(generator['files']), generator['env'] ?? null]) {
    const text = typeof entry === 'string' ? files.get(join(folder, afterEquals(entry)) ?? '') : undefined
    if (text !== undefined) addValue(values, text)
    for (const line of (text ?? '').split(/\r?\n/)) {
      addValue(values, line.trim())
      addValue(values, afterEquals(line).trim())
    }
  }
}

function addValue(values: Set<string>, value: string): void {
  for (const form of formsOf(value)) values.add(form)
}

/** For a file that cannot be parsed: everything after colons and equals signs, as a whole and word by word. */
function roughValues(text: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const rest = /[:=]\s*(.+)/.exec(line)?.[1] ?? ''
    return [rest, ...rest.split(/[\s"',:={}[\]]+/)]
  })
}

function afterEquals(text: string): string {
  return text.slice(text.indexOf('=') + 1)
}

function listOf(data: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(data) ? data : []
}
