/** The JSON schemas of a repository for kubeconform. kubeconform would download what they refer to, so they must not refer to the network. */
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { type Entry, join } from '../environment/tree.ts'
import { validatorFiles, MAX_VALIDATOR_FILES, MAX_VALIDATOR_LENGTH } from './validator-files.ts'
import { err, ok, type Result } from '../result.ts'
import type { Fault } from './remark.ts'

/** The schema files below a folder. */
export function schemaFiles(entries: Iterable<Entry>, folder: string): readonly string[] {
  return validatorFiles(entries, folder, (path) => path.endsWith('.json'))
}

/** The schemas by their path below the folder, or what is wrong with them. */
export function schemasFrom(
  paths: readonly string[],
  texts: ReadonlyMap<string, string>,
  folder: string,
): Result<ReadonlyMap<string, string>, readonly Fault[]> {
  const [first] = paths
  if (first === undefined) return err([{ file: undefined, line: 1, code: 'no-schemas', text: '' }])
  if (paths.length > MAX_VALIDATOR_FILES) return err([{ file: undefined, line: 1, code: 'too-many', text: '' }])
  const length = [...texts.values()].reduce((sum, text) => sum + text.length, 0)
  if (length > MAX_VALIDATOR_LENGTH) return err([{ file: undefined, line: 1, code: 'too-long', text: '' }])
  const faults = paths.flatMap((path) => faultIn(path, texts.get(path)))
  if (faults.length > 0) return err(faults)
  const start = (join('', folder) ?? '').length
  return ok(new Map(paths.map((path) => [path.slice(start).replace(/^\//, ''), texts.get(path) ?? ''])))
}

function faultIn(file: string, text: string | undefined): readonly Fault[] {
  if (text === undefined) return [{ file, line: 1, code: 'not-text', text: '' }]
  const data = parsed(text)
  if (data === undefined) return [{ file, line: 1, code: 'not-json', text: '' }]
  const reach = reachIn(data)
  return reach === undefined ? [] : [{ file, line: lineWith(text, reach), code: 'reaches-out', text: reach }]
}

function parsed(text: string): JsonValue | undefined {
  try {
    const data: JsonValue = JSON.parse(text)
    return data
  } catch {
    return undefined
  }
}

/** Keywords whose text is an address, and dialects that every validator knows without asking. */
const ADDRESSES = new Set(['$ref', '$dynamicRef', '$recursiveRef', '$id', 'id', '$schema'])
const KNOWN = /^https?:\/\/json-schema\.org\/(?:draft-0[4-7]\/|draft\/20\d\d-\d\d\/)?schema#?$/

function reachIn(data: JsonValue): string | undefined {
  if (Array.isArray(data)) return firstOf(data.map((item: JsonValue) => reachIn(item)))
  if (!isRecord(data)) return undefined
  return firstOf(
    Object.entries(data).map(([key, value]) =>
      typeof value === 'string' && ADDRESSES.has(key) && isReach(key, value) ? value : reachIn(value),
    ),
  )
}

function isReach(key: string, address: string): boolean {
  if (key === '$schema' && KNOWN.test(address)) return false
  const [place = ''] = address.split('#')
  // Encoded characters (`%2e%2e`), or characters that do not belong in an address, may be read as `..` or `/`.
  if (/[%\\\s\p{Cc}]/u.test(place)) return true
  return /^[a-z][a-z0-9+.-]*:/i.test(place) || place.startsWith('/') || place.split('/').includes('..')
}

function firstOf(found: readonly (string | undefined)[]): string | undefined {
  return found.find((address) => address !== undefined)
}

function lineWith(text: string, words: string): number {
  return text.split('\n').findIndex((line) => line.includes(words)) + 1 || 1
}
