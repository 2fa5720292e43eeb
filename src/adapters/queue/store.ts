import type { ClaimedJob, Job, JobDepth } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'

/** A job that this process has claimed. */
export interface Claim {
  readonly job: ClaimedJob
  /** Until when the store keeps the waiting job, epoch milliseconds. */
  readonly keptUntil: number
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number
  readonly patienceMs: number | undefined
  /** How often the process ended while it ran the job. */
  readonly deaths: number
}

/** Storage for jobs and the memo. `C`: what the store needs to find a claimed job again. */
export interface Store<C extends Claim = Claim> {
  readonly memo: Memo
  /** Resolves when all jobs are on disk, or rejects and stores none. A job whose id is already known is skipped. */
  add(jobs: readonly Job[]): Promise<void>
  /** The oldest job that is due and whose key is free, in any replica. */
  claim(busyKeys: readonly string[]): Promise<C | undefined>
  /** Records that this process still works on these jobs. */
  touch(claims: readonly C[]): Promise<void>
  complete(claim: C): Promise<void>
  /** After a failure: the job is due again after a growing pause, and the try counts. */
  retry(claim: C, reason: string): Promise<void>
  /** Without a failure: the job is due again at `at`, and the try does not count. */
  putBack(claim: C, at: number): Promise<void>
  /** After a permanent failure: the job is kept for a week, and its id may be sent again. */
  giveUp(claim: C, reason: string): Promise<void>
  depth(): Promise<JobDepth>
  /** When the next waiting job is due. */
  nextDue?(): number | undefined
  /** Rejects if the storage does not answer. */
  check(): Promise<void>
  /** Tells the other replicas that there is work. */
  ring(): void
  close(): Promise<void>
}

export interface StoreOptions {
  /** After how many seconds without a heartbeat a replica's jobs go to another; at least 10. */
  readonly heartbeatSeconds: number
  readonly retryLimit: number
  /** Called when another replica may have added work. */
  readonly onRing: () => void
}

/** Only the message: a driver's error may contain the query's parameters, and the connection string with its password. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
