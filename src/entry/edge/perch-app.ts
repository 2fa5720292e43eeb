import type { createEventHandler } from '@octokit/webhooks'
import type * as z from 'zod'
import { branchIn } from '../../core/branch-ref.ts'
import { isButton } from '../../core/command/buttons.ts'
import { mayHaveCommands } from '../../core/command/parse.ts'
import { isNamed } from '../../core/config/deployed.ts'
import { isStopRef } from '../../core/stop/stop.ts'
import { isStepBranch } from '../../core/rollout/branch.ts'
import { ticksIn } from '../../core/marker/dashboard.ts'
import { isOwnBranch } from '../../core/marker/own-branch.ts'
import { askIn } from '../../flows/tasks/ask.ts'
import { jobOf, type TaskOf } from '../../flows/tasks/tasks.ts'
import type { RepositoryContext } from '../../flows/repository/repository-context.ts'
import { rememberFirstHead } from '../../flows/repository/head-age.ts'
import { recallDeployed } from '../../flows/memory/base-memory.ts'
import { recallPull } from '../../flows/memory/pull-memory.ts'
import { isAskedAbout } from '../../flows/stop/approval-memory.ts'
import { markMoved } from '../../flows/stop/canary-memory.ts'
import { wakeWaiting } from '../../flows/measure/wake.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Job, Jobs } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'
import {
  type AtRepository,
  EVENTS,
  type EventName,
  type NamedRepository,
  type Payload,
  repositoryOf,
} from './webhook-events.ts'

/** What a handler gets besides the payload of a webhook. */
interface WebhookContext extends Pick<RepositoryContext, 'repo' | 'memo' | 'ask'> {
  /** GitHub's GUID. */
  readonly delivery: string
  readonly appId: number
}

export interface WebhookParts {
  readonly jobs: Jobs
  readonly memo: Memo
  readonly clock: Clock
  readonly appId: number
}

type Handler<T> = (event: T, context: WebhookContext) => Promise<void>

/**
 * The Probot app. Turns a webhook into tasks in the queue, from its payload and from memory. Sends no request to GitHub and
 * parses no Markdown, because it runs on the thread that answers. All tasks of a webhook are stored together.
 */
export function perchApp(
  app: Pick<ReturnType<typeof createEventHandler>, 'on'>,
  { jobs, memo, clock, appId }: WebhookParts,
): void {
  function on<T extends AtRepository>(name: EventName, schema: z.ZodType<T>, handle: Handler<T>): void {
    app.on(name, async ({ id: delivery, payload }) => {
      const { data: event } = schema.safeParse(payload)
      // Without these fields, no task can follow.
      if (event === undefined) return
      const place = repositoryOf(event)
      const asked: Job[] = []
      const ask = askIn(place, { enqueue: async (...more) => void asked.push(...more) })
      await handle(event, { repo: place.repo, memo, ask, delivery, appId })
      await jobs.enqueue(...asked)
    })
  }
  onInstallations(app, { jobs, clock })
  on('pull_request', EVENTS.pull_request, onPullRequest)
  on('issue_comment', EVENTS.issue_comment, onComment)
  on('issues', EVENTS.issues, onIssue)
  on('push', EVENTS.push, onPush)
  on('merge_group', EVENTS.merge_group, onMergeGroup)
  on('check_run', EVENTS.check_run, onCheckRun)
  on('check_suite', EVENTS.check_suite, onCheckSuite)
  on('pull_request_review', EVENTS.pull_request_review, onReview)
  on('pull_request_review_comment', EVENTS.pull_request_review_comment, onLineComment)
  on('status', EVENTS.status, ({ context: name, sha: commit }, context) =>
    wakeWaiting(context, { source: 'status', name, commit }, context.delivery),
  )
  on('deployment_status', EVENTS.deployment_status, async ({ deployment, deployment_status: status }, context) => {
    // Perch shows its own steps as deployments. They tell Perch nothing new.
    if (deployment.performed_via_github_app?.id === appId) return
    const environment = status.environment ?? ''
    const name = environment === '' ? deployment.environment : environment
    await wakeWaiting(context, { source: 'deployment', name, commit: deployment.sha }, context.delivery)
  })
}

/**
 * An organization may have thousands of repositories. Reading them at this pace leaves most of GitHub's rate limit to commands.
 */
const APART_MS = 3_000

