/** Which files of a folder without a kustomization Argo CD takes (argo-cd, reposerver/repository: directory applications). */
import { recordOf, textOf } from '../manifest/data.ts'
import { matcher } from '../text/matcher.ts'

/** `directory` of an Application's source. */
export interface DirectoryOptions {
  readonly recurse: boolean
  /** Patterns for paths in the folder, '' for none. */
  readonly include: string
  readonly exclude: string
}

export function directoryOptions(written: unknown): DirectoryOptions {
  const { recurse, include, exclude } = recordOf(written)
  return { recurse: recurse === true, include: textOf(include) ?? '', exclude: textOf(exclude) ?? '' }
}

/** Whether a file is taken, by its path in the folder. */
export function takesFile({ recurse, include, exclude }: DirectoryOptions, path: string): boolean {
  if (!recurse && path.includes('/')) return false
  return !isLike(exclude, path, false) && isLike(include, path, true)
}

/** Nobody writes more. */
const MAX_PATTERNS = 50
const MAX_STARS = 6

/** `otherwise` where there is no pattern, or one with anything but `*` and `{a,b}`. */
function isLike(pattern: string, path: string, otherwise: boolean): boolean {
  if (pattern === '' || /[?[\]\\!]/.test(pattern) || pattern.split('*').length > MAX_STARS + 1) return otherwise
  const patterns = alternatives(pattern)
  return patterns.length > MAX_PATTERNS ? otherwise : patterns.some((one) => matcher(one.replace(/\*+/g, '*'))(path))
}

/** `{*.yml,*.yaml}` is either. */
function alternatives(pattern: string): readonly string[] {
  const group = /\{([^{}]*)\}/.exec(pattern)
  if (group === null) return [pattern]
  const [whole, inner = ''] = group
  const before = pattern.slice(0, group.index)
  const after = alternatives(pattern.slice(group.index + whole.length))
  // One more than are read, so that it shows.
  return inner
    .split(',')
    .slice(0, MAX_PATTERNS + 1)
    .flatMap((one) => after.slice(0, MAX_PATTERNS + 1).map((rest) => `${before}${one}${rest}`))
}
