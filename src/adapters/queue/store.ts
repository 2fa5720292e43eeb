import type { ClaimedJob, Job, JobDepth } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'

/** A job that this process has claimed. */
export interface Claim {
  readonly job: ClaimedJob
  /** Until when the store keeps the job while it waits, epoch milliseconds. */
  readonly keptUntil: number
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number
  readonly patienceMs: number | undefined
  /** How often the process ended while it ran. */
  readonly deaths: number
}

/** Where jobs and the memo are kept. `C`: what the store needs to find a claimed job again. */
export interface Store<C extends Claim = Claim> {
  readonly memo: Memo
  /** Resolves when all of them are on disk, or rejects and keeps none; one whose id is known already is left out. */
  add(jobs: readonly Job[]): Promise<void>
  /** The oldest job that is due and whose key is free, in any replica. */
  claim(busyKeys: readonly string[]): Promise<C | undefined>
  /** Says that this process still works on them. */
  touch(claims: readonly C[]): Promise<void>
  complete(claim: C): Promise<void>
  /** Failed: it is due again after a growing pause, one try later. */
  retry(claim: C, reason: string): Promise<void>
  /** Not failed: it is due again at a moment, and that does not count as a try. */
  putBack(claim: C, at: number): Promise<void>
  /** Failed for good: it is kept for a week, and its id may be sent anew. */
  giveUp(claim: C, reason: string): Promise<void>
  depth(): Promise<JobDepth>
  /** When the next job that waits is due. */
  nextDue?(): number | undefined
  /** Rejects where the storage does not answer. */
  check(): Promise<void>
  /** Between replicas: says that there is work. */
  ring(): void
  close(): Promise<void>
}

export interface StoreOptions {
  /** After how long without a sign of life a replica's jobs go to another, in seconds; at least 10. */
  readonly heartbeatSeconds: number
  readonly retryLimit: number
  /** Called when another replica may have added work. */
  readonly onRing: () => void
}

/** The message only: an error of a driver may carry the query's parameters, and the connection string with its password. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
