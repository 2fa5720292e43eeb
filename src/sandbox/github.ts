/**
 * GitHub in a box: a model of GitHub's state behind real HTTP on 127.0.0.1. It has the addresses of a GitHub Enterprise Server
 * (REST under `/api/v3`, GraphQL at `/api/graphql`, git at `/{owner}/{repo}.git`), and sends signed webhooks to Apps. Tests check
 * its answers against GitHub's own OpenAPI description and webhook examples (test/sandbox), so it can stand for GitHub in the demo
 * and in stories.
 *
 *     const box = await startGitHub({ webhookUrl: 'http://127.0.0.1:3000/api/github/webhooks' })
 *     box.createRepository({ name: 'infra', files: { 'README.md': '# Infra\n' }, roles: { alice: 'write' } })
 *     // Start the App with APP_ID=box.appId, PRIVATE_KEY=box.privateKey, WEBHOOK_SECRET=box.webhookSecret,
 *     // GHE_HOST=box.host, GHE_PROTOCOL=http.
 *     const pull = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { 'README.md': '# v2\n' } })
 *     box.person('alice').comment(pull.number, '/canary 5')
 *     await box.idle()
 *     await box.close()
 *
 * Actions of a person take effect immediately, without HTTP. The webhooks about them are sent immediately too, and `idle()` waits
 * for the answers. Routes that the sandbox does not have are answered with 404 and marked `isUnhandled` in `requests`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { administer, type Administration } from './administration.ts'
import { findGit } from './git/run.ts'
import { createPerson, type Person } from './people/person.ts'
import { seed, type FileTexts } from './people/push.ts'
import { viewRepository, type RepositoryView } from './read.ts'
import { controlInstallation, type InstallationControl } from './installation.ts'
import { submitManifest } from './state/app-manifests.ts'
import type { Account, App, MergeSettings, Permissions, Repository, Role } from './state/types.ts'
import {
  addAccount,
  addApp,
  addInstallation,
  addRepository,
  findRepository,
  fullName,
  type World,
} from './state/world.ts'
import { createFaults, type Faults } from './wire/faults.ts'
import { createLimits, type Limits } from './wire/limits.ts'
import { createLog, type RequestCount, type RequestLog } from './wire/log.ts'
import { serve } from './wire/server.ts'
import { createWebhooks, type Webhooks } from './wire/webhooks.ts'

export interface GitHubOptions {
  /** Default: any free port. */
  readonly port?: number
  readonly webhookUrl?: string
  readonly webhookSecret?: string
  /** The organization; default `acme`. */
  readonly owner?: string
  readonly app?: Partial<AppOptions>
  /** The clock, in epoch milliseconds. Default: real time. */
  readonly now?: () => number
  /** Requests per hour for each installation and person. Default: 5,000. */
  readonly rateLimit?: number
  /** True: `mergeable` is null when it is first read after a change, as on GitHub. */
  readonly slowMergeability?: boolean
}

interface AppOptions {
  readonly id: number
  readonly slug: string
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly webhookUrl: string
}

interface RepositoryOptions {
  readonly name: string
  /** Default: the organization. */
  readonly owner?: string
  readonly files: FileTexts
  /** Default true. */
  readonly isPrivate?: boolean
  /** Login → role; unknown logins become users. */
  readonly roles?: Readonly<Record<string, Role>>
  readonly settings?: Partial<MergeSettings>
}

export interface GitHubBox extends Administration {
  /** `http://127.0.0.1:1234`. */
  readonly url: string
  /** `127.0.0.1:1234`, for GHE_HOST. */
  readonly host: string
  readonly appId: number
  readonly appSlug: string
  /** PEM. */
  readonly privateKey: string
  readonly webhookSecret: string
  readonly installationId: number
  readonly installation: InstallationControl
  /** The folder with its repositories, as `<owner>/<name>.git`. */
  readonly folder: string
  readonly faults: Faults
  readonly webhooks: Webhooks
  readonly requests: RequestLog
  /** The requests since a `requests.mark()`. `who`: only those by clients whose name contains this. */
  requestsSince(mark: number, who?: string): RequestCount
  setWebhookUrl(url: string | undefined): void
  /** Resolves when no webhook is in progress. */
  idle(): Promise<void>
  createUser(login: string): { readonly login: string; readonly token: string }
  createRepository(options: RepositoryOptions): RepositoryView
  /** By `name` or `owner/name`. Default: the first repository. */
  repository(name?: string): RepositoryView
  /** Acts in the named repository, by default the first one. An unknown login becomes a user. */
  person(login: string, repository?: string): Person
  setRole(login: string, role: Role, repository?: string): void
  /** Another App, installed on the same organization. Refused if its permissions do not allow its events. Default: no events. */
  addApp(options: Partial<AppOptions> & { readonly slug: string }): InstalledApp
  /**
   * A person submits the form with a manifest to GitHub, and agrees there. Returns the address that GitHub redirects the browser
   * to.
   */
  registerApp(form: { readonly action: string; readonly manifest: string }, by?: string): string
  close(): Promise<void>
}

interface InstalledApp {
  readonly appId: number
  readonly slug: string
  readonly privateKey: string
  readonly installationId: number
  readonly installation: InstallationControl
}

/** The permissions that Perch asks for. */
const PERMISSIONS: Permissions = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  checks: 'write',
  statuses: 'read',
  deployments: 'write',
  merge_queues: 'read',
}

