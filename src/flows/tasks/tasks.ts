import * as z from 'zod'
import { TRIED_MS } from '../../core/command/pending.ts'
import { DEPLOYMENT_STATES } from '../../core/deployment/step-deployment.ts'
import { News } from '../../core/notify/news.ts'
import { Report } from '../../core/report/report.ts'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import type { Job } from '../../ports/jobs.ts'
import { TargetName } from '../../core/rollout/target.ts'
import { type Cause, Causes, RULES } from './causes.ts'

const Repository = z.object({ id: z.int(), owner: z.string(), name: z.string(), defaultBranch: z.string() })

const Where = { installation: z.int(), repo: Repository }

/** Of a task that only knows the name of its repository. */
const Named = { repository: z.object({ owner: z.string(), name: z.string() }) }

/**
 * The tasks of the worker. A task names what to look at, and why. The facts are read when the task runs. Only tasks wait in the
 * queue.
 */
export const Task = z.discriminatedUnion('type', [
  /** A comment that may contain commands: parse it, add 👀, and have the commands carried out. */
  z.object({
    type: z.literal('comment'),
    ...Where,
    pull: z.int(),
    comment: z.int(),
    body: z.string(),
    why: Causes.comment,
  }),
  /** Add 👀 to a command. */
  z.object({ type: z.literal('acknowledge'), ...Where, pull: z.int(), comment: z.int(), why: Causes.acknowledge }),
  /** A review whose text may contain commands: say where commands are read. */
  z.object({
    type: z.literal('redirect'),
    ...Where,
    pull: z.int(),
    review: z.int(),
    login: z.string(),
    body: z.string(),
    why: Causes.delivered,
  }),
  z.object({ type: z.literal('review'), ...Where, pull: z.int(), why: Causes.review }),
  /** Clean up after a closed or merged pull request. */
  z.object({ type: z.literal('clean-up'), ...Where, pull: z.int(), why: Causes['clean-up'] }),
  /** A stop was created or removed: have everything judged again that it can block. */
  z.object({ type: z.literal('judge-again'), ...Where, why: Causes.delivered }),
  z.object({ type: z.literal('advance'), ...Where, base: z.string(), why: Causes.advance }),
  /** Measure the rollouts of a base branch. */
  z.object({ type: z.literal('measure'), ...Where, base: z.string(), why: Causes.measure }),
  /** Notify the destinations that the config of the base branch names. */
  z.object({ type: z.literal('notify'), ...Where, base: z.string(), news: News, at: z.number(), why: Causes.notify }),
  /** Notify one destination. */
  z.object({ type: z.literal('deliver'), ...Where, to: z.string(), news: News, at: z.number(), why: Causes.notify }),
  /** Show a step on GitHub as a deployment to an environment. `pull`: the pull request that drives the rollout. */
  z.object({
    type: z.literal('deployment'),
    ...Where,
    environment: z.string(),
    service: z.string(),
    commit: z.string(),
    share: z.number(),
    version: z.string().optional(),
    state: z.enum(DEPLOYMENT_STATES),
    pull: z.int().optional(),
    why: Causes.deployment,
  }),
  /** Update the issue that lists all rollouts. */
  z.object({ type: z.literal('dashboard'), ...Where, why: Causes.dashboard }),
  /** Judge a commit of the merge queue. */
  z.object({
    type: z.literal('group'),
    ...Where,
    base: z.string(),
    ref: z.string(),
    head: z.string(),
    why: Causes.group,
  }),
  /** Run the checks of a commit again, for whatever has it as its head. */
  z.object({ type: z.literal('rerun'), ...Where, head: z.string(), why: Causes.delivered }),
  /** `pulse`: what GitHub last reported about the repository. */
  z.object({ type: z.literal('sweep'), ...Where, pulse: z.string().optional(), why: Causes.sweep }),
  /** Propose a config to a repository that Perch was installed on. Only its name is known. */
  z.object({
    type: z.literal('onboard'),
    installation: z.int(),
    ...Named,
    why: Causes.onboard,
  }),
  /** Have every repository swept that Perch is installed on. */
  z.object({ type: z.literal('sweep-all'), why: Causes.sweep }),
  /** Store the report of a cluster. Only the repository's name is known. */
  z.object({
    type: z.literal('report'),
    ...Named,
    report: Report,
    receivedAt: z.number(),
    why: Causes.delivered,
  }),
  /** Read Flagger's Canaries, and what stops them. */
  z.object({
    type: z.literal('canaries'),
    ...Named,
    why: Causes.canaries,
  }),
  /** Read how many people approved the pull request that brought a version. */
  z.object({
    type: z.literal('canary-approvals'),
    ...Named,
    rollout: TargetName,
    why: Causes['canary-approvals'],
  }),
  /** Show Flagger's last event about a rollout on the pull request that brought the version. */
  z.object({
    type: z.literal('canary-news'),
    ...Named,
    rollout: TargetName,
    why: Causes['canary-news'],
  }),
])
export type Task = z.infer<typeof Task>

