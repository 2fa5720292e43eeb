import * as z from 'zod'
import type { BranchMove } from '../../core/command/head-age.ts'
import { REPORT_PREFIX, type Signal, stateOf } from '../../core/gate/signal.ts'
import type { StoredReport } from '../../core/report/report.ts'
import { webUrl } from '../../core/text/web-url.ts'
import type { CommitMaker } from '../../ports/github/branches.ts'
import type { Comment, Person, PullRequest } from '../../core/rollout/facts.ts'

/** The fields of GitHub's answers that Perch uses; everything else is left unread. */
const Account = z.object({ login: z.string(), type: z.string().default('User') })

export const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const PullAnswer = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  draft: z.boolean().default(false),
  title: z.string(),
  body: z.string().nullish(),
  user: Account.nullable(),
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.int() }).nullable() }),
  base: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.int(), default_branch: z.string() }) }),
  merged_at: Time.nullish(),
  merge_commit_sha: z.string().nullish(),
  labels: z.array(z.object({ name: z.string() })).default([]),
  assignees: z.array(Account).default([]),
  created_at: Time,
  updated_at: Time.optional(),
  closed_at: Time.nullish(),
})

const CommentAnswer = z.object({
  id: z.int(),
  body: z.string().nullish(),
  user: Account.nullable(),
  created_at: Time,
  updated_at: Time,
  issue_url: z.string().regex(/\/\d+$/),
  performed_via_github_app: z.object({ id: z.int() }).nullish(),
})

export const CheckRunAnswer = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  external_id: z.string().nullish(),
  app: z.object({ id: z.int() }).nullish(),
  output: z
    .object({ title: z.string().nullish(), summary: z.string().nullish(), text: z.string().nullish() })
    .nullish(),
})

const StatusAnswer = z.object({
  context: z.string(),
  state: z.enum(['success', 'failure', 'error', 'pending']),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
  created_at: Time,
  creator: Account.nullish(),
})

const App = z.object({ id: z.int(), slug: z.string().nullish() })

const RunAnswer = CheckRunAnswer.extend({
  app: App.nullish(),
  completed_at: Time.nullish(),
  html_url: z.string().nullish(),
})

const DeploymentAnswer = z.object({
  id: z.int(),
  sha: z.string(),
  environment: z.string(),
  creator: Account.nullish(),
  performed_via_github_app: App.nullish(),
})

const DeploymentStatusAnswer = z.object({
  id: z.int(),
  state: z.string(),
  environment: z.string().default(''),
  description: z.string().nullish(),
  log_url: z.string().nullish(),
  environment_url: z.string().nullish(),
  created_at: Time,
  creator: Account.nullish(),
  performed_via_github_app: App.nullish(),
})

export const PermissionAnswer = z.object({ permission: z.string(), role_name: z.string().optional() })

export const CommitAnswer = z.object({ createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }) }) })

export const ObjectAnswer = z.object({ sha: z.string() })

export const ReviewAnswer = z.object({
  user: Account.nullable(),
  state: z.string(),
  commit_id: z.string().nullish(),
})

const MakerAnswer = z.object({
  sha: z.string(),
  commit: z.object({ verification: z.object({ verified: z.boolean() }).nullish() }),
  author: z.object({ login: z.string().optional() }).nullish(),
  parents: z.array(z.object({ sha: z.string() })),
})

/** A commit of a comparison, with the account that GitHub names as its author. */
export function makerOf(answer: unknown): CommitMaker {
  const { sha, commit, author, parents } = MakerAnswer.parse(answer)
  return {
    sha,
    author: author?.login,
    isVerified: commit.verification?.verified === true,
    parents: parents.map((parent) => parent.sha),
  }
}

export const ActivityAnswers = z.array(
  z.object({ after: z.string(), actor: z.object({ login: z.string().optional() }).nullish() }),
)

export const ComparisonAnswer = z.object({ total_commits: z.int(), commits: z.array(z.unknown()) })

export const RepositoryIdAnswer = z.object({ node_id: z.string() })

export const RefAnswer = z.object({ object: z.object({ sha: z.string() }) })

export const RefAnswers = z.array(z.object({ ref: z.string() }))

