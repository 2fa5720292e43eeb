/** What an administrator can do with an App's installation. */
import { installationPayload } from './payload/accounts.ts'
import { repositoryLine } from './payload/repositories.ts'
import type { Account, Installation, Permissions, Repository } from './state/types.ts'
import { addAccount, addInstallation, covers, findRepository, type Json, type World } from './state/world.ts'
import { mintToken } from './wire/auth.ts'

export interface InstallationControl {
  /** A token like one from `POST …/access_tokens`, without a request. */
  token(narrowed?: { readonly repositories?: readonly string[]; readonly permissions?: Permissions }): string
  suspend(): void
  unsuspend(): void
  /** Uninstalls the App. Its tokens expire at once. */
  remove(): void
  /** Someone installs the App again, on all repositories. GitHub creates another installation. */
  installAgain(): InstallationControl
  /** Installs the App on all repositories of another account. */
  installOn(login: string): InstallationControl
  /** Limits the installation to these repositories, by name. */
  select(...names: string[]): void
  setPermissions(permissions: Permissions): void
}

export function controlInstallation(world: World, installation: Installation, admin: Account): InstallationControl {
  const named = (name: string): Repository => {
    const repo = findRepository(world, `${installation.account.login}/${name}`)
    if (repo === undefined) throw new Error(`There is no repository ${name}`)
    return repo
  }
  const announce = (action: string, more: Json = {}): void => {
    const payload = (): Json => ({ installation: installationPayload(world, installation), ...more })
    world.happened({ event: 'installation', action, sender: admin, payload, onlyTo: installation.app })
  }
  const reachable = (): Repository[] => reachableFor(world, installation)
  const install = (account: Account): InstallationControl => {
    const made = addInstallation(world, installation.app, account)
    announceNew(world, made, admin)
    return controlInstallation(world, made, admin)
  }
  return {
    token(narrowed = {}) {
      const repositories = narrowed.repositories && new Set(narrowed.repositories.map((name) => named(name).id))
      const permissions = narrowed.permissions ?? installation.permissions
      return mintToken(world, { installation, repositories, permissions }).token
    },
    suspend() {
      installation.suspended = { at: world.now(), by: admin }
      announce('suspend')
    },
    unsuspend() {
      installation.suspended = undefined
      announce('unsuspend')
    },
    remove() {
      announce('deleted', { repositories: reachable().map(repositoryLine) })
      world.installations.delete(installation.id)
    },
    installAgain: () => install(installation.account),
    installOn: (login) => install(addAccount(world, login, 'Organization')),
    select(...names) {
      const before = reachable()
      installation.repositories = new Set(names.map((name) => named(name).id))
      announceSelection(world, installation, { admin, before, after: reachable() })
    },
    setPermissions(permissions) {
      installation.permissions = permissions
      announce('new_permissions_accepted', { repositories: reachable().map(repositoryLine) })
    },
  }
}

function announceNew(world: World, installation: Installation, admin: Account): void {
  const repositories = reachableFor(world, installation).map(repositoryLine)
  const payload = (): Json => ({
    installation: installationPayload(world, installation),
    repositories,
    requester: null,
  })
  world.happened({ event: 'installation', action: 'created', sender: admin, payload, onlyTo: installation.app })
}

function reachableFor(world: World, installation: Installation): Repository[] {
  return [...world.repositories.values()].filter((repo) => covers(installation, repo))
}

/** One event for added repositories, and one for removed ones. */
function announceSelection(
  world: World,
  installation: Installation,
  change: { admin: Account; before: readonly Repository[]; after: readonly Repository[] },
): void {
  const added = change.after.filter((repo) => !change.before.includes(repo))
  const removed = change.before.filter((repo) => !change.after.includes(repo))
  const tell = (action: 'added' | 'removed', repos: readonly Repository[]): void => {
    if (repos.length === 0) return
    const payload = (): Json => ({
      installation: installationPayload(world, installation),
      repository_selection: 'selected',
      repositories_added: action === 'added' ? repos.map(repositoryLine) : [],
      repositories_removed: action === 'removed' ? repos.map(repositoryLine) : [],
      requester: null,
    })
    world.happened({
      event: 'installation_repositories',
      action,
      sender: change.admin,
      payload,
      onlyTo: installation.app,
    })
  }
  tell('added', added)
  tell('removed', removed)
}