/** For repositories that Perch was added to: looks at each once, one after the other. */
function onInstallations(
  app: Pick<ReturnType<typeof createEventHandler>, 'on'>,
  { jobs, clock }: Pick<WebhookParts, 'jobs' | 'clock'>,
): void {
  const welcome = async (
    delivery: string,
    { installation, repositories }: { installation: { id: number }; repositories: readonly NamedRepository[] },
  ): Promise<void> => {
    const now = clock.now()
    const tasks = repositories.map(({ id, full_name }, index): TaskOf<'onboard'> => {
      const [owner = '', name = ''] = full_name.split('/')
      const why = { code: 'installed', delivery, repository: id, due: now + index * APART_MS } as const
      return { type: 'onboard', installation: installation.id, repository: { owner, name }, why }
    })
    await jobs.enqueue(...tasks.map(jobOf))
  }
  app.on('installation', async ({ id, payload }) => {
    const { data } = EVENTS.installation.safeParse(payload)
    if (data?.action === 'created') await welcome(id, { ...data, repositories: data.repositories ?? [] })
  })
  app.on('installation_repositories', async ({ id, payload }) => {
    const { data } = EVENTS.installation_repositories.safeParse(payload)
    if (data?.action === 'added') await welcome(id, { ...data, repositories: data.repositories_added })
  })
}

const NEW_HEAD = ['opened', 'synchronize']
/** A draft does not block other pull requests. */
const DRAFT = ['ready_for_review', 'converted_to_draft']

async function onPullRequest(event: Payload<'pull_request'>, context: WebhookContext): Promise<void> {
  const { action, pull_request: pull, changes } = event
  const { ask, delivery } = context
  await rememberOpened(event, context)
  if (NEW_HEAD.includes(action))
    await ask.review(pull.number, { code: 'new-head', delivery, head: pull.head.sha, ...afterOurs(event) })
  if (action === 'reopened') await ask.review(pull.number, { code: 'reopened', delivery })
  const hasOtherBase = action === 'edited' && changes?.base !== undefined
  if (hasOtherBase || DRAFT.includes(action)) await ask.review(pull.number, { code: 'pull-changed', delivery })
  // A step fits only the branch that it was made for.
  if (hasOtherBase && isStepBranch(pull.head.ref)) await ask.advance(pull.base.ref, { code: 'pull-changed', delivery })
  if (action !== 'closed') return
  // A merge moves the base branch, and closing a step stops its rollout. Both affect the rollout.
  const merged = pull.merged === true
  const head = merged ? (pull.merge_commit_sha ?? undefined) : undefined
  const why = { code: 'pull-ended', delivery, merged, head } as const
  await ask.advance(pull.base.ref, why)
  await ask.cleanUp(pull.number, why)
}

const OURS_FIRST_MS = 3_000

/**
 * Perch itself requests the review of the pull requests that it opens. That review knows that there are no checks and comments
 * yet, so a webhook's review must not run before it. For other Apps' pull requests, this only adds a short delay.
 */
function afterOurs({ action, pull_request: pull }: Payload<'pull_request'>): { readonly due?: number } {
  const isApps = action === 'opened' && pull.user?.type === 'Bot' && isOwnBranch(pull.head.ref)
  if (!isApps || typeof pull.created_at !== 'string') return {}
  return { due: Date.parse(pull.created_at) + OURS_FIRST_MS }
}

/** Remembers the head that a pull request was opened with. Everyone who comments could see that head. */
async function rememberOpened(
  { action, pull_request: pull }: Payload<'pull_request'>,
  context: WebhookContext,
): Promise<void> {
  const { number, head, created_at: createdAt, updated_at: updatedAt } = pull
  // If the pull request has changed since it was opened, that may have been its head.
  if (action !== 'opened' || typeof createdAt !== 'string' || updatedAt !== createdAt) return
  await rememberFirstHead(context, { pull: number, head: head.sha, at: Date.parse(createdAt) })
}

async function onComment(
  { action, issue, comment: { id, body }, sender }: Payload<'issue_comment'>,
  { ask, delivery }: WebhookContext,
): Promise<void> {
  if (action !== 'created' || issue.pull_request === undefined || sender.type === 'Bot') return
  const comment = { pull: issue.number, comment: id, body: body ?? '' }
  if (mayHaveCommands(comment.body)) await ask.comment(comment, { code: 'command', delivery })
}

/**
 * A ticked box in the issue that lists all rollouts. Perch itself never writes ticked boxes, so its own edits request no task.
 */
async function onIssue({ action, issue }: Payload<'issues'>, { ask, delivery }: WebhookContext): Promise<void> {
  const isTicked = action === 'edited' && issue.user?.type === 'Bot' && ticksIn(issue.body ?? '').length > 0
  if (isTicked) await ask.dashboard({ code: 'delivered', delivery })
}

