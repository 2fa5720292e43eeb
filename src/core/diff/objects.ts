/** Rendered manifests as plain data. */
import type { Texts } from '../environment/closure.ts'
import type { Known } from '../environment/file-cache.ts'
import { streamText, renderPlain } from '../environment/plain.ts'
import { mentionsTraffic } from '../environment/traffic-text.ts'
import { type Abridged, readDefinition, wholeDefinition } from '../manifest/definition.ts'
import { readDocuments } from '../manifest/yaml/documents.ts'
import { groupOf, identityKey, identityOf, type ObjectIdentity } from '../manifest/identity.ts'
import { isRecord, type JsonValue } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { breaksIn, type Piece, splitPieces } from '../manifest/pieces.ts'

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
const MAX_LEXEMES = 3_000_000

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

export interface LenientReading {
  /** The kinds that the config says hold secrets. They are read strictly. */
  readonly secrets: readonly string[]
}

/** A file that is no part of a render, because it cannot be read as objects; or one that is there without some of its documents. */
export interface LeftOutFile extends Location {
  /** What is left out of it. */
  readonly text: string
  readonly problem: RenderProblem
  /** Whether nothing of the file is in the render. */
  readonly isWhole: boolean
}

/** What the files of an environment without kustomize hold. */
export interface PlainRender {
  readonly yaml: string
  readonly parsed: ParsedRender
  readonly leftOut: readonly LeftOutFile[]
}

/**
 * Which files are left out if they cannot be read: `quiet` ones, which say nothing about traffic, so that they do not hide the others; `all`
 * where the rest is only what a change is compared with.
 */
export type LeavesOut = 'quiet' | 'all'

interface PlainReading extends LenientReading {
  readonly documents: KnownDocuments
  readonly leavesOut?: LeavesOut | undefined
  /**
   * Of a folder that nothing deploys. There each document without a name is left out too, whatever it is about, because nobody can
   * apply it. kubectl applies the others of its file.
   */
  readonly isLoose: boolean
}

/** Reads the files of a folder as one stream of objects, each file by itself. Whether a change broke one is for the caller to say. */
export function readPlain(
  files: readonly string[],
  texts: Texts,
  { documents, secrets, leavesOut = 'quiet', isLoose }: PlainReading,
): PlainRender {
  const leftOut: LeftOutFile[] = []
  const kept = new Map<string, string>()
  const found: PlacedObject[] = []
  let [line, left] = [1, MAX_LEXEMES]
  let first: RenderProblem | undefined
  for (const file of files) {
    const text = streamText(texts.get(file) ?? '')
    const read = readText(text, { budget: left, known: documents, lenient: { secrets }, leavesNameless: isLoose })
    left -= read.lexemes
    const without = leftOutOf({ file, text, read, leavesOut })
    if (without !== undefined) leftOut.push(without)
    if (without?.isWhole === true) continue
    const start = line - 1
    if (read.problem !== undefined) first ??= { ...read.problem, line: start + read.problem.line }
    for (const one of read.objects) found.push({ ...one, line: start + one.line })
    kept.set(file, withoutPieces(text, read.nameless))
    line += breaksIn(text) + 1
    if (left < 0) break
  }
  const parsed = first === undefined ? withDuplicates(found) : { ok: false as const, problem: first }
  return { yaml: renderPlain([...kept.keys()], kept), parsed, leftOut }
}

interface FileReading extends Pick<LeftOutFile, 'file' | 'text'> {
  readonly read: TextReading
  readonly leavesOut: LeavesOut
}

/** What is left out of a file; undefined where it is nothing. */
function leftOutOf({ file, text, read, leavesOut }: FileReading): LeftOutFile | undefined {
  const { objects, problem, nameless } = read
  const isWhole = problem === undefined ? objects.length === 0 : isLeftOut(problem, text, leavesOut)
  const why = (isWhole ? problem : undefined) ?? nameless[0]?.problem
  if (why === undefined) return undefined
  const without = isWhole ? text : nameless.map(({ piece }) => piece.text).join('')
  return { file, line: Math.min(why.line, breaksIn(text)), text: without, problem: why, isWhole }
}