export const BranchAnswer = z.object({
  protection: z
    .object({
      required_status_checks: z
        .object({
          enforcement_level: z.string().nullish(),
          strict: z.boolean().nullish(),
          checks: z.array(z.object({ context: z.string(), app_id: z.int().nullish() })).default([]),
        })
        .nullish(),
    })
    .nullish(),
})

export const RuleAnswer = z.object({
  type: z.string(),
  parameters: z
    .object({
      strict_required_status_checks_policy: z.boolean().optional(),
      required_status_checks: z.array(z.object({ context: z.string(), integration_id: z.int().nullish() })).optional(),
    })
    .nullish(),
})

export const AppAnswer = z.object({ slug: z.string().min(1) })

export const InstallationAnswer = z.object({ id: z.int(), suspended_at: z.string().nullish() })

export const RepositoryAnswer = z.object({
  id: z.int(),
  node_id: z.string().default(''),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  default_branch: z.string().default('main'),
  archived: z.boolean().default(false),
  fork: z.boolean().default(false),
})

export function pullRequestOf(answer: unknown): PullRequest {
  const pull = PullAnswer.parse(answer)
  const isMerged = pull.merged_at !== undefined && pull.merged_at !== null
  return {
    number: pull.number,
    state: pull.state === 'open' ? 'open' : isMerged ? 'merged' : 'closed',
    draft: pull.draft,
    title: pull.title,
    body: pull.body ?? '',
    author: personOf(pull.user),
    head: { ref: pull.head.ref, sha: pull.head.sha, isFork: pull.head.repo?.id !== pull.base.repo.id },
    base: { ref: pull.base.ref, sha: pull.base.sha, isDefault: pull.base.ref === pull.base.repo.default_branch },
    mergeCommit: isMerged ? (pull.merge_commit_sha ?? undefined) : undefined,
    labels: pull.labels.map(({ name }) => name),
    assignees: pull.assignees.map(personOf).flatMap(({ login, isBot }) => (isBot ? [] : [login])),
    createdAt: pull.created_at,
    closedAt: pull.closed_at ?? undefined,
    ...(pull.updated_at === undefined ? {} : { updatedAt: pull.updated_at }),
  }
}

/** Who Perch is on GitHub: what tells its own comments and pull requests from everybody else's. */
export interface AppIdentity {
  readonly appId: number
  /** `<slug>[bot]`. */
  readonly login: string
}

export function commentOf(answer: unknown, app: AppIdentity): { readonly pull: number; readonly comment: Comment } {
  const comment = CommentAnswer.parse(answer)
  const author = personOf(comment.user)
  const isOurs = comment.performed_via_github_app?.id === app.appId || (author.isBot && author.login === app.login)
  return {
    pull: Number.parseInt(comment.issue_url.split('/').at(-1) ?? '', 10),
    comment: {
      id: comment.id,
      author,
      body: comment.body ?? '',
      createdAt: comment.created_at,
      isEdited: comment.updated_at !== comment.created_at,
      isOurs,
    },
  }
}

/** The first of some addresses that leads to a page. */
function pageOf(...addresses: readonly (string | null | undefined)[]): Pick<Signal, 'url'> {
  const url = addresses.map(webUrl).find((one) => one !== undefined)
  return url === undefined ? {} : { url }
}

export function statusSignalOf(answer: unknown): Signal {
  const { context, state, description, target_url, created_at, creator } = StatusAnswer.parse(answer)
  return {
    source: 'status',
    name: context,
    state: stateOf(state),
    at: created_at,
    description: description ?? '',
    by: loginsOf(creator),
    ...pageOf(target_url),
  }
}

/** A check run of another App, or of ours one that keeps a report; any other of ours says nothing. */
export function runSignalOf(
  answer: unknown,
  us: AppIdentity,
): { readonly id: number; readonly signal: Signal | undefined } {
  const { id, app, name, status, conclusion, completed_at, html_url, output } = RunAnswer.parse(answer)
  const isOurs = app?.id === us.appId
  if (isOurs && !name.startsWith(REPORT_PREFIX)) return { id, signal: undefined }
  const hasEnded = status === 'completed' && completed_at !== undefined && completed_at !== null
  const signal: Signal = {
    source: isOurs ? 'report' : 'check',
    name: isOurs ? name.slice(REPORT_PREFIX.length) : name,
    state: stateOf(hasEnded ? conclusion : undefined),
    at: completed_at ?? 0,
    description: output?.title ?? '',
    by: botOf(app),
    ...pageOf(html_url),
  }
  return { id, signal }
}

