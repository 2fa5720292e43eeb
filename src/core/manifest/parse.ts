import { type Document, isNode, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { err, ok, type Result } from '../result.ts'

/** Where a value stands in a document: keys and indices from its root. */
export type Path = readonly (string | number)[]

/** A place in a file that a person can open. */
export interface Place {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/** One Kubernetes object in a file: a document, or an item of a `kind: List`. */
export interface ManifestObject {
  readonly file: string
  /** Which document of the file, from 0. */
  readonly document: number
  /** Where the object stands in its document: `[]`, or `['items', 3]` in a List. */
  readonly at: Path
  readonly line: number
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** As written; undefined where the file leaves it to kustomize or the context. */
  readonly namespace: string | undefined
  /** The object as plain data, aliases resolved. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface Manifest {
  readonly file: string
  readonly text: string
  readonly documents: readonly Document[]
  readonly objects: readonly ManifestObject[]
  /** The line (1-based) of a value, for messages: of the nearest node that exists on the way to it. */
  line(document: number, path: Path): number
}

export type ManifestProblem = Place & {
  readonly code: 'too-large' | 'not-yaml' | 'template' | 'alias-bomb'
  /** What the YAML parser said; empty where the code says it all. */
  readonly detail: string
}

/** Far above any hand-written manifest; below what could stall the worker. */
const MAX_BYTES = 5 * 1024 * 1024
/** The `yaml` library's own default; more aliases than this is an attack on `toJS`, which then throws. */
const MAX_ALIASES = 100

/** `{{ … }}` as a value is valid YAML flow-map syntax at best by accident; what Helm would make of it is not in this file. */
const TEMPLATE = /\{\{.*\}\}/

/** Reads a YAML file of Kubernetes objects. Documents that are not objects (no kind, no name) are kept but listed as none. */
export function parseManifest(file: string, text: string): Result<Manifest, ManifestProblem> {
  if (text.length > MAX_BYTES) return err({ code: 'too-large', file, line: 1, detail: '' })
  const lines = new LineCounter()
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error' }),
  ]
  for (const document of documents) {
    const [problem] = document.errors
    if (problem === undefined) continue
    const line = lines.linePos(problem.pos[0]).line
    const code = TEMPLATE.test(text) ? 'template' : 'not-yaml'
    return err({ code, file, line, detail: problem.message })
  }
  const objects: ManifestObject[] = []
  for (const [index, document] of documents.entries()) {
    const data = plain(document)
    if (data === undefined) return err({ code: 'alias-bomb', file, line: lineOf(lines, document.contents), detail: '' })
    objects.push(...objectsIn({ file, document: index, line: (path) => nearest(lines, document, path) }, data, []))
  }
  const line = (document: number, path: Path): number => {
    const found = documents[document]
    return found === undefined ? 1 : nearest(lines, found, path)
  }
  return ok({ file, text, documents, objects, line })
}

/** The document as plain data, or undefined where its aliases multiply beyond reason. */
export function plain(document: Document): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch (error) {
    if (error instanceof ReferenceError) return undefined
    throw error
  }
}

interface Origin {
  readonly file: string
  readonly document: number
  readonly line: (path: Path) => number
}

function objectsIn(origin: Origin, data: { readonly value: unknown }, at: Path): ManifestObject[] {
  if (!isRecord(data.value)) return []
  const { apiVersion, kind, metadata, items } = data.value
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return []
  if (kind === 'List' && Array.isArray(items)) {
    return items.flatMap((item: unknown, index) => objectsIn(origin, { value: item }, [...at, 'items', index]))
  }
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string') return []
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined
  const { file, document, line } = origin
  return [{ file, document, at, line: line(at), apiVersion, kind, name: metadata['name'], namespace, data: data.value }]
}

function nearest(lines: LineCounter, document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node)) return lineOf(lines, node)
  }
  return 1
}

function lineOf(lines: LineCounter, node: Node | null): number {
  return node?.range === undefined || node.range === null ? 1 : lines.linePos(node.range[0]).line
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
