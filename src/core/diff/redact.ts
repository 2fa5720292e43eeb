/**
 * Takes Secrets' values out of free text: what a tool says about files may quote them.
 *
 * Only values that stand in the files as themselves or as base64 can be found, so this is a second line of defence; the
 * first is to show little of such text.
 */
import { parseAllDocuments } from 'yaml'
import { type Data, isMapping, toData } from './objects.ts'
import { HIDDEN } from './mask.ts'

/** Shorter values would take words like `on` out of every sentence, and are no secrets to keep. */
const MIN_LENGTH = 4

/** The text without any Secret's value that the files hold, in `data`, `stringData`, generators, patches or env files. */
export function redact(text: string, files: ReadonlyMap<string, string>): string {
  const values = [...secretValues(files)].filter((value) => value.length >= MIN_LENGTH)
  // The longest first: one value may be part of another.
  const ordered = values.sort((a, b) => b.length - a.length)
  return ordered.reduce((rest, value) => rest.replaceAll(value, HIDDEN), text)
}

function secretValues(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const values = new Set<string>()
  for (const [path, text] of files) {
    if (!/secret/i.test(text)) continue
    const parsed = documents(text)
    const search = { values, files, folder: path.slice(0, path.lastIndexOf('/') + 1) }
    for (const data of parsed) collect(data ?? null, search)
    if (parsed.includes(undefined)) roughValues(text).forEach((value) => addValue(values, value))
  }
  return values
}

interface Search {
  readonly values: Set<string>
  readonly files: ReadonlyMap<string, string>
  readonly folder: string
}

function collect(data: Data, search: Search): void {
  if (typeof data === 'string') collectText(data, search)
  else if (Array.isArray(data)) data.forEach((item: Data) => collect(item, search))
  else if (isMapping(data)) {
    const target = data['target']
    const isForSecret = data['kind'] === 'Secret' || (isMapping(target) && target['kind'] === 'Secret')
    if (isForSecret) addAll([data['data'] ?? null, data['stringData'] ?? null, data['patch'] ?? null], search)
    for (const generator of listOf(data['secretGenerator'])) addGenerated(generator, search)
    for (const item of Object.values(data)) collect(item, search)
  }
}

/** A patch written into a kustomization as text. */
function collectText(text: string, search: Search): void {
  if (!text.includes('\n') || !/secret/i.test(text)) return
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
    const text = typeof entry === 'string' ? files.get(folder + afterEquals(entry)) : undefined
    for (const line of (text ?? '').split(/\r?\n/)) {
      addValue(values, line.trim())
      addValue(values, afterEquals(line).trim())
    }
  }
}

function addValue(values: Set<string>, value: string): void {
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2')
  for (const form of [value, bare]) {
    values.add(form)
    values.add(btoa(String.fromCharCode(...new TextEncoder().encode(form.slice(0, 10_000)))))
    for (const line of form.split('\n')) values.add(line.trim())
  }
  const decoded = decode(bare)
  if (decoded !== undefined) values.add(decoded)
}

function decode(base64: string): string | undefined {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0)
  return new TextDecoder().decode(bytes)
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
