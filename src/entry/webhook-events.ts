import { z } from 'zod'
import { isButton } from '../core/command/buttons.ts'
import { parseCommands } from '../core/command/parse.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import type { CommitSignal } from '../flows/wake.ts'
import type { RepositoryRef, Task } from '../flows/work.ts'

/**
 * The webhooks that Perch listens to, each with the few fields that it reads: they say where to look, never what is true.
 * Parsing strips the rest, so that the queue holds no more of a payload than is used.
 */
const Installation = z.object({ id: z.int() })
const Repository = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  default_branch: z.string(),
})
const common = { installation: Installation, repository: Repository }

const Ref = z.object({ ref: z.string(), sha: z.string() })

const Pull = z.object({
  number: z.int(),
  merged: z.boolean().nullish(),
  merge_commit_sha: z.string().nullish(),
  head: Ref,
  base: Ref,
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
})

const CheckPulls = z.array(z.object({ number: z.int(), base: z.object({ ref: z.string() }).nullish() })).default([])

export const EVENTS = {
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
  push: z.object({ ...common, ref: z.string(), after: z.string(), deleted: z.boolean().default(false) }),
  status: z.object({ ...common, sha: z.string(), context: z.string(), state: z.string() }),
  deployment_status: z.object({
    ...common,
    deployment_status: z.object({ environment: z.string().nullish() }),
    deployment: z.object({ sha: z.string(), environment: z.string() }),
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
    check_suite: z.object({ app: Installation.nullish(), pull_requests: CheckPulls, head_sha: z.string().nullish() }),
  }),
} as const

export type EventName = keyof typeof EVENTS
type Payload<Name extends EventName> = z.infer<(typeof EVENTS)[Name]>

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name)
}

/** The fields of a payload that Perch reads; undefined where they are not there, so that there is nothing to do. */
export function readPayload(name: EventName, payload: unknown): Readonly<Record<string, unknown>> | undefined {
  const read = EVENTS[name].safeParse(payload)
  return read.success ? read.data : undefined
}

/** Webhooks of which only our memory knows whether they give cause to do anything: whether anybody waits for them. */
export type AwaitedName = 'status' | 'deployment_status' | 'pull_request_review'

