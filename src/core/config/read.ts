import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { readData } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { analysisProblems, type RuleProblem } from './analysis.ts'
import { Config } from './schema.ts'

export const CONFIG_FILE = '.github/canary.yml'

export type ConfigProblem = Location & { readonly path: string; readonly message: string }

/** A thousand services with all that can be said of each are half of it. Reading it takes a second or two. */
const MAX_LENGTH = 1024 * 1024
/** Nobody reads more at once, and each line is looked for. */
const MAX_PROBLEMS = 50

/** Reads the config's text, or the default config where the file does not exist. Many problems at once, each with its line. */
export function readConfig(text: string | undefined): Result<Config, readonly ConfigProblem[]> {
  if (text === undefined) return ok(Config.parse({}))
  if (text.length > MAX_LENGTH)
    return err([{ file: CONFIG_FILE, line: 1, path: '', message: 'the file is longer than 1 MiB' }])
  const lines = new LineCounter()
  const problemAt = (offset: number, message: string): ConfigProblem => {
    return { file: CONFIG_FILE, line: lines.linePos(offset).line, path: '', message }
  }
  const document = configDocument(text, lines)
  if (document.errors.length > 0)
    return err(document.errors.slice(0, MAX_PROBLEMS).map(({ pos, message }) => problemAt(pos[0], message)))
  const data = readData(document.contents)
  if (!data.ok) return err([problemAt(data.at, data.detail === '' ? 'too many aliases' : data.detail)])
  const parsed = Config.safeParse(data.value ?? {})
  const found = parsed.success ? crossFieldProblems(parsed.data) : parsed.error.issues.map(ruleProblem)
  if (parsed.success && found.length === 0) return ok(parsed.data)
  return err(
    found.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
      return { file: CONFIG_FILE, line: lineOf(document, lines, path), path: path.join('.'), message }
    }),
  )
}

/** Keys that are there twice are left to `readData`: `yaml` looks through all earlier ones for each key. */
export function configDocument(text: string, lineCounter = new LineCounter()): Document {
  return parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error', uniqueKeys: false })
}

function ruleProblem(issue: z.core.$ZodIssue): RuleProblem {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  return { path: [...issue.path, ...extra].filter((key) => typeof key !== 'symbol'), message: issue.message }
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range !== undefined && node.range !== null) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** The rules that no single key can check. */
function crossFieldProblems(config: Config): readonly RuleProblem[] {
  const environments = config.environments ?? {}
  const orders = Object.entries(environments).flatMap(([name, { after }]) =>
    after === undefined || Object.hasOwn(environments, after)
      ? []
      : [{ path: ['environments', name, 'after'], message: `names ${after}, which is no environment of this file` }],
  )
  const analyses = Object.entries(config.services).flatMap(([name, { analysis, bake }]) => {
    const found = analysis === undefined ? [] : analysisProblems(analysis, bake)
    return found.map(({ path, message }) => ({ path: ['services', name, ...path], message }))
  })
  return [...orders, ...analyses]
}

/** Where a key of the config stands, for words about what it asks for. */
export function placeOfKey(text: string | undefined, key: string): Location {
  const lines = (text ?? '').split('\n')
  const index = lines.findIndex((line) => new RegExp(`(?:^|[{,\\s])["']?${RegExp.escape(key)}["']?\\s*:`).test(line))
  return { file: CONFIG_FILE, line: Math.max(index, 0) + 1 }
}
