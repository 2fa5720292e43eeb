import { z } from 'zod'
import { COMMAND_LIFE_MS, LATE_MS } from '../core/command/pending.ts'
import type { RepositoryName } from '../core/rollout/facts.ts'
import type { Job } from '../ports/jobs.ts'

const Repository = z.object({ id: z.int(), owner: z.string(), name: z.string(), defaultBranch: z.string() })

const Where = { installation: z.int(), repo: Repository }

/** What the worker can be asked to do. A task names what to look at; the truth about it is read when it is done. */
export const Task = z.discriminatedUnion('type', [
  /** Put 👀 under a command. */
  z.object({ type: z.literal('acknowledge'), ...Where, comment: z.int(), pull: z.int().optional() }),
  /** Somebody wrote commands into a review: say where they are read. */
  z.object({ type: z.literal('redirect'), ...Where, pull: z.int(), review: z.int(), login: z.string() }),
  z.object({
    type: z.literal('review'),
    ...Where,
    pull: z.int(),
    /** The head that a webhook spoke of: when it has been reviewed already, there is nothing to do. */
    head: z.string().optional(),
    /** Somebody wrote a command: read the conversation. */
    comments: z.boolean().optional(),
    /** Perch has just opened it: no checks and no comments are there yet. */
    fresh: z.boolean().optional(),
    /** Labels that it is to have. */
    labels: z.array(z.string()).optional(),
    /** A commit about which something was just said. */
    commit: z.string().optional(),
    /** Look even where nothing seems to have changed. */
    force: z.boolean().optional(),
    /** Write the checks, whatever memory says that they say already. */
    anew: z.boolean().optional(),
    /** The branch that it is judged for moved. Where that changes nothing for it, nothing is asked of GitHub. */
    moved: z.object({ branch: z.string(), head: z.string() }).optional(),
  }),
  /** A pull request was closed or merged: what it leaves behind. */
  z.object({
    type: z.literal('closed'),
    ...Where,
    pull: z.int(),
    /** Nothing undoes a merge. */
    merged: z.boolean().optional(),
  }),
  /** A stop came or went: everything that it can stop is judged again. */
  z.object({ type: z.literal('regate'), ...Where }),
  z.object({
    type: z.literal('advance'),
    ...Where,
    base: z.string(),
    /** The head that a push brought the base branch to. */
    head: z.string().optional(),
    /** A canary fails its analysis: measure, and do what the config says. */
    failing: z.boolean().optional(),
    /** Somebody pressed a button on a check of this head. `id`: of the delivery. */
    button: z
      .object({
        pull: z.int(),
        name: z.enum(['hold', 'resume', 'abort']),
        login: z.string(),
        head: z.string(),
        id: z.string(),
      })
      .optional(),
    /** Commands on pull requests that change the rollout itself. */
    command: z.object({ pull: z.int(), comment: z.int() }).optional(),
  }),
  /** Measure the rollouts of a base branch. */
  z.object({ type: z.literal('examine'), ...Where, base: z.string() }),
  /** Judge a commit of the merge queue. */
  z.object({
    type: z.literal('group'),
    ...Where,
    base: z.string(),
    ref: z.string(),
    head: z.string(),
    /** A commit about which something was just said. */
    commit: z.string().optional(),
  }),
  /** Run the checks of a commit again, whatever it is the head of. `id`: of the delivery. */
  z.object({ type: z.literal('rerun'), ...Where, head: z.string(), id: z.string() }),
  z.object({ type: z.literal('sweep'), ...Where }),
])
export type Task = z.infer<typeof Task>

export interface RepositoryRef {
  readonly installation: number
  readonly repo: RepositoryName
}

export interface Timing {
  readonly notBefore?: number
  readonly id?: string
  /** The sweep sends it again while it is needed, so that a few tries are enough. */
  readonly isRepeated?: boolean
}

/** The task as a job. Tasks on one pull request, and tasks on one base branch's rollouts, never run side by side. */
export function jobOf(task: Task, { isRepeated = false, ...timing }: Timing = {}): Job {
  const patience = isRepeated || !isForPerson(task) ? {} : { patienceMs: COMMAND_LIFE_MS + LATE_MS }
  return { key: `${task.repo.id}${keyOf(task)}`, data: task, ...patience, ...timing }
}

/** What somebody asked for is done whenever GitHub answers again, or its author is told that it came too late. */
function isForPerson(task: Task): boolean {
  if (task.type === 'review') return task.comments === true
  return task.type === 'advance' && (task.command !== undefined || task.button !== undefined)
}

function keyOf(task: Task): string {
  switch (task.type) {
    case 'acknowledge':
      return `!${task.comment}`
    case 'redirect':
      return `!review:${task.review}`
    case 'review':
    case 'closed':
      return `#${task.pull}`
    case 'advance':
      return `@${task.base}`
    case 'examine':
      return `~${task.base}`
    case 'group':
    case 'rerun':
      return `!${task.head}`
    case 'regate':
      return ':regate'
    case 'sweep':
      return ':sweep'
  }
}
