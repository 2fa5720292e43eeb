/**
 * GitHub's state as plain data, which the model changes in place. All changes are synchronous in one thread, so a request is one
 * atomic transition, like a transaction on GitHub.
 */
import type { KeyObject } from 'node:crypto'
import type { BareRepository } from '../git/run.ts'

/** Repository roles, weakest first. */
export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** App permissions by name, such as `{ contents: 'write' }`. */
export type Permissions = Readonly<Record<string, 'read' | 'write' | 'admin'>>

export interface Account {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Bot' | 'Organization'
  /** A person's access token (classic, all scopes). Only users have one. */
  readonly token?: string
}

interface Hook {
  readonly id: number
  url: string | undefined
  readonly secret: string
}

export interface App {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly description: string
  readonly externalUrl: string
  readonly clientId: string
  readonly owner: Account
  readonly bot: Account
  /** PEM, PKCS#1, as on GitHub. */
  readonly privateKey: string
  readonly publicKey: KeyObject
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly hook: Hook
  readonly createdAt: number
}

/** An App that was registered from a manifest, and whose credentials were not fetched yet. */
export interface PendingApp {
  readonly app: App
  readonly clientSecret: string
  readonly expiresAt: number
}

export interface Installation {
  readonly id: number
  readonly app: App
  readonly account: Account
  /** The ids of the repositories, or `all` for all of the account's. */
  repositories: 'all' | Set<number>
  permissions: Permissions
  suspended: { readonly at: number; readonly by: Account } | undefined
  readonly createdAt: number
}

export interface InstallationToken {
  readonly token: string
  readonly installation: Installation
  /** Limits the token to these repositories. Undefined for all of the installation's. */
  readonly repositories: ReadonlySet<number> | undefined
  readonly permissions: Permissions
  readonly expiresAt: number
}

/** The client of a request. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'person'; readonly account: Account }
  | { readonly kind: 'app'; readonly app: App }
  | { readonly kind: 'installation'; readonly account: Account; readonly app: App; readonly token: InstallationToken }

/** The author of an action: a person, or an App with its bot account. */
export interface Author {
  readonly account: Account
  readonly app?: App
}

export interface MergeSettings {
  allowMergeCommit: boolean
  allowSquash: boolean
  allowRebase: boolean
  deleteBranchOnMerge: boolean
}

export interface RequiredCheck {
  readonly context: string
  /** Only a check run of this App counts. Undefined: a check run or status of anyone counts. */
  readonly appId?: number
}

interface Protection {
  readonly checks: readonly RequiredCheck[]
  /** False: people with the admin role may merge anyway. This is GitHub's default for classic protection. */
  readonly enforceAdmins: boolean
  /** True: the head must contain all of the base. */
  readonly isStrict: boolean
}

export interface Ruleset {
  readonly id: number
  readonly name: string
  readonly include: readonly string[]
  readonly rules: readonly ('creation' | 'update' | 'deletion' | 'non_fast_forward')[]
  readonly checks: readonly RequiredCheck[]
  readonly isStrict: boolean
  readonly bypass: ReadonlySet<string>
}

/** A move of a branch in GitHub's records. */
export interface Activity {
  readonly id: number
  readonly type: 'push' | 'force_push' | 'branch_creation' | 'branch_deletion' | 'pr_merge' | 'merge_queue_merge'
  readonly ref: string
  readonly before: string
  readonly after: string
  readonly by: Account
  readonly at: number
}

export interface Label {
  readonly id: number
  readonly name: string
  readonly color: string
  readonly description: string | null
}

export interface Review {
  readonly id: number
  readonly author: Account
  readonly body: string
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED'
  readonly sha: string
  readonly at: number
}

/** A change to a text. */
export interface Edit {
  readonly id: number
  readonly at: number
  readonly by: Account
  readonly body: string
  readonly from: string
}

export interface Pull {
  readonly id: number
  readonly issueId: number
  readonly number: number
  readonly repo: Repository
  readonly author: Author
  readonly head: { readonly repo: Repository; readonly ref: string; sha: string }
  readonly base: { ref: string; sha: string }
  title: string
  body: string | null
  /** Edits of the body, oldest first. */
  readonly edits: Edit[]
  state: 'open' | 'closed'
  draft: boolean
  merged: { readonly at: number; readonly by: Account; readonly sha: string } | undefined
  closedAt: number | undefined
  updatedAt: number
  readonly createdAt: number
  labels: Label[]
  assignees: Account[]
  readonly reviews: Review[]
  readonly maintainerCanModify: boolean
}

