import { isNode, LineCounter, parseDocument } from 'yaml'
import { type Place, plain } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { analysisProblems, type RuleProblem } from './analysis.ts'
import { Config } from './schema.ts'

export const CONFIG_FILE = '.github/canary.yml'

export type ConfigProblem = Place & { readonly path: string; readonly message: string }

/** Reads the config's text, or the default config where the file does not exist. All problems at once, each with its line. */
export function readConfig(text: string | undefined): Result<Config, readonly ConfigProblem[]> {
  if (text === undefined) return ok(Config.parse({}))
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  if (document.errors.length > 0) {
    return err(
      document.errors.map((error) => ({
        file: CONFIG_FILE,
        line: lines.linePos(error.pos[0]).line,
        path: '',
        message: error.message,
      })),
    )
  }
  const data = plain(document)
  if (data === undefined) return err([{ file: CONFIG_FILE, line: 1, path: '', message: 'too many aliases' }])
  const parsed = Config.safeParse(data.value ?? {})
  if (!parsed.success) {
    return err(
      parsed.error.issues.map((issue) => {
        const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
        const path = [...issue.path, ...extra].filter((key) => typeof key !== 'symbol')
        return { file: CONFIG_FILE, line: lineOf(path), path: path.join('.'), message: issue.message }
      }),
    )
  }
  const problems = crossFieldProblems(parsed.data).map(({ path, message }) => {
    return { file: CONFIG_FILE, line: lineOf(path), path: path.join('.'), message }
  })
  return problems.length > 0 ? err(problems) : ok(parsed.data)

  function lineOf(path: readonly (string | number)[]): number {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range !== undefined && node.range !== null) return lines.linePos(node.range[0]).line
    }
    return 1
  }
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
export function placeOfKey(text: string | undefined, key: string): Place {
  const lines = (text ?? '').split('\n')
  const index = lines.findIndex((line) => new RegExp(`(?:^|[{,\\s])["']?${RegExp.escape(key)}["']?\\s*:`).test(line))
  return { file: CONFIG_FILE, line: Math.max(index, 0) + 1 }
}
