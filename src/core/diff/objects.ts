/** Rendered manifests as plain data. */
import type { Texts } from '../environment/closure.ts'
import type { Known } from '../environment/file-cache.ts'
import { placeInPlain, renderPlain } from '../environment/plain.ts'
import { mentionsTraffic } from '../environment/traffic-text.ts'
import { readDocuments } from '../manifest/yaml/documents.ts'
import { groupOf, identityKey, identityOf, type ObjectIdentity } from '../manifest/identity.ts'
import { isRecord, type JsonValue } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { breaksIn, type Piece, splitPieces } from '../manifest/pieces.ts'

export interface RenderedObject extends ObjectIdentity {
  readonly data: { readonly [key: string]: JsonValue }
}

/** With no piece of the text: that could be of a Secret. */
export type RenderProblem =
  | { readonly code: 'unparsable' | 'too-large'; readonly line: number }
  /** Neither an object nor a list of objects: no `apiVersion`, `kind` or name. */
  | { readonly code: 'not-an-object'; readonly line: number }
  | DuplicateObject

/** An object that is in the stream a second time, and the line where it begins again. */
export interface DuplicateObject {
  readonly code: 'duplicate'
  readonly line: number
  readonly identity: ObjectIdentity
}

export type ParsedRender =
  | {
      readonly ok: true
      /** Each once; of an object that is there twice, the last, which is what applying them in order leaves. */
      readonly objects: readonly RenderedObject[]
      readonly duplicates: readonly DuplicateObject[]
    }
  | { readonly ok: false; readonly problem: RenderProblem }

const MAX_LENGTH = 20 * 1024 * 1024
/** The time to read grows with the tokens: about five seconds for so many. That is 7 MiB of rules, or more if texts are long. */
const MAX_LEXEMES = 3_000_000

/**
 * Parses what an environment rendered to: a stream of objects and of lists of objects. The first problem ends it; an object
 * that is there twice is none of them, because not every deployer refuses that. `known` spares reading documents twice that
 * two renders share.
 */
export function parseRendered(yaml: string, known: KnownDocuments = new Map()): ParsedRender {
  if (yaml.length > MAX_LENGTH) return { ok: false, problem: { code: 'too-large', line: 1 } }
  const found: FoundObjects = { objects: new Map(), duplicates: [] }
  let left = MAX_LEXEMES
  for (const piece of splitPieces(yaml)) {
    const { parts, lexemes } = readPiece(piece.text, left, known)
    left -= lexemes
    if (left < 0) return { ok: false, problem: { code: 'too-large', line: piece.line } }
    for (const part of parts) {
      const problem = addObjects(found, part, part.line + piece.line - 1)
      if (problem !== undefined) return { ok: false, problem }
    }
  }
  return { ok: true, objects: [...found.objects.values()], duplicates: found.duplicates }
}

/** A file that is no part of a render, because it cannot be read as objects. */
export interface LeftOutFile extends Location {
  readonly problem: RenderProblem
}

/** What the files of an environment without kustomize hold. */
export interface PlainRender {
  readonly yaml: string
  readonly parsed: ParsedRender
  readonly leftOut: readonly LeftOutFile[]
}

/**
 * Reads the files of a folder as one stream of objects. A file that says nothing about traffic and cannot be read is left out, so that it does
 * not hide the others. Whether the change broke it is for the caller to say.
 */
export function readPlain(files: readonly string[], texts: Texts, known: KnownDocuments): PlainRender {
  const leftOut: LeftOutFile[] = []
  for (;;) {
    const left = files.filter((file) => !leftOut.some((one) => one.file === file))
    const yaml = renderPlain(left, texts)
    const parsed = parseRendered(yaml, known)
    const place = parsed.ok ? undefined : placeInPlain(left, texts, parsed.problem.line)
    if (parsed.ok || place === undefined || !mayBeLeftOut(parsed.problem, texts.get(place.file)))
      return { yaml, parsed, leftOut }
    leftOut.push({ ...place, problem: parsed.problem })
  }
}

