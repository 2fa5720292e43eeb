import type { Probot } from 'probot'
import { isNamed } from '../core/config/deployed.ts'
import { rememberFirstHead } from '../flows/head-age.ts'
import { recallDeployed, recallPull } from '../flows/memory.ts'
import { wakeWaiting } from '../flows/wake.ts'
import { jobOf, type Task } from '../flows/work.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Memo } from '../ports/memo.ts'
import { EVENTS, forReviewText, openedHead, otherPush, placeOf, saidBy, tasksOf } from './webhook-events.ts'

/** The Probot app: from a webhook to tasks in the queue. It decides nothing and asks GitHub nothing. */
export function perchApp(
  app: Probot,
  service: { readonly jobs: Jobs; readonly memo: Memo; readonly appId: number },
): void {
  const enqueueAll = async (tasks: readonly Task[], delivery: string): Promise<void> => {
    for (const task of tasks) await service.jobs.enqueue(jobOf(task, { id: delivery }))
  }
  const wake = async (
    name: Parameters<typeof saidBy>[0],
    { payload, id }: { readonly payload: unknown; readonly id: string },
  ): Promise<void> => {
    const said = saidBy(name, payload, service.appId)
    if (said !== undefined) await wakeWaiting({ ...service, ...said.place }, said, id)
  }
  app.on('pull_request', async (context) => {
    const opened = openedHead(context.payload)
    if (opened !== undefined) await rememberFirstHead({ memo: service.memo, repo: opened.place.repo }, opened)
    await enqueueAll(tasksOf('pull_request', context.payload, context.id), context.id)
  })
  app.on('issue_comment', (context) => enqueueAll(tasksOf('issue_comment', context.payload, context.id), context.id))
  app.on('push', async (context) => {
    await enqueueAll(tasksOf('push', context.payload, context.id), context.id)
    const other = otherPush(context.payload)
    if (other === undefined) return
    const { branch: base, head, place } = other
    if (isNamed(await recallDeployed({ memo: service.memo, repo: place.repo }), base))
      await enqueueAll([{ type: 'advance', ...place, base, head }], context.id)
  })
  app.on('merge_group', (context) => enqueueAll(tasksOf('merge_group', context.payload, context.id), context.id))
  app.on('check_run', async (context) => {
    await enqueueAll(tasksOf('check_run', context.payload, context.id), context.id)
    await wake('check_run', context)
  })
  app.on('check_suite', (context) => enqueueAll(tasksOf('check_suite', context.payload, context.id), context.id))
  app.on('pull_request_review', async (context) => {
    const payload = EVENTS.pull_request_review.parse(context.payload)
    const place = placeOf(payload)
    const { number: pull, head } = payload.pull_request
    await enqueueAll(forReviewText(payload), context.id)
    const seen = await recallPull({ memo: service.memo, repo: place.repo }, pull)
    // A first look that has published its checks may not have remembered yet that it waits for reviews.
    const isBeingLookedAt = seen !== undefined && head !== undefined && seen.head !== head.sha
    if (seen?.polls === true || isBeingLookedAt)
      await enqueueAll([{ type: 'review', ...place, pull, force: true }], context.id)
  })
  app.on('pull_request_review_comment', (context) =>
    enqueueAll(tasksOf('pull_request_review_comment', context.payload, context.id), context.id),
  )
  app.on('status', (context) => wake('status', context))
  app.on('deployment_status', (context) => wake('deployment_status', context))
}
