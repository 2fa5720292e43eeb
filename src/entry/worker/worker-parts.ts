import type { RepositoryContext } from '../../flows/repository/repository-context.ts'
import { type RepositoryRef, Task } from '../../flows/tasks/tasks.ts'
import type { ClaimedJob, Jobs } from '../../ports/jobs.ts'
import type { NamedPlace } from '../../adapters/github/installations.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import type { Meter } from '../../ports/meter.ts'
import type { ListedPlace } from '../github/repositories.ts'
import { recoverWebhooks } from '../edge/missed-webhooks.ts'

export interface WorkerParts {
  readonly jobs: Jobs
  readonly log: Log
  readonly meter: Meter
  readonly clock: Clock
  readonly contextFor: (place: RepositoryRef) => Promise<RepositoryContext>
  /** Undefined if Perch is not installed there. */
  readonly placeOf: (owner: string, repo: string) => Promise<NamedPlace | undefined>
  readonly memo: Memo
  readonly webhooksSince: Parameters<typeof recoverWebhooks>[0]['webhooksSince']
  readonly redeliver: (delivery: number) => Promise<void>
  readonly everyRepository: () => Promise<readonly ListedPlace[]>
  /** The last changes in each of these repositories, by its number. */
  readonly pulses: (places: readonly ListedPlace[]) => Promise<ReadonlyMap<number, string>>
}

/** The task in a job; undefined if another version of Perch left the job in the queue. */
export function taskIn(job: ClaimedJob): Task | undefined {
  return Task.safeParse(job.data).data
}
