/** Arguments of a template: `{{args.name}}` in any of its texts. */
import { isRecord, listOf, recordOf, textOf } from '../../manifest/data.ts'
import { err, ok, type Result } from '../../result.ts'
import type { SpecProblem } from '../template-problem.ts'

/** The variables that argument values in the config may use. Their values come from the rollout's files, or are undefined. */
export const ARGUMENT_VARIABLES = ['service', 'namespace', 'environment', 'canary', 'stable', 'version'] as const
type ArgumentVariable = (typeof ARGUMENT_VARIABLES)[number]
export type ArgumentValues = Readonly<Record<ArgumentVariable, string | undefined>>

/**
 * Names of Kubernetes objects, subsets and versions. Other values could end the string in a query that contains them, and an empty
 * one would select everything without that label.
 */
const PLAIN_VALUE = /^[\w.:/-]+$/

export interface GivenArguments {
  /** The arguments in the config, by name. */
  readonly args: Readonly<Record<string, string>>
  readonly values: ArgumentValues
}

type Arguments = ReadonlyMap<string, string>

/** The value of each argument that a template lists: from the config, or else from the template. */
export function resolveArguments(listed: unknown, given: GivenArguments): Result<Arguments, readonly SpecProblem[]> {
  if (listed !== undefined && listed !== null && !Array.isArray(listed))
    return err([{ code: 'invalid', place: 'args', wanted: 'a list' }])
  const found = new Map<string, string>()
  const problems: SpecProblem[] = []
  const names = new Set<string>()
  for (const [index, item] of listOf(listed).entries()) {
    const name = textOf(recordOf(item)['name'])
    if (!isRecord(item) || name === undefined) {
      problems.push({ code: 'invalid', place: `args[${index}].name`, wanted: 'a text' })
      continue
    }
    names.add(name)
    const value = valueOf(item, { name, place: `args[${index}]` }, given)
    if (value.ok) found.set(name, value.value)
    else problems.push(value.error)
  }
  const unknown = Object.keys(given.args).filter((name) => !names.has(name))
  problems.push(...unknown.map((name) => ({ code: 'argument-unknown', name, known: [...names] }) as const))
  return problems.length === 0 ? ok(found) : err(problems)
}

function valueOf(
  item: Readonly<Record<string, unknown>>,
  { name, place }: { readonly name: string; readonly place: string },
  { args, values }: GivenArguments,
): Result<string, SpecProblem> {
  const own = Object.hasOwn(args, name) ? args[name] : undefined
  if (own !== undefined) return withVariables(own, name, values)
  const { value, valueFrom } = item
  if (typeof value === 'string') return ok(value)
  if (value !== undefined && value !== null) return err({ code: 'invalid', place: `${place}.value`, wanted: 'a text' })
  const [source] = Object.keys(recordOf(valueFrom))
  return err(source === undefined ? { code: 'argument-missing', name } : { code: 'argument-source', name, source })
}

const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g

function withVariables(text: string, name: string, values: ArgumentValues): Result<string, SpecProblem> {
  let wrong: string | undefined
  const filled = text.replaceAll(VARIABLE, (_, variable: string) => {
    const known = ARGUMENT_VARIABLES.find((one) => one === variable)
    const value = known && values[known]
    if (value !== undefined && PLAIN_VALUE.test(value)) return value
    wrong ??= variable
    return ''
  })
  return wrong === undefined ? ok(filled) : err({ code: 'argument-variable', name, variable: wrong })
}

/**
 * Data with its arguments filled in like in Argo Rollouts: in every string of a metric, from `{{` to the next `}}`. `place`: the
 * field that has the data.
 */
export function withArguments(data: unknown, args: Arguments, place: string): Result<unknown, readonly SpecProblem[]> {
  const problems: SpecProblem[] = []
  const fill = (value: unknown, at: string): unknown => {
    if (typeof value === 'string')
      return fillText(value, args, (what) => problems.push({ code: 'unresolved', place: at, what }))
    if (Array.isArray(value)) return value.map((item, index) => fill(item, `${at}[${index}]`))
    if (!isRecord(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, `${at}.${key}`)]))
  }
  const filled = fill(data, place)
  return problems.length === 0 ? ok(filled) : err(problems)
}

function fillText(text: string, args: Arguments, complain: (what: string) => void): string {
  let filled = ''
  let place = 0
  for (;;) {
    const begin = text.indexOf('{{', place)
    if (begin === -1) return filled + text.slice(place)
    const end = text.indexOf('}}', begin + 2)
    const tag = text.slice(begin + 2, end === -1 ? undefined : end).trim()
    const value = end !== -1 && tag.startsWith('args.') ? args.get(tag.slice('args.'.length)) : undefined
    if (value === undefined) complain(tag)
    if (end === -1) return filled
    filled += text.slice(place, begin) + (value ?? '')
    place = end + 2
  }
}
