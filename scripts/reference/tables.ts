import { COMMAND_NAMES, COMMANDS, usageOf } from '../../src/core/command/commands.ts'
import { configJsonSchema } from '../../src/core/config/json-schema.ts'
import * as z from 'zod'
import { FINDING_CODES, FINDINGS } from '../../src/core/finding/catalogue.ts'
import { EnvironmentVariables } from '../../src/entry/environment-variables.ts'
import { FAMILIES, type Family } from '../../src/core/watch/families.ts'
import { type ConfigKey, keysOf } from './keys.ts'

/** Every command of comments, in the order of the help. */
export function commandsTable(): string {
  return table(
    ['Command', 'Does', 'Needs'],
    COMMAND_NAMES.map((name) => [code(usageOf(name)), COMMANDS[name].does, COMMANDS[name].needs]),
  )
}

/** Every environment variable of the service. */
export function variablesTable(): string {
  return table(
    ['Variable', 'Default', 'Meaning'],
    Object.entries(EnvironmentVariables.shape).map(([name, schema]) => [
      code(name),
      schema instanceof z.ZodDefault ? code(String(schema.def.defaultValue)) : '–',
      schema.description ?? '',
    ]),
  )
}

/** Every finding, with its worst grade. */
export function findingsTable(): string {
  return table(
    ['Code', 'At worst', 'What it means', 'What to do', 'Source'],
    FINDING_CODES.map((name) => {
      const { worst, meaning, advice, sources } = FINDINGS[name]
      return [
        code(name),
        worst,
        meaning,
        advice,
        sources.map(([title, address]) => `[${title}](${address})`).join(' · '),
      ]
    }),
  )
}

/** Every key of `.github/canary.yml`: a heading for each top-level key, and a table of the keys below it. */
export function configKeys(): string {
  const keys = keysOf(configJsonSchema())
  const tops = keys.filter(({ path }) => path.length === 1)
  return tops.map((top) => section(top, below(top, keys))).join('\n\n')
}

function below(top: ConfigKey, keys: readonly ConfigKey[]): readonly ConfigKey[] {
  return keys.filter(({ path, description }) => path[0] === top.path[0] && path.length > 1 && description !== '')
}

function section(top: ConfigKey, keys: readonly ConfigKey[]): string {
  const lead = [
    top.description,
    ...(top.fallback === undefined || keys.length > 0 ? [] : [`Default: ${code(top.fallback)}.`]),
  ]
  const values = top.values.length === 0 ? [] : [`One of ${top.values.map(code).join(', ')}.`]
  const rows = keys.map(({ path, type, values: known, fallback, description }) => [
    code(path.slice(1).join('.').replaceAll('.[]', '[]')),
    known.length === 0 ? type : known.map(code).join(', '),
    fallback === undefined ? '–' : code(fallback),
    description,
  ])
  return [
    `### ${code(top.path.join('.'))}`,
    [...lead, ...values].join(' '),
    ...(rows.length === 0 ? [] : [table(['Key', 'Value', 'Default', 'What it does'], rows)]),
  ].join('\n\n')
}

/** Every metric of `/metrics`. */
export function metricsTable(): string {
  const families: readonly (readonly [string, Family])[] = Object.entries(FAMILIES)
  return table(
    ['Metric', 'Type', 'Labels', 'What it is'],
    families.map(([name, { type, labels, help }]) => [
      code(name),
      type,
      labels.length === 0 ? '–' : labels.map(code).join(', '),
      help,
    ]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
