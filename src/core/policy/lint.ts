/** Which files yamllint looks at, and which tell it how. */
import { parse } from 'yaml'
import { isMapping, toData } from '../diff/objects.ts'

/** Where yamllint looks for its configuration, at the top of a repository. */
const SETTINGS = ['.yamllint', '.yamllint.yaml', '.yamllint.yml']

/** The configuration's files, as far as they are known from those that have been read: it may name files to ignore by. */
export function lintSettingsIn(known: ReadonlyMap<string, string>): readonly string[] {
  return [...SETTINGS, ...SETTINGS.flatMap((path) => ignoreFiles(known.get(path) ?? ''))]
}

/** `ignore-from-file: .gitignore`, or several. yamllint ends with an error where one is not there. */
function ignoreFiles(text: string): readonly string[] {
  if (!text.includes('ignore-from-file')) return []
  try {
    const data = toData(parse(text, { logLevel: 'silent' }))
    const named = isMapping(data) ? data['ignore-from-file'] : undefined
    const paths = typeof named === 'string' ? [named] : Array.isArray(named) ? named : []
    return paths.filter((path) => typeof path === 'string' && !path.startsWith('/') && !path.includes('..'))
  } catch {
    // yamllint says what is wrong with it.
    return []
  }
}

export function isLinted(path: string): boolean {
  return /\.ya?ml$/i.test(path) && !SETTINGS.includes(path)
}