async function onPush(
  { ref, after: head, deleted, repository }: Payload<'push'>,
  context: WebhookContext,
): Promise<void> {
  const { ask, delivery } = context
  // A stop was created or removed, by Perch or by someone on GitHub.
  if (isStopRef(ref)) return ask.judgeAgain({ code: 'delivered', delivery })
  const branch = branchIn(ref)
  if (branch === undefined || deleted) return
  if (branch === repository.default_branch || isNamed(await recallDeployed(context), branch))
    await ask.advance(branch, { code: 'pushed', delivery, head })
}

async function onMergeGroup(
  { action, merge_group: group }: Payload<'merge_group'>,
  { ask, delivery }: WebhookContext,
): Promise<void> {
  if (action !== 'checks_requested') return
  const base = branchIn(group.base_ref) ?? group.base_ref
  await ask.group({ base, ref: group.head_ref, head: group.head_sha }, { code: 'delivered', delivery })
}

async function onCheckRun(event: Payload<'check_run'>, context: WebhookContext): Promise<void> {
  const { action, check_run: run } = event
  const { ask, delivery, appId } = context
  if (action === 'requested_action') return onButton(event, context)
  if (typeof run.head_sha !== 'string') return
  if (action === 'rerequested') await ask.rerun(run.head_sha, { code: 'delivered', delivery })
  // The results of our own check runs come from Perch itself, and a review for each would loop.
  if (action === 'completed' && run.app?.id !== appId)
    await wakeWaiting(context, { source: 'check', name: run.name, commit: run.head_sha }, delivery)
}

/** A button of a check. For pull requests from forks, GitHub names no pull request, and Perch shows no buttons there. */
export async function onButton(
  { check_run: run, requested_action: action, sender, repository }: Payload<'check_run'>,
  { ask, delivery }: Pick<WebhookContext, 'ask' | 'delivery'>,
): Promise<void> {
  const [pull] = run.pull_requests
  const name = action?.identifier ?? ''
  if (pull === undefined || !isButton(name) || sender === undefined || sender === null) return
  if (name === 'retry') return ask.review(pull.number, { code: 'rerun', delivery })
  const button = { pull: pull.number, name, login: sender.login, head: run.head_sha ?? '' }
  return ask.advance(pull.base?.ref ?? repository.default_branch, { code: 'button', delivery, ...button })
}

/**
 * Which pull requests have the commit as their head is found out later. GitHub names those from the repository's branches, and
 * none from forks.
 */
async function onCheckSuite(
  { action, check_suite: { head_sha: head } }: Payload<'check_suite'>,
  { ask, delivery }: WebhookContext,
): Promise<void> {
  if (action === 'rerequested' && typeof head === 'string') await ask.rerun(head, { code: 'delivered', delivery })
}

async function onReview(event: Payload<'pull_request_review'>, context: WebhookContext): Promise<void> {
  const { number: pull, head } = event.pull_request
  const { ask, delivery, memo, repo } = context
  await askForText(event, context)
  const seen = await recallPull(context, pull)
  // A first review that has already published its checks may not have stored yet that it waits for reviews.
  const isBeingLookedAt = seen !== undefined && head !== undefined && seen.head !== head.sha
  if (seen?.polls === true || isBeingLookedAt) await ask.review(pull, { code: 'pull-changed', delivery })
  // Flagger may wait for the approval, even if the pull request is merged.
  if (await isAskedAbout(memo, repo, pull)) await markMoved(memo, repo, delivery)
}

/** The text of a review may contain commands. */
async function askForText(
  { action, review, pull_request: { number: pull } }: Payload<'pull_request_review'>,
  { ask, delivery }: WebhookContext,
): Promise<void> {
  const { id = 0, user } = review ?? {}
  const body = review?.body ?? ''
  if (action !== 'submitted' || user === undefined || user === null || user.type === 'Bot') return
  if (mayHaveCommands(body))
    await ask.redirect({ pull, review: id, login: user.login, body }, { code: 'delivered', delivery })
}

/** Commands in a comment on a line. All comments of one review get one answer. */
async function onLineComment(
  { action, comment, pull_request: { number: pull } }: Payload<'pull_request_review_comment'>,
  { ask, delivery }: WebhookContext,
): Promise<void> {
  const { id, pull_request_review_id: review, user } = comment
  const body = comment.body ?? ''
  if (action !== 'created' || user === undefined || user === null || user.type === 'Bot') return
  if (mayHaveCommands(body))
    await ask.redirect({ pull, review: review ?? id, login: user.login, body }, { code: 'delivered', delivery })
}
