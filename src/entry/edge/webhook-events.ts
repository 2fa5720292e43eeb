import * as z from 'zod'
import type { RepositoryRef } from '../../flows/tasks/tasks.ts'

/**
 * The webhooks that Perch listens to, each with the few fields that it reads. They say where to look. Perch relies on a payload
 * only for who pressed a button, the head of a new pull request, and texts with commands.
 */
const Installation = z.object({ id: z.int() })
const Repository = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  default_branch: z.string(),
})
const common = { installation: Installation, repository: Repository }

export interface AtRepository {
  readonly installation: z.infer<typeof Installation>
  readonly repository: z.infer<typeof Repository>
}

/** Installation events contain little more than this about each repository. */
const Listed = z.object({ id: z.int(), full_name: z.string() })
export type NamedRepository = z.infer<typeof Listed>

const Ref = z.object({ ref: z.string(), sha: z.string() })

const Pull = z.object({
  number: z.int(),
  merged: z.boolean().nullish(),
  merge_commit_sha: z.string().nullish(),
  head: Ref,
  base: Ref,
  user: z.object({ type: z.string() }).nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
})

const CheckPulls = z.array(z.object({ number: z.int(), base: z.object({ ref: z.string() }).nullish() })).default([])

export const EVENTS = {
  installation: z.object({
    action: z.string(),
    installation: Installation,
    repositories: z.array(Listed).nullish(),
  }),
  installation_repositories: z.object({
    action: z.string(),
    installation: Installation,
    repositories_added: z.array(Listed),
  }),
  pull_request: z.object({
    ...common,
    action: z.string(),
    pull_request: Pull,
    changes: z.object({ base: z.unknown() }).partial().optional(),
  }),
  issue_comment: z.object({
    ...common,
    action: z.string(),
    issue: z.object({ number: z.int(), pull_request: z.object({}).optional() }),
    comment: z.object({ id: z.int(), body: z.string().nullish() }),
    sender: z.object({ type: z.string() }),
  }),
  issues: z.object({
    ...common,
    action: z.string(),
    issue: z.object({ body: z.string().nullish(), user: z.object({ type: z.string() }).nullish() }),
  }),
  push: z.object({ ...common, ref: z.string(), after: z.string(), deleted: z.boolean().default(false) }),
  status: z.object({ ...common, sha: z.string(), context: z.string() }),
  deployment_status: z.object({
    ...common,
    deployment_status: z.object({ environment: z.string().nullish() }),
    deployment: z.object({
      sha: z.string(),
      environment: z.string(),
      performed_via_github_app: z.object({ id: z.int() }).nullish(),
    }),
  }),
  pull_request_review: z.object({
    ...common,
    action: z.string(),
    pull_request: z.object({ number: z.int(), head: z.object({ sha: z.string() }).optional() }),
    review: z
      .object({
        id: z.int(),
        body: z.string().nullish(),
        user: z.object({ login: z.string(), type: z.string() }).nullish(),
      })
      .optional(),
  }),
  pull_request_review_comment: z.object({
    ...common,
    action: z.string(),
    pull_request: z.object({ number: z.int() }),
    comment: z.object({
      id: z.int(),
      pull_request_review_id: z.int().nullish(),
      body: z.string().nullish(),
      user: z.object({ login: z.string(), type: z.string() }).nullish(),
    }),
  }),
  merge_group: z.object({
    ...common,
    action: z.string(),
    merge_group: z.object({ head_sha: z.string(), head_ref: z.string(), base_ref: z.string() }),
  }),
  check_run: z.object({
    ...common,
    action: z.string(),
    check_run: z.object({
      name: z.string(),
      app: Installation.nullish(),
      pull_requests: CheckPulls,
      head_sha: z.string().nullish(),
    }),
    requested_action: z.object({ identifier: z.string() }).nullish(),
    sender: z.object({ login: z.string() }).nullish(),
  }),
  check_suite: z.object({
    ...common,
    action: z.string(),
    check_suite: z.object({ head_sha: z.string().nullish() }),
  }),
} as const

export type EventName = keyof typeof EVENTS
export type Payload<Name extends EventName> = z.infer<(typeof EVENTS)[Name]>

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name)
}

/** The events about repositories that Perch is added to. GitHub sends them to every App, without a subscription. */
export const INSTALLATION_EVENTS = ['installation', 'installation_repositories'] as const satisfies readonly EventName[]

export function repositoryOf({ installation, repository }: AtRepository): RepositoryRef {
  const { id, name, owner, default_branch: defaultBranch } = repository
  return { installation: installation.id, repo: { id, name, owner: owner.login, defaultBranch } }
}