/** An issue that is not a pull request. */
export interface Issue {
  readonly id: number
  readonly number: number
  readonly repo: Repository
  readonly author: Author
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: 'completed' | 'not_planned' | 'reopened' | null
  closedBy: Account | undefined
  closedAt: number | undefined
  readonly createdAt: number
  updatedAt: number
}

export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const

export interface Reaction {
  readonly id: number
  readonly account: Account
  readonly content: (typeof REACTIONS)[number]
  readonly at: number
}

export interface Comment {
  readonly id: number
  readonly pull: Pull
  readonly author: Author
  body: string
  /** Edits of the body, oldest first. */
  readonly edits: Edit[]
  readonly createdAt: number
  updatedAt: number
  readonly reactions: Reaction[]
}

export interface Annotation {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly start_column: number | null
  readonly end_column: number | null
  readonly annotation_level: 'notice' | 'warning' | 'failure'
  readonly title: string | null
  readonly message: string
  readonly raw_details: string | null
}

export interface CheckSuite {
  readonly id: number
  readonly app: App
  readonly sha: string
  readonly branch: string | null
  readonly before: string
  readonly createdAt: number
}

export interface CheckRun {
  readonly id: number
  readonly suite: CheckSuite
  readonly app: App
  readonly sha: string
  name: string
  externalId: string
  detailsUrl: string | null
  status: 'queued' | 'in_progress' | 'completed'
  conclusion: string | null
  startedAt: number
  completedAt: number | null
  title: string | null
  summary: string | null
  text: string | null
  annotations: readonly Annotation[]
  actions: readonly { readonly label: string; readonly description: string; readonly identifier: string }[]
}

export interface Status {
  readonly id: number
  readonly sha: string
  readonly context: string
  readonly state: 'error' | 'failure' | 'pending' | 'success'
  readonly description: string | null
  readonly targetUrl: string | null
  readonly creator: Account
  readonly at: number
}

export interface DeploymentStatus {
  readonly id: number
  readonly state: string
  readonly description: string
  readonly environment: string
  readonly targetUrl: string
  readonly environmentUrl: string
  readonly creator: Author
  readonly at: number
}

export interface Deployment {
  readonly id: number
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly environment: string
  readonly description: string | null
  readonly payload: Readonly<Record<string, unknown>> | string
  readonly transient: boolean
  readonly production: boolean
  readonly creator: Author
  readonly at: number
  readonly statuses: DeploymentStatus[]
}

/** A pull request in the merge queue, with the commit to test for it. */
export interface QueueEntry {
  readonly id: number
  readonly pull: Pull
  readonly by: Account
  readonly at: number
  /** The parent of the commit: the base branch's head, or the commit of the previous entry. */
  readonly onto: string
  readonly sha: string
}

export interface Repository {
  readonly id: number
  owner: Account
  name: string
  readonly isPrivate: boolean
  readonly parent: Repository | undefined
  bare: BareRepository
  readonly createdAt: number
  pushedAt: number
  readonly defaultBranch: string
  readonly settings: MergeSettings
  /** By login in lower case. */
  readonly roles: Map<string, Role>
  readonly protection: Map<string, Protection>
  readonly rulesets: Map<number, Ruleset>
  archived: boolean
  /** Oldest first. */
  readonly activities: Activity[]
  /** Full ref name → object. A copy of the refs on disk, updated after every push over HTTP. */
  readonly refs: Map<string, string>
  /** Commits that GitHub made itself and signed with its web-flow key. */
  readonly signed: Set<string>
  readonly pulls: Map<number, Pull>
  /** Issues and pull requests share their numbers. */
  readonly issues: Map<number, Issue>
  hasIssues: boolean
  readonly comments: Map<number, Comment>
  readonly labels: Map<string, Label>
  /** In queue order. */
  readonly queue: QueueEntry[]
  readonly suites: Map<number, CheckSuite>
  readonly checkRuns: Map<number, CheckRun>
  /** Oldest first. */
  readonly statuses: Status[]
  readonly deployments: Map<number, Deployment>
  lastNumber: number
  /** Set while a push over HTTP is received. Writes wait for it, because git then changes refs without the model. */
  receiving: Promise<void> | undefined
}