export type TaskOf<Type extends Task['type']> = Extract<Task, { readonly type: Type }>

export interface RepositoryRef {
  readonly installation: number
  readonly repo: RepositoryName
}

/** A task that only knows the name of its repository: nobody on GitHub asked for it. */
export type NamedTask = Exclude<Extract<Task, { readonly repository: unknown }>, { readonly installation: number }>

/** A task in a repository. */
export type RepositoryTask = Extract<Task, RepositoryRef>

/**
 * The task as a job. Two reviews of one pull request never run at the same time, and neither do two `advance` tasks of one base
 * branch.
 */
export function jobOf(task: Task): Job {
  const { why } = task
  return {
    key: keyOf(task),
    data: task,
    id: idOf(why),
    ...('due' in why && why.due !== undefined ? { notBefore: why.due } : {}),
    ...(RULES[why.code].isPatient === true ? { patienceMs: TRIED_MS } : {}),
  }
}

/** Equal for equal causes. */
function idOf({ code, ...rest }: Cause): string {
  const { slotMs = 1 } = RULES[code]
  const facts = new Map(Object.entries(rest))
  const rounded = [...facts.keys()].sort().map((name) => {
    const fact = facts.get(name)
    const isMoment = name === 'at' || name === 'due'
    return [name, isMoment && typeof fact === 'number' ? Math.floor(fact / slotMs) : fact] as const
  })
  return `${code} ${JSON.stringify(Object.fromEntries(rounded))}`
}

function keyOf(task: Task): string {
  switch (task.type) {
    case 'comment':
    case 'acknowledge':
      return `${task.repo.id}!${task.comment}`
    case 'redirect':
      return `${task.repo.id}!review:${task.review}`
    case 'review':
    case 'clean-up':
      return `${task.repo.id}#${task.pull}`
    case 'advance':
      return `${task.repo.id}@${task.base}`
    case 'measure':
      return `${task.repo.id}~${task.base}`
    case 'notify':
      return `${task.repo.id}>${task.why.key}`
    case 'deliver':
      return `${task.repo.id}>${task.why.key}>${task.to}`
    case 'deployment':
      // The states of a step must be sent in order.
      return `${task.repo.id}=${task.environment}/${task.service}`
    case 'group':
    case 'rerun':
      return `${task.repo.id}!${task.head}`
    case 'dashboard':
      return `${task.repo.id}:dashboard`
    case 'judge-again':
      return `${task.repo.id}:judge-again`
    case 'sweep':
      return `${task.repo.id}:sweep`
    case 'sweep-all':
      return 'sweep-all'
    case 'onboard':
      // One after the other, so that a hundred new repositories do not delay commands.
      return `onboard:${task.installation}`
    case 'canaries':
      return keyOfNamed(task)
    case 'canary-approvals':
    case 'canary-news':
      return keyOfNamed(task, task.rollout)
    case 'report':
      // Reports with one name about one commit are stored one after the other.
      return keyOfNamed(task, task.report.commit, task.report.name)
  }
}

/** GitHub's names of repositories are not case-sensitive. */
function keyOfNamed({ type, repository: { owner, name } }: NamedTask, ...parts: readonly string[]): string {
  return [type, `${owner}/${name}`, ...parts].join(':').toLowerCase()
}
