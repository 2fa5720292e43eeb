/** Passes traces through the queue, from the span that requests a job to the span that runs it. */
import * as z from 'zod'
import { Task } from '../../flows/tasks/tasks.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ClaimedJob, Job, JobHandler, Jobs } from '../../ports/jobs.ts'
import type { WebhookDelivery } from '../edge/edge.ts'
import { type SpanAttributes, type Tracer, UNTRACED } from '../../ports/tracer.ts'

/** What a job carries besides its task: the span that requested it, and when (epoch milliseconds). */
const Carried = z.object({ trace: z.object({ span: z.string(), at: z.number() }) })

/** A trace that stays open for longer would be hard to read. */
const SOON_MS = 60_000

/** Makes each webhook a span, the first of its trace. */
export function traceDeliveries(
  tracer: Tracer,
  accept: (delivery: WebhookDelivery) => Promise<void>,
): (delivery: WebhookDelivery) => Promise<void> {
  if (tracer === UNTRACED) return accept
  return (delivery) => {
    const { id, name } = delivery
    const attributes = { 'perch.delivery': id, 'perch.event': name }
    return tracer.span({ name: `delivery ${name}`, kind: 'server', attributes }, () => accept(delivery))
  }
}

/** Adds the current span to each job. */
export function traceJobs(tracer: Tracer, queue: Jobs, clock: Clock): Jobs {
  if (tracer === UNTRACED) return queue
  return {
    enqueue: (...sent) =>
      tracer.span({ name: 'jobs.enqueue' }, async () => {
        const span = tracer.current()
        const carry = (job: Job): Job => ({ ...job, data: { ...job.data, trace: { span, at: clock.now() } } })
        await queue.enqueue(...sent.map(carry))
      }),
  }
}

/** Runs jobs as spans of the traces that they carry. */
export function traceHandler(tracer: Tracer, handle: JobHandler, clock: Clock): JobHandler {
  if (tracer === UNTRACED) return handle
  return (job) => {
    const { data: task } = Task.safeParse(job.data)
    const { span, at = 0 } = Carried.safeParse(job.data).data?.trace ?? {}
    // A job that runs much later gets a trace of its own. So does the sweep of each repository, because there may be thousands.
    const isApart = clock.now() - at > SOON_MS || task?.type === 'sweep'
    return tracer.span(
      {
        name: `task ${task?.type ?? 'unknown'}`,
        kind: 'consumer',
        attributes: factsOf(job, task),
        ...(isApart ? { askedBy: span } : { parent: span }),
      },
      () => handle(job),
    )
  }
}

function factsOf({ attempt }: ClaimedJob, task: Task | undefined): SpanAttributes {
  const facts = { 'perch.attempt': attempt }
  if (task === undefined) return facts
  const repo = 'repository' in task ? task.repository : 'repo' in task ? task.repo : undefined
  return {
    ...facts,
    'perch.task': task.type,
    'perch.cause': task.why.code,
    ...(repo === undefined ? {} : { 'perch.repository': `${repo.owner}/${repo.name}` }),
    ...('pull' in task && task.pull !== undefined ? { 'perch.pull_request': task.pull } : {}),
  }
}
