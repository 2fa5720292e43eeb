import { isRecord, type JsonValue, sameData } from '../data.ts'
import { type Alias, isAlias, isMap, isPair, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import { offsetOf } from './lines.ts'
import { kubernetesNumber } from './number.ts'

/** A document as plain data, or why it cannot be read. `at` is an offset in its text. */
export type Reading =
  | {
      readonly ok: true
      readonly value: JsonValue
      readonly hasAlias: boolean
      /** Where a key appears for the second time, if any does. */
      readonly repeatAt: number | undefined
    }
  | { readonly ok: false; readonly code: 'not-yaml' | 'alias-bomb'; readonly at: number; readonly detail: string }

/**
 * The maximum number of nodes that aliases may add to a document. A hand-written file repeats a few dozen lines; a bomb has no
 * limit.
 */
const MAX_REPEATED = 100_000
/** Deeper than any schema of Kubernetes, and much less deep than what overflows a recursive reader. */
export const MAX_DEPTH = 200

/**
 * `any`: as in PyYAML, Argo CD and kubectl. `harmless`: a key whose values are the same or whose first value is empty, and a label
 * of an object. Charts often write the common labels of an object and then some of its own again.
 */
export type RepeatedKeys = 'any' | 'harmless'

export interface DataOptions {
  /** Reads a scalar. The default reads it like kubectl. */
  readonly scalar?: (node: Scalar) => JsonValue
  /** Which keys may appear twice. The last one counts. By default, none may. */
  readonly repeats?: RepeatedKeys
  /** Texts of values that were not composed, by the scalar in their place. */
  readonly omitted?: ReadonlyMap<string, string> | undefined
}

/**
 * Reads a composed document like kubectl: follows aliases, merges merge keys, and refuses duplicate keys that `repeats` does not allow. It does not use `toJS`
 * of `yaml`, because that throws on alias bombs, takes 100 legitimate aliases for a bomb, and finds duplicate keys in quadratic
 * time.
 */
export function readData(contents: unknown, { scalar = scalarValue, repeats, omitted }: DataOptions = {}): Reading {
  const reader: Reader = {
    scalar: omitted === undefined ? scalar : (node) => omitted.get(String(node.value)) ?? scalar(node),
    repeats,
    keys: [],
    anchors: new Map(),
    begun: new Set(),
    repeated: 0,
    size: 0,
    deepest: 0,
    problem: undefined,
    repeatAt: undefined,
    hasAlias: false,
  }
  const value = read(reader, contents, 0)
  const { problem, hasAlias, repeatAt } = reader
  return problem === undefined ? { ok: true, value, hasAlias, repeatAt } : { ok: false, ...problem }
}

interface Reader {
  readonly scalar: (node: Scalar) => JsonValue
  readonly repeats: RepeatedKeys | undefined
  /** The keys of the mappings that are being read, from the top. */
  readonly keys: string[]
  readonly anchors: Map<string, { readonly value: JsonValue; readonly size: number; readonly height: number }>
  /** Anchors whose node has begun. Until it ends, `anchors` does not have it. */
  readonly begun: Set<string>
  repeated: number
  size: number
  deepest: number
  problem: Omit<Extract<Reading, { ok: false }>, 'ok'> | undefined
  repeatAt: number | undefined
  hasAlias: boolean
}

function read(reader: Reader, node: unknown, depth: number): JsonValue {
  reader.size += 1
  if (reader.problem !== undefined) return null
  if (isAlias(node)) return readAlias(reader, node, depth)
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
  if (anchor === undefined) return readPlain(reader, node, depth)
  const { size, deepest } = reader
  reader.deepest = depth
  reader.anchors.delete(anchor)
  reader.begun.add(anchor)
  const value = readPlain(reader, node, depth)
  reader.anchors.set(anchor, { value, size: reader.size - size, height: reader.deepest - depth })
  reader.deepest = Math.max(deepest, reader.deepest)
  return value
}

function readPlain(reader: Reader, node: unknown, depth: number): JsonValue {
  reader.deepest = Math.max(reader.deepest, depth)
  if (isScalar(node)) return reader.scalar(node)
  if (isSeq(node)) return node.items.map((item) => read(reader, isPair(item) ? item.value : item, depth + 1))
  return isMap(node) ? readMap(reader, node, depth) : null
}

function readAlias(reader: Reader, alias: Alias, depth: number): JsonValue {
  reader.hasAlias = true
  const found = reader.anchors.get(alias.source)
  if (found === undefined) {
    // An alias to a node that encloses it would expand without end.
    const detail = reader.begun.has(alias.source) ? '' : `No anchor for the alias *${alias.source}`
    return fail(reader, alias, detail)
  }
  reader.size += found.size
  reader.repeated += found.size
  reader.deepest = Math.max(reader.deepest, depth + found.height)
  return reader.repeated > MAX_REPEATED || reader.deepest > MAX_DEPTH ? fail(reader, alias, '') : found.value
}

function fail(reader: Reader, alias: Alias, detail: string): null {
  reader.problem ??= { code: detail === '' ? 'alias-bomb' : 'not-yaml', at: offsetOf(alias), detail }
  return null
}

function readMap(reader: Reader, map: YAMLMap, depth: number): Readonly<Record<string, JsonValue>> {
  const out: Record<string, JsonValue> = {}
  const own = new Set<string>()
  for (const { key, value } of map.items) {
    const name = keyName(reader, key, depth)
    reader.keys.push(name)
    const data = read(reader, value, depth + 1)
    reader.keys.pop()
    if (own.has(name)) {
      const at = isScalar(key) ? offsetOf(key) : 0
      reader.repeatAt ??= at
      if (!isScalar(key) || !mayRepeat(reader, out[name], data))
        reader.problem ??= { code: 'not-yaml', at, detail: `The key ${JSON.stringify(name)} is there twice` }
    }
    own.add(name)
    if (isMergeKey(key)) merge(out, data)
    else if (name === '__proto__') Object.defineProperty(out, name, { value: data, enumerable: true, writable: true })
    else out[name] = data
  }
  return out
}

/** Whether a key of the mapping that is being read may be there twice with these values. */
function mayRepeat({ repeats, keys }: Reader, first: JsonValue | undefined, second: JsonValue): boolean {
  if (repeats !== 'harmless') return repeats === 'any'
  const isLabel = keys.at(-1) === 'labels' && keys.at(-2) === 'metadata'
  return isLabel || first === null || (first !== undefined && sameData(first, second))
}

/** The keys of a merge never override a map's own keys, whatever their order. */
function merge(out: Record<string, JsonValue>, data: JsonValue): void {
  const sources: readonly JsonValue[] = Array.isArray(data) ? data : [data]
  for (const source of sources.filter((one) => isRecord(one))) {
    for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(out, key)) out[key] = value
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
}

function keyName(reader: Reader, key: unknown, depth: number): string {
  if (isScalar(key)) return key.value === null ? '' : String(scalarValue(key))
  return JSON.stringify(read(reader, key, depth + 1)) ?? ''
}

const NUMBER_TAGS = [undefined, 'tag:yaml.org,2002:int', 'tag:yaml.org,2002:float']

/**
 * Reads numbers like Kubernetes, and not like YAML 1.2. A number that a double cannot hold becomes a string of its digits. So
 * different numbers look different, and two spellings of one number do not.
 */
function scalarValue(scalar: Scalar): string | number | boolean | null {
  const { type, tag, source } = scalar
  const isRead = NUMBER_TAGS.includes(tag) && (type === 'PLAIN' || tag !== undefined)
  const number = isRead ? kubernetesNumber(source ?? '') : undefined
  if (typeof number === 'number') return number
  if (typeof number === 'bigint') return String(number)
  return plainValue(scalar)
}

/** The value of a scalar that is not a number, or the text of one that looks like a number. */
export function plainValue({ source, value }: Scalar): string | number | boolean | null {
  if (typeof value === 'number' || typeof value === 'bigint') return source ?? String(value)
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}
