import { branchRef } from '../../core/branch-ref.ts'
import { isNamed, readBranches, wantsDashboard } from '../../core/config/deployed.ts'
import { type ConfigProblem, CONFIG_FILE } from '../../core/config/read.ts'
import { readConfigOnce } from '../../core/config/known-texts.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from './repository-context.ts'

/** The branches that something deploys. Only these have rollouts. */
export interface DeployedBranches {
  /** Names, and patterns in which `*` matches any characters. */
  readonly names: readonly string[]
  /** Why the config cannot be read. Then only the default branch counts, and nothing is concluded for other branches. */
  readonly problems: readonly ConfigProblem[]
  /** Whether the config asks for an issue that lists all rollouts; undefined if it cannot be read. */
  readonly hasDashboard: boolean | undefined
  readonly has: (branch: string) => boolean
  /** The branch with the rollout that a pull request with this base leads to: the base itself if it is deployed. */
  readonly homeOf: (base: string) => string | undefined
}

type Needs = Pick<RepositoryContext, 'mirror' | 'repo'> & Partial<Pick<RepositoryContext, 'known'>>

/** The ref whose config decides. It must be fetched for `deployedAmong`. */
export function decidingRef({ repo }: Pick<RepositoryContext, 'repo'>): string {
  return branchRef(repo.defaultBranch)
}

/** Reads which branches are deployed, from the current default branch. */
async function deployedBranches(context: Needs): Promise<DeployedBranches> {
  return deployedAmong(context, await context.mirror.fetch([decidingRef(context)]))
}

/** The same, from refs that were already fetched. They must include `decidingRef`. */
export async function deployedAmong(context: Needs, refs: ReadonlyMap<string, Sha>): Promise<DeployedBranches> {
  const { defaultBranch } = context.repo
  const sha = refs.get(decidingRef(context))
  const texts = sha === undefined ? undefined : await context.mirror.read(sha, [CONFIG_FILE])
  const text = texts?.get(CONFIG_FILE)
  const config = readConfigOnce(context.known, text)
  const named = readBranches(text, config)
  const names = named.ok ? (named.value ?? [defaultBranch]) : [defaultBranch]
  const has = (branch: string): boolean => isNamed(names, branch)
  const homes = [defaultBranch, ...names.filter((name) => !name.includes('*'))]
  return {
    names,
    problems: named.ok ? [] : named.error,
    hasDashboard: sha === undefined ? undefined : wantsDashboard(text, config),
    has,
    homeOf: (base) => [base, ...homes].find(has),
  }
}

/** The branch that has a pull request's rollout, or will have it once the change gets there. */
export async function homeOf(context: Needs, pull: PullRequest): Promise<string> {
  return (await deployedBranches(context)).homeOf(pull.base.ref) ?? pull.base.ref
}
