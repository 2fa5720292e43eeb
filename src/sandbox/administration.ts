/** The repository settings that an administrator can change. */
import { accountPayload } from './payload/accounts.ts'
import { repositoryPayload } from './payload/repositories.ts'
import type { MergeSettings, Repository, RequiredCheck, Ruleset } from './state/types.ts'
import { addAccount, findAccount, moveRepository, type World } from './state/world.ts'

interface ProtectionOptions {
  readonly checks: readonly RequiredCheck[]
  /** Here the default is true, so that nobody passes by mistake. GitHub's own default is false. */
  readonly enforceAdmins?: boolean
  /** "Require branches to be up to date before merging"; default false. */
  readonly isStrict?: boolean
}

interface RulesetOptions {
  readonly name?: string
  /** Patterns of full ref names as GitHub reads them (`refs/heads/canary/**\/*`), `~ALL` or `~DEFAULT_BRANCH`. */
  readonly include: readonly string[]
  readonly rules?: Ruleset['rules']
  readonly checks?: readonly RequiredCheck[]
  readonly isStrict?: boolean
  /** Logins, and slugs of Apps. */
  readonly bypass?: readonly string[]
}

export interface Administration {
  configure(settings: Partial<MergeSettings>, repository?: string): void
  /** Requires checks before merging into a branch. Undefined removes the protection. */
  protect(branch: string, protection: ProtectionOptions | undefined, repository?: string): void
  addRuleset(ruleset: RulesetOptions, repository?: string): { remove(): void }
  /** An archived repository can be read, but not changed. */
  archive(isArchived: boolean, repository?: string): void
  /** Renames the repository or, with `owner/name`, transfers it. An unknown owner becomes an organization. */
  move(to: string, repository?: string): void
  /** "Features → Issues". On by default. */
  setIssues(isOn: boolean, repository?: string): void
}

export function administer(world: World, find: (name?: string) => Repository): Administration {
  return {
    configure: (settings, name) => {
      Object.assign(find(name).settings, settings)
    },
    protect: (branch, protection, name) => {
      if (protection === undefined) find(name).protection.delete(branch)
      else find(name).protection.set(branch, { enforceAdmins: true, isStrict: false, ...protection })
    },
    addRuleset: (draft, name) => {
      const { rulesets } = find(name)
      const { checks = [], rules = [], isStrict = false, bypass = [] } = draft
      const id = world.nextId()
      const { include, name: title = `Ruleset ${String(id)}` } = draft
      rulesets.set(id, { id, name: title, include, rules, checks, isStrict, bypass: new Set(bypass) })
      return { remove: () => void rulesets.delete(id) }
    },
    move: (to, name) => move(world, find(name), to),
    setIssues: (isOn, name) => {
      find(name).hasIssues = isOn
    },
    archive: (isArchived, name) => {
      const repo = find(name)
      repo.archived = isArchived
      const sender = findAccount(world, repo.owner.login) ?? repo.owner
      const action = isArchived ? 'archived' : 'unarchived'
      const payload = (): Record<string, unknown> => ({ repository: repositoryPayload(world, repo) })
      world.happened({ event: 'repository', action, repo, sender, payload })
    },
  }
}

function move(world: World, repo: Repository, to: string): void {
  const { owner: ownerBefore, name: nameBefore } = repo
  const [name = '', login = ownerBefore.login] = to.split('/').toReversed()
  const owner = addAccount(world, login, 'Organization')
  moveRepository(world, repo, { owner, name })
  const kind = ownerBefore.type === 'Organization' ? 'organization' : 'user'
  const [action, changes] =
    owner === ownerBefore
      ? ['renamed', { repository: { name: { from: nameBefore } } }]
      : ['transferred', { owner: { from: { [kind]: accountPayload(world, ownerBefore) } } }]
  const payload = (): Record<string, unknown> => ({ changes, repository: repositoryPayload(world, repo) })
  world.happened({ event: 'repository', action, repo, sender: owner, payload })
}