/** The text with empty documents in the places of some, so that all lines keep their numbers. */
function withoutPieces(text: string, nameless: readonly Nameless[]): string {
  return nameless.reduceRight((rest, { piece }) => {
    const marker = piece.text.startsWith('---') ? '---' : ''
    const blank = `${marker}${piece.text.replace(/[^\r\n]+/g, '')}`
    return rest.slice(0, piece.start) + blank + rest.slice(piece.start + piece.text.length)
  }, text)
}

function isLeftOut({ code }: RenderProblem, text: string, leavesOut: LeavesOut): boolean {
  if (code !== 'unparsable' && code !== 'not-an-object') return false
  return leavesOut === 'all' || !mentionsTraffic(text)
}

interface PlacedObject {
  readonly object: RenderedObject
  readonly line: number
}

/** The objects of a text up to its first problem. */
interface TextReading {
  readonly objects: readonly PlacedObject[]
  readonly problem: RenderProblem | undefined
  readonly lexemes: number
  /** The documents that are passed over because they are no objects. */
  readonly nameless: readonly Nameless[]
}

interface Nameless {
  readonly piece: Piece
  readonly problem: RenderProblem
}

interface TextLimits {
  readonly budget: number
  readonly known: KnownDocuments
  /** Set where it is applied as it is written: what says nothing about traffic is read as Argo CD and kubectl do. */
  readonly lenient?: LenientReading | undefined
  /** Whether a document that is no object is passed over. */
  readonly leavesNameless?: boolean
}

function readText(text: string, limits: TextLimits): TextReading {
  const { budget } = limits
  const objects: PlacedObject[] = []
  const nameless: Nameless[] = []
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

function readAsApplied({ text }: Piece, { budget, known, lenient }: TextLimits): ReadPiece {
  const strict = readPiece(text, budget, known)
  if (lenient === undefined) return strict
  const read = asApplied(text, strict, { budget: budget - strict.lexemes, ...lenient })
  return read === strict ? strict : { ...read, lexemes: strict.lexemes + read.lexemes }
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

function withDuplicates(found: readonly PlacedObject[]): ParsedRender {
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

interface Part {
  readonly data: JsonValue
  readonly line: number
  readonly abridged?: Abridged
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

/**
 * Argo CD and kubectl take the last of two equal keys (`Unmarshal` of sigs.k8s.io/yaml is not strict), and such files are in use. A Secret
 * stays refused, and so does what the config says holds secrets: Perch would not know of its first value, and could not hide it.
 */
function asApplied(
  text: string,
  strict: ReadPiece,
  { budget, secrets }: LenientReading & Pick<TextLimits, 'budget'>,
): ReadPiece {
  const isBroken = strict.parts.some((part) => 'code' in part)
  if (!isBroken || budget <= 0 || mentionsTraffic(text) || mayHoldSecrets(text, secrets)) return strict
  const read = partsOf(text, budget, true)
  return read.parts.some((part) => 'code' in part) ? strict : read
}

function mayHoldSecrets(text: string, kinds: readonly string[]): boolean {
  const lower = text.toLowerCase()
  const names = kinds.map((kind) => kind.slice(kind.lastIndexOf('/') + 1).toLowerCase())
  return SECRET.test(text) || names.some((name) => lower.includes(name))
}

const SECRET = /kind["']?\s*:\s*["']?\w*secret/i

/** Lines are those of the piece. */
function partsOf(text: string, budget: number, lastKeyWins = false): ReadPiece {
  const definition = readDefinition(text, budget)
  if (definition !== undefined) return { parts: [definition], lexemes: definition.lexemes }
  const read = readDocuments(text, { budget, lastKeyWins })
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
