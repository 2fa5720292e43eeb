import type { Sha } from '../../core/rollout/facts.ts'
import type { Jobs } from '../../ports/jobs.ts'
import type { CauseOf } from './causes.ts'
import { jobOf, type RepositoryRef, type RepositoryTask, type TaskOf } from './tasks.ts'

export interface MergeGroup {
  readonly base: string
  readonly ref: string
  readonly head: Sha
}

type StepToShow = Pick<
  TaskOf<'deployment'>,
  'environment' | 'service' | 'commit' | 'share' | 'version' | 'state' | 'pull'
>

/**
 * Requests tasks in a repository. Any free worker does each task soon, and once for each cause. Each method resolves when the
 * task is on disk.
 */
export interface TaskRequests {
  comment(comment: Pick<TaskOf<'comment'>, 'pull' | 'comment' | 'body'>, why: CauseOf<'comment'>): Promise<void>
  acknowledge(command: { readonly pull: number; readonly comment: number }, why: CauseOf<'acknowledge'>): Promise<void>
  redirect(
    text: Pick<TaskOf<'redirect'>, 'pull' | 'review' | 'login' | 'body'>,
    why: CauseOf<'delivered'>,
  ): Promise<void>
  review(pull: number, why: CauseOf<'review'>): Promise<void>
  cleanUp(pull: number, why: CauseOf<'clean-up'>): Promise<void>
  judgeAgain(why: CauseOf<'delivered'>): Promise<void>
  advance(base: string, why: CauseOf<'advance'>): Promise<void>
  measure(base: string, why: CauseOf<'measure'>): Promise<void>
  notify(news: Pick<TaskOf<'notify'>, 'base' | 'news' | 'at'>, why: CauseOf<'notify'>): Promise<void>
  deliver(news: Pick<TaskOf<'deliver'>, 'to' | 'news' | 'at'>, why: CauseOf<'notify'>): Promise<void>
  deployment(step: StepToShow, why: CauseOf<'deployment'>): Promise<void>
  dashboard(why: CauseOf<'dashboard'>): Promise<void>
  group(group: MergeGroup, why: CauseOf<'group'>): Promise<void>
  rerun(head: Sha, why: CauseOf<'delivered'>): Promise<void>
  sweep(why: CauseOf<'sweep'>, pulse?: string): Promise<void>
}

type Unplaced<T> = T extends unknown ? Omit<T, keyof RepositoryRef> : never

/** `onAsk` is called for each requested task. */
export function askIn({ installation, repo }: RepositoryRef, jobs: Jobs, onAsk?: () => void): TaskRequests {
  const send = (task: Unplaced<RepositoryTask>): Promise<void> => {
    onAsk?.()
    return jobs.enqueue(jobOf({ ...task, installation, repo }))
  }
  return {
    comment: ({ pull, comment, body }, why) => send({ type: 'comment', pull, comment, body, why }),
    acknowledge: ({ pull, comment }, why) => send({ type: 'acknowledge', pull, comment, why }),
    redirect: ({ pull, review, login, body }, why) => send({ type: 'redirect', pull, review, login, body, why }),
    review: (pull, why) => send({ type: 'review', pull, why }),
    cleanUp: (pull, why) => send({ type: 'clean-up', pull, why }),
    judgeAgain: (why) => send({ type: 'judge-again', why }),
    advance: (base, why) => send({ type: 'advance', base, why }),
    measure: (base, why) => send({ type: 'measure', base, why }),
    notify: ({ base, news, at }, why) => send({ type: 'notify', base, news, at, why }),
    deliver: ({ to, news, at }, why) => send({ type: 'deliver', to, news, at, why }),
    deployment: (step, why) => send({ type: 'deployment', ...step, why }),
    dashboard: (why) => send({ type: 'dashboard', why }),
    group: ({ base, ref, head }, why) => send({ type: 'group', base, ref, head, why }),
    rerun: (head, why) => send({ type: 'rerun', head, why }),
    sweep: (why, pulse) => send({ type: 'sweep', ...(pulse === undefined ? {} : { pulse }), why }),
  }
}
