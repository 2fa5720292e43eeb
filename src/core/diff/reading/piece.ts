/** Documents of a render, read piece by piece: strictly, or as they are applied. */
import type { Known } from '../../environment/file-cache.ts'
import { kindWords } from '../secret-texts.ts'
import { mentionsTraffic } from '../../environment/traffic-text.ts'
import { type Abridged, readDefinition } from '../../manifest/definition.ts'
import { readDocuments } from '../../manifest/yaml/documents.ts'
import type { RepeatedKeys } from '../../manifest/yaml/read-data.ts'
import type { JsonValue } from '../../manifest/data.ts'
import { breaksIn, type Piece } from '../../manifest/pieces.ts'

/** Reads what says nothing about traffic as Argo CD and kubectl do. */
export interface LenientReading {
  /** Kinds that contain secrets, according to the config. They are read strictly. */
  readonly secrets: readonly string[]
}

/** How a piece is read, and how much of it. */
export interface PieceLimits {
  /** In tokens of YAML. */
  readonly budget: number
  readonly known: KnownDocuments
  /**
   * Set if the text is applied as it is written. Then objects that do not affect traffic are read the way that Argo CD and
   * kubectl read them.
   */
  readonly lenient?: LenientReading | undefined
}

/** Reads a piece strictly. If that finds something broken, the piece is read as it is applied, where the limits allow it. */
export function readAsApplied({ text }: Piece, { budget, known, lenient }: PieceLimits): ReadPiece {
  const strict = readPiece(text, budget, known)
  if (lenient === undefined) return strict
  const read = asApplied(text, strict, { budget: budget - strict.lexemes, ...lenient })
  return read === strict ? strict : { ...read, lexemes: strict.lexemes + read.lexemes }
}

interface Part {
  readonly data: JsonValue
  readonly line: number
  readonly abridged?: Abridged
}

type UnreadableDocument = { readonly code: 'unparsable'; readonly line: number }

/** The documents of a piece up to the first that cannot be read. */
export interface ReadPiece {
  readonly parts: readonly (Part | UnreadableDocument)[]
  readonly lexemes: number
}

/** Parsed documents, by their text. Two renders share most documents. */
export type KnownDocuments = Known<ReadPiece>

function readPiece(text: Piece['text'], budget: number, known: KnownDocuments): ReadPiece {
  const piece = known.get(text) ?? partsOf(text, budget)
  // A piece that was not read to its end is not cached, because another budget may be enough for it.
  if (piece.lexemes <= budget) known.set(text, piece)
  return piece
}

/**
 * If a key is there twice, Argo CD and kubectl use the last one (`Unmarshal` of sigs.k8s.io/yaml is not strict), and such files are in
 * use. A Secret is still refused, and so are kinds that the config lists as secret: Perch would not know the first value, and
 * could not hide it.
 */
function asApplied(
  text: string,
  strict: ReadPiece,
  { budget, secrets }: LenientReading & Pick<PieceLimits, 'budget'>,
): ReadPiece {
  const isBroken = strict.parts.some((part) => 'code' in part)
  if (!isBroken || budget <= 0 || mentionsTraffic(text) || mayHoldSecrets(text, secrets)) return strict
  const read = partsOf(text, budget, 'any')
  return read.parts.some((part) => 'code' in part) ? strict : read
}

function mayHoldSecrets(text: string, kinds: readonly string[]): boolean {
  const lower = text.toLowerCase()
  return SECRET.test(text) || kindWords(kinds).some((name) => lower.includes(name))
}

const SECRET = /kind["']?\s*:\s*["']?\w*secret/i

/** Line numbers are those of the piece. */
function partsOf(text: string, budget: number, repeats: RepeatedKeys = 'harmless'): ReadPiece {
  const definition = readDefinition(text, budget)
  if (definition !== undefined) return { parts: [definition], lexemes: definition.lexemes }
  const read = readDocuments(text, { budget, repeats })
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
