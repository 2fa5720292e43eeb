/** Rendered manifests as plain data. */
import { type Document, LineCounter, parseAllDocuments, type ScalarTag, type Tags } from 'yaml'
import { kubernetesNumber, NUMBER } from '../manifest/number.ts'
import { type Piece, splitPieces } from '../manifest/pieces.ts'

/** Plain data, as JSON has it. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [key: string]: Data }

/**
 * What tells objects of one cluster apart. The version of the API is left out: an object that moves from `v1beta1` to `v1` is
 * one that changed.
 */
export interface Identity {
  readonly group: string
  readonly kind: string
  /** '' where the file names none: the default namespace, or a kind that has none. */
  readonly namespace: string
  readonly name: string
}

export interface RenderedObject extends Identity {
  readonly data: { readonly [key: string]: Data }
}

/** With no piece of the text: that could be of a Secret. */
export type RenderProblem =
  | { readonly code: 'unparsable' | 'too-large'; readonly line: number }
  /** Neither an object nor a list of objects: no `apiVersion`, `kind` or name. */
  | { readonly code: 'not-an-object'; readonly line: number }
  | { readonly code: 'duplicate'; readonly line: number; readonly identity: Identity }

export type ParsedRender =
  | { readonly ok: true; readonly objects: readonly RenderedObject[] }
  | { readonly ok: false; readonly problem: RenderProblem }

const MAX_LENGTH = 20 * 1024 * 1024
/** Far above what people write by hand, far below what makes a document explode. */
const MAX_ALIASES = 1000

/**
 * Parses what an environment rendered to: a stream of objects and of lists of objects. The first problem ends it. `known`
 * spares reading documents twice that two renders share.
 */
export function parseRendered(yaml: string, known: KnownDocuments = new Map()): ParsedRender {
  if (yaml.length > MAX_LENGTH) return { ok: false, problem: { code: 'too-large', line: 1 } }
  const objects = new Map<string, RenderedObject>()
  for (const document of splitPieces(yaml).flatMap((piece) => partsOf(piece, known))) {
    if ('code' in document) return { ok: false, problem: document }
    const { data, line } = document
    const found = objectsIn(data)
    if (found === undefined) return { ok: false, problem: { code: 'not-an-object', line } }
    for (const object of found) {
      const key = identityKey(object)
      if (objects.has(key)) return { ok: false, problem: { code: 'duplicate', line, identity: identityOf(object) } }
      objects.set(key, object)
    }
  }
  return { ok: true, objects: [...objects.values()] }
}

/** `VirtualService default/api-service`; without a namespace `ClusterRole admin`. */
export function titleOf({ kind, namespace, name }: Omit<Identity, 'group'>): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** One string for one identity. */
export function identityKey({ group, kind, namespace, name }: Identity): string {
  return JSON.stringify([kind, namespace, name, group])
}

export function isMapping(data: Data | undefined): data is { readonly [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

/** Whether an object is of a kind that somebody wrote as `Kind` or `group/Kind`. In any spelling: its author meant one. */
export function isOfKind({ group, kind }: Pick<Identity, 'group' | 'kind'>, written: string): boolean {
  const slash = written.lastIndexOf('/')
  const isKind = kind.trim().toLowerCase() === written.slice(slash + 1).toLowerCase()
  return isKind && (slash < 0 || group.toLowerCase() === written.slice(0, slash).toLowerCase())
}

/** By code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function identityOf({ group, kind, namespace, name }: Identity): Identity {
  return { group, kind, namespace, name }
}

interface Part {
  readonly data: Data
  readonly line: number
}

type Unread = { readonly code: 'unparsable'; readonly line: number }

/** What was read of documents already, by their text. Of two renders most documents are the same. */
export type KnownDocuments = Map<string, readonly (Part | Unread)[]>

function partsOf({ text, line }: Piece, known: KnownDocuments): readonly (Part | Unread)[] {
  const parts = known.get(text) ?? documentsOf(text)
  known.set(text, parts)
  return parts.map((part) => ({ ...part, line: part.line + line - 1 }))
}

function documentsOf(yaml: string): readonly (Part | Unread)[] {
  const lines = new LineCounter()
  // A `%YAML 1.1` directive would bring dates and binaries, which are no data of Kubernetes; the schema is ours to say.
  const schema = { merge: true, schema: 'core', customTags: withNumbers } as const
  return parseAllDocuments(yaml, { ...schema, lineCounter: lines, prettyErrors: false, logLevel: 'silent' }).map(
    (document) => {
      const [error] = document.errors
      const line = lines.linePos(error?.pos[0] ?? document.contents?.range[0] ?? document.range[0]).line
      return error === undefined ? dataOf(document, line) : { code: 'unparsable', line }
    },
  )
}

/** Numbers as Kubernetes reads them: what is rendered from plain folders has any spelling. */
const NUMBERS: readonly ScalarTag[] = ['int', 'float'].map((name) => ({
  tag: `tag:yaml.org,2002:${name}`,
  identify: (value) => typeof value === 'number' || typeof value === 'bigint',
  default: true,
  test: NUMBER,
  resolve: (text) => kubernetesNumber(text) ?? text,
}))

function withNumbers(tags: Tags): Tags {
  const isOther = (tag: Tags[number]): boolean => typeof tag === 'string' || !/:(?:int|float)$/.test(tag.tag)
  return [...tags.filter(isOther), ...NUMBERS]
}

function dataOf(document: Document.Parsed, line: number): Part | Unread {
  try {
    return { line, data: toData(document.toJS({ maxAliasCount: MAX_ALIASES })) }
  } catch {
    // Too many aliases throw here, and not as an error of the document; so does what refers to itself.
    return { code: 'unparsable', line }
  }
}

const MAX_DEPTH = 200

/** Checks what the parser made, and copies it: aliases would else share one value between places. */
export function toData(value: unknown, depth = 0): Data {
  if (depth > MAX_DEPTH) throw new RangeError('too deep')
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
  // Two large numbers that a double cannot tell apart must not look the same.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (typeof value !== 'object' || value === null) return null
  if (Array.isArray(value)) return value.map((item) => toData(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toData(item, depth + 1)]))
}

/** The objects of a document: none in an empty one, one, or the items of a nameless list; undefined when it is something else. */
function objectsIn(data: Data): readonly RenderedObject[] | undefined {
  if (data === null) return []
  if (!isMapping(data)) return undefined
  const object = objectFrom(data)
  if (object !== undefined) return [object]
  const { kind, items } = data
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined
  const objects = items.map((item: Data) => objectsIn(item))
  if (objects.some((found) => found === undefined || found.length === 0)) return undefined
  return objects.flatMap((found) => found ?? [])
}

function objectFrom(data: { readonly [key: string]: Data }): RenderedObject | undefined {
  const { apiVersion, kind, metadata } = data
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isMapping(metadata)) return undefined
  const { name = '', namespace, generateName } = metadata
  if (typeof name !== 'string') return undefined
  // Named by the cluster, each time anew (Argo CD's hooks).
  const given = name === '' && typeof generateName === 'string' ? `${generateName}*` : name
  if (given === '') return undefined
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return { group, kind, namespace: typeof namespace === 'string' ? namespace : '', name: given, data }
}
