/**
 * A model of GitHub in this process, for one repository: its state, the consequences of changes, and its webhooks. Nothing in it
 * waits, and its time is that of the clock. The contracts in test/contracts keep it consistent with GitHub.
 */
import type { BranchMove } from '../../../src/core/command/head-age.ts'
import type { DeploymentState } from '../../../src/core/deployment/step-deployment.ts'
import type { Signal, SignalState } from '../../../src/core/gate/signal.ts'
import type { CheckReport, Permission, Person, RepositoryName, Sha } from '../../../src/core/rollout/facts.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { QueuedPull } from '../../../src/ports/github/merge-queue.ts'
import { type Files, type GitObjects, gitObjects } from '../git.ts'

export interface Pull {
  readonly number: number
  readonly author: Person
  title: string
  body: string
  state: 'open' | 'merged' | 'closed'
  draft: boolean
  /** The branch of a fork does not belong to this repository. */
  readonly head: { readonly ref: string; sha: Sha; readonly isFork?: boolean }
  readonly base: { ref: string; sha: Sha }
  mergeCommit: Sha | undefined
  labels: readonly string[]
  assignees: readonly string[]
  readonly createdAt: number
  closedAt: number | undefined
  updatedAt: number
  readonly reviews: { readonly login: string; readonly verdict: 'approve' | 'dismiss'; readonly sha: Sha }[]
}

export interface StoredComment {
  readonly id: number
  readonly pull: number
  readonly author: Person
  body: string
  readonly createdAt: number
  updatedAt: number
  isEdited: boolean
  readonly reactions: Set<string>
}

/** A check run. `report` is set if it is a check of Perch. */
export interface Run {
  readonly id: number
  readonly sha: Sha
  readonly name: string
  /** The App's bot. */
  readonly by: string
  report: CheckReport | undefined
  state: SignalState
  title: string
  summary: string
  text: string | undefined
  externalId: string
  completedAt: number
}

export interface StoredDeployment {
  readonly id: number
  readonly commit: Sha
  readonly environment: string
  readonly task: string
  /** Oldest first. */
  readonly states: { readonly state: DeploymentState; readonly description: string }[]
}

export interface StoredIssue {
  readonly number: number
  readonly author: Person
  readonly title: string
  body: string
  isOpen: boolean
  updatedAt: number
}

export interface Happening {
  readonly event: string
  /** The fields that only this event has. The sender and the repository are added to them. */
  readonly payload: Readonly<Record<string, unknown>>
  readonly sender: Person
}

export interface GitHubState {
  readonly repo: RepositoryName
  readonly installation: number
  isArchived: boolean
  isFork: boolean
  readonly bot: Person
  readonly objects: GitObjects
  /** Refs by full name. */
  readonly refs: Map<string, Sha>
  readonly pulls: Map<number, Pull>
  /** Issues that are not pull requests. Both share their numbers. */
  readonly issues: Map<number, StoredIssue>
  hasIssues: boolean
  readonly comments: StoredComment[]
  readonly runs: Run[]
  readonly signals: { readonly sha: Sha; readonly signal: Signal }[]
  readonly deployments: StoredDeployment[]
  /** Whether the App may create deployments. */
  mayDeploy: boolean
  /** Whether the App may write issues. */
  mayWriteIssues: boolean
  /** Whether the rules of the branches let the App merge. */
  mayMerge: boolean
  readonly moves: { readonly branch: string; readonly by: Person; readonly move: BranchMove }[]
  readonly roles: Map<string, Permission>
  /** The checks that are required on every branch into which pull requests merge. */
  required: readonly string[]
  /** GitHub deletes the branch of a merged pull request. */
  deletesBranches: boolean
  /** The merge queue of every branch. */
  readonly queued: QueuedPull[]
  /** GitHub's clock: whole seconds, in epoch milliseconds. */
  now(): number
  nextId(): number
  /** For a pull request or an issue. */
  nextNumber(): number
  happened(happening: Happening): void
}

export interface GitHubOptions {
  readonly clock: Clock
  readonly files: Readonly<Record<string, string>>
  readonly roles?: Readonly<Record<string, Permission>>
  readonly required?: readonly string[]
  readonly deletesBranches?: boolean
  readonly onHappening?: (happening: Happening) => void
}

const BOT: Person = { login: 'perch[bot]', isBot: true }

/** A repository with one commit on its default branch. */
export function memoryGitHub(options: GitHubOptions): GitHubState {
  const objects = gitObjects()
  const now = (): number => Math.floor(options.clock.now() / 1000) * 1000
  let lastId = 0
  let lastNumber = 0
  const state: GitHubState = {
    repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
    installation: 7,
    isArchived: false,
    isFork: false,
    bot: BOT,
    objects,
    refs: new Map(),
    pulls: new Map(),
    issues: new Map(),
    hasIssues: true,
    comments: [],
    runs: [],
    signals: [],
    deployments: [],
    mayDeploy: true,
    mayWriteIssues: true,
    mayMerge: true,
    moves: [],
    roles: new Map(Object.entries(options.roles ?? {})),
    required: options.required ?? ['canary/validate', 'canary/gate'],
    deletesBranches: options.deletesBranches ?? false,
    queued: [],
    now,
    nextId: () => (lastId += 1),
    nextNumber: () => (lastNumber += 1),
    happened: (happening) => options.onHappening?.(happening),
  }
  const files: Files = new Map(Object.entries(options.files))
  const made = { files, parents: [], message: 'Begin', author: 'alice', isVerified: false, time: now() }
  state.refs.set('refs/heads/main', objects.commit(made).sha)
  return state
}

