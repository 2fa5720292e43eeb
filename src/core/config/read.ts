import type * as z from 'zod'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { recordOf, valueAt } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { analysisProblems, type RuleProblem } from './analysis.ts'
import { Config } from './schema.ts'
import { waveProblems } from './waves.ts'

export const CONFIG_FILE = '.github/canary.yml'

export type ConfigProblem = Location & { readonly path: string; readonly message: string }

/** A config, or the reasons why it is not valid. */
export type ConfigResult = Result<Config, readonly ConfigProblem[]>

/** In characters. A thousand services with every key need half of this. Reading it takes one to two seconds. */
const MAX_LENGTH = 1024 * 1024
/** Nobody reads more at once, and finding their lines takes time. */
const MAX_PROBLEMS = 50

/**
 * Reads the config's text. Gives the default config if the file does not exist. Reports up to `MAX_PROBLEMS` problems at once,
 * each with its line.
 */
export function readConfig(text: string | undefined): ConfigResult {
  if (text === undefined) return ok(Config.parse({}))
  if (text.length > MAX_LENGTH)
    return err([{ file: CONFIG_FILE, line: 1, path: '', message: 'the file is longer than 1 MiB' }])
  const read = readOneDocument(text)
  if (!read.ok) {
    const { line, detail } = read.error
    return err([{ file: CONFIG_FILE, line, path: '', message: detail === '' ? 'too many aliases' : detail }])
  }
  const document = read.value
  const parsed = Config.safeParse(document?.data ?? {})
  const found = parsed.success ? crossFieldProblems(parsed.data, document?.data) : parsed.error.issues.map(ruleProblem)
  if (parsed.success && found.length === 0) return ok(parsed.data)
  return err(
    found.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
      return { file: CONFIG_FILE, line: document?.line(path) ?? 1, path: path.join('.'), message }
    }),
  )
}

function ruleProblem(issue: z.core.$ZodIssue): RuleProblem {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  return { path: [...issue.path, ...extra].filter((key) => typeof key !== 'symbol'), message: issue.message }
}

/** The rules that concern more than one key. */
function crossFieldProblems(config: Config, written: unknown): readonly RuleProblem[] {
  const environments = config.environments ?? {}
  const orders = Object.entries(environments).flatMap(([name, { after }]) =>
    after === undefined || Object.hasOwn(environments, after)
      ? []
      : [
          {
            path: ['environments', name, 'after'],
            message: `names ${after}, which this file does not list as an environment`,
          },
        ],
  )
  const places = Object.entries(environments).flatMap(([name, { path, helm, deployer }]) => {
    const at = ['environments', name]
    if ((path === undefined) === (helm === undefined)) return [{ path: at, message: 'must have either path or helm' }]
    const isOdd = deployer !== undefined && path === undefined
    return isOdd
      ? [{ path: [...at, 'deployer'], message: 'needs path beside it: it names what deploys that path' }]
      : []
  })
  const analyses = Object.entries(config.services).flatMap(([name, { analysis, bake }]) => {
    const own = recordOf(valueAt(written, ['services', name, 'analysis']))
    const found = analysis === undefined ? [] : analysisProblems(analysis, { bakeMs: bake, written: own })
    return found.map(({ path, message }) => ({ path: ['services', name, ...path], message }))
  })
  return [...orders, ...places, ...analyses, ...waveProblems(config), ...sharedRouteProblems(config)]
}

/**
 * The service of a shared route becomes part of annotation names, which have at most 63 characters (Kubernetes, "Annotations").
 */
const ANNOTATION_PART = /^[A-Za-z0-9](?:[\w.-]{0,43}[A-Za-z0-9])?$/

/** If several services name rules of one route, no rule may be named twice. */
function sharedRouteProblems({ services }: Config): readonly RuleProblem[] {
  const named = Object.entries(services).flatMap(([name, { route }]) => {
    return route?.rules === undefined ? [] : [{ name, route, rules: route.rules }]
  })
  const groups = Map.groupBy(named, ({ route }) => JSON.stringify([route.kind, route.namespace, route.name]))
  return [...groups.values()].flatMap((group) => {
    if (group.length < 2) return []
    return group.flatMap(({ name, rules }, index): RuleProblem[] => {
      const earlier = group.slice(0, index)
      const other = earlier.find((one) => one.rules.some((rule) => rules.includes(rule)))
      const rule = rules.find((known) => other?.rules.includes(known))
      const twice = {
        path: ['services', name, 'route', 'rules'],
        message: `names rule ${rule}, as services.${other?.name} does: give each service rules of its own`,
      }
      const odd = {
        path: ['services', name],
        message: `shares a route with another service, so its name becomes part of an annotation: use at most 45 letters, digits, ".", "_" and "-", with a letter or digit at both ends`,
      }
      return [...(rule === undefined ? [] : [twice]), ...(ANNOTATION_PART.test(name) ? [] : [odd])]
    })
  })
}

/** The place of a key in the config, for messages about it. */
export function placeOfKey(text: string | undefined, key: string): Location {
  const lines = (text ?? '').split('\n')
  const index = lines.findIndex((line) => new RegExp(`(?:^|[{,\\s])["']?${RegExp.escape(key)}["']?\\s*:`).test(line))
  return { file: CONFIG_FILE, line: Math.max(index, 0) + 1 }
}
