/** Which files Argo CD uses in a folder without a kustomization (argo-cd, reposerver/repository: directory applications). */
import { recordOf, textOf } from '../manifest/data.ts'
import { matcher } from '../text/matcher.ts'

/** `directory` of an Application's source. */
export interface DirectoryOptions {
  readonly recurse: boolean
  /** A pattern for paths in the folder; '' for none. */
  readonly include: string
  readonly exclude: string
}

export function directoryOptions(written: unknown): DirectoryOptions {
  const { recurse, include, exclude } = recordOf(written)
  return { recurse: recurse === true, include: textOf(include) ?? '', exclude: textOf(exclude) ?? '' }
}

/** Whether a file is used. `path`: its path in the folder. */
export function takesFile({ recurse, include, exclude }: DirectoryOptions, path: string): boolean {
  if (!recurse && path.includes('/')) return false
  return !isLike(exclude, path, false) && isLike(include, path, true)
}

/** Nobody needs more. */
const MAX_PATTERNS = 50
const MAX_STARS = 6

/**
 * Whether a path matches a pattern. `otherwise`: the result if there is no pattern, or if it contains anything except `*` and
 * `{a,b}`.
 */
function isLike(pattern: string, path: string, otherwise: boolean): boolean {
  if (pattern === '' || /[?[\]\\!]/.test(pattern) || pattern.split('*').length > MAX_STARS + 1) return otherwise
  const patterns = alternatives(pattern)
  return patterns.length > MAX_PATTERNS ? otherwise : patterns.some((one) => matcher(one.replace(/\*+/g, '*'))(path))
}

/** The patterns without braces: `{*.yml,*.yaml}` gives two. */
function alternatives(pattern: string): readonly string[] {
  const group = /\{([^{}]*)\}/.exec(pattern)
  if (group === null) return [pattern]
  const [whole, inner = ''] = group
  const before = pattern.slice(0, group.index)
  const after = alternatives(pattern.slice(group.index + whole.length))
  // One more than the limit, so that the caller notices.
  return inner
    .split(',')
    .slice(0, MAX_PATTERNS + 1)
    .flatMap((one) => after.slice(0, MAX_PATTERNS + 1).map((rest) => `${before}${one}${rest}`))
}