const EVENTS = [
  'pull_request',
  'issue_comment',
  'issues',
  'push',
  'status',
  'check_run',
  'check_suite',
  'deployment_status',
  'merge_group',
  'pull_request_review',
  'pull_request_review_comment',
]

const SECRET = 'sandbox-webhook-secret'

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubBox> {
  const folder = await mkdtemp(join(tmpdir(), 'github-in-a-box-'))
  const webhooks = createWebhooks(() => world)
  const log = createLog()
  const faults = createFaults()
  const server = createServer()
  const port = await listen(server, options.port ?? 0)
  const world = createWorld({
    folder,
    port,
    options,
    happened: (one) => {
      webhooks.announce(one)
    },
  })
  const limits: Limits = createLimits(world, options.rateLimit ?? 5000)
  serve(server, { world, limits, webhooks, log, faults })
  const organization = addAccount(world, options.owner ?? 'acme', 'Organization')
  const app = addAppTo(world, organization, {
    slug: 'perch',
    ...(options.webhookUrl === undefined ? {} : { webhookUrl: options.webhookUrl }),
    webhookSecret: options.webhookSecret ?? SECRET,
    ...options.app,
  })
  return {
    url: world.origin,
    folder,
    host: `127.0.0.1:${String(port)}`,
    appSlug: app.slug,
    webhookSecret: options.webhookSecret ?? SECRET,
    ...handles(world, app, organization),
    faults,
    webhooks,
    requests: log,
    requestsSince: (mark, who) => log.since(mark, who),
    setWebhookUrl: (url) => {
      app.hook.url = url
    },
    idle: () => webhooks.idle(),
    ...setup(world, organization),
    async close() {
      webhooks.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function createWorld(parts: {
  folder: string
  port: number
  options: GitHubOptions
  happened: World['happened']
}): World {
  let lastId = 1000
  const world: World = {
    origin: `http://127.0.0.1:${String(parts.port)}`,
    git: findGit(parts.folder),
    folder: parts.folder,
    now: parts.options.now ?? Date.now,
    nextId: () => (lastId += 1),
    accounts: new Map(),
    apps: [],
    installations: new Map(),
    pendingApps: new Map(),
    tokens: new Map(),
    repositories: new Map(),
    oldNames: new Map(),
    slowMergeability: parts.options.slowMergeability ?? false,
    happened: parts.happened,
  }
  addAccount(world, 'web-flow', 'User')
  return world
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

type NewApp = Partial<AppOptions> & { readonly slug: string; readonly webhookSecret?: string }

function addAppTo(world: World, organization: Account, options: NewApp): App {
  const app = addApp(world, {
    ...options,
    owner: organization,
    permissions: options.permissions ?? PERMISSIONS,
    events: options.events ?? EVENTS,
    webhookSecret: options.webhookSecret ?? SECRET,
  })
  addInstallation(world, app, organization)
  return app
}

type Handles = Pick<GitHubBox, 'appId' | 'privateKey' | 'installationId' | 'installation'>

function handles(world: World, app: App, organization: Account): Handles {
  const installation = [...world.installations.values()].find((one) => one.app === app)
  if (installation === undefined) throw new Error(`${app.slug} is not installed`)
  return {
    appId: app.id,
    privateKey: app.privateKey,
    installationId: installation.id,
    installation: controlInstallation(world, installation, organization),
  }
}

type Setup = Pick<
  GitHubBox,
  | keyof Administration
  | 'createUser'
  | 'createRepository'
  | 'repository'
  | 'person'
  | 'setRole'
  | 'addApp'
  | 'registerApp'
>

function setup(world: World, organization: Account): Setup {
  const find = (name?: string): Repository => {
    const full = name?.includes('/') === false ? `${organization.login}/${name}` : name
    const repo = full === undefined ? [...world.repositories.values()][0] : findRepository(world, full)
    if (repo === undefined) throw new Error(`There is no repository ${full ?? 'yet'}`)
    return repo
  }
  return {
    createUser: (login) => ({ login, token: addAccount(world, login, 'User').token ?? '' }),
    createRepository: (options) => viewRepository(world, createRepository(world, organization, options)),
    repository: (name) => viewRepository(world, find(name)),
    person: (login, name) => createPerson(world, find(name), addAccount(world, login, 'User')),
    setRole: (login, role, name) => {
      find(name).roles.set(addAccount(world, login, 'User').login.toLowerCase(), role)
    },
    ...administer(world, find),
    addApp: (options) => {
      const app = addAppTo(world, organization, { events: [], ...options })
      return { slug: app.slug, ...handles(world, app, organization) }
    },
    registerApp: (form, login = 'octocat') => submitManifest(world, form, addAccount(world, login, 'User')),
  }
}

function createRepository(world: World, organization: Account, options: RepositoryOptions): Repository {
  const owner = options.owner === undefined ? organization : addAccount(world, options.owner, 'User')
  const repo = addRepository(world, { owner, name: options.name, isPrivate: options.isPrivate ?? true })
  Object.assign(repo.settings, options.settings)
  for (const [login, role] of Object.entries(options.roles ?? {})) {
    repo.roles.set(addAccount(world, login, 'User').login.toLowerCase(), role)
  }
  const { defaultBranch: branch } = repo
  const by = addAccount(world, 'octocat', 'User')
  seed(world, repo, { branch, files: options.files, by, start: undefined, message: `Start ${fullName(repo)}` })
  return repo
}
