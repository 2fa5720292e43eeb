import type { Probot } from 'probot'
import { matcher } from '../core/gate/live.ts'
import { recallPull, waitingPulls } from '../flows/memory.ts'
import { jobOf, type Task } from '../flows/work.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Memo } from '../ports/memo.ts'
import { EVENTS, placeOf, tasksOf } from './webhook-events.ts'

/** The Probot app: from a webhook to tasks in the queue. It decides nothing and asks GitHub nothing. */
export function perchApp(app: Probot, desk: { readonly jobs: Jobs; readonly memo: Memo }): void {
  const enqueueAll = async (tasks: readonly Task[], delivery: string): Promise<void> => {
    for (const task of tasks) await desk.jobs.enqueue(jobOf(task, { id: delivery }))
  }
  app.on('pull_request', (context) => enqueueAll(tasksOf('pull_request', context.payload, context.id), context.id))
  app.on('issue_comment', (context) => enqueueAll(tasksOf('issue_comment', context.payload, context.id), context.id))
  app.on('push', (context) => enqueueAll(tasksOf('push', context.payload, context.id), context.id))
  app.on('merge_group', (context) => enqueueAll(tasksOf('merge_group', context.payload, context.id), context.id))
  app.on('check_run', (context) => enqueueAll(tasksOf('check_run', context.payload, context.id), context.id))
  app.on('check_suite', (context) => enqueueAll(tasksOf('check_suite', context.payload, context.id), context.id))
  app.on('pull_request_review', async (context) => {
    const payload = EVENTS.pull_request_review.parse(context.payload)
    const place = placeOf(payload)
    const { number: pull } = payload.pull_request
    const seen = await recallPull({ memo: desk.memo, repo: place.repo }, pull)
    if (seen?.polls === true) await enqueueAll([{ type: 'review', ...place, pull, force: true }], context.id)
  })
  app.on('status', async (context) => {
    const payload = EVENTS.status.parse(context.payload)
    const place = placeOf(payload)
    const waiting = await waitingPulls({ memo: desk.memo, repo: place.repo })
    const isWaited = (patterns: readonly string[]): boolean =>
      patterns.some((pattern) => matcher(pattern)(payload.context))
    const pulls = [...waiting].flatMap(([pull, patterns]) => (isWaited(patterns) ? [pull] : []))
    const tasks = pulls.map((pull): Task => ({
      type: 'review',
      ...place,
      pull,
      status: payload.sha,
      force: true,
    }))
    await enqueueAll(tasks, context.id)
  })
}
