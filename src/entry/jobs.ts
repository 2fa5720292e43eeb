/** What waits in the queue, as the thread that answers puts it there. */
import { z } from 'zod'
import { Report } from '../core/report/report.ts'
import type { Job } from '../ports/jobs.ts'

/** A webhook as it waits in the queue. */
export const DeliveryJob = z.object({
  delivery: z.object({ id: z.string(), name: z.string(), payload: z.record(z.string(), z.unknown()) }),
})

/** A report of a cluster, as it waits in the queue. Its repository is known by name only. */
export const ReportJob = z.object({
  told: z.object({ owner: z.string(), repo: z.string(), report: Report, receivedAt: z.number() }),
})

/** Finds every repository that Perch is installed on and has each of them swept. */
export const SweepAll = z.object({ type: z.literal('sweep-all') })

export function deliveryJob(delivery: {
  readonly id: string
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}): Job {
  // A key of its own: a webhook only says where to look, and waits for nobody.
  return { key: `delivery:${delivery.id}`, data: { delivery }, id: delivery.id }
}

/** Reports of one name on one commit are kept one after the other. */
export function reportJob(told: z.infer<typeof ReportJob>['told'], id: string): Job {
  const { owner, repo, report } = told
  return { key: `report:${owner}/${repo}:${report.commit}:${report.name}`.toLowerCase(), data: { told }, id }
}

export function sweepJob(id: string): Job {
  return { key: 'sweep-all', data: { type: 'sweep-all' }, id }
}