/** What a webhook gives cause to do by itself. Of a check run that another App has completed, see `saidBy`. */
export function tasksOf(name: Exclude<EventName, AwaitedName>, payload: unknown, delivery: string): readonly Task[] {
  switch (name) {
    case 'pull_request':
      return forPull(EVENTS.pull_request.parse(payload))
    case 'issue_comment':
      return forComment(EVENTS.issue_comment.parse(payload))
    case 'push':
      return forPush(EVENTS.push.parse(payload))
    case 'merge_group': {
      const { action, merge_group: group, ...rest } = EVENTS.merge_group.parse(payload)
      const base = group.base_ref.replace(/^refs\/heads\//, '')
      const found = { base, ref: group.head_ref, head: group.head_sha }
      return action === 'checks_requested' ? [{ type: 'group', ...placeOf(rest), ...found }] : []
    }
    case 'pull_request_review_comment':
      return forLineComment(EVENTS.pull_request_review_comment.parse(payload))
    case 'check_run': {
      const event = EVENTS.check_run.parse(payload)
      if (event.action === 'requested_action') return forButton(event, delivery)
      return event.action === 'rerequested' ? rerun(event, event.check_run, delivery) : []
    }
    case 'check_suite': {
      const { action, check_suite, ...rest } = EVENTS.check_suite.parse(payload)
      return action === 'rerequested' ? rerun(rest, check_suite, delivery) : []
    }
  }
}

/**
 * What a webhook tells of a commit, if anything, and where. Our own check runs tell nothing here: what they say comes from
 * us, and looking again for it would go round in circles.
 */
export function saidBy(
  name: 'status' | 'deployment_status' | 'check_run',
  payload: unknown,
  appId: number,
): (CommitSignal & { readonly place: RepositoryRef }) | undefined {
  switch (name) {
    case 'status': {
      const event = EVENTS.status.parse(payload)
      return { source: 'status', name: event.context, commit: event.sha, place: placeOf(event) }
    }
    case 'deployment_status': {
      const { deployment, deployment_status: status, ...event } = EVENTS.deployment_status.parse(payload)
      const environment = status.environment ?? ''
      const about = environment === '' ? deployment.environment : environment
      return { source: 'deployment', name: about, commit: deployment.sha, place: placeOf(event) }
    }
    case 'check_run': {
      const { action, check_run: run, ...event } = EVENTS.check_run.parse(payload)
      const commit = run.head_sha ?? undefined
      if (action !== 'completed' || run.app?.id === appId || commit === undefined) return undefined
      return { source: 'check', name: run.name, commit, place: placeOf(event) }
    }
  }
}

const NEW_HEAD = ['opened', 'reopened', 'synchronize']
/** A draft holds no other pull request back. */
const DRAFT = ['ready_for_review', 'converted_to_draft']

function forPull(payload: Payload<'pull_request'>): Task[] {
  const { action, pull_request: pull, changes } = payload
  const place = placeOf(payload)
  if (action === 'closed') {
    // A merge moves the base branch, and closing a step stops its rollout: both are the rollout's business.
    const head =
      pull.merged === true && typeof pull.merge_commit_sha === 'string' ? { head: pull.merge_commit_sha } : {}
    return [
      { type: 'advance', ...place, base: pull.base.ref, ...head },
      { type: 'closed', ...place, pull: pull.number, ...(pull.merged === true ? { merged: true } : {}) },
    ]
  }
  if (action === 'edited')
    return changes?.base === undefined ? [] : [{ type: 'review', ...place, pull: pull.number, force: true }]
  if (DRAFT.includes(action)) return [{ type: 'review', ...place, pull: pull.number, force: true }]
  if (!NEW_HEAD.includes(action)) return []
  // What was said on it before it was closed may not be so any more.
  const before = action === 'reopened' ? { comments: true } : {}
  return [{ type: 'review', ...place, pull: pull.number, head: pull.head.sha, ...before }]
}

function forComment(payload: Payload<'issue_comment'>): Task[] {
  const { action, issue, comment, sender } = payload
  if (action !== 'created' || issue.pull_request === undefined || sender.type === 'Bot') return []
  if (parseCommands(comment.body ?? '').length === 0) return []
  const place = placeOf(payload)
  return [
    { type: 'acknowledge', ...place, comment: comment.id, pull: issue.number },
    { type: 'review', ...place, pull: issue.number, comments: true },
  ]
}

/** Commands in the text of a review. */
export function forReviewText(payload: Payload<'pull_request_review'>): Task[] {
  const { action, review, pull_request: pull } = payload
  const { user } = review ?? {}
  if (action !== 'submitted' || review === undefined || user === undefined || user === null) return []
  if (user.type === 'Bot' || parseCommands(review.body ?? '').length === 0) return []
  return [{ type: 'redirect', ...placeOf(payload), pull: pull.number, review: review.id, login: user.login }]
}

/** Commands in a comment on a line. All comments of one review get one answer. */
function forLineComment(payload: Payload<'pull_request_review_comment'>): Task[] {
  const { action, comment, pull_request: pull } = payload
  const { id, pull_request_review_id: review, body, user } = comment
  if (action !== 'created' || user === undefined || user === null || user.type === 'Bot') return []
  if (parseCommands(body ?? '').length === 0) return []
  return [{ type: 'redirect', ...placeOf(payload), pull: pull.number, review: review ?? id, login: user.login }]
}

function forPush(payload: Payload<'push'>): Task[] {
  const { ref, after, deleted, repository } = payload
  // A stop came or went, by our hand or by somebody's on GitHub.
  if (ref.startsWith(STOP_REFS.slice(0, -1))) return [{ type: 'regate', ...placeOf(payload) }]
  if (ref !== `refs/heads/${repository.default_branch}` || deleted) return []
  return [{ type: 'advance', ...placeOf(payload), base: repository.default_branch, head: after }]
}

/** The head that a pull request was opened with, which everybody who comments on it could see. */
export function openedHead(
  payload: unknown,
): { readonly place: RepositoryRef; readonly pull: number; readonly head: Sha; readonly at: number } | undefined {
  const event = EVENTS.pull_request.parse(payload)
  const { number: pull, head, created_at: createdAt, updated_at: updatedAt } = event.pull_request
  // What changed since it was opened may have been its head.
  if (event.action !== 'opened' || createdAt === undefined || createdAt === null || updatedAt !== createdAt)
    return undefined
  return { place: placeOf(event), pull, head: head.sha, at: Date.parse(createdAt) }
}

/** A push to another branch than the default one. Whether that is deployed only our memory knows at once. */
export function otherPush(
  payload: unknown,
): { readonly branch: string; readonly head: Sha; readonly place: RepositoryRef } | undefined {
  const event = EVENTS.push.parse(payload)
  const { ref, after: head, deleted, repository } = event
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined
  if (branch === undefined || branch === repository.default_branch || deleted) return undefined
  return { branch, head, place: placeOf(event) }
}

/** A button of a check. Of pull requests from forks GitHub names none, and Perch has no buttons to press there. */
function forButton(payload: Payload<'check_run'>, delivery: string): Task[] {
  const { check_run: run, requested_action: action, sender } = payload
  const [pull] = run.pull_requests
  const head = run.head_sha ?? ''
  const name = action?.identifier ?? ''
  if (pull === undefined || !isButton(name) || sender === undefined || sender === null) return []
  const place = placeOf(payload)
  if (name === 'retry') return [{ type: 'review', ...place, pull: pull.number, force: true, anew: true }]
  const button = { pull: pull.number, name, login: sender.login, head, id: delivery }
  return [{ type: 'advance', ...place, base: pull.base?.ref ?? payload.repository.default_branch, button }]
}

/**
 * The commit says what is to be judged. GitHub names the pull requests of its branch, which may have another head by now, and
 * none from forks.
 */
function rerun(
  payload: Pick<Payload<'check_run'>, 'installation' | 'repository'>,
  { head_sha: head }: { readonly head_sha?: string | null | undefined },
  id: string,
): Task[] {
  return typeof head === 'string' ? [{ type: 'rerun', ...placeOf(payload), head, id }] : []
}

export function placeOf(payload: Pick<Payload<'push'>, 'installation' | 'repository'>): RepositoryRef {
  const { id, name, owner, default_branch: defaultBranch } = payload.repository
  return { installation: payload.installation.id, repo: { id, name, owner: owner.login, defaultBranch } }
}
