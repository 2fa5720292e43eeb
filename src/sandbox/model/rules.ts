/**
 * Rulesets, which restrict what may happen to branches.
 * https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
 */
import { isAncestor } from '../git/history.ts'
import type { Author, Repository, RequiredCheck, Ruleset } from '../state/types.ts'

interface Move {
  readonly repo: Repository
  readonly ref: string
  readonly to: string | undefined
  readonly by: Author
}

/** The rules that a move would break, with GitHub's messages. */
export function violations(move: Move): string[] {
  const { repo, ref, to, by } = move
  const from = repo.refs.get(ref)
  if (from === to) return []
  const binding = rulesetsOn(repo, ref).filter(({ bypass }) => !bypass.has(by.app?.slug ?? by.account.login))
  const has = (rule: Ruleset['rules'][number]): boolean => binding.some(({ rules }) => rules.includes(rule))
  if (from === undefined) return has('creation') ? [CREATION] : []
  if (to === undefined) return has('deletion') ? ['Cannot delete this protected ref.'] : []
  return [
    ...(has('update') ? ['Cannot update this protected ref.'] : []),
    ...(has('non_fast_forward') && !isAncestor(repo.bare, from, to) ? ['Cannot force-push to this branch'] : []),
  ]
}

const CREATION = 'Cannot create ref due to creations being restricted.'

export function ruleMessage(broken: readonly string[]): string {
  return `Repository rule violations found\n\n${broken.map((rule) => `${rule}\n\n`).join('')}`
}

export function rulesetsOn(repo: Repository, ref: string): Ruleset[] {
  return [...repo.rulesets.values()].filter(({ include }) =>
    include.some((pattern) => new RegExp(expressionOf(repo, pattern)).test(ref)),
  )
}

/**
 * The rules that apply to somebody, for the hook that git runs during a push. Each line has a rule and a POSIX expression for
 * refs.
 */
export function rulesForHook(repo: Repository, by: Author): string {
  const binding = [...repo.rulesets.values()].filter(({ bypass }) => !bypass.has(by.app?.slug ?? by.account.login))
  const lines = binding.flatMap(({ rules, include }) =>
    rules.flatMap((rule) => include.map((pattern) => `${rule} ${expressionOf(repo, pattern)}`)),
  )
  return lines.join('\n')
}

/**
 * Translates a pattern of Ruby's `fnmatch` with FNM_PATHNAME, which GitHub's manual names: `*` does not match a slash, and only a
 * double star before a slash matches folders. So `qa/**` means `qa/*`, and a pattern for everything below `qa` is `qa/`, a double
 * star, and `/*`.
 */
function expressionOf(repo: Repository, glob: string): string {
  if (glob === '~ALL') return '^refs/heads/'
  if (glob === '~DEFAULT_BRANCH') return `^refs/heads/${repo.defaultBranch}$`
  const source = glob.replace(/\*\*\/|\*+|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '([^/]+/)*'
    if (token.startsWith('*')) return '[^/]*'
    return token === '?' ? '[^/]' : `\\${token}`
  })
  return `^${source}$`
}

/** The checks that must pass before a branch moves, from classic protection and rulesets. */
export function requiredChecks(repo: Repository, branch: string): readonly RequiredCheck[] {
  const classic = repo.protection.get(branch)?.checks ?? []
  return [...classic, ...rulesetsOn(repo, `refs/heads/${branch}`).flatMap(({ checks }) => checks)]
}

/** Whether a pull request must contain all of its base before it is merged. */
export function isStrict(repo: Repository, branch: string): boolean {
  return (
    repo.protection.get(branch)?.isStrict === true ||
    rulesetsOn(repo, `refs/heads/${branch}`).some(({ isStrict }) => isStrict)
  )
}
