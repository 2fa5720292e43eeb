/** The state of one whole GitHub: accounts, Apps, repositories, and listeners for changes. */
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { initBare, moveBare, type Git } from '../git/run.ts'
import { checkEvents } from './app-events.ts'
import {
  ROLES,
  type Account,
  type App,
  type Author,
  type Installation,
  type InstallationToken,
  type PendingApp,
  type Permissions,
  type Repository,
  type Role,
} from './types.ts'

export type Json = Record<string, unknown>

/** An event that Apps may receive. */
export interface WorldEvent {
  readonly event: string
  readonly action?: string
  readonly repo?: Repository
  readonly sender: Account
  /**
   * The fields of this event. They are rendered at once if anybody listens, because a webhook contains the state at that time.
   */
  readonly payload: () => Json
  /** Only this App receives it. */
  readonly onlyTo?: App
}

export interface World {
  /** `http://127.0.0.1:1234`, without a trailing slash. */
  readonly origin: string
  readonly git: Git
  readonly folder: string
  readonly now: () => number
  readonly nextId: () => number
  readonly accounts: Map<string, Account>
  readonly apps: App[]
  readonly installations: Map<number, Installation>
  /** Apps that were registered from a manifest, by code, until their credentials are fetched. */
  readonly pendingApps: Map<string, PendingApp>
  readonly tokens: Map<string, InstallationToken>
  /** By `owner/name` in lower case. */
  readonly repositories: Map<string, Repository>
  /** Previous names of repositories, in lower case. Requests for them are redirected. */
  readonly oldNames: Map<string, Repository>
  /** The first read of `mergeable` after a change is null, as on GitHub, where a job computes it. */
  readonly slowMergeability: boolean
  readonly happened: (happening: WorldEvent) => void
}

export function findRepository(world: World, fullName: string): Repository | undefined {
  return world.repositories.get(fullName.toLowerCase())
}

/** The repository that had this name, unless another repository has the name now. */
export function findMoved(world: World, oldName: string): Repository | undefined {
  return findRepository(world, oldName) === undefined ? world.oldNames.get(oldName.toLowerCase()) : undefined
}

/** The repository that has or had this name. */
export function followRename(world: World, fullName: string): Repository | undefined {
  return findRepository(world, fullName) ?? findMoved(world, fullName)
}

/** Gives a repository another owner or name, and moves its folder. */
export function moveRepository(world: World, repo: Repository, to: { owner: Account; name: string }): void {
  const before = fullName(repo).toLowerCase()
  world.repositories.delete(before)
  world.oldNames.set(before, repo)
  repo.owner = to.owner
  repo.name = to.name
  world.repositories.set(fullName(repo).toLowerCase(), repo)
  repo.bare = moveBare(repo.bare, folderOf(world, to))
}

function folderOf({ folder }: World, { owner, name }: { owner: Account; name: string }): string {
  return join(folder, owner.login, `${name}.git`)
}

export function findAccount(world: World, login: string): Account | undefined {
  return world.accounts.get(login.toLowerCase())
}

export function addAccount(world: World, login: string, type: Account['type']): Account {
  const known = findAccount(world, login)
  if (known !== undefined) return known
  const id = world.nextId()
  const account: Account = type === 'User' ? { id, login, type, token: secret('ghp_') } : { id, login, type }
  world.accounts.set(login.toLowerCase(), account)
  return account
}

/** A new token with GitHub's prefix: `ghp_` for a person, `ghs_` for an installation. */
export function secret(prefix: 'ghp_' | 'ghs_'): string {
  return prefix + randomBytes(18).toString('hex')
}

export interface AppDraft {
  readonly id?: number
  readonly slug: string
  readonly name?: string
  readonly description?: string
  readonly externalUrl?: string
  readonly owner: Account
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly webhookSecret: string
  readonly webhookUrl?: string | undefined
}

const keys = new Map<string, string>()

/**
 * Apps with the same name share one key in this process, because making a key takes longer than the rest of starting a sandbox.
 */
function keyOf(slug: string): string {
  const known = keys.get(slug)
  if (known !== undefined) return known
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  keys.set(slug, privateKey)
  return privateKey
}

/** Registers an App. Refuses events that its permissions do not allow. */
export function addApp(world: World, draft: AppDraft): App {
  checkEvents(draft.permissions, draft.events)
  const privateKey = keyOf(draft.slug)
  const id = draft.id ?? world.nextId()
  const app: App = {
    id,
    slug: draft.slug,
    name: draft.name ?? draft.slug,
    description: draft.description ?? '',
    externalUrl: draft.externalUrl ?? `${world.origin}/apps/${draft.slug}`,
    clientId: `Iv23li${String(id).padStart(14, '0')}`,
    owner: draft.owner,
    bot: addAccount(world, `${draft.slug}[bot]`, 'Bot'),
    privateKey,
    publicKey: createPublicKey(privateKey),
    permissions: draft.permissions,
    events: draft.events,
    hook: { id: world.nextId(), url: draft.webhookUrl, secret: draft.webhookSecret },
    createdAt: world.now(),
  }
  world.apps.push(app)
  return app
}

export function addInstallation(world: World, app: App, account: Account): Installation {
  const installation: Installation = {
    id: world.nextId(),
    app,
    account,
    repositories: 'all',
    permissions: app.permissions,
    suspended: undefined,
    createdAt: world.now(),
  }
  world.installations.set(installation.id, installation)
  return installation
}

export interface RepositoryDraft {
  readonly owner: Account
  readonly name: string
  readonly isPrivate: boolean
  readonly parent?: Repository
}

/** Makes a repository without commits. */
export function addRepository(world: World, draft: RepositoryDraft): Repository {
  const now = world.now()
  const defaultBranch = draft.parent?.defaultBranch ?? 'main'
  const repo: Repository = {
    id: world.nextId(),
    owner: draft.owner,
    name: draft.name,
    isPrivate: draft.isPrivate,
    parent: draft.parent,
    bare: initBare(world.git, folderOf(world, draft), defaultBranch),
    createdAt: now,
    pushedAt: now,
    defaultBranch,
    settings: { allowMergeCommit: true, allowSquash: true, allowRebase: true, deleteBranchOnMerge: false },
    roles: new Map(),
    protection: new Map(),
    rulesets: new Map(),
    archived: false,
    activities: [],
    refs: new Map(),
    signed: new Set(),
    pulls: new Map(),
    issues: new Map(),
    hasIssues: true,
    comments: new Map(),
    queue: [],
    labels: new Map(),
    suites: new Map(),
    checkRuns: new Map(),
    statuses: [],
    deployments: new Map(),
    lastNumber: 0,
    receiving: undefined,
  }
  world.repositories.set(fullName(repo).toLowerCase(), repo)
  return repo
}

export function fullName(repo: Repository): string {
  return `${repo.owner.login}/${repo.name}`
}

/** A person's role in a repository. Everyone may read a public one. */
export function roleOf(repo: Repository, account: Account): Role {
  if (repo.owner.id === account.id) return 'admin'
  return repo.roles.get(account.login.toLowerCase()) ?? (repo.isPrivate ? 'none' : 'read')
}

export function isAtLeast(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted)
}

export function covers(installation: Installation, repo: Repository): boolean {
  if (installation.account.id !== repo.owner.id) return false
  return installation.repositories === 'all' || installation.repositories.has(repo.id)
}

/** The Apps installed on a repository. */
export function installationsOn(world: World, repo: Repository): Installation[] {
  return [...world.installations.values()].filter((one) => one.suspended === undefined && covers(one, repo))
}

export function byPerson(account: Account): Author {
  return { account }
}