export function person(login: string): Person {
  return { login, isBot: false }
}

export function headOf(state: Pick<GitHubState, 'refs'>, branch: string): Sha | undefined {
  return state.refs.get(`refs/heads/${branch}`)
}

export function filesOf(state: Pick<GitHubState, 'refs' | 'objects'>, branch: string): Files {
  return state.objects.files(headOf(state, branch) ?? '') ?? new Map()
}

/**
 * Points a branch at a commit, or deletes it (`undefined`), with all consequences: the push, and pull requests that follow the
 * branch.
 */
export function moveBranch(
  state: GitHubState,
  branch: string,
  to: { readonly sha: Sha | undefined; readonly by: Person; readonly kind?: 'merge' },
): void {
  const ref = `refs/heads/${branch}`
  const from = state.refs.get(ref)
  if (from === to.sha) return
  if (to.sha === undefined) state.refs.delete(ref)
  else state.refs.set(ref, to.sha)
  state.moves.push({
    branch,
    by: to.by,
    move: {
      kind: to.kind ?? kindOf(state, from, to.sha),
      before: from ?? NO_COMMIT,
      after: to.sha ?? NO_COMMIT,
      at: state.now(),
      isOurs: to.by.login === state.bot.login,
    },
  })
  const payload = { ref, after: to.sha ?? NO_COMMIT, deleted: to.sha === undefined }
  state.happened({ event: 'push', payload, sender: to.by })
  for (const pull of state.pulls.values()) if (pull.state === 'open') follow(state, pull, { branch, from, ...to })
}

const NO_COMMIT = '0'.repeat(40)

function kindOf({ objects }: GitHubState, from: Sha | undefined, to: Sha | undefined): BranchMove['kind'] {
  if (from === undefined) return 'created'
  if (to === undefined) return 'deleted'
  return objects.isAncestor(from, to) ? 'push' : 'force-push'
}

function follow(
  state: GitHubState,
  pull: Pull,
  move: { readonly branch: string; readonly from: Sha | undefined; readonly sha: Sha | undefined; readonly by: Person },
): void {
  const { branch, from, sha, by } = move
  const isHead = pull.head.ref === branch && pull.head.isFork !== true
  if (!isHead && pull.base.ref !== branch) return
  if (sha === undefined) return endPull(state, pull, { by })
  pull.updatedAt = state.now()
  if (isHead) {
    pull.head.sha = sha
    state.refs.set(`refs/pull/${pull.number}/head`, sha)
    return tellPull(state, pull, { action: 'synchronize', by })
  }
  pull.base.sha = sha
  const landed = from === undefined ? [] : state.objects.ahead(from, sha)
  // A pull request whose head reached the base through a push counts as merged.
  if (landed.some((commit) => commit.sha === pull.head.sha)) endPull(state, pull, { by, mergedAs: pull.head.sha })
}

export function endPull(
  state: GitHubState,
  pull: Pull,
  how: { readonly by: Person; readonly mergedAs?: Sha | undefined },
): void {
  pull.state = how.mergedAs === undefined ? 'closed' : 'merged'
  pull.mergeCommit = how.mergedAs
  pull.closedAt = pull.updatedAt = state.now()
  tellPull(state, pull, { action: 'closed', by: how.by })
}

/** Sends a webhook about a pull request. */
export function tellPull(
  state: GitHubState,
  pull: Pull,
  news: { readonly action: string; readonly by: Person; readonly changes?: Readonly<Record<string, unknown>> },
): void {
  const { number, head, base, mergeCommit, createdAt, updatedAt } = pull
  const { action, by, changes } = news
  const told = {
    number,
    merged: pull.state === 'merged',
    merge_commit_sha: mergeCommit ?? null,
    head: { ref: head.ref, sha: head.sha },
    base: { ref: base.ref, sha: base.sha },
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
  const payload = { action, pull_request: told, ...(changes === undefined ? {} : { changes }) }
  state.happened({ event: 'pull_request', payload, sender: by })
}

/** An event in the form in which GitHub sends it to the App. */
export function webhookOf(
  { repo, installation }: Pick<GitHubState, 'repo' | 'installation'>,
  { payload, sender }: Happening,
): Readonly<Record<string, unknown>> {
  return {
    ...payload,
    installation: { id: installation },
    repository: { id: repo.id, name: repo.name, owner: { login: repo.owner }, default_branch: repo.defaultBranch },
    sender: { login: sender.login, type: sender.isBot ? 'Bot' : 'User' },
  }
}