export function deploymentOf(answer: unknown): z.infer<typeof DeploymentAnswer> {
  return DeploymentAnswer.parse(answer)
}

/** GitHub does not name the App of every deployment, but always its bot. */
export function isOwnDeployment(
  { creator, performed_via_github_app: app }: z.infer<typeof DeploymentAnswer>,
  us: AppIdentity,
): boolean {
  return app?.id === us.appId || creator?.login === us.login
}

/** The newest of its states; undefined where it has none. */
export function deploymentStateOf(answer: unknown): string | undefined {
  return z.array(DeploymentStatusAnswer).parse(answer)[0]?.state
}

export function deploymentSignalOf(
  answer: unknown,
  deployment: { readonly environment: string },
): { readonly id: number; readonly signal: Signal } {
  const status = DeploymentStatusAnswer.parse(answer)
  const signal: Signal = {
    source: 'deployment',
    // A status may move its deployment to another environment.
    name: status.environment === '' ? deployment.environment : status.environment,
    state: stateOf(status.state),
    at: status.created_at,
    description: status.description ?? '',
    by: [...loginsOf(status.creator), ...botOf(status.performed_via_github_app)],
    ...pageOf(status.log_url, status.environment_url),
  }
  return { id: status.id, signal }
}

const MOVE_KINDS = {
  push: 'push',
  force_push: 'force-push',
  branch_creation: 'created',
  branch_deletion: 'deleted',
  pr_merge: 'merge',
  merge_queue_merge: 'merge',
} as const

const ActivityAnswer = z.object({
  before: z.string().nullish(),
  after: z.string().nullish(),
  timestamp: Time,
  activity_type: z.enum(['push', 'force_push', 'branch_creation', 'branch_deletion', 'pr_merge', 'merge_queue_merge']),
  actor: Account.nullable(),
})

/** A list of activities; undefined where the answer is something else. */
export function branchMovesIn(answer: unknown, us: AppIdentity): readonly BranchMove[] | undefined {
  const list = z.array(ActivityAnswer).safeParse(answer)
  if (!list.success) return undefined
  return list.data.map(({ before, after, timestamp, activity_type, actor }) => ({
    kind: MOVE_KINDS[activity_type],
    before: before ?? '',
    after: after ?? '',
    at: timestamp,
    isOurs: actor !== null && actor.type === 'Bot' && actor.login === us.login,
  }))
}

function loginsOf(account: z.infer<typeof Account> | null | undefined): readonly string[] {
  return account === null || account === undefined ? [] : [account.login]
}

function botOf(app: z.infer<typeof App> | null | undefined): readonly string[] {
  return typeof app?.slug === 'string' ? [`${app.slug}[bot]`] : []
}

/** A deleted account is shown as `ghost`. */
function personOf(account: z.infer<typeof Account> | null): Person {
  return account === null ? { login: 'ghost', isBot: false } : { login: account.login, isBot: account.type === 'Bot' }
}

const KeptAnswer = RunAnswer.extend({ external_id: z.string().nullish() })

/** The newest run of ours among those of one name, as the record of reports that it is; undefined where there is no list. */
export function keptIn(
  answer: unknown,
  us: AppIdentity,
): { readonly id: number; readonly kept: StoredReport } | 'none' | undefined {
  const list = z.object({ check_runs: z.array(z.unknown()) }).safeParse(answer)
  if (!list.success) return undefined
  const runs = list.data.check_runs.map((run) => KeptAnswer.parse(run)).filter(({ app }) => app?.id === us.appId)
  const [run] = runs.sort((a, b) => b.id - a.id)
  if (run === undefined) return 'none'
  const since = run.completed_at ?? 0
  const state = stateOf(run.status === 'completed' ? run.conclusion : undefined)
  const heardAt = /^\d{1,15}$/.test(run.external_id ?? '') ? Number(run.external_id) : since
  return { id: run.id, kept: { state: state === 'silent' ? undefined : state, since, heardAt } }
}
