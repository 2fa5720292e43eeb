/** Rendered manifests as plain data. */
import { type Abridged, wholeDefinition } from '../manifest/definition.ts'
import { groupOf, identityKey, identityOf, type ObjectIdentity } from '../manifest/identity.ts'
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { type Piece, splitPieces } from '../manifest/pieces.ts'
import {
  type KnownDocuments,
  type LenientReading,
  type PieceLimits,
  type ReadPiece,
  readAsApplied,
} from './reading/piece.ts'

export interface RenderedObject extends ObjectIdentity {
  readonly data: { readonly [key: string]: JsonValue }
  /** Set where the schemas of a large definition are left as their texts. `wholeObject` reads them. */
  readonly abridged?: Abridged
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
export const MAX_LEXEMES = 3_000_000

/**
 * Parses what an environment rendered to: a stream of objects and of lists of objects. The first problem ends it; an object
 * that is there twice is none of them, because not every deployer refuses that. `known` spares reading documents twice that
 * two renders share. With `lenient`, what says nothing about traffic is read as Argo CD and kubectl read it.
 */
export function parseRendered(yaml: string, known: KnownDocuments = new Map(), lenient?: LenientReading): ParsedRender {
  if (yaml.length > MAX_LENGTH) return { ok: false, problem: { code: 'too-large', line: 1 } }
  const { objects, problem } = readText(yaml, { budget: MAX_LEXEMES, known, lenient })
  return problem === undefined ? withDuplicates(objects) : { ok: false, problem }
}

/** An object, and the line of the text where its document begins. */
export interface PlacedObject {
  readonly object: RenderedObject
  readonly line: number
}

/** The objects of a text up to its first problem. */
export interface TextReading {
  readonly objects: readonly PlacedObject[]
  readonly problem: RenderProblem | undefined
  readonly lexemes: number
  /** The documents that are passed over because they are no objects. */
  readonly nameless: readonly NamelessDocument[]
}

/** A document that is no object, and why. */
export interface NamelessDocument {
  readonly piece: Piece
  readonly problem: RenderProblem
}

interface TextLimits extends PieceLimits {
  /** Whether a document that is no object is passed over. */
  readonly leavesNameless?: boolean
}

/** Reads the objects of a text. */
export function readText(text: string, limits: TextLimits): TextReading {
  const { budget } = limits
  const objects: PlacedObject[] = []
  const nameless: NamelessDocument[] = []
  let lexemes = 0
  for (const piece of splitPieces(text)) {
    const read = readAsApplied(piece, { ...limits, budget: budget - lexemes })
    lexemes += read.lexemes
    const isTooLarge = lexemes > budget
    const { problem, ...inPiece } = isTooLarge ? tooLarge(piece) : objectsOf(piece, read)
    objects.push(...inPiece.objects)
    // What stands in one piece with it could not be told apart in the text.
    const isPassed = limits.leavesNameless === true && problem?.code === 'not-an-object' && read.parts.length === 1
    if (isPassed) nameless.push({ piece, problem })
    else if (problem !== undefined) return { objects, problem, lexemes, nameless }
  }
  return { objects, problem: undefined, lexemes, nameless }
}

type ObjectsOfPiece = Pick<TextReading, 'objects' | 'problem'>

function tooLarge({ line }: Piece): ObjectsOfPiece {
  return { objects: [], problem: { code: 'too-large', line } }
}

/** The objects of a piece up to its first problem. */
function objectsOf(piece: Piece, { parts }: ReadPiece): ObjectsOfPiece {
  const objects: PlacedObject[] = []
  for (const part of parts) {
    const line = part.line + piece.line - 1
    const found = 'code' in part ? undefined : objectsIn(part.data)
    if (found === undefined) return { objects, problem: { code: 'code' in part ? part.code : 'not-an-object', line } }
    const abridged = 'abridged' in part ? { abridged: part.abridged } : {}
    for (const object of found) objects.push({ object: { ...object, ...abridged }, line })
  }
  return { objects, problem: undefined }
}

/** Objects as applying them in order leaves them. */
export function withDuplicates(found: readonly PlacedObject[]): ParsedRender {
  const objects = new Map<string, RenderedObject>()
  const duplicates: DuplicateObject[] = []
  for (const { object: named, line } of found) {
    const object = numbered(objects, named)
    const key = identityKey(object)
    if (objects.has(key)) duplicates.push({ code: 'duplicate', line, identity: identityOf(object) })
    objects.set(key, object)
  }
  return { ok: true, objects: [...objects.values()], duplicates }
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

/** The object with all that its document says. */
export function wholeObject(object: RenderedObject): RenderedObject {
  const { abridged, ...rest } = object
  const data = abridged && wholeDefinition(abridged)
  return data === undefined ? object : { ...rest, data }
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
