/** The files of an environment without kustomize, as one stream of objects. */
import type { Texts } from '../../environment/closure.ts'
import { configuresTool, streamText, renderPlain } from '../../environment/plain.ts'
import { mentionsTraffic } from '../../environment/traffic-text.ts'
import type { Location } from '../../manifest/parse.ts'
import { breaksIn } from '../../manifest/pieces.ts'
import type { KnownDocuments, LenientReading } from './piece.ts'
import {
  type NamelessDocument,
  type ParsedRender,
  type PlacedObject,
  type RenderProblem,
  type TextReading,
  readText,
  MAX_LEXEMES,
  withDuplicates,
} from '../objects.ts'

/**
 * A file that is not part of a render because it cannot be read as objects, or a file of which only some documents are missing.
 */
export interface LeftOutFile extends Location {
  /** The text that is left out. */
  readonly text: string
  readonly problem: RenderProblem
  /** Whether the whole file is left out. */
  readonly isWhole: boolean
}

/** The objects in the files of an environment without kustomize. */
export interface PlainRender {
  readonly yaml: string
  readonly parsed: ParsedRender
  readonly leftOut: readonly LeftOutFile[]
}

/**
 * Which unreadable files are left out. `quiet`: files that do not affect traffic, so that they do not hide the others. `all`:
 * every unreadable file, if a change is only compared with the rest.
 */
export type LeavesOut = 'quiet' | 'all'

interface PlainReading extends LenientReading {
  readonly documents: KnownDocuments
  readonly leavesOut?: LeavesOut | undefined
  /** Where the deployer puts objects that name no namespace. */
  readonly namespace?: string | undefined
  /**
   * The folder is deployed by nothing. Then every unreadable file is left out, because people apply such files one by one. Each
   * document without a name is left out too, whatever its kind, because nobody can apply it. kubectl would apply the other
   * documents of its file.
   */
  readonly isLoose: boolean
}

/**
 * Reads the files of a folder as one stream of objects, each file by itself. The caller decides whether a change broke a file.
 */
export function readPlain(
  files: readonly string[],
  texts: Texts,
  { documents, secrets, leavesOut = 'quiet', isLoose, namespace }: PlainReading,
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
    const without = leftOutOf({ file, text, read, leavesOut, isLoose })
    if (without !== undefined) leftOut.push(without)
    if (without?.isWhole === true) continue
    const start = line - 1
    if (read.problem !== undefined) first ??= { ...read.problem, line: start + read.problem.line }
    for (const one of read.objects) found.push({ ...one, line: start + one.line })
    kept.set(file, withoutPieces(text, read.nameless))
    line += breaksIn(text) + 1
    if (left < 0) break
  }
  const parsed = first === undefined ? withDuplicates(found, namespace) : { ok: false as const, problem: first }
  return { yaml: renderPlain([...kept.keys()], kept), parsed, leftOut }
}

interface FileReading extends Pick<LeftOutFile, 'file' | 'text'>, Pick<PlainReading, 'isLoose'> {
  readonly read: TextReading
  readonly leavesOut: LeavesOut
}

/** The settings of a function that `kustomize fn run` runs. They need no name, and nobody applies them. */
const KUSTOMIZE_FUNCTION = /^\s+["']?config\.(?:kubernetes|k8s)\.io\/function["']?:/m

/** What is left out of a file; undefined if nothing is. */
function leftOutOf({ file, text, read, leavesOut, isLoose }: FileReading): LeftOutFile | undefined {
  const { objects, problem } = read
  const nameless = read.nameless.filter(
    ({ piece: { text: own } }) => !KUSTOMIZE_FUNCTION.test(own) && !configuresTool(own),
  )
  const isWhole = problem === undefined ? objects.length === 0 : isLeftOut(problem, text, isLoose ? 'all' : leavesOut)
  const why = (isWhole ? problem : undefined) ?? nameless[0]?.problem
  if (why === undefined) return undefined
  const without = isWhole ? text : nameless.map(({ piece }) => piece.text).join('')
  return { file, line: Math.min(why.line, breaksIn(text)), text: without, problem: why, isWhole }
}

/** The text with some documents emptied, so that all lines keep their numbers. */
function withoutPieces(text: string, nameless: readonly NamelessDocument[]): string {
  return nameless.reduceRight((rest, { piece }) => {
    const marker = piece.text.startsWith('---') ? '---' : ''
    const blank = `${marker}${piece.text.replace(/[^\r\n]/g, '')}`
    return rest.slice(0, piece.start) + blank + rest.slice(piece.start + piece.text.length)
  }, text)
}

function isLeftOut({ code }: RenderProblem, text: string, leavesOut: LeavesOut): boolean {
  if (code !== 'unparsable' && code !== 'not-an-object') return false
  return leavesOut === 'all' || !mentionsTraffic(text)
}
