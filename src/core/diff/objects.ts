/** Rendered manifests as plain data. */
import { type Abridged, wholeDefinition } from '../manifest/definition.ts'
import { deployedTo, groupOf, identityKey, identityOf, type ObjectIdentity } from '../manifest/identity.ts'
import { isRecord, type JsonValue, textOf } from '../manifest/data.ts'
import { type Piece, splitPieces } from '../manifest/pieces.ts'
import {
  type KnownDocuments,
  type LenientReading,
  type PieceLimits,
  type ReadPiece,
  readAsApplied,
} from './reading/piece.ts'

/** An object of a render. Its namespace is the one that it has in the cluster, even if its data names none. */
export interface RenderedObject extends ObjectIdentity {
  readonly data: { readonly [key: string]: JsonValue }
  /** Set if the schemas of a large definition are kept as text. `wholeObject` parses them. */
  readonly abridged?: Abridged
}

/** Contains no part of the text, which may belong to a Secret. */
export type RenderProblem =
  | { readonly code: 'unparsable' | 'too-large'; readonly line: number }
  /** Neither an object nor a list of objects: `apiVersion`, `kind` or name is missing. */
  | { readonly code: 'not-an-object'; readonly line: number }
  | DuplicateObject

/** An object that appears a second time, and the line where it begins again. */
export interface DuplicateObject {
  readonly code: 'duplicate'
  readonly line: number
  readonly identity: ObjectIdentity
}

export type ParsedRender =
  | {
      readonly ok: true
      /** Each object once. If there are duplicates, the last one counts, because that is the result of applying them in order. */
      readonly objects: readonly RenderedObject[]
      readonly duplicates: readonly DuplicateObject[]
    }
  | { readonly ok: false; readonly problem: RenderProblem }

interface RenderReading {
  /** Set if objects that do not affect traffic are read the way that Argo CD and kubectl read them. */
  readonly lenient?: LenientReading | undefined
  /** Where the deployer puts objects that name no namespace. */
  readonly namespace?: string | undefined
}

const MAX_LENGTH = 20 * 1024 * 1024
/**
 * The time to parse grows with the number of tokens: about five seconds for this many. That is 7 MiB of rules, or more if texts
 * are long.
 */
export const MAX_LEXEMES = 3_000_000

/**
 * Parses the rendered output of an environment: a stream of objects and of lists of objects. Parsing ends at the first problem. A
 * duplicate object is not a problem, because not every deployer refuses it. `known` caches documents, so that those shared by two
 * renders are parsed once.
 */
export function parseRendered(
  yaml: string,
  known: KnownDocuments = new Map(),
  { lenient, namespace }: RenderReading = {},
): ParsedRender {
  if (yaml.length > MAX_LENGTH) return { ok: false, problem: { code: 'too-large', line: 1 } }
  const { objects, problem } = readText(yaml, { budget: MAX_LEXEMES, known, lenient })
  return problem === undefined ? withDuplicates(objects, namespace) : { ok: false, problem }
}

/** An object, and the line of the text where its document begins. */
export interface PlacedObject {
  readonly object: RenderedObject
  readonly line: number
}

/** The objects in a text up to its first problem. */
export interface TextReading {
  readonly objects: readonly PlacedObject[]
  readonly problem: RenderProblem | undefined
  readonly lexemes: number
  /** Documents that are skipped because they are not objects. */
  readonly nameless: readonly NamelessDocument[]
}

/** A document that is not an object, and why. */
export interface NamelessDocument {
  readonly piece: Piece
  readonly problem: RenderProblem
}

interface TextLimits extends PieceLimits {
  /** Whether to skip documents that are not objects. */
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
    // If the piece contains other documents too, they could not be separated in the text.
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

/** Objects as applying them in order leaves them. `namespace`: where their deployer puts those that name none. */
export function withDuplicates(found: readonly PlacedObject[], namespace: string | undefined): ParsedRender {
  const objects = new Map<string, RenderedObject>()
  const duplicates: DuplicateObject[] = []
  for (const { object: named, line } of found) {
    const object = numbered(objects, deployedTo(namespace, named))
    const key = identityKey(object)
    if (objects.has(key)) duplicates.push({ code: 'duplicate', line, identity: identityOf(object) })
    objects.set(key, object)
  }
  return { ok: true, objects: [...objects.values()], duplicates }
}

/** The cluster gives each object with `generateName` a new name, so two of them are not duplicates. */
function numbered(objects: ReadonlyMap<string, RenderedObject>, object: RenderedObject): RenderedObject {
  if (!object.name.endsWith(GENERATED)) return object
  let numberedObject = object
  for (let count = 2; objects.has(identityKey(numberedObject)); count += 1)
    numberedObject = { ...object, name: `${object.name}${count}` }
  return numberedObject
}

/** Stands for the characters that the cluster appends to `generateName`. No object's name can contain it. */
const GENERATED = '*'

/** Compares by code units, so that the result is the same on every machine and in every language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** The object with all contents of its document. */
export function wholeObject(object: RenderedObject): RenderedObject {
  const { abridged, ...rest } = object
  const data = abridged && wholeDefinition(abridged)
  return data === undefined ? object : { ...rest, data }
}

/**
 * The objects of a document: none if it is empty, one object, or the items of a nameless list; undefined if it is anything else.
 */
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
  // The cluster names it (Argo CD's hooks).
  const given = name === '' && typeof generateName === 'string' ? `${generateName}${GENERATED}` : name
  if (given === '') return undefined
  return {
    group: groupOf(apiVersion),
    kind,
    namespace: textOf(namespace) ?? '',
    name: given,
    data,
  }
}
