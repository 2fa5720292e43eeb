import * as z from 'zod'
import type { BranchMove } from '../../core/command/head-age.ts'
import type { CommitMaker } from '../../ports/github/branches.ts'
import type { Comment, Person, PullRequest } from '../../core/rollout/facts.ts'

/** Only the fields of GitHub's answers that Perch uses. Other fields are ignored. */
export const Account = z.object({ login: z.string(), type: z.string().default('User') })

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

/** A commit in a comparison, with the account that GitHub names as its author. */
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

/** Perch's identity on GitHub. It tells Perch's own comments and pull requests from other people's. */
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

/** The moves of a branch from a list of activities; undefined if the answer has another form. */
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

/** GitHub shows a deleted account as `ghost`. */
function personOf(account: z.infer<typeof Account> | null): Person {
  return account === null ? { login: 'ghost', isBot: false } : { login: account.login, isBot: account.type === 'Bot' }
}