function mayBeLeftOut({ code }: RenderProblem, text: string | undefined): boolean {
  return (code === 'unparsable' || code === 'not-an-object') && text !== undefined && !mentionsTraffic(text)
}

interface FoundObjects {
  readonly objects: Map<string, RenderedObject>
  readonly duplicates: DuplicateObject[]
}

function addObjects(
  { objects, duplicates }: FoundObjects,
  part: Part | UnreadableDocument,
  line: number,
): RenderProblem | undefined {
  if ('code' in part) return { code: part.code, line }
  const found = objectsIn(part.data)
  if (found === undefined) return { code: 'not-an-object', line }
  for (const named of found) {
    const object = numbered(objects, named)
    const key = identityKey(object)
    if (objects.has(key)) duplicates.push({ code: 'duplicate', line, identity: identityOf(object) })
    objects.set(key, object)
  }
  return undefined
}

/** The cluster names objects with `generateName`, each anew: two of them are not one object twice. */
function numbered(objects: ReadonlyMap<string, RenderedObject>, object: RenderedObject): RenderedObject {
  if (!object.name.endsWith(GENERATED)) return object
  let numberedObject = object
  for (let count = 2; objects.has(identityKey(numberedObject)); count += 1)
    numberedObject = { ...object, name: `${object.name}${count}` }
  return numberedObject
}

/** Stands for what the cluster adds to `generateName`; no name of an object can have it. */
const GENERATED = '*'

/** By code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

interface Part {
  readonly data: JsonValue
  readonly line: number
}

type UnreadableDocument = { readonly code: 'unparsable'; readonly line: number }

interface ReadPiece {
  readonly parts: readonly (Part | UnreadableDocument)[]
  readonly lexemes: number
}

/** What was read of documents already, by their text. Of two renders most documents are the same. */
export type KnownDocuments = Known<ReadPiece>

function readPiece(text: Piece['text'], budget: number, known: KnownDocuments): ReadPiece {
  const piece = known.get(text) ?? partsOf(text, budget)
  // A piece that was not read to its end is not kept: another budget may be enough for it.
  if (piece.lexemes <= budget) known.set(text, piece)
  return piece
}

/** Lines are those of the piece. */
function partsOf(text: string, budget: number): ReadPiece {
  const read = readDocuments(text, { budget })
  let [at, line] = [0, 1]
  const lineAt = (offset: number): number => {
    line += breaksIn(text.slice(at, offset))
    at = Math.max(at, offset)
    return line
  }
  const { lexemes } = read
  if (!read.ok) return { parts: [{ code: 'unparsable', line: lineAt(read.problem.at) }], lexemes }
  return { parts: read.documents.map(({ data, at: start }) => ({ data, line: lineAt(start) })), lexemes }
}

/** The objects of a document: none in an empty one, one, or the items of a nameless list; undefined when it is something else. */
function objectsIn(data: JsonValue): readonly RenderedObject[] | undefined {
  if (data === null) return []
  if (!isRecord(data)) return undefined
  const object = objectFrom(data)
  if (object !== undefined) return [object]
  const { kind, items } = data
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined
  const objects = items.map((item: JsonValue) => objectsIn(item))
  if (objects.some((found) => found === undefined || found.length === 0)) return undefined
  return objects.flatMap((found) => found ?? [])
}

function objectFrom(data: { readonly [key: string]: JsonValue }): RenderedObject | undefined {
  const { apiVersion, kind, metadata } = data
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isRecord(metadata)) return undefined
  const { name = '', namespace, generateName } = metadata
  if (typeof name !== 'string') return undefined
  // Named by the cluster (Argo CD's hooks).
  const given = name === '' && typeof generateName === 'string' ? `${generateName}${GENERATED}` : name
  if (given === '') return undefined
  return {
    group: groupOf(apiVersion),
    kind,
    namespace: typeof namespace === 'string' ? namespace : '',
    name: given,
    data,
  }
}
