/** The files that yamllint checks, and the files of its configuration. */
import { isRecord, recordOf } from '../manifest/data.ts'
import { isYaml, join } from '../environment/tree.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'

/** Where yamllint looks for its configuration, at the top of a repository. */
const SETTINGS = ['.yamllint', '.yamllint.yaml', '.yamllint.yml']

/** Settings that come with yamllint. */
const BUILT_IN = new Set(['default', 'relaxed'])

/** A reference in a configuration file: to a file that it extends, or to one with ignore patterns. */
interface Reference {
  readonly file: string
  readonly path: string
}

/** The configuration files that are known so far. Each file may refer to others. */
export function lintSettingsIn(known: ReadonlyMap<string, string>): readonly string[] {
  return [...SETTINGS, ...referencesIn(known).flatMap(({ path }) => inRepository(path) ?? [])]
}

/** Files that the configuration refers to but the base branch does not have. They would come from a pull request or the machine. */
export function missingSettings(settings: ReadonlyMap<string, string>): readonly Reference[] {
  return referencesIn(settings).filter(({ path }) => !settings.has(inRepository(path) ?? ''))
}

function referencesIn(files: ReadonlyMap<string, string>): readonly Reference[] {
  return [...files].flatMap(([file, text]) => referencesOf(text).map((path) => ({ file, path })))
}

/** `extends: relaxed`, or a file; `ignore-from-file: .gitignore`, or several. */
function referencesOf(text: string): readonly string[] {
  if (!/extends|ignore-from-file/.test(text)) return []
  // An ignore file is not YAML. For every other file that cannot be read, yamllint itself says why.
  const read = readOneDocument(text, { repeats: 'any' })
  const data = read.ok ? read.value?.data : undefined
  if (!isRecord(data)) return []
  const { extends: extended, rules } = data
  const ignoring = [data, ...Object.values(recordOf(rules)).filter((rule) => isRecord(rule))]
  const named = [
    ...(typeof extended === 'string' && !BUILT_IN.has(extended) ? [extended] : []),
    ...ignoring.flatMap((from) => from['ignore-from-file'] ?? []),
  ]
  return named.filter((path) => typeof path === 'string')
}

/** The path in Git. Undefined if it leads out of the repository. */
function inRepository(path: string): string | undefined {
  return path.startsWith('/') ? undefined : join('', path)
}

/**
 * The text with its directives for yamllint (`# yamllint disable`) disabled, at the same length. The base branch decides what is
 * checked, not the checked file.
 */
export function withoutDirectives(text: string): string {
  return text.replaceAll(/(#\s*)yamllint(?=\s)/gi, '$1yamllin_')
}

export function isLinted(path: string): boolean {
  return isYaml(path) && !SETTINGS.includes(path)
}
